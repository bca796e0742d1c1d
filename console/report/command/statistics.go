package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"khien/console/report"
	"khien/console/report/evidence"
	"khien/console/report/issue"
	"khien/console/report/statistics"
	"khien/detector/cli"
)

// countPeriod counts a period.
func countPeriod(env Env, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(env, "stats", "--from 2026-01 --to 2026-06", stderr)
	first := o.fs.String("from", "", "first `month`")
	last := o.fs.String("to", "", "last `month`")
	formID := o.fs.String("form", "", "also draw this `form`: halfyear, yearly, register, mau-05")
	out := o.fs.String("o", "", "`folder` for the form and the charts")
	if status, ok := o.parse(args); !ok {
		return status
	}
	from, err := time.ParseInLocation("2006-01", *first, report.Zone)
	to, err2 := time.ParseInLocation("2006-01", *last, report.Zone)
	if err := errors.Join(err, err2); err != nil || to.Before(from) || o.fs.NArg() > 0 {
		o.fs.Usage()
		return cli.Usage
	}
	to = to.AddDate(0, 1, 0)
	return o.desk(func(ctx context.Context, d *issue.Desk) error {
		p, err := d.Pack(ctx, o.pack)
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		pr, err := d.Profile()
		if err != nil {
			return err
		}
		s, in, err := d.Statistics(ctx, p, pr, from, to)
		if err != nil {
			return err
		}
		for _, r := range s.Table {
			fmt.Fprintf(stdout, "%4s %4s %4s  %s\n", r[1], r[2], r[3], r[0])
		}
		fmt.Fprintf(stdout, "%d incidents, %d open; mean time to report %s, to close %s\n", s.Total, s.Open, s.ToReport.Round(time.Minute), s.ToClose.Round(time.Minute))
		if *out == "" {
			return nil
		}
		set := &issue.Set{Name: "stats-" + *first + "-" + *last}
		if *formID != "" {
			if set, err = d.Draft(ctx, issue.Request{Incident: in, Pack: p, Profile: pr, Form: *formID, User: o.user}); err != nil {
				return err
			}
			set.Name = *formID + "-" + *first + "-" + *last
			set.Files = slices.DeleteFunc(set.Files, func(f issue.Out) bool { return !strings.HasPrefix(f.Name, *formID+".") }) // no incident, no formats
		}
		for name, counts := range map[string][]statistics.Count{"kind": s.ByKind, "severity": s.BySeverity, "brand": s.ByBrand, "unit": s.ByUnit} {
			data := statistics.Chart(fmt.Sprintf("%s – %s: %s", *first, *last, name), counts)
			set.Files = append(set.Files, issue.Out{Name: "chart-" + name + ".svg", SHA256: evidence.Hash(data), Data: data})
		}
		dir, err := issue.Export(*out, set)
		fmt.Fprintln(stdout, dir)
		return err
	})
}
