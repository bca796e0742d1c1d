package xarf

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"khien/console/report"
	"khien/console/report/exchange"
)

func TestReports(t *testing.T) {
	at := time.Date(2026, 11, 27, 1, 12, 7, 0, time.UTC)
	put := func(kind, value, use, role string) report.Indicator {
		return report.Indicator{Kind: kind, Value: value, Use: use, Role: role, First: at, Last: at}
	}
	in := &report.Incident{Case: "SC-2026-0001", Brands: []string{"VNeID"}, Indicators: []report.Indicator{
		put(report.Domain, "xau.example", "phishing", report.Hostile), put(report.Domain, "khac.example", "phishing", report.Hostile),
		put(report.URL, "http://xau.example/a", "phishing", report.Hostile), put(report.URL, "http://xau.example/b.APK", "phishing", report.Hostile),
		put(report.URL, "http://203.0.113.9/sync", "malware", report.Hostile), put(report.URL, "http://10.20.3.14/", "", report.Victim)},
		Facts: map[string]report.Fact{"incident.summary": {Values: []string{"Tóm tắt", "In short"}, From: report.Origin{Kind: report.FromProgram}}}}
	got := ""
	for _, r := range New(in, exchange.Options{Org: "Centre", Domain: "soc.example.vn", Contact: "a@soc.example.vn", TLP: "amber", Now: at}) {
		got += r.Type + " " + r.URL + " " + r.Source + " " + r.Domain + " " + r.Brand + "\n"
		text, err := base64.StdEncoding.DecodeString(r.Evidence[0].Payload)
		if err != nil || !strings.Contains(string(text), "In short") || strings.Contains(string(text), "10.20.3.14") {
			t.Errorf("%s, %v", text, err)
		}
	}
	want := `phishing http://xau.example/a xau.example xau.example VNeID
malware http://xau.example/b.APK xau.example xau.example 
malware http://203.0.113.9/sync 203.0.113.9  
phishing https://khac.example/ khac.example khac.example VNeID
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	many := &report.Incident{}
	for range reportsMax + 5 {
		many.Indicators = append(many.Indicators, put(report.URL, "http://xau.example/"+strings.Repeat("x", len(many.Indicators)), "", report.Hostile))
	}
	if n := len(New(many, exchange.Options{Now: at})); n != reportsMax {
		t.Errorf("%d reports", n)
	}
}
