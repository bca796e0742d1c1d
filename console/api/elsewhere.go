package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"khien/detector"
)

// Why what a sensor keeps cannot be had now. They are codes of problems.
const (
	SensorAway   = "sensor_away"   // it does not answer
	SensorBusy   = "sensor_busy"   // it answers others
	SensorBroken = "sensor_broken" // what came is not whole
	HubAway      = "hub_away"      // this console has no way to the sensors
)

var unavailableTitles = map[string]string{
	SensorAway:   "The sensor does not answer",
	SensorBusy:   "The sensor is giving packets and files to others",
	SensorBroken: "What came from the sensor is not whole",
	HubAway:      "The hub of the sensors cannot be reached",
}

const busyPause = 10 // seconds after which a busy sensor is asked again

// Unavailable is what Packets and Files return when a sensor elsewhere keeps something, or may, that cannot be had now.
type Unavailable struct {
	Why string // one of those above
	Err error
}

func (u *Unavailable) Error() string { return "api: " + u.Why + ": " + u.Err.Error() }
func (u *Unavailable) Unwrap() error { return u.Err }

// ErrNotKept is what Packets and Files return when a finding's sensor keeps nothing of the kind.
var ErrNotKept = errors.New("api: the sensor keeps nothing of the kind")

// unavailable makes a problem of an Unavailable; other errors come back.
func (a *API) unavailable(ctx context.Context, f *detector.Finding, err error) error {
	var u *Unavailable
	if !errors.As(err, &u) {
		return err
	}
	p := &problem{Status: http.StatusServiceUnavailable, Code: u.Why, Title: unavailableTitles[u.Why], Detail: u.Err.Error(), Sensor: f.Sensor}
	switch u.Why {
	case SensorAway:
		p.Since = a.lastSeen(ctx, f.Sensor)
	case SensorBusy:
		p.RetryAfter = busyPause
	}
	return p
}

// lastSeen is when a core heard of a sensor last; zero when that is not known, or not for who asks.
func (a *API) lastSeen(ctx context.Context, sensor string) time.Time {
	d, err := a.cfg.Store.Document(ctx, sensorKind, sensor)
	if err != nil {
		return time.Time{} // then the page says nothing of the time
	}
	s := SensorStatus{Seen: d.Updated}
	if json.Unmarshal(d.Body, &s) != nil {
		return d.Updated
	}
	return s.Seen
}
