package main

import (
	"slices"

	"khien/detector"
	"khien/sensor"
	"khien/sensor/record"
)

// recordDetection is the detection of one import: all detectors that need no packets, on the goroutine that reads.
type recordDetection struct {
	engine    *detector.Engine
	rec       *detector.Recorder
	player    *record.Player
	telemetry bool
	rounds    *rounds // nil where rules are not reloaded
	detectors *detectors
}

// newRecordDetection makes the detection of an import. What it finds goes to out, marked with what was not visible.
func newRecordDetection(d *detection, im *imported, telemetry bool, out func(detector.Record)) (*recordDetection, error) {
	x := &recordDetection{telemetry: telemetry}
	x.engine = d.engine(1, func(r detector.Record) {
		if f := r.Finding; f != nil && !slices.Contains(f.NotSeen, im.origin.unseen) {
			f.NotSeen = append(slices.Clip(f.NotSeen), im.origin.unseen)
		}
		out(r)
	})
	x.rec = x.engine.Recorder(0)
	var err error
	if x.detectors, err = newDetectors(d, x.rec, false); err != nil {
		return nil, err
	}
	x.player = record.NewPlayer(im.name, []sensor.Handler{x.detectors})
	return x, nil
}

// play tells the detectors of a record and keeps its line.
func (x *recordDetection) play(r *record.Record) {
	order := x.player.Play(r)
	if x.telemetry && r.Line != nil {
		x.rec.Line(order, func(dst []byte) []byte { return append(dst, r.Line...) })
	}
}

// roundDone hands on what was found.
func (x *recordDetection) roundDone() {
	x.engine.RoundDone(0)
	x.idle()
}

// idle takes new rules where there are any.
func (x *recordDetection) idle() {
	if x.rounds != nil {
		x.rounds.roundDone(0, x.detectors.swap)
	}
}

// records makes the detection of an import that takes part in reloads until end is called.
func (r *reloader) records(im *imported, telemetry bool, out func(detector.Record)) (x *recordDetection, end func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if x, err = newRecordDetection(r.current, im, telemetry, out); err != nil {
		return nil, nil, err
	}
	r.share(x.engine)
	x.rounds = newRounds(1)
	r.running = append(r.running, x.rounds)
	return x, func() { r.forget(x.rounds) }, nil
}

// share makes an engine hand on what it finds one at a time with those of all captures. The caller has the lock.
func (r *reloader) share(e *detector.Engine) {
	if r.first == nil {
		r.first = detector.NewEngine(0, nil)
	}
	e.ShareLock(r.first)
}

// forget ends a capture's part in reloads.
func (r *reloader) forget(rs *rounds) {
	rs.end()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running = slices.DeleteFunc(r.running, func(x *rounds) bool { return x == rs })
}
