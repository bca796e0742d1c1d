// Package command carries out the actions of khien block. In come the arguments and a data folder; out go what a gate
// answers, as lines or as JSON, and an exit status. What the actions do is the gate's; here are their flags and what they
// print.
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
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"khien/console/hook"
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

// action is one of the things that khien block does.
type action struct {
	name, args, summary string
	op                  string
	least, most         int // arguments
	flags               func(fs *flag.FlagSet, q *gate.Request)
	fill                func(q *gate.Request, args []string) error
	show                func(w io.Writer, r *gate.Response)
}

func actions() []action {
	value := func(q *gate.Request, args []string) error { q.Value = args[0]; return nil }
	id := func(q *gate.Request, args []string) error { q.ID = args[0]; return nil }
	reason := func(fs *flag.FlagSet, q *gate.Request) {
		fs.StringVar(&q.Reason, "reason", "", "why; stands in the history")
	}
	ttl := func(fs *flag.FlagSet, q *gate.Request) {
		fs.DurationVar(&q.TTL, "ttl", hook.TTLDefault, "how long it lasts, at most 720h")
	}
	return []action{
		{"status", "", "how blocking stands: list, alarms, consumers", "status", 0, 0, nil, nil, showStatus},
		{"list", "[TEXT]", "decisions, newest first", "list", 0, 1, func(fs *flag.FlagSet, q *gate.Request) {
			fs.IntVar(&q.Limit, "limit", 100, "at most so many")
			fs.Func("state", "proposed, dry_run, approved, active, expired or revoked; may be repeated", func(s string) error {
				q.State = append(q.State, hook.State(s))
				return nil
			})
		}, func(q *gate.Request, args []string) error { q.Value = strings.Join(args, ""); return nil }, showList},
		{"add", "VALUE", "propose to block a name, address, prefix, URL or hash", "propose", 1, 1, func(fs *flag.FlagSet, q *gate.Request) {
			reason(fs, q)
			ttl(fs, q)
			fs.StringVar((*string)(&q.Kind), "kind", "", "ip, cidr, domain, url, sha256, ja3, ja4 or sni; guessed from the value")
			fs.StringVar((*string)(&q.Action), "action", "", "block, sinkhole or monitor (default block)")
			fs.StringVar(&q.Scope, "unit", "", "for one unit of hooks.yaml alone")
		}, value, showDecision},
		{"approve", "ID", "approve a decision", "approve", 1, 1, func(fs *flag.FlagSet, q *gate.Request) {
			fs.BoolVar(&q.Emergency, "emergency", false, "one person is enough; it lasts an hour at most")
		}, id, showDecision},
		{"revoke", "ID", "end a decision", "revoke", 1, 1, reason, id, showDecision},
		{"renew", "ID", "let an active decision last longer, from now", "renew", 1, 1, ttl, id, showDecision},
		{"why", "NAME|IP", "what was decided about a value and what holds it", "why", 1, 1, nil, value, showReport},
		{"test", "VALUE", "what blocking a value would have stopped in 7 days", "test", 1, 1, nil, value, showReport},
		{"kill", "", "make all lists empty by intent", "kill", 0, 0, reason, nil, showStatus},
		{"resume", "", "serve the lists again", "resume", 0, 0, reason, nil, showStatus},
		{"rollback", "[VERSION]", "go back to an earlier list, by default the one before", "rollback", 0, 1, reason, func(q *gate.Request, args []string) (err error) {
			if len(args) == 1 {
				q.Version, err = strconv.ParseUint(args[0], 10, 64)
			}
			return err
		}, showStatus},
		{"accept", "", "serve a list that is held back because it would shrink", "accept", 0, 0, nil, nil, showStatus},
		{"render", "FORMAT", "print the list in a format", "render", 1, 1, nil, func(q *gate.Request, args []string) error { q.Format = args[0]; return nil },
			func(w io.Writer, r *gate.Response) { io.WriteString(w, r.Text) }},
		{"requests", "", "requests to unblock, the most urgent first", "unblocks", 0, 0, func(fs *flag.FlagSet, q *gate.Request) {
			fs.BoolVar(&q.Open, "open", true, "those without an answer only")
		}, nil, showUnblocks},
		{"request", "VALUE", "write down a request to unblock", "unblock", 1, 1, func(fs *flag.FlagSet, q *gate.Request) {
			reason(fs, q)
			fs.StringVar(&q.Contact, "contact", "", "how to reach who asks")
		}, value, showUnblocks},
		{"answer", "ID", "grant a request, which revokes the decision, or refuse it", "answer", 1, 1, func(fs *flag.FlagSet, q *gate.Request) {
			reason(fs, q)
			fs.BoolVar(&q.Grant, "grant", false, "unblock")
		}, id, showUnblocks},
	}
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
	a := all[i]
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
	if err := fs.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return cli.Done
	} else if err != nil {
		return cli.Usage
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

const stamp = "2006-01-02 15:04 MST"

func table(w io.Writer, rows func(row func(cells ...any))) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	rows(func(cells ...any) {
		for i, c := range cells {
			if i > 0 {
				fmt.Fprint(t, "\t")
			}
			fmt.Fprint(t, c)
		}
		fmt.Fprintln(t)
	})
	t.Flush()
}

func decisionRows(row func(cells ...any), ds []*hook.Decision) {
	for _, d := range ds {
		row(d.ID, d.State, d.Action, d.Kind, d.Value, d.Expires.Local().Format(stamp), d.Proposer, oneLine(d.Reason.EN))
	}
}

// oneLine keeps control characters of a reason off the terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

func showList(w io.Writer, r *gate.Response) {
	table(w, func(row func(cells ...any)) { decisionRows(row, r.Page.Decisions) })
	if n := r.Page.Total - len(r.Page.Decisions); n > 0 {
		fmt.Fprintf(w, "%d more (--limit)\n", n)
	}
}

func showDecision(w io.Writer, r *gate.Response) {
	table(w, func(row func(cells ...any)) { decisionRows(row, []*hook.Decision{r.Decision}) })
	if i := r.Decision.Impact; i != nil {
		fmt.Fprintf(w, "hits in the last 7 days: %d\n", i.Hits)
	}
	if r.NeedsSecond {
		fmt.Fprintln(w, "your consent is kept; another person must approve it too")
	}
}

func showReport(w io.Writer, r *gate.Response) {
	p := r.Report
	fmt.Fprintf(w, "%s %s: ", p.Kind, p.Value)
	switch {
	case p.Protected != nil:
		fmt.Fprintf(w, "never blocked: %s (%s)\n", p.Protected.Reason.EN, p.Protected.Owner)
	case p.Blocked:
		fmt.Fprintln(w, "blocked")
	default:
		fmt.Fprintln(w, "not blocked")
	}
	if p.Refused != "" && p.Protected == nil {
		fmt.Fprintln(w, "would be refused:", p.Refused)
	}
	if p.Impact != nil {
		fmt.Fprintf(w, "hits in the last 7 days: %d\n", p.Impact.Hits)
		for _, s := range p.Impact.Samples {
			fmt.Fprintf(w, "  %s  %s → %s %s\n", s.Time.Local().Format(stamp), s.Client, s.Server, s.What)
		}
		if p.Kind == hook.IP {
			fmt.Fprintf(w, "names seen at this address: %d\n", p.Names)
		}
		if p.FourEyes {
			fmt.Fprintln(w, "two people must approve it")
		}
	}
	table(w, func(row func(cells ...any)) { decisionRows(row, p.Decisions) })
	for _, d := range p.Decisions {
		if d.EndReason != "" {
			fmt.Fprintf(w, "%s ended %s by %s: %s\n", d.ID, d.Ended.Local().Format(stamp), d.EndedBy, oneLine(d.EndReason))
		}
	}
}

func showStatus(w io.Writer, r *gate.Response) {
	s := r.Status
	what := "serving"
	switch {
	case s.Killed:
		what = "switched off: all lists are empty by intent"
	case s.Held:
		what = "serving the last good list"
	}
	fmt.Fprintf(w, "%s, list %d of %s: %d entries, mode %s\n", what, s.Version, s.Changed.Local().Format(stamp), s.Entries, s.Mode)
	for _, a := range s.Alarms {
		fmt.Fprintf(w, "ALARM since %s: %s\n", a.Since.Local().Format(stamp), oneLine(a.Text))
	}
	table(w, func(row func(cells ...any)) {
		for _, c := range r.Consumers {
			seen, real := "never", "not read back"
			if !c.Seen.IsZero() {
				seen = c.Seen.Local().Format(stamp)
			}
			if !c.ReadBack.IsZero() {
				real = fmt.Sprintf("enforces %d, %d missing, %d too many", c.Enforced, c.Missing, c.Extra)
			}
			row(c.Name, c.Kind, "seen "+seen, fmt.Sprintf("given %d of list %d", c.Given, c.Version), real, oneLine(c.Error))
		}
		for i, v := range s.Versions {
			if i < 5 {
				row("list", v.Version, v.Time.Local().Format(stamp), fmt.Sprint(v.Entries, " entries"), v.Cause)
			}
		}
	})
}

func showUnblocks(w io.Writer, r *gate.Response) {
	us := r.Unblocks
	if r.Unblock != nil {
		us = append(us, r.Unblock)
	}
	table(w, func(row func(cells ...any)) {
		for _, u := range us {
			row(u.ID, u.State, u.Value, "due "+u.Due.Local().Format(stamp), oneLine(u.Contact), oneLine(u.Text))
		}
	})
}
