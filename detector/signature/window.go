package signature

import (
	"slices"

	"khien/sensor"
)

// windowMax is how many bytes of a stream's direction can be looked at together.
const windowMax = 16 << 10

// pendingMax limits the rules of a direction that wait for more bytes.
const pendingMax = 64

// window is the part of one direction's bytes that raw contents are looked for in: the message that is being sent, or its
// last bytes.
type window struct {
	data  []byte
	base  uint64 // stream offset of data[0]
	from  int    // where the bytes of this packet begin
	fresh bool
	done  []doneAt
}

// doneAt says that a rule has matched up to an offset of the stream; it is not to match there again.
type doneAt struct {
	s  *sig
	at uint64
}

// cut forgets what is in the window; the next byte has the given offset.
func (w *window) cut(next uint64) {
	w.data, w.base, w.from, w.fresh = w.data[:0], next, 0, false
	w.done = w.done[:0]
}

// seen marks the bytes as looked at.
func (w *window) seen() {
	w.from, w.fresh = len(w.data), false
	if len(w.data) > windowMax {
		n := len(w.data) - windowMax/2
		w.base += uint64(n)
		w.data = w.data[:copy(w.data, w.data[n:])]
		w.from = len(w.data)
	}
}

// take adds bytes of a direction. Where a protocol is known and the other side has spoken, a new message begins.
func (st *flowState) take(f *sensor.Flow, d sensor.Dir, data []byte, offset uint64) {
	w := &st.win[d]
	turn := st.hasLast && st.last != d && f.App > sensor.ProtoFailed
	if turn || w.base+uint64(len(w.data)) != offset {
		w.cut(offset)
		st.pending[d] = st.pending[d][:0]
	}
	st.last, st.hasLast = d, true
	w.data = append(w.data, data...)
	w.fresh = true
}

// streamRules collects the rules that may match the new bytes of either direction.
func (m *Matcher) streamRules(st *flowState) {
	for d := range sensor.Dir(2) {
		w := &st.win[d]
		if !w.fresh {
			continue
		}
		ix := &m.set.streams[d]
		n := len(m.cands)
		src, _, dst, _ := m.flow.Endpoints(d)
		m.cands = ix.plain.append(m.cands, src, dst)
		m.sift(&ix.fast, &st.sifts[d].stream, w.data[max(0, w.from-ix.fast.max+1):], d, true)
		fresh := m.cands[n:]
		m.held = append(m.held[:0], st.pending[d]...)
		st.pending[d] = st.pending[d][:0]
		for _, s := range fresh {
			if s.fp != nil {
				st.wait(d, s, m.held)
			}
		}
		for _, p := range m.held {
			if !slices.Contains(fresh, p.s) {
				m.cands = append(m.cands, p.s)
				st.wait(d, p.s, m.held)
			}
		}
	}
}

// held is a rule whose fast pattern has come and that needs more bytes of a direction. One of its contents may be known
// to be missing: then only new bytes are searched, for that one.
type held struct {
	s        *sig
	missing  int    // place of the content and 1; 0 for none
	searched uint64 // stream offset up to which it is missing
}

// wait keeps a rule waiting, with what was known of it before.
func (st *flowState) wait(d sensor.Dir, s *sig, before []held) {
	if len(st.pending[d]) == pendingMax {
		return
	}
	w := held{s: s}
	for _, b := range before {
		if b.s == s {
			w = b
		}
	}
	st.pending[d] = append(st.pending[d], w)
}

// holds gives what is known of a rule that waits, nil for one that does not.
func (st *flowState) holds(d sensor.Dir, s *sig) *held {
	for i := range st.pending[d] {
		if st.pending[d][i].s == s {
			return &st.pending[d][i]
		}
	}
	return nil
}

// lacks reports whether a content of the rule is not among the bytes, of which the first has offset base.
func (p *held) lacks(data []byte, base uint64) bool {
	items, end := p.s.payload.items, base+uint64(len(data))
	if i := p.missing - 1; i >= 0 {
		c := items[i].c
		from := min(uint64(len(data)), max(p.searched, base+uint64(len(c.pat)))-uint64(len(c.pat))-base)
		p.searched = end
		if c.index(data[from:]) < 0 {
			return true
		}
		p.missing = 0
	}
	for i := range items {
		if it := &items[i]; it.kind == kindContent && !it.c.neg && !it.c.fastOnly && it.c.index(data) < 0 {
			p.missing, p.searched = i+1, end
			return true
		}
	}
	return false
}

// runStreamSig inspects one rule over a direction's window.
func (m *Matcher) runStreamSig(s *sig, st *flowState, w *window) bool {
	if !m.header(s, m.dir) || !m.conditions(s) {
		return false
	}
	data := w.data
	for i := range w.done {
		if w.done[i].s == s && w.done[i].at > w.base {
			data = data[min(uint64(len(data)), w.done[i].at-w.base):]
		}
	}
	if p := st.holds(m.dir, s); p != nil && p.lacks(data, w.base+uint64(len(w.data)-len(data))) {
		return false
	}
	m.scan.begin(s)
	if !m.packetLists(s) || !m.payloadIn(s, data, false) {
		return false
	}
	end := w.base + uint64(len(w.data))
	found := false
	for i := range w.done {
		if w.done[i].s == s {
			w.done[i].at, found = end, true
		}
	}
	if !found && len(w.done) < pendingMax {
		w.done = append(w.done, doneAt{s, end})
	}
	st.pending[m.dir] = slices.DeleteFunc(st.pending[m.dir], func(p held) bool { return p.s == s })
	m.matched(s, nil, true)
	return true
}
