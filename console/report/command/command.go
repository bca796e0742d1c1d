// Package command carries out the verbs of khien report. In come the arguments, the data folder and its store, or what a
// person writes; out go the folders of reports, evidence and machine formats, and lines that say what was done. What the
// verbs do is in the packages that this one calls; here are their flags, their order and what they print.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"khien/console/cases"
	"khien/console/report"
	"khien/console/report/form"
	"khien/console/report/issue"
	"khien/console/report/legal"
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

// options are the flags that most verbs share.
type options struct {
	env   Env
	fs    *flag.FlagSet
	data  string
	store string
	pack  string
	user  string
	err   io.Writer
}

// newOptions begins the flags of a verb.
func newOptions(env Env, verb, usage string, stderr io.Writer) *options {
	o := &options{env: env, fs: flag.NewFlagSet("khien report "+verb, flag.ContinueOnError), err: stderr}
	o.fs.SetOutput(stderr)
	o.fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien report "+verb+" [FLAGS] "+usage)
		o.fs.PrintDefaults()
	}
	name := "khien"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	o.fs.StringVar(&o.data, "data", "khien-data", "data `folder` of khien run")
	o.fs.StringVar(&o.store, "store", "", "findings and cases lie in this `store`, embedded:DIR or elastic:URL; findings in the data folder by default")
	o.fs.StringVar(&o.pack, "pack", legal.Default, "legal `pack`")
	o.fs.StringVar(&o.user, "user", name, "who does this, for the history")
	return o
}

// parse reads the flags. ok is false when the command ends here, with status.
func (o *options) parse(args []string) (status int, ok bool) {
	err := o.fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return cli.Done, false
	}
	return cli.Usage, err == nil
}

// parseSome reads the flags and wants so many arguments behind them, or more.
func (o *options) parseSome(args []string, least int) (status int, ok bool) {
	if status, ok = o.parse(args); ok && o.fs.NArg() < least {
		o.fs.Usage()
		return cli.Usage, false
	}
	return status, ok
}

// verb takes the first argument that is no flag, and reads the flags before and behind it.
func (o *options) verb(args []string) (verb string, status int, ok bool) {
	if status, ok = o.parse(args); !ok || o.fs.NArg() == 0 {
		return "", status, ok
	}
	verb = o.fs.Arg(0)
	status, ok = o.parse(o.fs.Args()[1:])
	return verb, status, ok
}

// fail prints an error. Mistakes of the user have another status than what could not be read.
func (o *options) fail(err error) int {
	fmt.Fprintf(o.err, "%s: %v\n", o.fs.Name(), err)
	for _, mistake := range []error{form.ErrUnknown, form.ErrValue, report.ErrFact, issue.ErrMissing, issue.ErrUnconfirmed, issue.ErrNoStory, issue.ErrSource, cases.ErrNotFound, cases.ErrInvalid, cases.ErrClosed, errUsage} {
		if errors.Is(err, mistake) {
			return cli.Usage
		}
	}
	return cli.Input
}

// errUsage is wrapped by errors about arguments.
var errUsage = errors.New("bad usage")

// desk opens the store and what lies beside it, and hands it to f.
func (o *options) desk(f func(ctx context.Context, d *issue.Desk) error) int {
	dir := filepath.Join(o.data, "report")
	findings := filepath.Join(o.data, "findings")
	spec := o.store
	if spec == "" {
		if _, err := os.Stat(filepath.Join(o.data, "findings.db")); err == nil {
			findings = o.data // what khien replay --store embedded:DIR wrote
		}
		if _, err := os.Stat(findings); err != nil {
			return o.fail(fmt.Errorf("%w: %s holds no findings: name the data folder with --data, or a store with --store", errUsage, o.data))
		}
		spec = "embedded:" + findings
	}
	st, err := o.env.OpenStore(spec, o.data, o.err)
	if err != nil {
		return o.fail(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return o.fail(errors.Join(err, st.Close()))
	}
	d := &issue.Desk{Store: st, Cases: &cases.Book{Store: st, Now: time.Now}, Dir: dir, Tool: "khien " + cli.Version(), Now: time.Now,
		Packets: filepath.Join(o.data, "packets")}
	if err := errors.Join(f(context.Background(), d), st.Close()); err != nil {
		return o.fail(err)
	}
	return cli.Done
}

// listForms lists forms, or the fields of one.
func listForms(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "forms", "[FORM]", stderr)
	if status, ok := o.parse(args); !ok {
		return status
	}
	if o.fs.NArg() == 1 {
		p, err := legal.Load(o.pack)
		if err != nil {
			return o.fail(fmt.Errorf("%w: %w", errUsage, err))
		}
		f, err := form.Find(p, o.fs.Arg(0), "")
		if err != nil {
			return o.fail(err)
		}
		for _, s := range f.Sections {
			fmt.Fprintln(stdout, s.Title)
			for _, d := range s.Fields {
				fmt.Fprintf(stdout, "  %s %-24s %-11s %s\n", map[bool]string{true: "*", false: " "}[d.Required], d.Map, d.Type, d.Label)
			}
		}
		return cli.Done
	}
	for _, id := range legal.Shipped() {
		p, err := legal.Load(id)
		if err != nil {
			return o.fail(err)
		}
		forms, err := form.Load(p)
		if err != nil {
			return o.fail(err)
		}
		fmt.Fprintf(stdout, "%s: %s\n", p.ID, p.Title)
		for _, f := range forms {
			note := ""
			if !f.Verified() {
				note = " (" + legal.UnverifiedVI + ")"
			}
			fmt.Fprintf(stdout, "  %-13s %-7s %s%s\n", f.ID, f.Version, f.Title, note)
		}
	}
	return cli.Done
}
