package clock_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"khien/console/report"
	"khien/console/report/clock"
	"khien/console/report/legal"
)

func vn(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, report.Zone)
	if err != nil {
		panic(err)
	}
	return t
}

func calendar(t *testing.T) *clock.Calendar {
	t.Helper()
	p, err := legal.Load(legal.Default)
	if err != nil {
		t.Fatal(err)
	}
	return &p.Calendar
}

func TestDue(t *testing.T) {
	c := calendar(t)
	f := func(d clock.Due, start, want string) {
		t.Helper()
		if err := d.Validate(); err != nil {
			t.Error(err)
		}
		if got := d.At(vn(start), c).In(report.Zone).Format("2006-01-02 15:04"); got != want {
			t.Errorf("%+v from %s: %s, want %s", d, start, got, want)
		}
	}
	f(clock.Due{Immediately: true}, "2026-11-27 09:30", "2026-11-27 09:30")
	f(clock.Due{Hours: 24}, "2026-11-27 09:30", "2026-11-28 09:30") // a Saturday: hours do not stop
	f(clock.Due{Hours: 72}, "2026-12-30 23:00", "2027-01-02 23:00")
	f(clock.Due{Hours: 72}, "2026-02-16 08:00", "2026-02-19 08:00") // in the middle of Tết
	f(clock.Due{Days: 5}, "2026-11-27 09:30", "2026-12-02 09:30")
	f(clock.Due{WorkingDays: 5}, "2026-11-27 09:30", "2026-12-04 17:00") // one weekend
	f(clock.Due{WorkingDays: 1}, "2026-11-28 09:30", "2026-11-30 17:00") // begins on a Saturday
	f(clock.Due{WorkingDays: 5}, "2026-02-13 16:00", "2026-02-27 17:00") // Tết Bính Ngọ: the 16th to the 20th are off
	f(clock.Due{WorkingDays: 5}, "2027-02-03 16:00", "2027-02-16 17:00") // Tết Đinh Mùi; the 4th and 11th are not verified
	f(clock.Due{WorkingDays: 2}, "2026-04-29 10:00", "2026-05-05 17:00") // 30/4, 1/5, weekend
	f(clock.Due{WorkingDays: 1}, "2026-04-24 10:00", "2026-04-28 17:00") // Giỗ Tổ on a Sunday, the Monday is off instead
	f(clock.Due{WorkingDays: 1}, "2026-01-09 10:00", "2026-01-10 17:00") // a Saturday that is worked
	f(clock.Due{WorkingDays: 1}, "2026-11-23 10:00", "2026-11-24 17:00") // an unverified holiday delays nothing
	f(clock.Due{Monthly: 10}, "2026-11-29 10:00", "2026-12-11 00:00")
	f(clock.Due{Monthly: 10}, "2026-12-10 23:59", "2026-12-11 00:00")
	f(clock.Due{Monthly: 10}, "2026-12-11 00:00", "2027-01-11 00:00")
	f(clock.Due{Yearly: []clock.MDay{{6, 20}, {12, 15}}}, "2026-06-20 00:00", "2026-12-15 00:00")
	f(clock.Due{Yearly: []clock.MDay{{6, 20}, {12, 15}}}, "2026-12-16 08:00", "2027-06-20 00:00")
}

func TestState(t *testing.T) {
	c := calendar(t)
	day := clock.Due{Hours: 24}
	start := vn("2026-11-27 09:30")
	f := func(now string, sent *report.Sent, state string, warned ...int) {
		t.Helper()
		k := clock.Clock{Started: start, Sent: sent}
		k.Set(day, c, vn(now))
		if k.State != state || !slices.Equal(k.Warned, warned) {
			t.Errorf("at %s: %s %v, want %s %v", now, k.State, k.Warned, state, warned)
		}
	}
	f("2026-11-27 09:30", nil, clock.Running)
	f("2026-11-27 21:29", nil, clock.Running)
	f("2026-11-27 21:30", nil, clock.Running, 50)
	f("2026-11-28 03:30", nil, clock.Running, 50, 75)
	f("2026-11-28 07:06", nil, clock.Running, 50, 75, 90)
	f("2026-11-28 09:30", nil, clock.Running, 50, 75, 90)
	f("2026-11-28 09:31", nil, clock.Overdue, 50, 75, 90)
	f("2026-11-30 09:31", &report.Sent{At: vn("2026-11-27 12:00")}, clock.Done)
	f("2026-11-30 09:31", &report.Sent{At: vn("2026-11-28 09:31")}, clock.Late, 50, 75, 90)
	// Detection that is entered late: the clock began then, not when it was typed.
	start = vn("2026-11-20 08:00")
	f("2026-11-27 09:30", nil, clock.Overdue, 50, 75, 90)
}

func TestICS(t *testing.T) {
	c := calendar(t)
	k := clock.Clock{Duty: "D2", VI: "Thông báo ban đầu về sự cố nghiêm trọng, trong 24 giờ; gửi A05", Started: vn("2026-11-27 09:30")}
	k.Set(clock.Due{Hours: 24}, c, vn("2026-11-27 10:00"))
	done := k
	done.Duty, done.Sent = "D9", &report.Sent{}
	text := string(clock.ICS("SC-2026-0001", []clock.Clock{k, done}, vn("2026-11-27 10:00")))
	for _, want := range []string{"DTSTART:20261128T023000Z\r\n", "TRIGGER;VALUE=DATE-TIME:20261127T143000Z\r\n", `trọng\, trong`} {
		if !strings.Contains(strings.ReplaceAll(text, "\r\n ", ""), want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if strings.Contains(text, "D9") {
		t.Error("a duty that is done is in the calendar")
	}
	for _, line := range strings.Split(text, "\r\n") {
		if len(line) > 75 {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
}

func TestBadCalendar(t *testing.T) {
	for _, h := range []clock.Holiday{{From: "2026-13-01"}, {From: "2026-02-16", To: "2026-02-01"}, {From: "2026-02-16", To: "2026-12-01"},
		{From: "02-16", To: "2026-02-17"}} {
		c := clock.Calendar{Holidays: []clock.Holiday{h}}
		if c.Prepare() == nil {
			t.Errorf("%+v was taken", h)
		}
	}
}
