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

// value is what the console shows: the counts by the sensor's name; nil when there is no sensor.
func (s *sensors) value() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) == 0 {
		return nil
	}
	out := map[string]map[string]uint64{}
	for _, c := range s.list {
		n := c.p.Live()
		row := map[string]uint64{"packets": n.Packets, "bytes": n.Bytes, "flows": n.Flows, "gap_bytes": n.GapBytes,
			"invalid": n.Invalid, "parser_bugs": n.ParserBugs}
		if c.live != nil {
			row["dropped"] = c.live.Dropped()
		}
		out[c.name] = row
	}
	if s.stores.packets != nil {
		n := s.stores.packets.Stats()
		out["packet store"] = map[string]uint64{"stored": n.Stored, "cut": n.Cut, "dropped": n.Dropped, "full": n.Full,
			"files": uint64(n.Parts), "disk_bytes": uint64(n.DiskBytes)}
	}
	if s.stores.files != nil {
		n := s.stores.files.Stats()
		out["file store"] = map[string]uint64{"stored": n.Stored, "known": n.Known, "large": n.Large, "broken": n.Broken, "late": n.Late,
			"dropped": n.Dropped, "full": n.Full, "deleted": n.Deleted, "files": uint64(n.Files), "disk_bytes": uint64(n.Bytes)}
	}
	return out
}
