package main

import (
	"slices"
	"sync"
	"time"

	"khien/detector"
	"khien/detector/health"
	"khien/sensor/pipeline"
	"khien/sensor/record"
)

// sensors keeps the counts of everything that this process reads: for the console, for Prometheus, and for the findings
// that tell of loss. Safe for concurrent use.
type sensors struct {
	stores stores
	mu     sync.Mutex
	list   []*sensorCount
	logs   []*imported
	ended  pipeline.Stats // of sensors that are forgotten: connections that senders of packets have closed
}

// sensorCount is one interface, listener or capture. A finished one keeps its last counts.
type sensorCount struct {
	name  string
	p     *pipeline.Pipeline
	watch *health.Watch // nil for a capture, whose packets were lost elsewhere
	mu    sync.Mutex
	asked time.Time
	heard listening
	sides sides
}

// sampleEvery is how often a sensor's losses are looked at while nothing is found, sampleLeast how often at most.
const (
	sampleEvery = time.Second
	sampleLeast = 100 * time.Millisecond
)

// add begins to count a sensor. watch says that what it loses is told.
func (s *sensors) add(name string, p *pipeline.Pipeline, watch bool) *sensorCount {
	c := &sensorCount{name: name, p: p}
	if watch {
		c.watch = health.NewWatch(name)
		c.watch.Observe(health.Sample{Time: time.Now()}) // nothing yet
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, c)
	return c
}

// end forgets a sensor; its counts stay in the sums.
func (s *sensors) end(c *sensorCount) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := c.p.Live()
	s.ended.Add(&n)
	s.list = slices.DeleteFunc(s.list, func(x *sensorCount) bool { return x == c })
}

// sum returns the counts of all sensors together.
func (s *sensors) sum() pipeline.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.ended
	for _, c := range s.list {
		n := c.p.Live()
		sum.Add(&n)
	}
	return sum
}

// each calls f with the counts of each sensor, in the order in which they began, and how it is wired, nil for a
// capture, which has an end.
func (s *sensors) each(f func(name string, n pipeline.Stats, w *wiring)) {
	s.mu.Lock()
	list, ended := slices.Clone(s.list), s.ended
	s.mu.Unlock()
	for _, c := range list {
		f(c.name, c.p.Live(), c.wired(time.Now()))
	}
	if ended.Packets > 0 {
		f("ended", ended, nil)
	}
}

// follow begins to count logs of other sensors.
func (s *sensors) follow(logs []*imported) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logs = append(s.logs, logs...)
}

// imports returns the counts of logs of other sensors, by their names.
func (s *sensors) imports() map[string]record.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.logs) == 0 {
		return nil
	}
	out := make(map[string]record.Stats, len(s.logs))
	for _, im := range s.logs {
		out[im.name] = im.stats()
	}
	return out
}

// value is what the console shows: the counts by the sensor's name, and those of what is kept; nil when there is no sensor.
func (s *sensors) value() any {
	out := map[string]any{}
	s.each(func(name string, n pipeline.Stats, w *wiring) {
		c := map[string]any{"packets": n.Packets, "bytes": n.Bytes, "flows": n.Flows, "gap_bytes": n.GapBytes,
			"invalid": n.Invalid, "parser_bugs": n.ParserBugs, "dropped": n.Lost.Packets(), "lost": n.Lost}
		if w != nil {
			c["quiet_seconds"], c["one_sided_share"] = w.quiet, w.oneSided
		}
		out[name] = c
	})
	for name, n := range s.imports() {
		out[name] = map[string]any{"lines": n.Lines, "records": n.Records, "unreadable": n.Bad}
	}
	if len(out) == 0 {
		return nil
	}
	s.stores.counts(out)
	return out
}

// sample looks at what the sensor has lost, and gives what is to be told of it to found.
func (c *sensorCount) sample(found func(*detector.Finding)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.watch == nil || now.Sub(c.asked) < sampleLeast {
		return
	}
	c.asked = now
	n := c.p.Live()
	c.heard.count(n.Packets, now)
	c.sides.count(&n, now)
	if f := c.watch.Observe(health.Sample{Time: now, Stats: n}); f != nil {
		found(f)
	}
}

// watched samples the sensor until stop is closed.
func (c *sensorCount) watched(stop <-chan struct{}, found func(*detector.Finding)) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.sample(found)
		case <-stop:
			c.sample(found)
			if f := c.watch.Close(); f != nil {
				found(f)
			}
			return
		}
	}
}

// mark writes into a finding where it comes from, and what was lost around its time.
func (c *sensorCount) mark(f *detector.Finding, found func(*detector.Finding)) {
	if c.watch == nil {
		return
	}
	c.sample(found)
	if f.Interface == "" {
		f.Interface = c.name
	}
	f.NotSeen = append(f.NotSeen, c.watch.Incomplete(f.First, f.Time)...)
}
