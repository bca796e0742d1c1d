// Command khien watches a network, finds attacks and online fraud in it, and carries what it found to the people and
// machines that act on it. README.md shows its commands.
package main

import (
	"fmt"
	"io"
	"os"

	"khien/detector/cli"
)

// command is one of the program's commands. run gets the arguments behind its name.
type command struct {
	name    string
	summary string
	run     func(args []string, stdin io.Reader, stdout, stderr io.Writer) int
}

func commands() []command {
	return []command{
		{"run", "watch, store and show: everything in one process", runCommand},
		{"replay", "read captures and print what is found", replayCommand},
		{"sensor", "watch, and send what is found to a core", sensorCommand},
		{"core", "take what sensors find, tell stories, store", coreCommand},
		{"console", "serve the console over the store of cores", consoleCommand},
		{"packets", "write packets that khien run has kept", packetsCommand},
		{"store", "migrate, verify, export and import a store", storeCommand},
		{"rules", "check, list and explain rule files", rulesCommand},
		{"domain", "score names as fraud", domainCommand},
		{"report", "reports of people, cases, incident reports, evidence and machine formats", reportCommand},
		{"block", "decide what firewalls and resolvers block", blockCommand},
		{"bench", "measure this build on captures or rule files", benchCommand},
		{"audit", "check that the audit log is unbroken", auditCommand},
		{"doctor", "say what is missing on this host", doctorCommand},
		{"version", "print the version", versionCommand},
	}
}

func main() {
	os.Exit(dispatch(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// dispatch runs the command that args name.
func dispatch(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(stdout)
		if len(args) == 0 {
			return cli.Usage
		}
		return cli.Done
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(args[1:], stdin, stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "khien: no command %q\n\n", args[0])
	usage(stderr)
	return cli.Usage
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "khien watches a network and finds attacks and online fraud in it.\n\nUsage: khien COMMAND [FLAGS] [ARGUMENTS]")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.summary)
	}
	fmt.Fprintln(w, "\nkhien COMMAND -h shows a command's flags.")
}
