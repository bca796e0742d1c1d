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
	"khien/console/report/takedown"
	"khien/detector/cli"
)

// keepTargets keeps the list of targets.
func keepTargets(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "takedown", "list [CASE] | add CASE | sent TARGET NOTE | acknowledged TARGET NOTE | probe --proxy URL TARGET…", stderr)
	proxy := o.fs.String("proxy", "", "`URL` of the proxy that probes go through")
	verb, status, ok := o.verb(args)
	if !ok {
		return status
	}
	show := func(t takedown.Target) {
		took := ""
		if d, ok := t.TimeToDown(); ok {
			took = " down after " + d.Round(time.Minute).String()
		}
		fmt.Fprintf(stdout, "%s  %s  %-12s %-6s %s%s\n", t.ID, t.Case, t.State, t.Kind, report.Defang(t.Value), took)
	}
	rest := o.fs.Args()
	switch {
	case verb == "add" && len(rest) == 1:
		return o.onIncident(func(ctx context.Context, d *issue.Desk, in *report.Incident, p *legal.Pack, pr *report.Profile) (bool, error) {
			l := takedown.List{Store: d.Store, Now: d.Now}
			if err := l.Add(ctx, o.user, in); err != nil {
				return false, err
			}
			all, err := l.Targets(ctx, in.Case)
			for _, t := range all {
				show(t)
			}
			return false, err
		})
	case verb == "list" && len(rest) <= 1, (verb == takedown.Sent || verb == takedown.Acknowledged) && len(rest) > 0, verb == "probe" && len(rest) > 0:
	default:
		o.fs.Usage()
		return cli.Usage
	}
	return o.desk(func(ctx context.Context, d *issue.Desk) error {
		l := takedown.List{Store: d.Store, Now: d.Now}
		switch verb {
		case "list":
			all, err := l.Targets(ctx, o.fs.Arg(0))
			for _, t := range all {
				show(t)
			}
			return err
		case "probe":
			client, err := takedown.Client(*proxy)
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			for _, id := range rest {
				t, err := l.Look(ctx, client, o.user, id)
				if err != nil {
					return err
				}
				show(t)
			}
			return nil
		}
		t, err := l.Move(ctx, o.user, rest[0], verb, strings.Join(rest[1:], " "))
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		show(t)
		return nil
	})
}
