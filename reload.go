package main

import (
	"bytes"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"khien/console/rulebook"
	"khien/detector"
	"khien/detector/eve"
	"khien/detector/fraud"
	"khien/sensor"
	"khien/sensor/pipeline"
)

// reloadWait is how long a reload waits for the captures to come to the end of a round. Interfaces do several times a
// second, with or without traffic; a capture that is read from a pipe may stand still.
const reloadWait = 20 * time.Second

// outcomeErrors bounds the errors that the outcome of a reload holds.
const outcomeErrors = 64 << 10

// outcome is how a reload ended, as it stands in the data folder.
type outcome struct {
	Started  time.Time `json:"started"`
	PID      int       `json:"pid"`
	OK       bool      `json:"ok"`
	Loaded   int       `json:"loaded"`
	Rejected int       `json:"rejected"`
	Millis   int64     `json:"milliseconds"`
	Waiting  int       `json:"waiting,omitempty"` // captures that go on with the earlier rules until their next packets
	Errors   string    `json:"errors,omitempty"`
	Version  uint64    `json:"version,omitempty"` // of a core: the newest that it has published
	Same     bool      `json:"same,omitempty"`    // it was published before
}

// String is the line that tells the outcome to people.
func (o *outcome) String() string {
	switch {
	case o.OK && o.Same:
		return fmt.Sprintf("nothing has changed: version %d stays", o.Version)
	case o.OK && o.Version > 0:
		return fmt.Sprintf("version %d published: %d loaded, %d rejected, %d ms", o.Version, o.Loaded, o.Rejected, o.Millis)
	case !o.OK:
		return fmt.Sprintf("rules refused: %d loaded, %d rejected, %d ms; the rules from before stay", o.Loaded, o.Rejected, o.Millis)
	}
	s := fmt.Sprintf("rules reloaded: %d loaded, %d rejected, %d ms", o.Loaded, o.Rejected, o.Millis)
	if o.Waiting > 0 {
		s += fmt.Sprintf("; %d captures stand still and take them with their next packets", o.Waiting)
	}
	return s
}

// reloader keeps the rules that captures are inspected with and replaces them while they run. Safe for concurrent use.
type reloader struct {
	serial  sync.Mutex       // one reload at a time
	options detectionOptions // what it loads; serial guards it
	mu      sync.Mutex       // guards what follows
	current *detection
	first   *detector.Engine // its lock is that of all: they share what is remembered of victims
	running []*rounds
	attempt rulebook.Outcome // how the latest loading ended
}

func newReloader(o detectionOptions, det *detection) *reloader {
	if det.stories == nil {
		det.stories = fraud.NewStories() // brands may come with a reload
	}
	return &reloader{options: o, current: det, attempt: attempt(&outcome{Started: det.since, OK: true, Loaded: det.loaded, Rejected: det.rejected}, det)}
}

// pipeline makes a pipeline that takes part in reloads until end is called, after its Close. others, where given, makes the
// handlers of a worker that come behind the detectors.
func (r *reloader) pipeline(o replayOptions, out func(detector.Record), others func(worker int) []sensor.Handler) (p *pipeline.Pipeline, end func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	engine := r.current.engine(o.workers, out)
	r.share(engine)
	rs := newRounds(o.workers)
	workers := make([]*detectors, o.workers)
	for i := range workers {
		if workers[i], err = newDetectors(r.current, engine.Recorder(i), true); err != nil {
			return nil, nil, err
		}
	}
	handlers := func(i int) []sensor.Handler {
		hs := []sensor.Handler{workers[i]}
		if o.telemetry {
			rec := engine.Recorder(i)
			hs = append(hs, eve.New(rec))
			rec.Alert = nil
		}
		if others != nil {
			hs = append(hs, others(i)...)
		}
		return hs
	}
	o.hash = true // the rules may change while the pipeline runs
	p = startPipeline(o, handlers, func(i int) {
		engine.RoundDone(i)
		rs.roundDone(i, workers[i].swap)
	})
	r.running = append(r.running, rs)
	return p, func() { r.forget(rs) }, nil
}

// reload loads all rule files again and lets every capture go on with them. A set with an error is refused.
func (r *reloader) reload() *outcome { return r.load(nil) }

// take loads the rule files that o names and lets every capture go on with them, now and after later reloads. A set with an
// error is refused.
func (r *reloader) take(o detectionOptions) *outcome { return r.load(&o) }

func (r *reloader) load(o *detectionOptions) *outcome {
	r.serial.Lock()
	defer r.serial.Unlock()
	if o == nil {
		o = &r.options
	}
	res := &outcome{Started: time.Now()}
	var errs bytes.Buffer
	next, ok := loadDetection(*o, &errs)
	res.Loaded, res.Rejected, res.OK = next.loaded, next.rejected, ok
	if ok {
		r.options = *o
		offers := r.publish(next)
		res.Waiting = waitTaken(offers, &errs)
	}
	// Most of a rule set is C memory, of which the collector knows nothing: without a hint it would keep the earlier set
	// until the next collection, which may be long in coming.
	debug.FreeOSMemory()
	res.Millis = time.Since(res.Started).Milliseconds()
	res.Errors = cut(errs.String(), outcomeErrors)
	r.mu.Lock()
	r.attempt = attempt(res, next)
	r.mu.Unlock()
	return res
}

// inForce returns the rules that captures begin with.
func (r *reloader) inForce() *detection {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current
}

// counts returns how many rules are in force, and how many of their files could not be loaded.
func (r *reloader) counts() (loaded, rejected int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current.loaded, r.current.rejected
}

// publish makes next the rules of all captures, those that begin from now on and those that run.
func (r *reloader) publish(next *detection) []*offer {
	r.mu.Lock()
	defer r.mu.Unlock()
	next.follow(r.current)
	r.current = next
	var offers []*offer
	for _, rs := range r.running {
		offers = append(offers, rs.offer(next))
	}
	return offers
}

// waitTaken waits for the captures and returns how many have not come to the end of a round.
func waitTaken(offers []*offer, errs io.Writer) (waiting int) {
	timeout := time.After(reloadWait)
	for i, o := range offers {
		select {
		case <-o.taken:
			if o.err != nil {
				fmt.Fprintln(errs, o.err)
			}
		case <-timeout:
			return len(offers) - i
		}
	}
	return 0
}

// tellOverruns names the rules that were given up on since they were loaded.
func (r *reloader) tellOverruns(w io.Writer) {
	r.mu.Lock()
	set := r.current.signatures
	r.mu.Unlock()
	tellOverruns(set, w)
}

// follow makes d take the place of old: what was remembered of attackers and victims stays.
func (d *detection) follow(old *detection) {
	d.signatures.Follow(old.signatures)
	if d.names != nil && old.names != nil {
		d.names.Follow(old.names)
	}
	d.stories, d.behaviours, d.abuses = old.stories, old.behaviours, old.abuses
	old.places.Store(d.places.Load())
	d.places = old.places
	if old.memory != nil {
		d.remember(old.memory)
	}
}

// cut shortens a text to whole lines of at most n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:strings.LastIndexByte(s[:n], '\n')+1] + "…\n"
}
