package stix

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"khien/console/report"
	"khien/console/report/exchange"
)

var at = time.Date(2026, 11, 27, 1, 12, 7, 0, time.UTC)

func sample() (*report.Incident, exchange.Options) {
	put := func(kind, value, name, role string) report.Indicator {
		return report.Indicator{Kind: kind, Value: value, Name: name, Role: role, First: at, Last: at.Add(time.Minute), Findings: []string{"f"}}
	}
	in := &report.Incident{Case: "SC-2026-0001", Title: "Bà Mẫu", Detected: at, Brands: []string{"VNeID"}, Techniques: []report.Technique{{ID: "T1566.002"}},
		Facts: map[string]report.Fact{"incident.kind": {Values: []string{"phishing"}}, "incident.measures": {Values: []string{"báo bà Mẫu"}, From: report.Origin{Kind: report.FromPerson}}},
		Indicators: []report.Indicator{put(report.Domain, "xau.example", "", report.Hostile), put(report.URL, `http://xau.example/'or'\1`, "", report.Hostile),
			put(report.IP, "203.0.113.9", "", report.Hostile), put(report.IP, "2001:db8::9", "", report.Hostile),
			put(report.SHA256, strings.Repeat("ab", 32), "a.apk", report.Hostile), put(report.IP, "10.20.3.14", "", report.Victim)}}
	return in, exchange.Options{Org: "Centre", Domain: "soc.example.vn", Contact: "soc@soc.example.vn", TLP: "amber", Now: at.Add(time.Hour), TTL: time.Hour}
}

// TestBundle: the same incident gives the same bytes, every reference leads to an object of the bundle, nobody is named.
func TestBundle(t *testing.T) {
	in, o := sample()
	b, err := Bundle(in, o)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Bundle(in, o); err != nil || !bytes.Equal(b, again) {
		t.Errorf("two runs differ, %v", err)
	}
	for _, s := range []string{"10.20.3.14", "Mẫu"} {
		if bytes.Contains(b, []byte(s)) {
			t.Errorf("%s is in the bundle", s)
		}
	}
	var bundle struct{ Objects []map[string]any }
	if err := json.Unmarshal(b, &bundle); err != nil {
		t.Fatal(err)
	}
	ids, types := map[string]bool{}, map[string]int{}
	for _, x := range bundle.Objects {
		id := x["id"].(string)
		if ids[id] {
			t.Errorf("%s is there twice", id)
		}
		ids[id] = true
		types[x["type"].(string)]++
	}
	for _, x := range bundle.Objects {
		for key, v := range x {
			refs := []any{v}
			if strings.HasSuffix(key, "_refs") {
				refs = v.([]any)
			} else if !strings.HasSuffix(key, "_ref") {
				continue
			}
			for _, r := range refs {
				if !ids[r.(string)] {
					t.Errorf("%s of %s leads nowhere: %s", key, x["id"], r)
				}
			}
		}
	}
	want := map[string]int{"identity": 1, "marking-definition": 1, "incident": 1, "infrastructure": 1, "malware": 1, "attack-pattern": 1, "indicator": 5,
		"observed-data": 5, "sighting": 5, "report": 1, "note": 1, "domain-name": 1, "url": 1, "ipv4-addr": 1, "ipv6-addr": 1, "file": 1}
	for kind, n := range want {
		if types[kind] != n {
			t.Errorf("%d of %s, want %d", types[kind], kind, n)
		}
	}
	if !bytes.Contains(b, []byte(`[url:value = 'http://xau.example/\\'or\\'\\\\1']`)) {
		t.Error("the pattern's quotes are not escaped")
	}
	o.TLP = "pink"
	if _, err := Bundle(in, o); err == nil {
		t.Error("an unknown label was taken")
	}
}
