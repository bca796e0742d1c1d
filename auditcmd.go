package main

import (
	"flag"
	"fmt"
	"io"
	"path/filepath"

	"khien/console/audit"
	"khien/detector/cli"
)

// auditCommand checks the audit log of a data folder.
func auditCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] != "verify" {
		fmt.Fprintln(stderr, "Usage: khien audit verify [--data DIR]\n\nChecks that no entry of the audit log was changed, removed or put in between.")
		return cli.Usage
	}
	fs := flag.NewFlagSet("khien audit verify", flag.ContinueOnError)
	fs.SetOutput(stderr)
	data := fs.String("data", "khien-data", "`folder` of findings, accounts and the audit log")
	if err := fs.Parse(args[1:]); err != nil {
		return cli.Usage
	}
	path := filepath.Join(*data, "audit.jsonl")
	head, err := audit.Verify(path)
	if err != nil {
		fmt.Fprintf(stderr, "khien audit: %v (%d entries before that are good)\n", err, head.Number)
		return cli.Input
	}
	fmt.Fprintf(stdout, "%s: %d entries, unbroken; the last is %s\n", path, head.Number, head.Hash)
	return cli.Done
}
