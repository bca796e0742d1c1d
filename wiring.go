package main

import (
	"time"

	"khien/sensor/pipeline"
)

// wiring is what an interface's packets tell of how it is connected: a mirror port may be off, or send one direction alone,
// while its sensor is well.
type wiring struct {
	quiet    int64   // seconds since the last packet
	oneSided float64 // share of the TCP flows of late of which one direction was not there to be seen
}

// wired is how the sensor's interface is connected, nil for a capture.
func (c *sensorCount) wired(now time.Time) *wiring {
	if c.watch == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return &wiring{c.heard.quiet(now), c.sides.share}
}

// listening is since when an interface has brought no packet.
type listening struct {
	packets uint64
	since   time.Time
}

// count takes how many packets have come so far.
func (l *listening) count(packets uint64, now time.Time) {
	if l.since.IsZero() || packets != l.packets {
		l.packets, l.since = packets, now
	}
}

// quiet is for how many seconds none has come.
func (l *listening) quiet(now time.Time) int64 {
	if l.since.IsZero() {
		return 0
	}
	return int64(max(0, now.Sub(l.since)) / time.Second)
}

// Flows are looked at sidesEvery long, and have to be sidesFlows to say something.
const (
	sidesEvery = 10 * time.Minute
	sidesFlows = 50
)

// sides is how many TCP flows show one direction alone.
type sides struct {
	began         time.Time
	tcp, oneSided uint64  // when the round began
	share         float64 // in the last round that is over
}

// count takes the counts so far.
func (s *sides) count(n *pipeline.Stats, now time.Time) {
	if !s.began.IsZero() {
		if now.Sub(s.began) < sidesEvery {
			return
		}
		s.share = 0
		if all := n.TCPFlows - s.tcp; all >= sidesFlows {
			s.share = float64(n.OneSided-s.oneSided) / float64(all)
		}
	}
	s.began, s.tcp, s.oneSided = now, n.TCPFlows, n.OneSided
}
