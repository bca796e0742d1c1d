package main

import (
	"khien/detector"
	"khien/detector/behaviour"
	"khien/detector/behaviour/abuse"
	"khien/detector/fraud"
	"khien/detector/signature"
	"khien/detector/yara"
	"khien/sensor"
)

// detectors are all detectors of one worker behind one handler, so that they can be given other rules while they work.
type detectors struct {
	rec     *detector.Recorder
	matcher *signature.Matcher  // nil without packets, as is scanner
	scanner *yara.Scanner       // nil without YARA rules
	alerts  *signature.Alerts   // nil with packets
	fraud   *fraud.Detector     // nil without brands
	notes   *behaviour.Observer // nil without behaviours; does not change
	counts  *abuse.Detector     // the same
}

// newDetectors makes the detectors of a worker that reads packets, or records of other sensors.
func newDetectors(d *detection, rec *detector.Recorder, packets bool) (*detectors, error) {
	x := &detectors{rec: rec}
	if packets {
		x.matcher = d.signatures.NewMatcher(rec)
	} else {
		x.alerts = signature.NewAlerts(rec)
	}
	if d.behaviours != nil {
		x.notes = behaviour.NewObserver(rec)
	}
	if d.abuses != nil {
		x.counts = abuse.New(d.abuses, rec)
	}
	return x, x.rest(d)
}

// swap goes on with the rules of d. After an error the YARA rules are those from before.
func (x *detectors) swap(d *detection) error {
	if x.matcher != nil {
		x.matcher.Swap(d.signatures)
	}
	return x.rest(d)
}

// rest gives the rules of d to the detectors that there need not be.
func (x *detectors) rest(d *detection) (err error) {
	switch {
	case d.names == nil:
		x.fraud = nil
	case x.fraud == nil:
		x.fraud = fraud.New(fraud.Config{}, d.names, x.rec)
	default:
		x.fraud.Swap(d.names)
	}
	switch {
	case d.yara == nil || x.matcher == nil:
		x.scanner = nil
	case x.scanner == nil:
		var s *yara.Scanner
		if s, err = d.yara.NewScanner(x.rec); err == nil {
			x.scanner = s
		}
	default:
		err = x.scanner.Swap(d.yara)
	}
	return err
}

// What the detectors want does not depend on their rules.
var (
	wantsYARA  = (*yara.Scanner)(nil).Wants()
	wantsFraud = (*fraud.Detector)(nil).Wants()
	wantsNotes = (*behaviour.Observer)(nil).Wants()
	wantsCount = (*abuse.Detector)(nil).Wants()
)

// Wants implements sensor.Handler.
func (x *detectors) Wants() sensor.Kind {
	if x.matcher == nil {
		return x.alerts.Wants() | wantsFraud | wantsNotes | wantsCount
	}
	return x.matcher.Wants() | wantsYARA | wantsFraud | wantsNotes | wantsCount
}

// WantsFrame implements sensor.FrameHandler.
func (x *detectors) WantsFrame(b sensor.Buffer) bool {
	return x.matcher != nil && x.matcher.WantsFrame(b)
}

// Handle implements sensor.Handler.
func (x *detectors) Handle(e *sensor.Event) {
	if x.matcher != nil && x.matcher.Wants()&e.Kind != 0 {
		x.matcher.Handle(e)
	}
	if x.alerts != nil && x.alerts.Wants()&e.Kind != 0 {
		x.alerts.Handle(e)
	}
	if x.scanner != nil && wantsYARA&e.Kind != 0 {
		x.scanner.Handle(e)
	}
	if x.fraud != nil && wantsFraud&e.Kind != 0 {
		x.fraud.Handle(e)
	}
	if x.notes != nil && wantsNotes&e.Kind != 0 {
		x.notes.Handle(e)
	}
	if x.counts != nil && wantsCount&e.Kind != 0 {
		x.counts.Handle(e)
	}
}
