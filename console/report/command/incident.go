package command

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"khien/console/report"
	"khien/console/report/issue"
	"khien/console/report/legal"
	"khien/detector/cli"
)

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
