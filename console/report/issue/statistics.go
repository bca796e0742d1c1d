package issue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"khien/console/report"
	"khien/console/report/legal"
	"khien/console/report/prefill"
	"khien/console/report/statistics"
)

// Statistics counts the incidents of a period and returns an incident that holds the numbers and the register, for the
// forms.
func (d *Desk) Statistics(ctx context.Context, p *legal.Pack, pr *report.Profile, from, to time.Time) (*statistics.Summary, *report.Incident, error) {
	all, err := d.Cases.List(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	issued, err := d.IssuedOf(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	var entries []statistics.Entry
	var rows [][]string
	for _, c := range all {
		in, err := d.Incident(ctx, c.ID, p.ID, pr)
		if err != nil {
			return nil, nil, err
		}
		e := statistics.Entry{Case: c, Incident: in}
		var sent []string
		for _, i := range issued {
			if i.Case == c.ID {
				if e.Reported.IsZero() {
					e.Reported = i.At
				}
				sent = append(sent, i.Printed)
			}
		}
		entries = append(entries, e)
		if in.Detected.Before(from) || !in.Detected.Before(to) {
			continue
		}
		end := ""
		if !in.Resolved.IsZero() {
			end = prefill.Stamp(in.Resolved)
		}
		rows = append(rows, []string{c.ID, in.Title, name(p, in.Text("incident.kind"), ""), name(p, "", in.Text("incident.severity")),
			prefill.Stamp(in.Detected), end, strings.Join(sent, ", ")})
	}
	s := statistics.Summarize(p, entries, from, to)
	in := &report.Incident{Case: fmt.Sprintf("TK-%s-%s", from.Format("200601"), to.AddDate(0, 0, -1).Format("200601")), Pack: p.ID}
	if err := in.FromProfile(pr); err != nil {
		return nil, nil, err
	}
	if err := s.Facts(in); err != nil {
		return nil, nil, err
	}
	err = in.Set("register.rows", report.Fact{Rows: rows[:min(len(rows), report.FactRows)], From: report.Origin{Kind: report.FromProgram, Ref: "statistics"}})
	return s, in, err
}

// name returns the words for a kind or a severity.
func name(p *legal.Pack, kind, severity string) string {
	if k := p.Kind(kind); k != nil {
		return k.VI
	}
	if s := p.Severity(severity); s != nil {
		return s.VI
	}
	return ""
}
