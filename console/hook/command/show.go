package command

import (
	"fmt"
	"io"

	"khien/console/hook"
	"khien/console/hook/gate"
)

func decisionRows(row func(cells ...any), ds []*hook.Decision) {
	for _, d := range ds {
		row(d.ID, d.State, d.Action, d.Kind, d.Value, d.Expires.Local().Format(stamp), d.Proposer, oneLine(d.Reason.EN))
	}
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
