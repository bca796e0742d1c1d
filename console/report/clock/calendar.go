// Package clock computes deadlines: a rule and the time of detection come in, the time that is due, the warnings and the
// state come out. Working days are those of a Calendar, which is data. Everything is a plain value; times are instants, and
// dates are dates in Vietnam.
package clock

import (
	"fmt"
	"time"

	"khien/console/report"
)

// Holiday is a span of days off.
type Holiday struct {
	Name       string `yaml:"name"`
	From       string `yaml:"from"` // 2006-01-02, or 01-02 for every year
	To         string `yaml:"to"`   // inclusive; "" means From
	Confidence string `yaml:"confidence"`
	Note       string `yaml:"note,omitempty"`
}

// Calendar says which days are working days. The zero Calendar knows Saturdays and Sundays. A holiday that nobody has
// verified ("U") counts as a working day, so that no deadline is ever later than the law's.
type Calendar struct {
	Holidays []Holiday `yaml:"holidays"`
	Makeup   []Holiday `yaml:"makeup"` // Saturdays and Sundays that are worked
	days     map[string]string
	worked   map[string]bool
}

const spanMax = 31

// Prepare reads the dates. It has to be called before Off.
func (c *Calendar) Prepare() error {
	c.days, c.worked = map[string]string{}, map[string]bool{}
	for _, h := range c.Holidays {
		if err := span(h, func(day string) { c.days[day] = h.Name }); err != nil {
			return err
		}
	}
	for _, h := range c.Makeup {
		if err := span(h, func(day string) { c.worked[day] = true }); err != nil {
			return err
		}
	}
	return nil
}

func span(h Holiday, mark func(string)) error {
	layout := "2006-01-02"
	if len(h.From) == 5 {
		layout = "01-02"
	}
	from, err := time.Parse(layout, h.From)
	if err != nil {
		return fmt.Errorf("clock: holiday %q: from %q is not a date like 2026-02-16 or 09-02", h.Name, h.From)
	}
	to := from
	if h.To != "" {
		if to, err = time.Parse(layout, h.To); err != nil {
			return fmt.Errorf("clock: holiday %q: to %q is not a date of the same form as from", h.Name, h.To)
		}
	}
	if to.Before(from) || to.Sub(from) > spanMax*24*time.Hour {
		return fmt.Errorf("clock: holiday %q: %s to %s: from 1 to %d days", h.Name, h.From, h.To, spanMax)
	}
	if h.Confidence == "U" {
		return nil
	}
	for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
		mark(d.Format(layout))
	}
	return nil
}

// Off returns why a day is no working day, "" when it is one.
func (c *Calendar) Off(t time.Time) string {
	t = t.In(report.Zone)
	day := t.Format("2006-01-02")
	if name := c.days[day]; name != "" {
		return name
	}
	if name := c.days[day[5:]]; name != "" {
		return name
	}
	if c.worked[day] {
		return ""
	}
	switch t.Weekday() {
	case time.Saturday:
		return "thứ Bảy"
	case time.Sunday:
		return "Chủ nhật"
	}
	return ""
}

// workingDay returns the nth working day after t's day, at an hour and minute.
func (c *Calendar) workingDay(t time.Time, n, hour, minute int) time.Time {
	t = t.In(report.Zone)
	for n > 0 {
		t = t.AddDate(0, 0, 1)
		if c.Off(t) == "" {
			n--
		}
	}
	return time.Date(t.Year(), t.Month(), t.Day(), hour, minute, 0, 0, report.Zone)
}
