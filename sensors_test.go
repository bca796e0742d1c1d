package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/sensor/pipeline"
)

// TestListening: an interface is quiet from its last packet on, or from the beginning where none has come.
func TestListening(t *testing.T) {
	var l listening
	at := time.Unix(1000, 0)
	if q := l.quiet(at); q != 0 {
		t.Errorf("%d s before it began", q)
	}
	for _, x := range []struct {
		after   time.Duration
		packets uint64
		quiet   int64
	}{{0, 0, 0}, {299 * time.Second, 0, 299}, {300 * time.Second, 5, 0}, {360 * time.Second, 5, 60}, {361 * time.Second, 6, 0}, {350 * time.Second, 6, 0}} {
		now := at.Add(x.after)
		l.count(x.packets, now)
		if q := l.quiet(now); q != x.quiet {
			t.Errorf("%d packets after %s: quiet for %d s, want %d", x.packets, x.after, q, x.quiet)
		}
	}
}

// TestSides: the share of flows that show one direction is of the last ten minutes, and of enough flows.
func TestSides(t *testing.T) {
	var s sides
	at := time.Unix(1000, 0)
	for _, x := range []struct {
		after         time.Duration
		tcp, oneSided uint64
		share         float64
	}{{0, 1000, 1000, 0}, {9 * time.Minute, 1100, 1100, 0}, {10 * time.Minute, 1200, 1150, 0.75}, {11 * time.Minute, 1300, 1150, 0.75},
		{20 * time.Minute, 1400, 1150, 0}, {30 * time.Minute, 1449, 1199, 0}, {40 * time.Minute, 1499, 1249, 1}} {
		s.count(&pipeline.Stats{TCPFlows: x.tcp, OneSided: x.oneSided}, at.Add(x.after))
		if s.share != x.share {
			t.Errorf("after %s: %v, want %v", x.after, s.share, x.share)
		}
	}
}

// TestQuietIsTold: the console and Prometheus hear how long an interface has been quiet; of a capture, which has an end,
// they hear nothing.
func TestQuietIsTold(t *testing.T) {
	into := emptySink(t)
	p := pipeline.New(pipeline.Config{})
	defer p.Close()
	all := &sensors{}
	c := all.add("eth1", p, true)
	all.add("x.pcap", p, false)
	c.sample(func(*detector.Finding) {})
	c.heard.since = time.Now().Add(-10 * time.Minute)
	raw, err := json.Marshal(all.value())
	if err != nil {
		t.Fatal(err)
	}
	var told map[string]struct {
		Quiet *int64 `json:"quiet_seconds"`
	}
	if err := json.Unmarshal(raw, &told); err != nil {
		t.Fatal(err)
	}
	if q := told["eth1"].Quiet; q == nil || *q < 600 || *q > 660 || told["x.pcap"].Quiet != nil {
		t.Errorf("%s", raw)
	}
	var b strings.Builder
	if err := writeMetrics(&b, all, into); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); !strings.Contains(s, `khien_capture_quiet_seconds{sensor="eth1"} 6`) || strings.Contains(s, `khien_capture_quiet_seconds{sensor="x.pcap"}`) {
		t.Error(s)
	}
}
