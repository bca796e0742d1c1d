package bus

import (
	"encoding/json"
	"fmt"
	"time"

	"khien/detector/bus/release"
	"khien/detector/health"
	"khien/detector/spool"
)

// Status is what a sensor tells about itself. The JSON is stored, and read by the console.
type Status struct {
	Name    string        `json:"name"`
	Version string        `json:"version"` // of the program
	Started time.Time     `json:"started,omitzero"`
	Sent    time.Time     `json:"sent"` // by the sensor's clock
	Clock   *Clock        `json:"clock,omitempty"`
	Rules   *Rules        `json:"rules,omitempty"`
	Health  *Health       `json:"health,omitempty"`
	Loss    []health.Lost `json:"loss"` // by stage, since the start
	Lag     *Lag          `json:"lag,omitempty"`
	Spool   spool.Stats   `json:"spool"`
	Sensors any           `json:"sensors,omitempty"` // counts of its captures
}

// Rules is what a sensor detects with.
type Rules struct {
	Running  *Version  `json:"running,omitempty"` // nil: none that a core has published
	Wanted   *Version  `json:"wanted,omitempty"`  // newest that the sensor has heard of
	Loaded   int       `json:"loaded"`            // rules of all sources
	Rejected int       `json:"rejected"`
	Error    string    `json:"error,omitempty"` // why Wanted is not running
	Tried    time.Time `json:"tried,omitzero"`  // when that was
}

// Version names a version.
type Version struct {
	Number uint64    `json:"number"`
	Hash   string    `json:"hash"`
	Made   time.Time `json:"made"`
	Since  time.Time `json:"since,omitzero"` // when it was loaded
}

// VersionOf names the version of a head.
func VersionOf(h release.Head) *Version {
	return &Version{Number: h.Number, Hash: h.Short(), Made: h.Made}
}

// Health sums up how a sensor is.
type Health struct {
	State string        `json:"state"` // the worst of the notes
	Notes []health.Note `json:"notes"` // the worst first
}

// Lag is what a sensor has found and the hub has not acknowledged yet.
type Lag struct {
	Records       uint64    `json:"records"`
	Bytes         int64     `json:"bytes"` // on disk
	Oldest        time.Time `json:"oldest,omitzero"`
	OldestSeconds int64     `json:"oldest_seconds"`
}

// LagOf sums up a spool.
func LagOf(s spool.Stats, now time.Time) *Lag {
	l := &Lag{Records: s.Findings.Records + s.Telemetry.Records, Bytes: s.Findings.Bytes + s.Telemetry.Bytes, Oldest: s.Findings.Oldest}
	if t := s.Telemetry.Oldest; l.Oldest.IsZero() || !t.IsZero() && t.Before(l.Oldest) {
		l.Oldest = t
	}
	if !l.Oldest.IsZero() {
		l.OldestSeconds = int64(max(now.Sub(l.Oldest), 0) / time.Second)
	}
	return l
}

// statusWait is how long a sensor waits for a core to hear its status.
const statusWait = 2 * time.Second

// SendStatus tells a core how the sensor is. Nothing is kept of one that no core has heard, which is an error.
func (l *Link) SendStatus(s Status) error {
	s.Name, s.Sent = l.name, time.Now().UTC()
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("bus: status: %w", err)
	}
	if _, err := l.nc.Request(statusSubject+l.name, b, statusWait); err != nil {
		return fmt.Errorf("bus: status: %w", err)
	}
	return nil
}
