package signature

import (
	"encoding/binary"

	"khien/sensor"
)

// stepsMax limits how often one list may try again: nested relative contents are exponential otherwise. It is
// Suricata's inspection-recursion-limit.
const stepsMax = 3000

// spentMax limits the bytes that one list may search in all its attempts: on a large buffer each step can be a long search.
const spentMax = 256 << 20

// varsMax is how many byte variables a rule may have.
const varsMax = 32

// scan is the state of looking for a list in a buffer. One a worker, reused.
type scan struct {
	m        *Matcher
	rule     *sig
	l        *list
	buf      []byte
	pos      int // end of the last match, where what is relative begins
	steps    int
	spent    int // bytes searched
	stop     bool
	limited  bool // an expression was given up on
	vars     [varsMax]uint64
	marks    []mark
	captured []captured
	big      bool   // byte order that dce means
	b64      []byte // decoded by base64_decode
	neg      bool   // buffer is absent: only negated steps match
	last     bool   // buffer will not grow
	index    int    // value of a buffer with many values
	context  []contextEntry
}

// mark is where a step has matched, for the finding's reasons.
type mark struct {
	def    *bufferDef
	buf    []byte
	at, to int
	what   *item
}

// begin forgets what the rule before has left.
func (s *scan) begin(rule *sig) {
	s.rule, s.marks, s.context, s.captured = rule, s.marks[:0], s.context[:0], s.captured[:0]
}

// list looks for l in buf.
func (s *scan) list(l *list, buf []byte, last bool) bool {
	s.l, s.buf, s.pos, s.steps, s.spent, s.stop, s.limited, s.last = l, buf, 0, 0, 0, false, false, last
	n, c, k := len(s.marks), len(s.context), len(s.captured)
	if s.run(l.items) {
		return true
	}
	s.marks, s.context, s.captured = s.marks[:n], s.context[:c], s.captured[:k]
	if s.stop || s.limited {
		s.m.set.overruns.add(s.rule)
	}
	return false
}

// step counts an attempt that searches n bytes; false means that the limits of a list are reached.
func (s *scan) step(n int) bool {
	s.steps, s.spent = s.steps+1, s.spent+n
	s.stop = s.stop || s.steps > stepsMax || s.spent > spentMax
	return !s.stop
}

func (s *scan) run(items []item) bool {
	for i := range items {
		it := &items[i]
		switch it.kind {
		case kindContent:
			if !s.step(0) {
				return false
			}
			return s.content(it, items[i+1:])
		case kindRegexp:
			if !s.step(0) {
				return false
			}
			return s.regexp(it, items[i+1:])
		}
		if !it.chk.run(s) {
			return false
		}
	}
	return true
}

// value gives n, or the variable v when there is one.
func (s *scan) value(n, v int) int {
	if v < 0 {
		return n
	}
	x := s.vars[v]
	if x > 1<<31 {
		x = 1 << 31
	}
	return int(x)
}

// at gives the number of a place.
func (s *scan) at(p place) int { return s.value(int(p.n), int(p.v)-1) }

func (s *scan) content(it *item, rest []item) bool {
	c := it.c
	if c.fastOnly {
		return s.run(rest)
	}
	lo, hi := 0, len(s.buf)
	if c.relative() {
		dist := s.at(c.distance)
		lo = max(s.pos+dist, 0)
		if c.within.set {
			hi = min(hi, s.pos+dist+s.at(c.within))
		}
		if c.depth.set {
			hi = min(hi, s.pos+s.at(c.depth))
		}
		if c.offset.set {
			lo = max(lo, s.at(c.offset))
		}
	} else {
		if c.offset.set {
			lo = s.at(c.offset)
		}
		if c.depth.set {
			hi = min(hi, lo+s.at(c.depth))
		}
	}
	n := len(c.pat)
	if c.neg {
		if lo+n <= hi {
			if c.ends {
				if at := len(s.buf) - n; at >= lo && at+n <= hi && c.at(s.buf[at:]) {
					return false
				}
			} else if c.index(s.buf[lo:hi]) >= 0 {
				return false
			}
		}
		return s.run(rest)
	}
	if c.ends {
		if hi != len(s.buf) {
			return false
		}
		lo = max(lo, hi-n)
	}
	before := s.pos
	for lo+n <= hi {
		at := c.index(s.buf[lo:hi])
		if at < 0 {
			return false
		}
		at += lo
		s.pos = at + n
		s.marks = append(s.marks, mark{s.l.def, s.buf, at, at + n, it})
		if len(rest) == 0 || s.run(rest) {
			return true
		}
		s.marks = s.marks[:len(s.marks)-1]
		if s.stop || !it.retry {
			return false
		}
		if !s.step(at + n - lo) {
			return false
		}
		s.pos = before
		lo = at + 1
	}
	return false
}

// word reads n bytes as a number. dce uses the byte order of the transaction.
func word(b []byte, little bool) uint64 {
	var v uint64
	switch {
	case len(b) == 1:
		return uint64(b[0])
	case len(b) == 2 && !little:
		return uint64(binary.BigEndian.Uint16(b))
	case len(b) == 4 && !little:
		return uint64(binary.BigEndian.Uint32(b))
	}
	for i := range b {
		if little {
			v |= uint64(b[i]) << (8 * i)
		} else {
			v = v<<8 | uint64(b[i])
		}
	}
	return v
}

// dceLittle reports whether the transaction's data representation is little endian.
func (s *scan) dceLittle() bool {
	if s.m.tx == nil {
		return true
	}
	v, ok := s.m.tx.Number(sensor.DCERPCBigEnd, s.m.dir, 0)
	return !ok || v == 0
}
