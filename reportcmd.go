package main

import (
	"io"

	reports "khien/console/report/command" // command is a type here
	"khien/detector/store"
	"khien/detector/store/embedded"
)

// reportCommand carries out the verbs of khien report.
func reportCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	open := func(spec, data string, stderr io.Writer) (store.Store, error) {
		return openStore(spec, data, embedded.Config{}, stderr)
	}
	return reports.Run(reports.Env{OpenStore: open, Replay: replayCommand}, args, stdin, stdout, stderr)
}
