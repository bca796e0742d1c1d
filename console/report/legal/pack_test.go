package legal

import (
	"strings"
	"testing"
	"time"

	"khien/console/report"
)

func TestShippedPacks(t *testing.T) {
	for _, id := range Shipped() {
		p, err := Load(id)
		if err != nil {
			t.Fatal(err)
		}
		if p.ID != id || len(p.Kinds) != 10 {
			t.Errorf("%s: id %s, %d kinds, want the ten official ones", id, p.ID, len(p.Kinds))
		}
		for _, c := range p.Citations {
			if c.CheckedOn == "" || c.VI == "" {
				t.Errorf("%s: citation %s without date or text", id, c.ID)
			}
		}
	}
	if Shipped()[0] != Default {
		t.Errorf("the default is not the first of %v", Shipped())
	}
}

// TestRefused: an edited pack that is wrong is refused with the place or the entry.
func TestRefused(t *testing.T) {
	good, err := Source(Default)
	if err != nil {
		t.Fatal(err)
	}
	f := func(old, new, want string) {
		t.Helper()
		text := strings.Replace(string(good), old, new, 1)
		if text == string(good) {
			t.Fatalf("%q does not occur", old)
		}
		if _, err := Parse("pack.yaml", []byte(text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", new, err, want)
		}
	}
	f("due: {hours: 24}", "due: {hours: 24, days: 1}", `duty "D2": due: exactly one`)
	f("due: {hours: 24}", "due: {hours: -1}", `duty "D2": due`)
	f("basis: [nd331-31-2d, law116-40-1]", "basis: [nowhere]", `there is no citation "nowhere"`)
	f("to: [a05, pa05], form: initial", "to: [a06], form: initial", `there is no recipient "a06"`)
	f("severity: [anqg]", "severity: [x]", `there is no severity "x"`)
	f("id: D2,", "id: D1,", `duty "D1": the id is missing or there twice`)
	f("confidence: S", "confidence: sure", "confidence")
	f("valid_from: 2026-08-19", "valid_from: 19/8/2026", "is not a date")
	f("start: detected", "start: sometime", "detected, resolved or calendar")
	f("otherwise: true", "otherwise: false", "exactly one kind")
	f("duties:", "dutys:", "dutys")
	if _, err := Parse("pack.yaml", make([]byte, PackMax+1), nil); err == nil {
		t.Error("a huge pack was taken")
	}
}

func TestClocks(t *testing.T) {
	p, err := Load(Default)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 27, 9, 30, 0, 0, report.Zone)
	in := &report.Incident{Detected: at, Facts: map[string]report.Fact{"incident.severity": {Values: []string{"thuong"}}}}
	f := func(want string, traits ...string) {
		t.Helper()
		got := ""
		for _, k := range p.Clocks(in, traits, at.Add(time.Hour)) {
			got += k.Duty + " " + k.Due.Format("02/01 15:04") + "; "
		}
		if got != want {
			t.Errorf("%v: %s, want %s", traits, got, want)
		}
	}
	f("D3 30/11 09:30; ")
	f("D3 30/11 09:30; D11 30/11 09:30; D15 28/11 09:30; ", "personal_data", "bank")
	in.Facts["incident.severity"] = report.Fact{Values: []string{"anqg"}}
	f("D1 27/11 09:30; D2 28/11 09:30; D3 30/11 09:30; ")
	in.Resolved = time.Date(2026, 12, 2, 16, 0, 0, 0, report.Zone)
	in.Facts["incident.severity"] = report.Fact{Values: []string{"thuong"}}
	f("D3 30/11 09:30; D15 28/11 09:30; D15b 09/12 17:00; ", "bank")
	got := ""
	for _, k := range p.CalendarClocks([]string{"bank"}, at) {
		got += k.Duty + " " + k.Due.Format("02/01/2006 15:04") + "; "
	}
	if want := "D16 11/12/2026 00:00; D17a 20/12/2026 00:00; D17b 25/12/2026 00:00; "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestCite: what is not verified is printed only after a person's word.
func TestCite(t *testing.T) {
	p, err := Load(Default)
	if err != nil {
		t.Fatal(err)
	}
	in := &report.Incident{}
	if got := p.Cite(in, "nd331-31-2d"); got != "" {
		t.Errorf("printed unverified: %q", got)
	}
	in.Confirmed = map[string]report.Confirmation{"citation:nd331-31-2d": {By: "an"}}
	if got := p.Cite(in, "nd331-31-2d"); !strings.Contains(got, "331/2026") {
		t.Errorf("confirmed: %q", got)
	}
	if got := p.Cite(in, "law116"); got == "" {
		t.Error("a verified citation is not printed")
	}
}
