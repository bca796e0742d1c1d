package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"khien/console/api"
	"khien/detector"
	"khien/detector/store"
)

// started is when the sensor of this process began to count.
var started = time.Now()

// sensorHere is a sensor that carries 8,000 packets a second and lost some of them a while ago.
func sensorHere() api.SensorStatus {
	n := 18_234_551 + int64(8000*time.Since(started).Seconds())
	counts, err := json.Marshal(map[string]any{
		"eth1":    map[string]any{"packets": n, "bytes": 740 * n, "flows": 41_220, "dropped": 2100, "lost": map[string]int{"ring_packets": 2100, "gap_bytes": 81_220}},
		"mirror0": map[string]any{"packets": 1_204_118, "bytes": 902_118_551, "flows": 9_120, "lost": map[string]int{}}, "packets_stored": 88_120})
	if err != nil {
		panic(err)
	}
	return api.SensorStatus{Name: "trung-tam", Version: "3fa9c1d2aabb", Sensors: counts, Rules: &api.SensorRules{Loaded: 31_886}}
}

// sensors writes what cores tell of theirs, and a loss of the sensor of this process.
func sensors(st store.Store, now time.Time) error {
	if err := tell(st, now); err != nil {
		return err
	}
	go func() {
		for range time.Tick(10 * time.Second) {
			if tell(st, time.Now()) != nil {
				return // the store has been closed
			}
		}
	}()
	from, to := now.Add(-50*time.Minute), now.Add(-47*time.Minute)
	f := detector.Finding{Time: to, First: from, Last: to, Source: detector.FromHealth, Severity: detector.Medium, Score: 0.021, Count: 1, Sensor: "trung-tam", Interface: "eth1",
		Rule: detector.Rule{ID: "loss:eth1", Name: "loss of the sensor eth1", Category: "sensor health"},
		Summary: detector.Text{VI: "2,1 % số gói tin bị mất trên eth1: vùng đệm thu gói của nhân hệ điều hành đã đầy; kết quả phát hiện trong khoảng này có thể chưa đầy đủ",
			EN: "2.1 % of packets were lost on eth1: kernel ring full; findings of that window may be incomplete"},
		Reasons: []detector.Reason{{Text: detector.Text{VI: "2100 gói tin: vùng đệm thu gói của nhân hệ điều hành đã đầy", EN: "2100 packets: kernel ring full"}, Weight: 1}}}
	f.Identify("eth1")
	return st.Write(context.Background(), []detector.Finding{f})
}

// tell writes the documents of three sensors: one that is well, one with trouble, one that is silent.
func tell(st store.Store, now time.Time) error {
	running := map[string]any{"number": 7, "hash": "3fa9c1d2", "made": now.Add(-48 * time.Hour)}
	wanted := map[string]any{"number": 8, "hash": "9b01aa77", "made": now.Add(-time.Hour)}
	counts := map[string]any{"ens3": map[string]any{"packets": 5_120_881, "bytes": 3_120_881_112, "flows": 99_120, "lost": map[string]int{}}}
	deaf := map[string]any{"ens3": counts["ens3"], "ens4": map[string]any{"packets": 12, "bytes": 900, "flows": 2, "lost": map[string]int{}, "quiet_seconds": 2400},
		"ens5": map[string]any{"packets": 80_122, "bytes": 41_000_000, "flows": 4_120, "lost": map[string]int{}, "one_sided_share": 0.976}}
	for name, doc := range map[string]map[string]any{
		"so-y-te": {"version": "3fa9c1d2aabb", "seen": now, "skew_ms": 120, "sensors": counts, "rules": map[string]any{"running": running, "wanted": running, "loaded": 31_886}},
		"so-tai-chinh": {"version": "3fa9c1d2aabb", "seen": now, "skew_ms": -4200, "sensors": deaf, "lag": map[string]any{"records": 120_331, "oldest_seconds": 1200},
			"rules":  map[string]any{"running": running, "wanted": wanted, "loaded": 31_886, "error": "rules/names.rules:3:7: unknown keyword \"contnet\" (did you mean content?)"},
			"health": map[string]any{"state": "warning", "notes": []any{map[string]any{"code": "clock_skew", "state": "warning", "vi": "đồng hồ chậm 4,2 giây so với trung tâm", "en": "its clock is 4.2 seconds behind the centre"}}}},
		"ubnd-xa": {"version": "22d0aa41", "seen": started.Add(-3 * time.Hour), "sensors": counts},
	} {
		body, err := json.Marshal(doc)
		if err != nil {
			return err
		}
		old, err := st.Document(context.Background(), "sensor", name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if _, err := st.PutDocument(context.Background(), store.Document{Kind: "sensor", ID: name, Version: old.Version, Updated: now, Body: body}); err != nil {
			return err
		}
	}
	return nil
}
