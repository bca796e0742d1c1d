package fraud

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/detector"
)

func TestNewReport(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	f := func(kind, text, wantKind string, want ...string) {
		t.Helper()
		r, err := NewReport(kind, text, "", at)
		if err != nil || r.Kind != wantKind || !slices.Equal(r.Values, want) || r.ID == "" {
			t.Errorf("%q: %v, %+v", text, err, r)
		}
	}
	f("", "https://VNeID-gov.example.com/tai?x=1", "url", "domain vneid-gov.example.com")
	f("", "vneid-gov.top", "url", "domain vneid-gov.top")
	f("", "+84 912 345 678", "phone", "phone 0912345678")
	f("account", "1903 4567 8901", "account", "account 190345678901")
	f("", strings.Repeat("aB", 32), "apk", "sha256 "+strings.Repeat("ab", 32))
	f("", "Vietcombank: the cua quy khach bi khoa. Truy cap http://vcb-khoathe.top/a hoac goi 0912345678. so 001099012345",
		"sms", "domain vcb-khoathe.top", "phone 0912345678")
	bad := func(kind, text, want string) {
		t.Helper()
		r, err := NewReport(kind, text, "", at)
		if err == nil || !strings.Contains(err.Error(), want) || r.ID != "" {
			t.Errorf("%q: %v, %+v", text, err, r)
		}
	}
	bad("", " ", "1 to 4096 bytes")
	bad("url", "hello", "neither a URL nor a name")
	bad("account", "12", "no account number")
	bad("apk", "zz", "64 hexadecimal digits")
	bad("fax", "x", "no kind of report")
	r, err := NewReport("sms", "can cuoc 001099012345, the 4111 1111 1111 1111", "", at)
	if err != nil || strings.Contains(r.Text, "001099012345") || strings.Contains(r.Text, "4111 1111") {
		t.Errorf("citizen and card numbers are kept: %q, %v", r.Text, err)
	}
	line, err := AppendReport(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadReports(append(line, "\n"...), "reports.jsonl")
	if err != nil || len(back) != 1 || back[0].ID != r.ID {
		t.Errorf("%v, %+v", err, back)
	}
	if _, err := ReadReports([]byte(string(line)+"{}\n"), "reports.jsonl"); err == nil || !strings.HasPrefix(err.Error(), "reports.jsonl:2:") {
		t.Errorf("the error names no line: %v", err)
	}
}

func TestReportJoinsWhatWasSeen(t *testing.T) {
	s := newScene(t)
	m := s.d.names.seen.memory()
	s.answer("quiet-garden.example", "203.0.113.9")
	s.lookup("quiet-garden.example")
	if s.grave() != "" {
		t.Fatal(s.grave())
	}
	r, err := NewReport("", "http://quiet-garden.example/", "hotline", s.now)
	if err != nil {
		t.Fatal(err)
	}
	seen := m.Report(r)
	if len(seen) != 1 || seen[0].Clients != 1 || seen[0].First.IsZero() {
		t.Fatalf("%+v", seen)
	}
	f := Reported(r, seen[0])
	if f == nil || f.Fraud.Visibility != "reported" || f.Steps[0].Evidence != r.ID || f.Severity != detector.High {
		t.Fatalf("%+v", f)
	}
	if got := Reported(r, m.Sighting("never-seen.example")); got != nil {
		t.Errorf("nobody met it: %+v", got)
	}
	// Whoever meets it from now on is found, with the report as a step of the story.
	s.client = netip.MustParseAddr("192.168.1.99")
	s.lookup("quiet-garden.example")
	if got := s.grave(); got != "listed_name" {
		t.Fatalf("found %q", got)
	}
	s.web("quiet-garden.example", "203.0.113.9", "GET", "/", loginPage)
	last := s.told[len(s.told)-1]
	if len(last.Steps) == 0 || last.Steps[0].Visibility != "reported" || last.Steps[0].Stage != "lure" {
		t.Errorf("%s: %+v", last.Rule.ID, last.Steps)
	}
	// The bank itself cannot be reported away.
	r, err = NewReport("", "https://www.vietcombank.com.vn/", "", s.now)
	if err != nil {
		t.Fatal(err)
	}
	m.Report(r)
	n := len(s.found)
	s.visit("www.vietcombank.com.vn")
	if len(s.found) != n {
		t.Errorf("found %+v", s.found[n].Summary)
	}
}

func TestReportLimits(t *testing.T) {
	m, err := NewMemory(MemoryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	rs := make([]Report, maxReports+10)
	for i := range rs {
		rs[i] = Report{ID: "x", Values: []string{"phone " + string(rune('0'+i%10)) + time.Duration(i).String()}}
	}
	m.Report(rs...)
	if len(m.reports) > maxReports {
		t.Errorf("%d reports", len(m.reports))
	}
}

func TestFeeds(t *testing.T) {
	f := NewFeeds()
	list := "# comment\n0.0.0.0 bad-one.example # hosts\nhttps://bad-two.example/x\nbad-three.example,2026-01-01\n" +
		`{"name_value":"*.ct-one.example\nct-two.example"}` + "\n"
	if err := f.Add(strings.NewReader(list), "lists/block.txt", true); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"bad-one.example", "bad-two.example", "www.bad-three.example", "ct-one.example", "ct-two.example"} {
		if l := f.lookup(n); l == nil || l.name != "block.txt" || !l.blocks {
			t.Errorf("%s: %+v", n, l)
		}
	}
	if f.lookup("good.example") != nil || f.Len() != 5 {
		t.Errorf("%d names", f.Len())
	}
	bad := func(text, want string) {
		t.Helper()
		if err := NewFeeds().Add(strings.NewReader(text), "f.txt", true); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s…", text, err, want)
		}
	}
	bad("a.example\nnodot\n", "f.txt:2: ")
	bad("a..example\n", "f.txt:1: ")
	bad(strings.Repeat("a", 64)+".example\n", "f.txt:1: ")
	bad("\n\n{\"x\":1}\n", "f.txt:3: ")
	bad("{broken\n", "f.txt:1: ")
	bad(strings.Repeat("x", maxFeedLine+1), "f.txt:1: ")

	s := newScene(t)
	s.d.names.seen.memory().SetFeeds(f)
	s.lookup("bad-two.example")
	if got := s.grave(); got != "listed_name" {
		t.Errorf("found %q", got)
	}
}
