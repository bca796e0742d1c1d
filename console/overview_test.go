package console

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// TestBacklog: how long waits what nobody has decided about, and who has to be warned.
func TestBacklog(t *testing.T) {
	d := newDesk(t)
	d.login()
	over := func() (map[string]any, map[string]any) {
		t.Helper()
		got := d.want(200, "GET", "/api/v1/overview", nil)
		return got["backlog"].(map[string]any), got["victims"].(map[string]any)
	}
	at := func(minutes int, src, stage string, severity detector.Severity, dst ...string) detector.Finding {
		return sample(minutes, func(f *detector.Finding) {
			f.SrcIP, f.Severity, f.Fraud.Stage = netip.MustParseAddr(src), severity, stage
			for _, x := range dst {
				f.DstIP = netip.MustParseAddr(x)
			}
		})
	}
	b, v := over()
	if b["oldest"] != nil || v["devices"] != 0.0 || len(v["stages"].([]any)) != 0 {
		t.Fatal(b, v)
	}
	closed := at(2, "10.0.0.8", "transfer", detector.Critical)
	d.write(at(5, "10.0.0.1", "lookup", detector.High), at(30, "10.0.0.2", "submission", detector.High), at(90, "10.0.0.2", "apk", detector.Critical),
		at(600, "198.51.100.9", "apk", detector.High, "10.0.0.3"), at(3000, "10.0.0.4", "visit", detector.High), at(20*24*60, "10.0.0.5", "apk", detector.High),
		at(3, "10.0.0.6", "apk", detector.Medium), closed)
	if _, err := d.store.PutTriage(t.Context(), store.Triage{Key: store.GroupKey(&closed), Status: store.StatusClosed}); err != nil {
		t.Fatal(err)
	}
	d.srv.Notify([]detector.Finding{closed}) // what was empty is counted again
	b, v = over()
	text := fmt.Sprint(b["ages"])
	if text != "[map[groups:2 hours:1] map[groups:1 hours:4] map[groups:1 hours:24] map[groups:2 hours:0]]" || b["partial"] != false {
		t.Errorf("%v", b)
	}
	if oldest, err := time.Parse(time.RFC3339Nano, b["oldest"].(string)); err != nil || time.Since(oldest) < 19*24*time.Hour {
		t.Error(b["oldest"], err)
	}
	// A device counts once, with its furthest step; old, closed and minor ones do not.
	if v["devices"] != 2.0 || fmt.Sprint(v["stages"]) != "[map[count:2 name:apk]]" {
		t.Errorf("%v", v)
	}
}

// TestUnitLoads: how each agency stands, the worst first, and what lies outside all of them.
func TestUnitLoads(t *testing.T) {
	now := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC) // 15:00 in Vietnam
	d := newDesk(t, func(c *Config) { c.Now = func() time.Time { return now } })
	d.login()
	rows := func(d *desk) (text string, outside bool) {
		t.Helper()
		units := d.want(200, "GET", "/api/v1/overview", nil)["units"]
		if units == nil {
			return "none", false
		}
		if units.(map[string]any)["partial"] != false {
			t.Error("partial")
		}
		for _, r := range units.(map[string]any)["rows"].([]any) {
			u := r.(map[string]any)
			text += fmt.Sprintf("%v:%v/%v/%v/%v-%v ", u["id"], u["severity"], u["waiting"], u["victims"], u["findings"], u["yesterday"])
			outside = outside || u["id"] == ""
		}
		return text, outside
	}
	if got, _ := rows(d); got != "none" {
		t.Errorf("without units: %s", got)
	}
	n := 0
	at := func(hours int, src, sensor, stage string, severity detector.Severity) detector.Finding {
		n++
		return sample(0, func(f *detector.Finding) {
			f.Time, f.Rule.ID, f.SrcIP, f.Sensor, f.Severity = now.Add(-time.Duration(hours)*time.Hour), fmt.Sprint("r", n), netip.MustParseAddr(src), sensor, severity
			f.Fraud.Stage = stage
		})
	}
	closed, seen := at(3, "10.1.0.3", "", "apk", detector.Critical), at(2, "10.3.0.2", "", "apk", detector.High)
	d.write(
		at(1, "10.1.0.1", "", "visit", detector.Medium), closed, // a: little today, the worst of it is decided
		at(1, "10.2.0.1", "", "apk", detector.High), at(2, "10.2.0.1", "", "transfer", detector.High), at(9, "10.2.0.2", "b-sensor", "apk", detector.Critical), // b: two victims
		at(26, "10.2.0.9", "", "apk", detector.High), // yesterday, before this time of day
		at(20, "10.3.0.1", "", "apk", detector.High), // c: yesterday evening, and somebody has seen what came today
		seen,
		at(1, "192.0.2.1", "c-sensor", "apk", detector.Low), at(1, "192.0.2.1", "c-sensor", "apk", detector.High), // no unit's network, but c's sensor
		at(2, "192.0.2.5", "else", "apk", detector.High), at(3, "192.0.2.6", "", "visit", detector.Low), // nobody's
		at(1, "10.1.0.7", "b-sensor", "c2", detector.High), // seen by b, and a's victim
	)
	for f, status := range map[*detector.Finding]string{&closed: store.StatusClosed, &seen: store.StatusSeen} {
		if _, err := d.store.PutTriage(t.Context(), store.Triage{Key: store.GroupKey(f), Status: status}); err != nil {
			t.Fatal(err)
		}
	}
	unit := func(id string, networks []string, sensors ...string) map[string]any {
		return map[string]any{"id": id, "name": map[string]string{"vi": "Xã " + id}, "networks": append([]string{}, networks...), "sensors": append([]string{}, sensors...)}
	}
	d.want(200, "PUT", "/api/v1/units", map[string]any{"version": 0, "units": []any{unit("a", []string{"10.1.0.0/16"}), unit("b", []string{"10.2.0.0/16"}, "b-sensor"),
		unit("c", []string{"10.3.0.0/16"}, "c-sensor"), unit("d", []string{"10.4.0.0/16", "2001:db8::/32"}), unit("e", nil)}})
	if got, _ := rows(d); got != "b:4/5/2/4-1 c:3/2/2/3-0 a:3/1/1/3-0 :3/1/1/2-0 d:0/0/0/0-0 e:0/0/0/0-0 " {
		t.Errorf("an admin sees %s", got)
	}
	if got := d.want(200, "GET", "/api/v1/groups?q=-unit:*", nil); got["total"] != 2.0 {
		t.Errorf("%v groups outside", got["total"])
	}
	if got := d.want(200, "GET", "/api/v1/groups?q=unit:*", nil); got["total"] != float64(n-2) {
		t.Errorf("%v groups of units, of %d", got["total"], n)
	}
	d.want(200, "POST", "/api/v1/accounts", map[string]any{"name": "an", "password": unitPassword, "role": "analyst", "units": []string{"a", "d"}})
	an := d.another("an")
	if got, outside := rows(an); got != "a:3/1/1/3-0 d:0/0/0/0-0 " || outside {
		t.Errorf("a limited account sees %s", got)
	}
	for q, want := range map[string]float64{"unit:*": 3, "-unit:*": 0, "unit:b": 0} {
		if got := an.want(200, "GET", "/api/v1/groups?q="+q, nil); got["total"] != want {
			t.Errorf("a limited account: %s: %v groups, want %v", q, got["total"], want)
		}
	}
}

// TestHours: findings by the hour of Vietnam, today and yesterday, whole days both.
func TestHours(t *testing.T) {
	now := time.Date(2026, 11, 30, 8, 30, 0, 0, time.UTC) // 15:30 in Vietnam
	d := newDesk(t, func(c *Config) { c.Now = func() time.Time { return now } })
	d.login()
	hours := func() string {
		return fmt.Sprint(d.want(200, "GET", "/api/v1/overview", nil)["hours"])
	}
	none := strings.TrimSuffix(strings.Repeat("0 ", 24), " ")
	if got := hours(); got != "map[today:["+none+"] yesterday:["+none+"]]" {
		t.Errorf("of nothing: %s", got)
	}
	var fs []detector.Finding
	for i, s := range []string{"2026-11-30T08:29:59Z", "2026-11-30T08:00:00Z", "2026-11-30T07:59:59Z", "2026-11-29T17:00:00Z", // 15, 15, 14 and 0 o'clock of today
		"2026-11-29T16:59:59Z", "2026-11-28T17:00:00Z", "2026-11-28T16:59:59Z"} { // 23 and 0 o'clock of yesterday, the day before
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		fs = append(fs, sample(i, func(f *detector.Finding) { f.Time = at }))
	}
	d.write(fs...)
	d.srv.Notify(fs)
	if got := hours(); got != "map[today:[1 0 0 0 0 0 0 0 0 0 0 0 0 0 1 2 0 0 0 0 0 0 0 0] yesterday:[1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1]]" {
		t.Error(got)
	}
}
