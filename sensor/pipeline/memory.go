package pipeline

import (
	"khien/sensor"
)

// DefaultMemory is Config.Memory unless told otherwise.
const DefaultMemory = 1 << 30

// What a flow costs beside what it makes its parser keep, roughly: its entry in the table, its connection, the state of
// its parser and of the rules.
const flowCost = 1536

// Shares of Config.Memory. The other third is for rules, garbage between two collections and what is not counted.
const (
	streamShare = 8 // an eighth for TCP segments that wait
	flowShare   = 6 // for the table of flows
	fileShare   = 8
	parserShare = 4 // for what peers make parsers and rules keep
)

// Limits of what one flow is charged with.
const (
	pendMax  = 128 << 10 // bytes of a direction since its last progress
	blindMax = 16 << 10  // the same where no parser reads them: rules look at the last bytes
	lightMax = 8 << 10   // a flow with less is never ended for its memory
)

// budget sets the limits of the stages that are not set, so that all workers together stay within c.Memory.
func (c *Config) budget() {
	if c.Memory <= 0 {
		c.Memory = DefaultMemory
	}
	share := func(v *int, parts int) {
		if *v == 0 {
			*v = max(c.Memory/parts/c.Workers, 1<<20)
		}
	}
	share(&c.Stream.MemCap, streamShare)
	share(&c.File.Memory, fileShare)
	if c.Flow.MaxFlows == 0 {
		c.Flow.MaxFlows = max(c.Memory/flowShare/flowCost/c.Workers, 1024)
	}
}

// sized is a transaction or a parser that a peer can make large. Of a parser it is what belongs to no transaction yet, or
// to one that has not told of it.
type sized interface {
	Held() int // bytes of memory, roughly
}

// weigh updates what a flow is charged with: what its open transactions hold, and the bytes that have come since the
// last of them changed or, where the parser knows better, what it says. Bytes are charged decoded where they are decoded.
func (t *track) weigh() {
	limit := pendMax
	n := t.held + len(t.half[0].keep) + len(t.half[1].keep)
	if in := t.inner; in != nil {
		n += in.held + len(in.half[0].keep) + len(in.half[1].keep)
	}
	switch {
	case t.parser == nil:
		limit = blindMax
	case t.sized != nil:
		limit = blindMax // for what the rules look at
		n += t.sized.Held() * 3 / 2
	}
	for d := range t.half {
		t.half[d].pend = min(t.half[d].pend, limit)
		n += t.half[d].pend
	}
	w := t.w
	w.charged += n - t.charged
	switch {
	case t.charged == 0 && n > 0:
		w.holders++
	case t.charged > 0 && n == 0:
		w.holders--
	}
	t.charged = n
}

// tooHeavy reports whether a flow is to be ended because the worker's flows hold more than they may, and this one more
// than half of what they hold on average: an attacker's many flows pay for what they hold, and a flow that holds little
// goes on beside them.
func (t *track) tooHeavy() bool {
	w := t.w
	return w.charged > w.chargeMax && t.charged > lightMax && t.charged > w.charged/w.holders/2
}

// progressed takes over what a transaction holds at a change.
func (t *track) progressed(tx sensor.Transaction, dir sensor.Dir) {
	t.half[dir].pend = 0
	if s, ok := tx.(sized); ok {
		b := tx.Base()
		n := s.Held() * 3 / 2 // buffers have room to grow
		t.held += n - b.Held
		b.Held = n
	}
}

// keepSmall bounds the buffers that a flow which has ended leaves to the next.
const keepSmall = 4 << 10

func small(b []byte) []byte {
	if cap(b) > keepSmall {
		return nil
	}
	return b[:0]
}
