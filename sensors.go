package main

import (
	"sync"

	"khien/sensor/capture"
	"khien/sensor/pipeline"
)

// sensors keeps the counts of everything that this process reads, for the console. Safe for concurrent use.
type sensors struct {
	stores stores
	mu     sync.Mutex
	list   []*sensorCount
}

// sensorCount is one interface or capture. A finished one keeps its last counts.
type sensorCount struct {
	name string
	p    *pipeline.Pipeline
	live *capture.Live // nil for a capture
}

// add begins to count a sensor.
func (s *sensors) add(name string, p *pipeline.Pipeline, live *capture.Live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, &sensorCount{name, p, live})
}

// value is what the console shows: the counts by the sensor's name, and those of what is kept; nil when there is no sensor.
func (s *sensors) value() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) == 0 {
		return nil
	}
	out := map[string]any{}
	for _, c := range s.list {
		n := c.p.Live()
		row := map[string]uint64{"packets": n.Packets, "bytes": n.Bytes, "flows": n.Flows, "gap_bytes": n.GapBytes,
			"invalid": n.Invalid, "parser_bugs": n.ParserBugs}
		if c.live != nil {
			row["dropped"] = c.live.Dropped()
		}
		out[c.name] = row
	}
	s.stores.counts(out)
	return out
}
