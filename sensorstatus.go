package main

import (
	"context"
	"fmt"
	"time"

	"khien/detector"
	"khien/detector/bus"
	"khien/detector/cli"
	"khien/detector/health"
	"khien/detector/spool"
	"khien/detector/trouble"
	"khien/sensor/pipeline"
)

// From when on a sensor says that something is not as it should be.
const (
	skewMost = 2 * time.Second
	lagMost  = time.Minute
)

// awayMost is how long a hub may be away before a sensor tells its operator: a sensor that finds nothing sends nothing else.
const awayMost = 5 * time.Second

// sensorStatus makes what a sensor tells about itself. One goroutine uses it.
type sensorStatus struct {
	started time.Time
	sensors *sensors
	spool   interface{ Stats() spool.Stats }
	rules   func() bus.Rules
	reach   reach
	last    pipeline.Stats // of the last status that was heard
	dropped uint64
	next    struct {
		stats   pipeline.Stats
		dropped uint64
	}
}

// make returns the status as it is now.
func (s *sensorStatus) make(clock *bus.Clock) bus.Status {
	sum, sp, rules := s.sensors.sum(), s.spool.Stats(), s.rules()
	s.next.stats, s.next.dropped = sum, sp.Findings.Dropped+sp.Telemetry.Dropped
	st := bus.Status{Version: cli.Version(), Started: s.started, Clock: clock, Rules: &rules, Loss: health.LostBetween(&pipeline.Stats{}, &sum),
		Lag: bus.LagOf(sp, time.Now()), Spool: sp, Sensors: s.sensors.value()}
	notes := append([]health.Note{}, health.LossNotes(health.LostBetween(&s.last, &sum))...)
	note := func(is bool, code, state, vi, en string) {
		if is {
			notes = append(notes, health.Note{Code: code, State: state, Text: detector.Text{VI: vi, EN: en}})
		}
	}
	if clock != nil {
		skew := time.Duration(clock.SkewMS) * time.Millisecond
		ahead := detector.Text{VI: "nhanh", EN: "ahead"}
		if skew < 0 {
			ahead = detector.Text{VI: "chậm", EN: "behind"}
		}
		note(skew.Abs() > skewMost, "clock_skew", health.Warning,
			fmt.Sprintf("đồng hồ của cảm biến %s %d giây so với máy chủ trung tâm", ahead.VI, int(skew.Abs().Seconds())),
			fmt.Sprintf("the sensor's clock is %d s %s of the core's", int(skew.Abs().Seconds()), ahead.EN))
	}
	note(rules.Error != "", "rules_refused", health.Warning, "chưa áp dụng được bộ luật mới nhất; cảm biến vẫn chạy bộ luật trước đó",
		"the newest rules could not be taken; the sensor goes on with those before")
	lost := s.next.dropped - s.dropped
	note(lost > 0, "spool_dropped", health.Critical, fmt.Sprintf("hàng đợi trên đĩa đã đầy, %d bản ghi bị bỏ", lost),
		fmt.Sprintf("the spool is full: %d records were dropped", lost))
	note(sp.Trouble != "", "disk", health.Critical, "không ghi được vào đĩa của cảm biến", "the sensor's disk refuses writes")
	wait := time.Duration(st.Lag.OldestSeconds) * time.Second
	note(wait > lagMost, "lag", health.Warning, fmt.Sprintf("dữ liệu chờ gửi lâu nhất đã %d giây", st.Lag.OldestSeconds),
		fmt.Sprintf("the oldest of what waits to be sent is %d s old", st.Lag.OldestSeconds))
	st.Health = &bus.Health{State: health.Sum(notes), Notes: notes}
	return st
}

// heard notes that a core has the status that make returned last: what is told of a stretch of time begins anew.
func (s *sensorStatus) heard() { s.last, s.dropped = s.next.stats, s.next.dropped }

// send tells a core how the sensor is until stop is closed and one was heard. One that nobody hears is followed by the next;
// the first waits for a core.
func (s *sensorStatus) send(link *bus.Link, stop <-chan struct{}) {
	heard := false
	for wait := time.Duration(0); ; {
		select {
		case <-stop:
			if heard {
				return
			}
		case <-time.After(wait):
		}
		wait = statusEvery
		if err := link.SendStatus(s.make(link.Clock(context.Background()))); err != nil {
			wait = statusRetry
		} else {
			heard = true
			s.heard()
		}
		s.reach.is(link.Away())
		select {
		case <-stop:
			return
		default:
		}
	}
}

// reach tells the operator that the hub is away. One goroutine uses it.
type reach struct {
	teller *trouble.Teller
	away   time.Time // since when; zero while it can be reached
	told   bool
}

// is takes why the hub is away, or nil.
func (r *reach) is(err error) {
	switch {
	case err == nil:
		if r.told {
			r.teller.Tell(nil)
		}
		r.away, r.told = time.Time{}, false
	case r.away.IsZero():
		r.away = time.Now()
	case time.Since(r.away) >= awayMost:
		r.teller.Tell(err)
		r.told = true
	}
}
