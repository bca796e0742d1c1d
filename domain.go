package main

import (
	"flag"
	"fmt"
	"io"

	"khien/detector/cli"
	"khien/detector/fraud"
)

func domainCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("khien domain", flag.ContinueOnError)
	fs.SetOutput(stderr)
	var o detectionOptions
	fs.Var(&o.brands, "brands", "add a `file` of protected brands; may be repeated")
	explain := fs.Bool("explain", false, "say for people what the score is made of, in place of JSON")
	lang := fs.String("lang", "vi", "`language` of the explanation: vi or en")
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien domain [FLAGS] [NAME…]\n\nScores names as fraud, from the arguments or from standard input, one JSON object a line in the same order.")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return cli.FlagStatus(err)
	}
	if *lang != "vi" && *lang != "en" {
		fmt.Fprintf(stderr, "khien domain: --lang %s: vi or en is expected\n", *lang)
		return cli.Usage
	}
	var d detection
	if !d.loadFraud(o, stderr) || d.rejected > 0 {
		return cli.Usage
	}
	if err := fraud.DomainCommand(stdin, stdout, fs.Args(), fraud.CommandOptions{Names: d.names, Explain: *explain, English: *lang == "en"}); err != nil {
		fmt.Fprintf(stderr, "khien domain: %v\n", err)
		return cli.Input
	}
	return cli.Done
}
