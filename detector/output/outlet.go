package output

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"khien/detector/spool"
)

// Limits of what is written at once.
const (
	batchRecords = 500
	batchBytes   = 1 << 20
)

// Config is what an Outlet works with. All are required.
type Config struct {
	Spec   Spec
	Place  Place
	Spool  *spool.Spool // of which Spec.Reader is a follower, see Followers
	Sensor string       // name for telemetry that tells of none; may be ""
	// SetAside keeps what the place will never take.
	SetAside func([]spool.DeadLetter) error
	// Trouble hears of each refused write, and of nil when one succeeds after that.
	Trouble func(error)
	// Dropped hears that more than before was dropped for want of room: so much since the spool was opened.
	Dropped func(findings, telemetry uint64)
}

// Followers are what a spool's configuration needs for outputs.
func Followers(specs []Spec) map[spool.Class][]string {
	if len(specs) == 0 {
		return nil
	}
	out := map[spool.Class][]string{}
	for _, s := range specs {
		for _, c := range s.classes() {
			out[c] = append(out[c], s.Reader())
		}
	}
	return out
}

func (s Spec) classes() []spool.Class {
	if s.Telemetry {
		return []spool.Class{spool.Findings, spool.Telemetry}
	}
	return []spool.Class{spool.Findings}
}

// State tells how an output is doing. Counts are since the start.
type State struct {
	Output    string            `json:"output"`
	Format    string            `json:"format"`
	Findings  spool.ReaderStats `json:"findings"`
	Telemetry spool.ReaderStats `json:"telemetry"`
	Rejected  uint64            `json:"rejected"` // set aside, since the receiver will never take them
	Error     string            `json:"error,omitempty"`
	Since     *time.Time        `json:"since,omitempty"` // of the error
	Sent      *time.Time        `json:"sent,omitempty"`  // when something arrived last
}

// Outlet empties the spool into a place. Safe for concurrent use.
type Outlet struct {
	c       Config
	writing sync.Mutex
	running sync.WaitGroup
	mu      sync.Mutex // guards what follows
	state   State
	dropped [2]uint64 // told
}

// Start lets an output begin. It ends with ctx; then Wait returns.
func Start(ctx context.Context, c Config) (*Outlet, error) {
	o := &Outlet{c: c, state: State{Output: c.Spec.Where(), Format: c.Spec.Format}}
	var readers []*spool.Reader
	for _, class := range c.Spec.classes() {
		r, err := c.Spool.Reader(class, c.Spec.Reader())
		if err != nil {
			return nil, err
		}
		readers = append(readers, r)
	}
	for i, class := range c.Spec.classes() {
		o.running.Go(func() {
			defer readers[i].Close()
			err := readers[i].Drain(ctx, batchRecords, batchBytes, func(ctx context.Context, recs []spool.Record) error { return o.write(ctx, class, recs) }, o.told)
			if err != nil {
				o.told(fmt.Errorf("%w: nothing more goes out until the next start", err))
			}
		})
	}
	return o, nil
}

// Wait returns when the outlet has ended, and closes its place.
func (o *Outlet) Wait() error {
	o.running.Wait()
	return o.c.Place.Close()
}

// State returns how the output is doing.
func (o *Outlet) State() State {
	o.mu.Lock()
	s := o.state
	o.mu.Unlock()
	name := o.c.Spec.Reader()
	s.Findings = o.c.Spool.ReaderStats(spool.Findings, name)
	s.Telemetry = o.c.Spool.ReaderStats(spool.Telemetry, name)
	return s
}

// write hands a batch on. What cannot be read or will never be taken is set aside.
func (o *Outlet) write(ctx context.Context, class spool.Class, recs []spool.Record) error {
	ms := make([]Message, 0, len(recs))
	var letters []spool.DeadLetter
	aside := func(id string, doc []byte, reason string) error {
		raw, err := json.Marshal(string(doc))
		if json.Valid(doc) {
			raw, err = doc, nil
		}
		letters = append(letters, spool.DeadLetter{Time: time.Now().UTC(), Place: o.c.Spec.Where(), ID: id, Reason: reason, Document: raw})
		return err
	}
	for _, r := range recs {
		var m Message
		var err error
		if class == spool.Findings {
			m, err = finding(r, o.c.Spec.Format)
		} else {
			m, err = telemetry(r, o.c.Sensor)
		}
		if err == nil {
			ms = append(ms, m)
		} else if err := aside("", r.Payload, err.Error()); err != nil {
			return err
		}
	}
	o.writing.Lock()
	defer o.writing.Unlock()
	var rejected *RejectedError
	var err error
	if len(ms) > 0 {
		err = o.c.Place.Write(ctx, ms)
	}
	if errors.As(err, &rejected) {
		for _, r := range rejected.Messages {
			if err := aside(r.Message.ID, r.Message.Line, r.Reason); err != nil {
				return err
			}
		}
		err = nil
	}
	if err == nil && len(letters) > 0 {
		err = o.c.SetAside(letters)
	}
	o.tellDropped()
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.state.Rejected += uint64(len(letters))
	o.state.Sent, o.state.Error, o.state.Since = &now, "", nil
	return nil
}

// told keeps an error for State, and passes it on.
func (o *Outlet) told(err error) {
	if err != nil {
		o.mu.Lock()
		if o.state.Error = err.Error(); o.state.Since == nil {
			now := time.Now().UTC()
			o.state.Since = &now
		}
		o.mu.Unlock()
	}
	o.c.Trouble(err)
}

func (o *Outlet) tellDropped() {
	s := o.State()
	now := [2]uint64{s.Findings.Dropped, s.Telemetry.Dropped}
	o.mu.Lock()
	more := now != o.dropped
	o.dropped = now
	o.mu.Unlock()
	if more {
		o.c.Dropped(now[0], now[1])
	}
}
