package console

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// TestWaiting: the number in the head of every page is the overview's, for each account within its units, whichever of the two
// was asked first.
func TestWaiting(t *testing.T) {
	now := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	d := newDesk(t, func(c *Config) { c.Now = func() time.Time { return now } })
	d.login()
	unit := func(id, network string) map[string]any {
		return map[string]any{"id": id, "name": map[string]string{"vi": "Xã " + id}, "networks": []string{network}, "sensors": []string{}}
	}
	d.want(200, "PUT", "/api/v1/units", map[string]any{"version": 0, "units": []any{unit("a", "10.1.0.0/16"), unit("b", "10.2.0.0/16")}})
	d.want(200, "POST", "/api/v1/accounts", map[string]any{"name": "an", "password": unitPassword, "role": "viewer", "units": []string{"a"}})
	an := d.another("an")
	head := func(d *desk) any { t.Helper(); return d.want(200, "GET", "/api/v1/overview/waiting", nil)["waiting"] }
	over := func(d *desk) any { t.Helper(); return d.want(200, "GET", "/api/v1/overview", nil)["waiting"] }
	check := func(what string, of func(*desk) any, all, a float64) {
		t.Helper()
		if gotAll, gotA := of(d), of(an); gotAll != all || gotA != a {
			t.Errorf("%s: all %v, unit a %v, want %v and %v", what, gotAll, gotA, all, a)
		}
	}
	n := 0
	at := func(hours int, src string, severity detector.Severity) detector.Finding {
		n++
		return sample(0, func(f *detector.Finding) {
			f.Time, f.Rule.ID, f.SrcIP, f.Severity = now.Add(-time.Duration(hours)*time.Hour), fmt.Sprint("r", n), netip.MustParseAddr(src), severity
		})
	}
	check("of nothing, the overview", over, 0, 0)
	check("of nothing, the head", head, 0, 0)
	closed := at(2, "10.1.0.3", detector.Critical)
	first := []detector.Finding{at(1, "10.1.0.1", detector.High), at(20*24, "10.1.0.2", detector.Critical), at(1, "10.1.0.1", detector.Medium), closed,
		at(1, "10.2.0.1", detector.High), at(1, "192.0.2.1", detector.High)}
	d.write(first...)
	d.srv.Notify(first) // what was empty is counted again
	check("the first findings, the head", head, 5, 3)
	check("the first findings, the overview", over, 5, 3)

	d.want(200, "PUT", "/api/v1/triage", map[string]any{"key": store.GroupKey(&closed), "version": 0, "status": "closed", "verdict": "benign"})
	check("a decision, the head", head, 4, 2)
	more := at(0, "10.1.0.9", detector.High)
	d.write(more)
	d.srv.Notify([]detector.Finding{more})
	check("a moment later, the head", head, 4, 2) // one query for all who ask within the age of the overview
	check("the overview is counted", over, 5, 3)
	check("the head follows it", head, 5, 3)
	now = now.Add(11 * time.Second)
	d.write(at(0, "10.2.0.9", detector.High))
	check("later, the head", head, 6, 3)
	check("later, the overview", over, 6, 3)
}
