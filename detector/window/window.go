// Package window keeps what detectors remember of keys (an address, a pair of hosts) within bounds: a Map their values, a
// Counter how much happened within a time, Firsts when they were first seen and by how many. Keys and packet times come in;
// the same calls give the same answers. A Map gives out a key's value as a pointer that is valid until the next call; one
// goroutine owns it. Firsts owns memory beside the heap until Close, may be kept in a file, and is safe for concurrent use.
package window

import "time"

// Map is a bounded map. When it is full it forgets the half that was touched longest ago, so that a flood of new keys
// costs memory once and cannot push out what is in use. Not safe for concurrent use.
type Map[K comparable, V any] struct {
	limit       int
	span        int64
	now, before map[K]*entry[V]
}

type entry[V any] struct {
	Entry[V]
	last int64
}

// Entry is a key's value.
type Entry[V any] struct {
	Value V
	Start int64 // when it began, nanoseconds
	Held  bool  // set by the owner: the value does not begin anew at its age, but when it was not asked for as long
}

// New returns a map of at most limit keys. A value that is older than span of packet time begins anew; 0 keeps it.
func New[K comparable, V any](limit int, span time.Duration) *Map[K, V] {
	return &Map[K, V]{limit: max(limit/2, 1), span: int64(span), now: map[K]*entry[V]{}, before: map[K]*entry[V]{}}
}

// At returns the entry of a key at a time, in nanoseconds. It is a new one when the key is new, was forgotten, or its span
// was over.
func (m *Map[K, V]) At(key K, t int64) *Entry[V] {
	e := m.now[key]
	if e == nil {
		if e = m.before[key]; e == nil {
			e = &entry[V]{Entry: Entry[V]{Start: t}, last: t}
		} else {
			delete(m.before, key)
		}
		if len(m.now) >= m.limit {
			m.before = m.now
			m.now = make(map[K]*entry[V])
		}
		m.now[key] = e
	}
	since := e.Start
	if e.Held {
		since = e.last
	}
	if m.span > 0 && t-since > m.span {
		e.Entry = Entry[V]{Start: t}
	}
	e.last = t
	return &e.Entry
}

// Len returns how many keys are remembered.
func (m *Map[K, V]) Len() int { return len(m.now) + len(m.before) }
