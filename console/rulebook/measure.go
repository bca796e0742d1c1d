package rulebook

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"khien/detector"
	"khien/detector/signature"
)

// MeasureMax is how many bytes of kept packets a measure looks at.
const MeasureMax = 64 << 20

// Measure is what looking at each rule cost on a sample of kept packets. The packets are inspected once more, beside the
// sensor: a clock around every rule would slow the sensor down.
type Measure struct {
	Running bool          `json:"running"`
	By      string        `json:"by,omitempty"`
	At      time.Time     `json:"at,omitzero"`
	From    time.Time     `json:"from,omitzero"` // of the packets
	To      time.Time     `json:"to,omitzero"`
	Packets uint64        `json:"packets"`
	Bytes   uint64        `json:"bytes"`
	Micros  int64         `json:"microseconds"` // of inspecting them with all signatures
	Rules   time.Duration `json:"rules"`        // of looking at rules, in nanoseconds
	Stopped string        `json:"stopped,omitempty"`
	Error   string        `json:"error,omitempty"`
	costs   map[signature.ID]signature.Cost
}

// Cost returns what a rule cost in the latest measure; false when it was not looked at.
func (m *Measure) Cost(id signature.ID) (signature.Cost, bool) {
	c, ok := m.costs[id]
	return c, ok
}

// Cost returns the latest measure.
func (d *Desk) Cost() Measure {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cost
}

// Measure begins to measure what rules cost on the packets that were kept within a time. Cost tells when it is done.
func (d *Desk) Measure(by string, within time.Duration) error {
	if d.live == nil {
		return ErrNoSensor
	}
	if d.live.Packets == nil {
		return fmt.Errorf("%w: no packets are kept here", ErrInvalid)
	}
	end, err := d.begin()
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.cost.Running = true
	d.mu.Unlock()
	d.work.Go(func() {
		defer end()
		m := d.measure(d.ctx, within)
		m.By, m.At = by, d.now().UTC()
		d.mu.Lock()
		defer d.mu.Unlock()
		if m.Error != "" { // the earlier figures stay
			m.costs, m.From, m.To, m.Packets, m.Bytes, m.Micros, m.Rules = d.cost.costs, d.cost.From, d.cost.To, d.cost.Packets, d.cost.Bytes, d.cost.Micros, d.cost.Rules
		}
		d.cost = m
	})
	return nil
}

func (d *Desk) measure(ctx context.Context, within time.Duration) (m Measure) {
	f, err := os.CreateTemp("", "khien-measure-")
	if err != nil {
		m.Error = err.Error()
		return m
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil { // the open file stays until it is closed
		m.Error = err.Error()
		return m
	}
	now := d.now()
	n, err := d.live.Packets(f, now.Add(-within), now, MeasureMax)
	if err == nil && n == 0 {
		err = ErrNoPacket
	}
	var set *signature.Set
	if err == nil {
		set, err = d.live.Fresh()
	}
	if err == nil {
		_, err = f.Seek(0, 0)
	}
	if err != nil {
		m.Error = err.Error()
		return m
	}
	var t Trial
	costs, err := run(ctx, set, f, &t, func(*detector.Finding) {})
	if err != nil {
		m.Error = err.Error()
		return m
	}
	m.From, m.To, m.Packets, m.Bytes, m.Micros, m.Stopped = t.From, t.To, t.Packets, t.Bytes, t.Micros, t.Stopped
	m.costs = map[signature.ID]signature.Cost{}
	for _, c := range costs {
		m.costs[signature.ID{GID: c.Rule.GID, SID: c.Rule.SID}] = c
		m.Rules += c.Time
	}
	return m
}

// TryWindow runs a text over kept packets of a time.
func (d *Desk) TryWindow(ctx context.Context, text string, from, to time.Time) (Trial, error) {
	if d.live == nil {
		return Trial{}, ErrNoSensor
	}
	if d.live.Packets == nil {
		return Trial{}, fmt.Errorf("%w: no packets are kept here", ErrInvalid)
	}
	var b bytes.Buffer
	n, err := d.live.Packets(&b, from, to, TrialMax)
	if err != nil {
		return Trial{}, fmt.Errorf("rulebook: %w", err)
	}
	if n == 0 {
		return Trial{}, ErrNoPacket
	}
	return d.Try(ctx, text, &b)
}
