package legal

import (
	"slices"
	"time"

	"khien/console/report"
	"khien/console/report/clock"
)

func find[T any](list []T, id func(*T) string, want string) *T {
	for i := range list {
		if id(&list[i]) == want {
			return &list[i]
		}
	}
	return nil
}

// Citation returns a citation, nil when there is none with the id.
func (p *Pack) Citation(id string) *Citation {
	return find(p.Citations, func(c *Citation) string { return c.ID }, id)
}

// Recipient returns a recipient, nil when there is none with the id.
func (p *Pack) Recipient(id string) *Recipient {
	return find(p.Recipients, func(r *Recipient) string { return r.ID }, id)
}

// Severity returns a severity, nil when there is none with the id.
func (p *Pack) Severity(id string) *Severity {
	return find(p.Severities, func(s *Severity) string { return s.ID }, id)
}

// Kind returns a kind, nil when there is none with the id.
func (p *Pack) Kind(id string) *Kind {
	return find(p.Kinds, func(k *Kind) string { return k.ID }, id)
}

// Duty returns a duty, nil when there is none with the id.
func (p *Pack) Duty(id string) *Duty {
	return find(p.Duties, func(d *Duty) string { return d.ID }, id)
}

// Cite returns what may be printed for a citation: its text when it is verified or a person confirmed it in the incident,
// and otherwise nothing.
func (p *Pack) Cite(in *report.Incident, id string) string {
	c := p.Citation(id)
	if c == nil {
		return ""
	}
	if _, ok := in.Confirmed["citation:"+id]; ok || c.Verified() && c.Status != "lapsed" {
		return c.VI
	}
	return ""
}

// Clocks returns the deadlines of an incident: of every duty that its severity and traits call for. Those that begin when
// it is resolved come when it is.
func (p *Pack) Clocks(in *report.Incident, traits []string, now time.Time) []clock.Clock {
	var out []clock.Clock
	severity := in.Text("incident.severity")
	for i := range p.Duties {
		d := &p.Duties[i]
		if len(d.When.Severity) > 0 && !slices.Contains(d.When.Severity, severity) {
			continue
		}
		if slices.ContainsFunc(d.When.Traits, func(t string) bool { return !slices.Contains(traits, t) }) {
			continue
		}
		k := clock.Clock{Duty: d.ID, VI: d.VI, EN: d.EN, Form: d.Form, Checked: d.Verified()}
		switch d.Start {
		case "detected":
			k.Started = in.Detected
		case "resolved":
			k.Started = in.Resolved
		case "calendar":
			continue // of the unit, not of an incident: Calendar
		}
		if k.Started.IsZero() {
			continue
		}
		if s, ok := in.Sent[d.ID]; ok {
			k.Sent = &s
		}
		k.Set(d.Due, &p.Calendar, now)
		out = append(out, k)
	}
	return out
}

// CalendarClocks returns the deadlines that come round whether something happened or not.
func (p *Pack) CalendarClocks(traits []string, now time.Time) []clock.Clock {
	var out []clock.Clock
	for i := range p.Duties {
		d := &p.Duties[i]
		if d.Start != "calendar" || slices.ContainsFunc(d.When.Traits, func(t string) bool { return !slices.Contains(traits, t) }) {
			continue
		}
		k := clock.Clock{Duty: d.ID, VI: d.VI, EN: d.EN, Form: d.Form, Checked: d.Verified(), Started: now}
		k.Set(d.Due, &p.Calendar, now)
		out = append(out, k)
	}
	return out
}
