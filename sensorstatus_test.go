package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"khien/detector/bus"
	"khien/detector/health"
	"khien/detector/sink"
	"khien/detector/spool"
	"khien/sensor/pipeline"
)

func TestStatusSaysWhatIsWrong(t *testing.T) {
	sp, err := spool.Open(spool.Config{Dir: t.TempDir(), Quota: 1 << 20, Readers: map[spool.Class][]string{spool.Findings: {sink.Reader}, spool.Telemetry: {sink.Reader}}})
	if err != nil {
		t.Fatal(err)
	}
	defer sp.Close()
	rules := bus.Rules{Loaded: 7}
	s := &sensorStatus{started: time.Now(), sensors: &sensors{}, spool: sp, rules: func() bus.Rules { return rules }}
	told := func(clock *bus.Clock) string {
		t.Helper()
		st := s.make(clock)
		out := st.Health.State
		for _, n := range st.Health.Notes {
			if n.VI == "" || n.EN == "" {
				t.Errorf("%+v", n)
			}
			out += fmt.Sprintf(" %s:%s", n.Code, n.State)
		}
		return out
	}
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(told(nil), "ok")
	f(told(&bus.Clock{SkewMS: 2000}), "ok")
	f(told(&bus.Clock{SkewMS: -2001}), "warning clock_skew:warning")
	rules.Error = "rules/own.rules:3:1: unknown keyword"
	f(told(&bus.Clock{SkewMS: 3600_000}), "warning clock_skew:warning rules_refused:warning")
	rules.Error = ""
	s.sensors.ended = pipeline.Stats{Packets: 1000, Lost: pipeline.Loss{RingPackets: 1000}}
	f(told(nil), "critical loss:critical")
	s.heard()
	f(told(nil), "ok") // nothing more since
	st := s.make(nil)
	if len(st.Loss) != 1 || st.Loss[0].Stage != "ring_packets" || st.Loss[0].Lost != 1000 || st.Loss[0].Share != 0.5 {
		t.Errorf("%+v", st.Loss)
	}
	for range 200 { // more telemetry than the quota holds
		if err := sp.Put(spool.Telemetry, make([]byte, 16<<10)); err != nil {
			t.Fatal(err)
		}
	}
	f(told(nil), "critical spool_dropped:critical")
	s.heard()
	f(told(nil), "ok")
	b, err := json.Marshal(sensorState{Status: s.make(&bus.Clock{SkewMS: 5}), Seen: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{`"seen":`, `"skew_ms":0`, `"started":`, `"health":{"state":"ok","notes":[]}`, `"loss":[{"stage":"ring_packets"`, `"vi":`, `"lag":{"records":`, `"oldest":`,
		`"rules":{"loaded":7`, `"clock":{"skew_ms":5`} {
		if !strings.Contains(string(b), field) {
			t.Errorf("no %s in %s", field, b)
		}
	}
	if health.Sum(nil) != health.OK {
		t.Error("nothing is not well")
	}
}
