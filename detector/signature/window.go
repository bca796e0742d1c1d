package signature

import "khien/sensor"

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
		if ix.fast != nil {
			from := max(0, w.from-ix.fast.set.MaxLen()+1)
			m.prefilterPacket(ix.fast, w.data[from:], d)
		}
		fresh := m.cands[n:]
		m.cands = append(m.cands, st.pending[d]...)
		st.pending[d] = st.pending[d][:0]
		for _, s := range fresh {
			if s.fp != nil && len(st.pending[d]) < pendingMax {
				st.pending[d] = append(st.pending[d], s)
			}
		}
		for _, s := range m.cands[n+len(fresh):] {
			if len(st.pending[d]) < pendingMax {
				st.pending[d] = append(st.pending[d], s)
			}
		}
	}
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
	m.scan.begin()
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
	for i, p := range st.pending[m.dir] {
		if p == s {
			st.pending[m.dir][i] = st.pending[m.dir][len(st.pending[m.dir])-1]
			st.pending[m.dir] = st.pending[m.dir][:len(st.pending[m.dir])-1]
			break
		}
	}
	m.matched(s, nil, true)
	return true
}
