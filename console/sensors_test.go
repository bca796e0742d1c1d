package console

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"khien/console/api"
	"khien/detector"
	"khien/detector/store"
)

// lost is a finding of loss on a sensor.
func lost(sensor, iface string, from, to time.Time) detector.Finding {
	f := detector.Finding{Time: to, First: from, Last: to, Source: detector.FromHealth, Severity: detector.Medium, Score: 0.021, Count: 1, Sensor: sensor, Interface: iface,
		Rule: detector.Rule{ID: "loss:" + iface}, Summary: detector.Text{VI: "2,1 % số gói tin bị mất", EN: "2.1 % of packets were lost"},
		Reasons: []detector.Reason{{Text: detector.Text{VI: "2100 gói tin", EN: "2100 packets"}, Weight: 1}}}
	f.Identify(iface, from.Format(time.RFC3339Nano))
	return f
}

func (d *desk) document(id string, body any) {
	d.t.Helper()
	b, err := json.Marshal(body)
	if err == nil {
		_, err = d.store.PutDocument(d.t.Context(), store.Document{Kind: "sensor", ID: id, Updated: time.Now(), Body: b})
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// codes lists what is wrong with each sensor of an answer.
func codes(t *testing.T, answer map[string]any) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, x := range answer["sensors"].([]any) {
		s := x.(map[string]any)
		text := ""
		for _, i := range s["issues"].([]any) {
			text += i.(map[string]any)["code"].(string) + " "
		}
		out[s["name"].(string)] = text
	}
	return out
}

func TestSensors(t *testing.T) {
	now := time.Now().UTC()
	own := api.SensorStatus{Name: "here", Version: "v1", Sensors: json.RawMessage(`{"eth1":{"packets":1000,"dropped":21,"parser_bugs":2,"lost":{"ring_packets":21}},"eve.json":{"lines":9,"records":7,"unreadable":2},"packets_stored":7}`)}
	d := newDesk(t, func(c *Config) { c.Sensor = func() api.SensorStatus { return own } })
	d.role("xem", "viewer")
	d.write(lost("here", "eth1", now.Add(-8*time.Minute), now.Add(-5*time.Minute)), lost("far", "eth1", now.Add(-30*time.Hour), now.Add(-29*time.Hour)))
	version := func(n int) map[string]any { return map[string]any{"number": n, "hash": "3fa9c1d2"} }
	d.document("well", map[string]any{"seen": now, "skew_ms": 10, "rules": map[string]any{"running": version(7), "wanted": version(7), "loaded": 5}})
	d.document("silent", map[string]any{"seen": now.Add(-time.Hour), "skew_ms": 90_000})
	d.document("late", map[string]any{"seen": now, "skew_ms": -90_000, "lag": map[string]any{"records": 9, "oldest_seconds": 300}, "rules": map[string]any{"running": version(7), "wanted": version(8)}})
	d.document("refused", map[string]any{"seen": now, "spool": map[string]any{"trouble": "disk full", "findings": map[string]any{"dropped": 3}}, "rules": map[string]any{"wanted": version(8), "error": "x.rules:1:2: bad"}})
	d.document("told", map[string]any{"seen": now, "skew_ms": 5000, "health": map[string]any{"state": "warning", "notes": []any{map[string]any{"code": "clock_skew", "state": "warning", "vi": "lệch", "en": "skew"}, map[string]any{"code": "new_code", "state": "critical", "vi": "x", "en": "y"}}}})
	d.document("deaf", map[string]any{"seen": now, "sensors": map[string]any{"eth0": map[string]any{"packets": 5, "quiet_seconds": 1799}, "eth1": map[string]any{"quiet_seconds": 1800},
		"eth2": map[string]any{"packets": 9, "quiet_seconds": 299, "one_sided_share": 0.49}, "eth3": map[string]any{"one_sided_share": 0.976}, "old": map[string]any{"packets": 9}}})
	d.document("broken", []int{1})
	got := d.want(200, "GET", "/api/v1/sensors", nil)
	for name, want := range map[string]string{"here": "loss bug ", "well": "", "silent": "silent ", "late": "rules_old clock_skew lag ", "refused": "disk rules_refused spool_dropped ",
		"told": "new_code clock_skew ", "broken": "rules_refused ", "deaf": "no_packets one_sided no_packets "} {
		if have, ok := codes(t, got)[name]; have != want || !ok {
			t.Errorf("%s: %q, want %q", name, have, want)
		}
	}
	for _, x := range got["sensors"].([]any) {
		if s := x.(map[string]any); s["name"] == "deaf" {
			if told := fmt.Sprint(s["issues"]); told != "[map[code:no_packets detail:eth1 n:1800 state:critical] map[code:one_sided detail:eth3 n:98 state:critical] map[code:no_packets detail:eth0 n:1799 state:warning]]" {
				t.Error(told)
			}
		}
	}
	here := got["sensors"].([]any)[0].(map[string]any)
	captures, losses := here["captures"].([]any), here["losses"].([]any)
	if here["own"] != true || len(captures) != 2 || len(losses) != 1 || here["kept"].(map[string]any)["packets_stored"] != 7.0 {
		t.Fatalf("%v", here)
	}
	if c := captures[0].(map[string]any); c["name"] != "eth1" || c["dropped"] != 21.0 || c["lost"].(map[string]any)["ring_packets"] != 21.0 {
		t.Errorf("%v", c)
	}
	if c := captures[1].(map[string]any); c["name"] != "eve.json" || c["lines"] != 9.0 || c["records"] != 7.0 || c["unreadable"] != 2.0 {
		t.Errorf("%v", c)
	}
}

func TestLosses(t *testing.T) {
	noon := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	d := newDesk(t)
	d.want(401, "GET", "/api/v1/losses", nil)
	d.want(401, "GET", "/api/v1/sensors", nil)
	d.role("xem", "viewer")
	d.write(lost("a", "eth1", noon, noon.Add(3*time.Minute)), lost("b", "eth2", noon.Add(time.Hour), noon.Add(64*time.Minute)),
		sample(1, func(f *detector.Finding) { f.Time, f.SrcIP = noon.Add(time.Minute), netip.MustParseAddr("10.0.0.9") }))
	f := func(from, to time.Duration, sensor, want string) {
		t.Helper()
		path := fmt.Sprintf("/api/v1/losses?from=%s&to=%s&sensor=%s", noon.Add(from).Format(time.RFC3339), noon.Add(to).Format(time.RFC3339), sensor)
		names := ""
		for _, l := range d.want(200, "GET", path, nil)["losses"].([]any) {
			names += l.(map[string]any)["sensor"].(string)
		}
		if names != want {
			t.Errorf("%v to %v: %q, want %q", from, to, names, want)
		}
	}
	f(-time.Hour, 2*time.Hour, "", "ba")
	f(-time.Hour, 2*time.Hour, "a", "a")
	f(time.Minute, 2*time.Minute, "", "a") // within the stretch
	f(time.Minute, time.Minute, "", "a")
	f(-time.Hour, -time.Minute, "", "")
	f(4*time.Minute, 30*time.Minute, "", "")
	f(30*time.Minute, 61*time.Minute, "", "b")
	d.want(400, "GET", "/api/v1/losses?range=5h", nil)
	d.want(400, "GET", "/api/v1/losses?from=yesterday", nil)
}
