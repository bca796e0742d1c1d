package statistics

import (
	"strings"
	"testing"
	"time"

	"khien/console/cases"
	"khien/console/report"
	"khien/console/report/legal"
)

func TestSummarize(t *testing.T) {
	p, err := legal.Load(legal.Default)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, report.Zone)
	to := time.Date(2026, 7, 1, 0, 0, 0, 0, report.Zone)
	entry := func(at time.Time, kind, support string, closed time.Duration) Entry {
		e := Entry{Case: cases.Case{Status: cases.Open, Unit: "Sở A"}, Incident: &report.Incident{Detected: at, Brands: []string{"VNeID"},
			Facts: map[string]report.Fact{"incident.kind": {Values: []string{kind}}, "incident.severity": {Values: []string{"thuong"}}}}, Reported: at.Add(2 * time.Hour)}
		if support != "" {
			e.Incident.Facts["incident.support"] = report.Fact{Values: []string{support}}
		}
		if closed > 0 {
			e.Case.Status, e.Case.Closed = cases.Closed, at.Add(closed)
		}
		return e
	}
	s := Summarize(p, []Entry{
		entry(from, "phishing", "", 10*time.Hour),
		entry(to.Add(-time.Second), "phishing", "VNCERT", 20*time.Hour),
		entry(from.AddDate(0, 1, 0), "dos", "", 0),
		entry(from.Add(-time.Second), "dos", "", 0), // the year before
		entry(to, "dos", "", 0),                     // the half-year after
	}, from, to)
	if s.Total != 3 || s.Open != 1 || s.ToReport != 2*time.Hour || s.ToClose != 15*time.Hour {
		t.Errorf("%+v", s)
	}
	got := ""
	for _, r := range s.Table {
		if r[1] != "0" {
			got += strings.Join(r[:4], " ") + "; "
		}
	}
	if want := "Từ chối dịch vụ 1 1 0; Tấn công giả mạo 2 1 1; Tổng số 3 2 1; "; got != want || len(s.Table) != 11 {
		t.Errorf("%s, %d rows", got, len(s.Table))
	}
	in := &report.Incident{}
	if err := s.Facts(in); err != nil || in.Text("period.from") != "01/2026" || in.Text("period.to") != "06/2026" {
		t.Errorf("%v %v", in.Facts, err)
	}
	if svg := string(Chart("a<b", []Count{{`"x"&`, 3}})); !strings.Contains(svg, "a&lt;b") || !strings.Contains(svg, "&quot;x&quot;&amp;") {
		t.Error(svg)
	}
}
