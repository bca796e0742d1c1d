package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	blocks "khien/console/hook/command" // command is a type here
	"khien/console/hook/gate"
	"khien/detector/store/embedded"
)

// blockCommand carries out the actions of khien block.
func blockCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return blocks.Run(blocks.Env{Do: blockAlone}, args, stdin, stdout, stderr)
}

// blockAlone does what is asked in a data folder that no process uses, as khien run would.
func blockAlone(ctx context.Context, data string, q gate.Request, stderr io.Writer) (gate.Response, error) {
	lock, err := lockData(data)
	if err != nil {
		return gate.Response{}, err
	}
	defer lock.Close()
	var d detection
	if !d.loadFraud(detectionOptions{folder: filepath.Join(data, "rules")}, stderr) || d.rejected > 0 {
		return gate.Response{}, errors.New("the files of protected brands cannot be loaded: their names would not be protected")
	}
	st, err := openStore("embedded:"+filepath.Join(data, "findings"), data, embedded.Config{}, stderr)
	if err != nil {
		return gate.Response{}, err
	}
	defer st.Close()
	b, err := openBlocking(data, st, d.names, stderr)
	if err != nil {
		return gate.Response{}, err
	}
	defer b.close()
	return b.Do(ctx, q)
}
