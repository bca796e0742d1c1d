// Package rulebook is the signatures as people work with them in the console: what is loaded and what is not, which rules are
// switched off, rules of their own with every version, and trials of a text on packets. Texts and packets come in; files of
// the rules folder go out, which the sensor of this process loads. A Desk keeps no packet.
package rulebook

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"khien/detector/signature"
)

// Errors that callers branch on.
var (
	ErrNoSensor = errors.New("rulebook: no sensor runs in this process")
	ErrChanged  = errors.New("rulebook: changed by somebody else")
	ErrInvalid  = errors.New("rulebook: not valid")
	ErrNone     = errors.New("rulebook: there is no such rule or version")
	ErrBusy     = errors.New("rulebook: another trial or measure runs")
	ErrCapture  = errors.New("rulebook: no capture that can be read")
	ErrNoPacket = errors.New("rulebook: no packets were kept in that time")
)

// File is a file of rules that was read.
type File struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"` // signatures, yara, brands
	Built    bool   `json:"built_in"`
	Loaded   int    `json:"loaded"`
	Off      int    `json:"off"`
	Rejected int    `json:"rejected"`
}

// Fault is something that could not be loaded, with its place. Column counts bytes of the rule from 1; 0 is unknown.
type Fault struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Text   string `json:"text,omitempty"`
	Msg    string `json:"message"`
	Hint   string `json:"hint,omitempty"`
}

// FaultOf is an error of the signature language as a fault.
func FaultOf(e *signature.Error) Fault {
	return Fault{File: e.File, Line: e.Line, Column: e.Column, Text: e.Text, Msg: e.Msg, Hint: e.Hint}
}

// Loaded is the rules in force.
type Loaded struct {
	Set *signature.Set
	// Language is what rules can ask for beside their text: lists of addresses, countries.
	Language signature.Options
	Files    []File
	Faults   []Fault // of rules that were left out
	Since    time.Time
	Version  uint64 // under which a core gave them to its sensors; 0: they are those of one sensor
}

// Outcome is how loading ended.
type Outcome struct {
	OK       bool      `json:"ok"`
	At       time.Time `json:"at"`
	Loaded   int       `json:"loaded"`
	Rejected int       `json:"rejected"`
	Millis   int64     `json:"milliseconds"`
	Waiting  int       `json:"waiting"` // captures that stand still and take the rules with their next packets
	Faults   []Fault   `json:"faults"`
	Other    string    `json:"other,omitempty"`   // what else was said, as text
	Version  uint64    `json:"version,omitempty"` // under which a core has given them to its sensors
}

// Live is the sensor of this process, as far as its rules go, or a core, whose rules are those of all its sensors.
type Live struct {
	Dir    string         // the rules folder, from which it loads
	Loaded func() Loaded  // the rules in force
	Last   func() Outcome // the latest loading, whether it was taken or refused
	Reload func() Outcome // loads all files again; a set with an error is refused
	// Fresh loads the files once more, apart from the rules in force. It does not run beside Reload.
	Fresh func() (*signature.Set, error)
	// Packets writes kept packets of a time as pcapng, at most max bytes of them; nil when none are kept.
	Packets func(w io.Writer, from, to time.Time, max int64) (packets uint64, err error)
}

// Desk is where rules are looked at and changed. Safe for concurrent use.
type Desk struct {
	live *Live // nil without a sensor
	now  func() time.Time
	stop context.CancelFunc
	ctx  context.Context
	busy chan struct{} // holds an element while a trial or measure runs

	change sync.Mutex // one change at a time
	mu     sync.Mutex // guards what follows
	list   list
	cost   Measure
	work   sync.WaitGroup
}

// New returns a desk; live is nil where no sensor runs.
func New(live *Live, now func() time.Time) *Desk {
	d := &Desk{live: live, now: now, busy: make(chan struct{}, 1)}
	d.ctx, d.stop = context.WithCancel(context.Background())
	return d
}

// Close ends a measure that runs.
func (d *Desk) Close() {
	d.stop()
	d.work.Wait()
}

// Here reports whether the rules of a sensor of this process are at hand.
func (d *Desk) Here() bool { return d.live != nil }

// Kept reports whether packets are kept here.
func (d *Desk) Kept() bool { return d.live != nil && d.live.Packets != nil }

// State returns the rules in force and how the latest loading ended.
func (d *Desk) State() (Loaded, Outcome, error) {
	if d.live == nil {
		return Loaded{}, Outcome{}, ErrNoSensor
	}
	return d.live.Loaded(), d.live.Last(), nil
}
