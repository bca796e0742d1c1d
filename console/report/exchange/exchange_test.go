package exchange

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"

	"khien/console/report"
)

var at = time.Date(2026, 11, 27, 1, 12, 7, 0, time.UTC)

func sample() (*report.Incident, Options) {
	hostile := func(kind, value, name string) report.Indicator {
		return report.Indicator{Kind: kind, Value: value, Name: name, Role: report.Hostile, First: at, Last: at.Add(time.Minute)}
	}
	in := &report.Incident{Case: "SC-2026-0001", Brands: []string{"VNeID"}, Indicators: []report.Indicator{hostile(report.Domain, "xau.example", ""),
		hostile(report.IP, "203.0.113.9", ""), hostile(report.IP, "2001:db8::9", ""), hostile(report.URL, "http://xau.example/a", ""),
		hostile(report.SHA256, "abcd", `=HYPERLINK("http://x")`), {Kind: report.IP, Value: "10.20.3.14", Role: report.Victim}}}
	in.Facts = map[string]report.Fact{"incident.summary": {Values: []string{"Tóm tắt", "In short"}, From: report.Origin{Kind: report.FromProgram}},
		"takedown.request": {Values: []string{"Bà Mẫu", "Mrs Mau"}, From: report.Origin{Kind: report.FromPerson}}}
	return in, Options{Org: "Centre", Domain: "soc.example.vn", Contact: "soc@soc.example.vn", TLP: "amber", Now: at.Add(time.Hour), TTL: 24 * time.Hour}
}

func TestCSV(t *testing.T) {
	in, o := sample()
	b, err := CSV(in, o)
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(string(b), "\n")
	if first != "# TLP:AMBER SC-2026-0001" {
		t.Error(first)
	}
	rows, err := csv.NewReader(strings.NewReader(rest)).ReadAll()
	if err != nil || len(rows) != 6 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, r := range rows {
		for _, c := range r {
			if strings.HasPrefix(c, "=") || strings.Contains(c, "http://xau") || strings.Contains(c, "10.20.3.14") {
				t.Errorf("cell %q", c)
			}
		}
	}
}

// TestOpenC2 checks commands against what the language specification (1.0, 3.3.1) and the packet filter profile ask for.
func TestOpenC2(t *testing.T) {
	in, o := sample()
	b, err := OpenC2(in, o)
	if err != nil {
		t.Fatal(err)
	}
	var commands []Command
	if err := json.Unmarshal(b, &commands); err != nil || len(commands) != 3 {
		t.Fatalf("%d commands, %v", len(commands), err)
	}
	got := ""
	ids := map[string]bool{}
	for _, c := range commands {
		if len(c.Target) != 1 || c.Action != "deny" || c.Args["duration"] != float64(24*60*60*1000) || c.Args["response_requested"] != "complete" {
			t.Errorf("%+v", c)
		}
		ids[c.ID] = true
		for k, v := range c.Target {
			got += k + " " + v.(string) + "; "
		}
	}
	if want := "domain_name xau.example; ipv4_net 203.0.113.9/32; ipv6_net 2001:db8::9/128; "; got != want || len(ids) != 3 {
		t.Errorf("%s, %d ids, want %s", got, len(ids), want)
	}
}

func TestAbuse(t *testing.T) {
	in, o := sample()
	b, err := Abuse(in, o, "abuse@hoster.example", []Attachment{{"xarf-01.json", "application/json", []byte(`{"a":1}`)}})
	if err != nil {
		t.Fatal(err)
	}
	again, err := Abuse(in, o, "abuse@hoster.example", []Attachment{{"xarf-01.json", "application/json", []byte(`{"a":1}`)}})
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("two runs differ, %v", err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		t.Fatal(kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	p, err := parts.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"http://xau.example", "10.20.3.14", "Mrs Mau"} {
		if strings.Contains(string(text), bad) {
			t.Errorf("the text holds %q", bad)
		}
	}
	if !strings.Contains(string(text), "In short") || !strings.Contains(string(text), "TLP:AMBER") {
		t.Errorf("%s", text)
	}
	if p, err = parts.NextPart(); err != nil || p.FileName() != "xarf-01.json" {
		t.Errorf("attachment %v", err)
	}
	if _, err := Abuse(in, o, "a@b\r\nBcc: c@d", nil); err == nil {
		t.Error("an address with a line break was taken")
	}
}

func TestARF(t *testing.T) {
	in, o := sample()
	original := []byte("From: <x@xau.example>\r\nSubject: khuyen mai\r\n\r\nhttp://xau.example/a\r\n")
	b, err := ARF(in, o, "abuse@hoster.example", original)
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || params["report-type"] != "feedback-report" {
		t.Fatal(kind, params, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	got := ""
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		got += p.Header.Get("Content-Type") + "; "
		if strings.HasPrefix(p.Header.Get("Content-Type"), "message/feedback-report") && !strings.Contains(string(body), "Feedback-Type: fraud\r\nUser-Agent: Khien/1\r\nVersion: 1\r\n") {
			t.Errorf("%s", body)
		}
		if p.Header.Get("Content-Type") == "message/rfc822" && !bytes.Contains(body, original[:20]) {
			t.Errorf("%s", body)
		}
	}
	if want := "text/plain; charset=utf-8; message/feedback-report; message/rfc822; "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err := ARF(in, o, "a@b\r\nX: y", original); err == nil {
		t.Error("an address with a line break was taken")
	}
}

func TestUUID(t *testing.T) {
	// RFC 9562, A.4: the name-based UUID of www.example.com.
	if got := UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com"); got != "2ed6657d-e927-568b-95e1-2665a8aea6a2" {
		t.Error(got)
	}
	if a := ID("x"); a != ID("x") || a == ID("y") || a[14] != '4' {
		t.Error(a)
	}
}
