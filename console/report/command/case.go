package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"khien/console/cases"
	"khien/console/report"
	"khien/console/report/clock"
	"khien/console/report/issue"
	"khien/console/report/legal"
	"khien/detector/cli"
)

// workCase carries out what is done to cases.
func workCase(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "case", "list | create TITLE [FINDING…] | show ID | add ID FINDING… | note ID TEXT | close ID [REASON]", stderr)
	unit := o.fs.String("unit", "", "unit that a new case concerns")
	verb, status, ok := o.verb(args)
	if !ok {
		return status
	}
	rest := o.fs.Args()
	least, known := map[string]int{"list": 0, "create": 1, "show": 1, "add": 2, "note": 2, "close": 1}[verb]
	if !known || len(rest) < least {
		o.fs.Usage()
		return cli.Usage
	}
	return o.desk(func(ctx context.Context, d *issue.Desk) error {
		var c cases.Case
		var err error
		switch verb {
		case "list":
			all, err := d.Cases.List(ctx, "")
			for _, c := range all {
				fmt.Fprintf(stdout, "%s  %-6s  %3d findings  %s\n", c.ID, c.Status, len(c.Findings), cli.Visible(c.Title))
			}
			return err
		case "create":
			c, err = d.Cases.Create(ctx, o.user, rest[0], *unit, rest[1:]...)
		case "show":
			c, err = d.Cases.Get(ctx, rest[0])
		case "add":
			c, err = d.Cases.AddFindings(ctx, o.user, rest[0], rest[1:]...)
		case "note":
			c, err = d.Cases.AddNote(ctx, o.user, rest[0], strings.Join(rest[1:], " "))
		case "close":
			c, err = d.Cases.Close(ctx, o.user, rest[0], strings.Join(rest[1:], " "))
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%s %s, %d findings: %s\n", c.ID, c.Status, len(c.Findings), cli.Visible(c.Title))
		if verb == "show" {
			for _, h := range c.History {
				fmt.Fprintf(stdout, "  %s %s %s\n", h.Time.In(report.Zone).Format(time.DateTime), cli.Visible(h.User), cli.Visible(h.What))
			}
		}
		return nil
	})
}

// onIncident opens the incident of the case that the first argument names, hands it to f and keeps it when f says so.
func (o *options) onIncident(f func(ctx context.Context, d *issue.Desk, in *report.Incident, p *legal.Pack, pr *report.Profile) (keep bool, err error)) int {
	return o.desk(func(ctx context.Context, d *issue.Desk) error {
		pr, err := d.Profile()
		if err != nil {
			return err
		}
		p, err := d.Pack(ctx, o.pack)
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		in, err := d.Incident(ctx, o.fs.Arg(0), o.pack, pr)
		if err != nil {
			return err
		}
		keep, err := f(ctx, d, in, p, pr)
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		if keep {
			return d.Put(ctx, in)
		}
		return nil
	})
}

// setFacts changes facts of an incident.
func setFacts(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "set", "CASE KEY=VALUE…", stderr)
	if status, ok := o.parseSome(args, 2); !ok {
		return status
	}
	return o.onIncident(func(ctx context.Context, d *issue.Desk, in *report.Incident, p *legal.Pack, pr *report.Profile) (bool, error) {
		for _, s := range o.fs.Args()[1:] {
			key, value, ok := strings.Cut(s, "=")
			if !ok {
				return false, fmt.Errorf("%q: KEY=VALUE", s)
			}
			if err := issue.Edit(in, o.user, d.Now(), key, factOf(key, value)); err != nil {
				return false, err
			}
		}
		for _, h := range in.History {
			fmt.Fprintf(stdout, "%s %s %s: %s -> %s\n", h.At.In(report.Zone).Format(time.DateTime), cli.Visible(h.By), h.What, cli.Visible(h.Old), cli.Visible(h.New))
		}
		return true, nil
	})
}

// confirm notes a person's word.
func confirm(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "confirm", "CASE severity|citation:ID [REASON]", stderr)
	if status, ok := o.parseSome(args, 2); !ok {
		return status
	}
	return o.onIncident(func(ctx context.Context, d *issue.Desk, in *report.Incident, p *legal.Pack, pr *report.Profile) (bool, error) {
		what := o.fs.Arg(1)
		if err := issue.Confirm(in, p, o.user, d.Now(), what, strings.Join(o.fs.Args()[2:], " ")); err != nil {
			return false, err
		}
		fmt.Fprintf(stdout, "%s: %s confirmed by %s\n", in.Case, what, cli.Visible(o.user))
		return true, nil
	})
}

// noteSent notes that a duty was done.
func noteSent(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "sent", "CASE DUTY", stderr)
	via := o.fs.String("via", "", "how it was sent: a letter, mail, portal")
	receipt := o.fs.String("receipt", "", "number of the receipt")
	late := o.fs.String("late", "", "why it is late")
	at := o.fs.String("at", "", "when, a `time` of RFC 3339; now by default")
	if status, ok := o.parse(args); !ok {
		return status
	}
	if o.fs.NArg() != 2 || *via == "" {
		o.fs.Usage()
		return cli.Usage
	}
	return o.onIncident(func(ctx context.Context, d *issue.Desk, in *report.Incident, p *legal.Pack, pr *report.Profile) (bool, error) {
		when := d.Now()
		if *at != "" {
			t, err := time.Parse(time.RFC3339, *at)
			if err != nil {
				return false, fmt.Errorf("--at %q is not a time like 2026-11-27T09:30:00+07:00", *at)
			}
			when = t
		}
		err := issue.MarkSent(in, p, o.fs.Arg(1), report.Sent{At: when.UTC(), By: o.user, Via: *via, Receipt: *receipt, Late: *late})
		if err != nil {
			return false, err
		}
		showClocks(stdout, d.Clocks(in, p, pr))
		return true, nil
	})
}

// showDeadlines shows deadlines.
func showDeadlines(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "clocks", "[CASE]", stderr)
	ics := o.fs.String("ics", "", "also write them to this calendar `file`")
	if status, ok := o.parse(args); !ok {
		return status
	}
	if o.fs.NArg() == 0 {
		return o.desk(func(ctx context.Context, d *issue.Desk) error {
			pr, err := d.Profile()
			if err != nil {
				return err
			}
			p, err := d.Pack(ctx, o.pack)
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			clocks := p.CalendarClocks(pr.Traits, d.Now())
			showClocks(stdout, clocks)
			return writeICS(*ics, "KHIEN", clocks)
		})
	}
	return o.onIncident(func(ctx context.Context, d *issue.Desk, in *report.Incident, p *legal.Pack, pr *report.Profile) (bool, error) {
		clocks := d.Clocks(in, p, pr)
		fmt.Fprintf(stdout, "%s: detected %s\n", in.Case, in.Detected.In(report.Zone).Format(time.DateTime))
		showClocks(stdout, clocks)
		return false, writeICS(*ics, in.Case, clocks)
	})
}

func writeICS(name, id string, clocks []clock.Clock) error {
	if name == "" {
		return nil
	}
	return os.WriteFile(name, clock.ICS(id, clocks, time.Now()), 0o640)
}

func showClocks(w io.Writer, clocks []clock.Clock) {
	for _, k := range clocks {
		note := ""
		if !k.Checked {
			note = " (" + legal.UnverifiedVI + ")"
		}
		fmt.Fprintf(w, "  %-5s %-8s due %s  form %-10s %s%s\n", k.Duty, k.State, k.Due.In(report.Zone).Format(time.DateTime), k.Form, k.VI, note)
	}
}
