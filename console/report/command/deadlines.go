package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"khien/console/report"
	"khien/console/report/clock"
	"khien/console/report/issue"
	"khien/console/report/legal"
)

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
