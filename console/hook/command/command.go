// Package command carries out the actions of khien block. In come the arguments and a data folder; out go what a gate
// answers, as lines or as JSON, and an exit status. What the actions do is the gate's; here are their flags and what they
// print.
package command

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"khien/console/hook/gate"
	"khien/console/hook/render"
	"khien/detector/cli"
)

// Env is what the program gives its blocking: what only the program as a whole can do.
type Env struct {
	// Do does what is asked in a data folder that no process uses, and lets none use it meanwhile. What the user should know
	// beside an error goes to stderr.
	Do func(ctx context.Context, data string, q gate.Request, stderr io.Writer) (gate.Response, error)
}

// Run carries out the action that the first argument names and returns the exit status of the program, one of package cli.
func Run(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(stdout)
		if len(args) == 0 {
			return cli.Usage
		}
		return cli.Done
	}
	all := actions()
	i := slices.IndexFunc(all, func(a action) bool { return a.name == args[0] })
	if i < 0 {
		fmt.Fprintf(stderr, "khien block: no action %q\n\n", args[0])
		usage(stderr)
		return cli.Usage
	}
	return all[i].run(env, args[1:], stdout, stderr)
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "Usage: khien block ACTION [FLAGS] [ARGUMENTS]\n\nDecides what firewalls and resolvers block (deploy/BLOCKING.md).")
	for _, a := range actions() {
		fmt.Fprintf(w, "  %-20s %s\n", strings.TrimSpace(a.name+" "+a.args), a.summary)
	}
	names := []string{}
	for _, f := range render.Formats() {
		names = append(names, f.Name)
	}
	fmt.Fprintf(w, "\nFormats of render: %s.\nkhien block ACTION -h shows an action's flags.\n", strings.Join(names, ", "))
}
