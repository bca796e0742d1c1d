// Package command carries out the verbs of khien report. In come the arguments, the data folder and its store, or what a
// person writes; out go the folders of reports, evidence and machine formats, and lines that say what was done. What the
// verbs do is in the packages that this one calls; here are their flags, their order and what they print.
package command

import (
	"fmt"
	"io"

	"khien/detector/cli"
	"khien/detector/store"
)

// Env is what the program gives its reports: what only the program as a whole can do.
type Env struct {
	// OpenStore opens the store that a spec names, embedded:DIR or elastic:URL, sealed where the data folder says so. What
	// the user should know of it beside an error goes to stderr.
	OpenStore func(spec, data string, stderr io.Writer) (store.Store, error)
	// Replay is khien replay: it takes that command's arguments and returns its exit status.
	Replay func(args []string, stdin io.Reader, stdout, stderr io.Writer) int
}

// verb is one of the verbs of khien report. run gets the arguments behind its name.
type verb struct {
	name    string
	summary string
	run     func(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int
}

func verbs() []verb {
	return []verb{
		{"new", "make a report of a case, a finding or a story: documents, evidence, machine formats", makeReport},
		{"intake", "take what a citizen or a hotline reports, and say who met it", takeReport},
		{"forms", "list the forms of the legal packs, or the fields of one", listForms},
		{"case", "create, list, show, extend and close cases", workCase},
		{"set", "put a fact into an incident, or another time of detection", setFacts},
		{"confirm", "confirm a severity or an unverified citation", confirm},
		{"sent", "note that a duty was done", noteSent},
		{"clocks", "deadlines of a case, also as a calendar", showDeadlines},
		{"issued", "list what was issued, or write one out again", listIssued},
		{"verify", "check an evidence pack", verifyPack},
		{"seal", "encrypt an evidence pack to a recipient", sealPack},
		{"stamp", "ask for the time stamps that wait", askStamps},
		{"custody", "show a case's custody log, or add to it", keepCustody},
		{"frozen", "check a case's frozen copies, or write them out", checkFrozen},
		{"mail", "write mails to abuse contacts, with XARF or as ARF", writeMails},
		{"takedown", "targets to be taken down and what became of them", keepTargets},
		{"stats", "the half-yearly or yearly table", countPeriod},
		{"taxii", "serve what was issued over TAXII 2.1", serveTAXII},
	}
}

// Run carries out the verb that the first argument names and returns the exit status of the program, one of package cli.
func Run(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	help := func(w io.Writer) {
		fmt.Fprintln(w, "Usage: khien report VERB [FLAGS] [ARGUMENTS]")
		for _, v := range verbs() {
			fmt.Fprintf(w, "  %-9s %s\n", v.name, v.summary)
		}
		fmt.Fprintln(w, "\nkhien report VERB -h shows a verb's flags.")
	}
	if len(args) == 0 {
		help(stderr)
		return cli.Usage
	}
	for _, v := range verbs() {
		if v.name == args[0] {
			return v.run(env, args[1:], stdin, stdout, stderr)
		}
	}
	if args[0] == "-h" || args[0] == "--help" || args[0] == "help" {
		help(stdout)
		return cli.Done
	}
	fmt.Fprintf(stderr, "khien report: no verb %q\n\n", args[0])
	help(stderr)
	return cli.Usage
}
