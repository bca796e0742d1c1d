package report

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestSet(t *testing.T) {
	f := func(key, value, want string) {
		t.Helper()
		in := Incident{}
		err := in.Set(key, Fact{Values: []string{value}})
		if !errors.Is(err, ErrFact) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s %.20q: %v, want %q", key, value, err, want)
		}
		if len(in.Facts) != 0 {
			t.Errorf("%s: a refused fact is there", key)
		}
	}
	f("no.such", "x", "there is no key")
	f("incident.title", strings.Repeat("x", FactBytes+1), "at most 20000")
	f("incident.title", "evil\u202egpj.exe", "U+202E at byte 4 turns the direction")
	f("incident.title", "a\u200bb", "cannot be seen")
	f("incident.title", "a\x1b[2Jb", "U+001B")
	f("incident.title", "a\xffb", "not UTF-8")
	in := Incident{}
	if err := in.Set("incident.title", Fact{Values: make([]string, FactValues+1)}); !errors.Is(err, ErrFact) {
		t.Errorf("too many values: %v", err)
	}
	if err := in.Set("incident.timeline", Fact{Rows: make([][]string, FactRows+1)}); !errors.Is(err, ErrFact) {
		t.Errorf("too many rows: %v", err)
	}
	// Decomposed letters are composed: what is searched for is found.
	if err := in.Set("incident.title", Fact{Values: []string{" Gia\u0309 ma\u0323o "}}); err != nil || in.Text("incident.title") != "Giả mạo" {
		t.Errorf("%q, %v", in.Text("incident.title"), err)
	}
}

func TestHistory(t *testing.T) {
	in := Incident{}
	at := time.Date(2026, 11, 29, 1, 0, 0, 0, time.UTC)
	by := Origin{Kind: FromPerson, By: "an", At: at}
	for _, f := range []Fact{{Values: []string{"a"}, From: Origin{Kind: FromProgram}}, {Values: []string{"b"}, From: by}, {Values: []string{"b"}, From: by}, {From: by}} {
		if err := in.Set("incident.cause", f); err != nil {
			t.Fatal(err)
		}
	}
	got := ""
	for _, c := range in.History {
		got += c.By + ":" + c.Old + ">" + c.New + " "
	}
	if want := "an:a; >b;  an:b; > "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if _, ok := in.Facts["incident.cause"]; ok {
		t.Error("an emptied fact is still there")
	}
}

func TestVisible(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := VisibleText(in); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f("a\u202eb\x00", "a[U+202E]b[U+0000]")
	f("a\xff", "a\ufffd")
	if got := VisibleText(strings.Repeat("ă", FactBytes)); len(got) > FactBytes {
		t.Errorf("%d bytes", len(got))
	}
}

func TestDefang(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := Defang(in); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	f("http://a.vn/b.php?c=d.e", "hxxp://a[.]vn/b.php?c=d.e")
	f("https://a.b.vn", "hxxps://a.b[.]vn")
	f("vneid-capnhat-gov.com", "vneid-capnhat-gov[.]com")
	f("203.0.113.9", "203.0.113[.]9")
}

func TestProfile(t *testing.T) {
	if _, err := ParseProfile("p.yaml", []byte("agency: A\nfacts: {system.level: \"3\", system.services: \"web, mail\"}\n")); err != nil {
		t.Error(err)
	}
	f := func(text, want string) {
		t.Helper()
		if _, err := ParseProfile("p.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	f("agency: A\nfacts: {nowhere: x}", `there is no key "nowhere"`)
	f("agenzy: A", "agenzy")
	f("home: [10.0.0.0]", "is not a prefix")
	f("tlp: pink", "amber+strict")
	f("agency: \"a\\u202eb\"", "U+202E")
	f(strings.Repeat("#", profileMax+1), "at most")
}
