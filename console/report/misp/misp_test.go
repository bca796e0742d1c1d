package misp

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"khien/console/report"
	"khien/console/report/exchange"
)

func TestEvent(t *testing.T) {
	at := time.Date(2026, 11, 27, 1, 12, 7, 0, time.UTC)
	put := func(kind, value, name, role string) report.Indicator {
		return report.Indicator{Kind: kind, Value: value, Name: name, Role: role, First: at, Last: at}
	}
	in := &report.Incident{Case: "SC-2026-0001", Title: "Bà Mẫu", Detected: at, Brands: []string{"VNeID"}, Indicators: []report.Indicator{
		put(report.Domain, "xau.example", "", report.Hostile), put(report.Domain, "khac.example", "", report.Hostile),
		put(report.URL, "http://xau.example/a", "", report.Hostile), put(report.URL, "http://203.0.113.9/b", "", report.Hostile),
		put(report.IP, "203.0.113.9", "", report.Hostile), put(report.SHA256, "abcd", "a.apk", report.Hostile), put(report.IP, "10.20.3.14", "", report.Victim)}}
	e := New(in, exchange.Options{Org: "Centre", Domain: "soc.example.vn", TLP: "amber+strict", Now: at}, `rsit:fraud="phishing"`)
	if e.Distribution != "0" || e.Date != "2026-11-27" || len(e.Tags) != 2 || e.Tags[0].Name != "tlp:amber+strict" {
		t.Errorf("%+v", e)
	}
	got := ""
	for _, a := range e.Attributes {
		got += a.Type + " " + a.Value + "; "
	}
	for _, o := range e.Objects {
		got += o.Name + ":"
		for _, a := range o.Attributes {
			got += " " + a.Relation + "=" + a.Value
		}
		got += "; "
	}
	want := "domain khac.example; ip-dst 203.0.113.9; incident: name=SC-2026-0001: impersonation of VNeID; " +
		"phishing: url=http://xau.example/a hostname=xau.example target=VNeID; phishing: url=http://203.0.113.9/b ip=203.0.113.9 target=VNeID; file: sha256=abcd filename=a.apk; "
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	feed, err := Feed([]*Event{e})
	if err != nil {
		t.Fatal(err)
	}
	sum := md5.Sum([]byte("khac.example"))
	if !strings.Contains(string(feed["hashes.csv"]), hex.EncodeToString(sum[:])+","+e.UUID) || !bytes.Contains(feed["manifest.json"], []byte(e.UUID)) || feed[e.UUID+".json"] == nil {
		t.Errorf("%s", feed["hashes.csv"])
	}
}
