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
)

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
	return cli.FlagStatus(err), err == nil
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
