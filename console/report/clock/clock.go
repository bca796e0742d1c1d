package clock

import (
	"errors"
	"fmt"
	"time"

	"khien/console/report"
)

// Due is when a duty is due. Exactly one of the fields is set.
type Due struct {
	Immediately bool   `yaml:"immediately,omitempty" json:"immediately,omitempty"`
	Hours       int    `yaml:"hours,omitempty" json:"hours,omitempty"`
	Days        int    `yaml:"days,omitempty" json:"days,omitempty"`                 // of 24 hours
	WorkingDays int    `yaml:"working_days,omitempty" json:"working_days,omitempty"` // at the end of office hours
	Monthly     int    `yaml:"monthly,omitempty" json:"monthly,omitempty"`           // day of the month, at its end
	Yearly      []MDay `yaml:"yearly,omitempty" json:"yearly,omitempty"`             // before each of these days begins
}

// MDay is a day of every year.
type MDay struct {
	Month int `yaml:"month" json:"month"`
	Day   int `yaml:"day" json:"day"`
}

// officeEnd is when a working day ends.
const officeEnd = 17

// Validate names what is wrong with a rule.
func (d Due) Validate() error {
	n := 0
	for _, set := range []bool{d.Immediately, d.Hours != 0, d.Days != 0, d.WorkingDays != 0, d.Monthly != 0, len(d.Yearly) > 0} {
		if set {
			n++
		}
	}
	if n != 1 {
		return errors.New("due: exactly one of immediately, hours, days, working_days, monthly and yearly")
	}
	if d.Hours < 0 || d.Hours > 24*366 || d.Days < 0 || d.Days > 366 || d.WorkingDays < 0 || d.WorkingDays > 250 {
		return errors.New("due: from 1 hour to a year")
	}
	if d.Monthly < 0 || d.Monthly > 28 {
		return errors.New("due: monthly is a day from 1 to 28")
	}
	for _, y := range d.Yearly {
		if t := time.Date(2027, time.Month(y.Month), y.Day, 0, 0, 0, 0, time.UTC); y.Month < 1 || y.Month > 12 || t.Month() != time.Month(y.Month) {
			return fmt.Errorf("due: yearly: there is no day %d of month %d", y.Day, y.Month)
		}
	}
	return nil
}

// At returns when a duty that begins at start is due.
func (d Due) At(start time.Time, c *Calendar) time.Time {
	local := start.In(report.Zone)
	switch {
	case d.Immediately:
		return start
	case d.Hours > 0:
		return start.Add(time.Duration(d.Hours) * time.Hour)
	case d.Days > 0:
		return start.Add(time.Duration(d.Days) * 24 * time.Hour)
	case d.WorkingDays > 0:
		return c.workingDay(local, d.WorkingDays, officeEnd, 0)
	case d.Monthly > 0:
		due := time.Date(local.Year(), local.Month(), d.Monthly+1, 0, 0, 0, 0, report.Zone)
		if !due.After(local) {
			due = time.Date(local.Year(), local.Month()+1, d.Monthly+1, 0, 0, 0, 0, report.Zone)
		}
		return due
	}
	var first time.Time
	for _, y := range d.Yearly {
		due := time.Date(local.Year(), time.Month(y.Month), y.Day, 0, 0, 0, 0, report.Zone)
		if !due.After(local) {
			due = due.AddDate(1, 0, 0)
		}
		if first.IsZero() || due.Before(first) {
			first = due
		}
	}
	return first
}

// States of a clock.
const (
	Running = "running"
	Overdue = "overdue"
	Done    = "done"
	Late    = "late" // done, after it was due
)

// Clock is one duty's deadline.
type Clock struct {
	Duty    string       `json:"duty"`
	VI      string       `json:"title_vi"`
	EN      string       `json:"title_en"`
	Form    string       `json:"form,omitempty"`
	Started time.Time    `json:"started_at"`
	Due     time.Time    `json:"due_at"`
	State   string       `json:"state"`
	Warned  []int        `json:"warned"` // percent of the time that have passed: 50, 75, 90
	Sent    *report.Sent `json:"sent,omitempty"`
	Checked bool         `json:"verified"` // the duty's basis was checked against its text
}

var warnings = [...]int{50, 75, 90}

// Set fills Due, State and Warned for a moment.
func (k *Clock) Set(d Due, c *Calendar, now time.Time) {
	k.Due = d.At(k.Started, c)
	k.State, k.Warned = Running, []int{}
	end := now
	if k.Sent != nil {
		end = k.Sent.At
	}
	switch {
	case k.Sent != nil && k.Sent.At.After(k.Due) && !d.Immediately:
		k.State = Late
	case k.Sent != nil:
		k.State = Done
	case now.After(k.Due):
		k.State = Overdue
	}
	for _, w := range warnings {
		if at := k.Warn(w); !end.Before(at) {
			k.Warned = append(k.Warned, w)
		}
	}
}

// Warn returns when so many percent of the time have passed.
func (k *Clock) Warn(percent int) time.Time {
	return k.Started.Add(k.Due.Sub(k.Started) / 100 * time.Duration(percent))
}
