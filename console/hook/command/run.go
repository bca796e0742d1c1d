package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"khien/console/hook/gate"
	"khien/detector/cli"
)

// run reads the flags and arguments behind an action's name, has it done and prints the answer.
func (a action) run(env Env, args []string, stdout, stderr io.Writer) int {
	q := gate.Request{Op: a.op, User: localUser()}
	fs := flag.NewFlagSet("khien block "+a.name, flag.ContinueOnError)
	fs.SetOutput(stderr)
	data := fs.String("data", "khien-data", "data `folder` of khien run")
	asJSON := fs.Bool("json", false, "print the answer as JSON")
	if a.flags != nil {
		a.flags(fs, &q)
	}
	fs.Usage = func() {
		fmt.Fprintf(stderr, "Usage: khien block %s [FLAGS] %s\n\n%s.\n", a.name, a.args, strings.ToUpper(a.summary[:1])+a.summary[1:])
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return cli.FlagStatus(err)
	}
	if n := fs.NArg(); n < a.least || n > a.most {
		fmt.Fprintf(stderr, "khien block %s: %d arguments given, expected: %s (flags stand before them)\n", a.name, n, a.args)
		return cli.Usage
	}
	if a.fill != nil {
		if err := a.fill(&q, fs.Args()); err != nil {
			fmt.Fprintf(stderr, "khien block %s: %v\n", a.name, err)
			return cli.Usage
		}
	}
	r, err := ask(env, *data, q, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "khien block %s: %v\n", a.name, err)
		if code := gate.Code(err); code == "bad_request" || code == "bad_value" {
			return cli.Usage
		}
		return cli.Input
	}
	if *asJSON {
		out := json.NewEncoder(stdout)
		out.SetIndent("", " ")
		if err := out.Encode(r); err != nil {
			fmt.Fprintf(stderr, "khien block %s: %v\n", a.name, err)
			return cli.Input
		}
		return cli.Done
	}
	a.show(stdout, &r)
	return cli.Done
}

// localUser names who decides on the command line: who may read and write the data folder.
func localUser() string {
	if u, err := user.Current(); err == nil {
		return "local:" + u.Username
	}
	return "local:" + strconv.Itoa(os.Getuid())
}

// ask lets the process that uses a data folder do what is asked, or does it itself when there is none.
func ask(env Env, data string, q gate.Request, stderr io.Writer) (gate.Response, error) {
	if _, err := os.Stat(data); err != nil {
		return gate.Response{}, fmt.Errorf("%w (--data names the folder that khien run made)", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := gate.Ask(ctx, data, q)
	if !errors.Is(err, gate.ErrNotRunning) {
		return r, err
	}
	return env.Do(ctx, data, q, stderr)
}
