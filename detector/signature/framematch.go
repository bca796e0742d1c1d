package signature

import (
	"slices"

	"khien/sensor"
)

const frameCount = sensor.FrameEnd - sensor.FrameFirst

// frameIndex finds the rules for the frames of one buffer and direction.
type frameIndex struct {
	groups []*group
	plain  []*sig // rules without a fast pattern
}

// frameState is what rules remember of a frame that grows: those that have matched it. It hangs at Frame.Detect.
type frameState struct{ done []ident }

// frame places a rule. Of a rule that names several frames, the one with its fast pattern finds it.
func (c *compiler) frame(s *sig) {
	for _, l := range s.lists {
		c.set.framed[l.def.buf-sensor.FrameFirst] = true
	}
	l := s.lists[0]
	if s.fp != nil {
		l = s.fp.list
	}
	s.dirs.each(func(d sensor.Dir) {
		if l.dirs&dirBit(d) == 0 {
			return
		}
		ix := &c.set.frames[d][l.def.buf-sensor.FrameFirst]
		if s.fp == nil {
			ix.plain = append(ix.plain, s)
			return
		}
		g := c.group(groupKey{def: l.def, key: l.key, dirs: dirBit(d)}, l.transforms)
		if !slices.Contains(ix.groups, g) {
			ix.groups = append(ix.groups, g)
		}
		g.add(s)
	})
}

// WantsFrame implements sensor.FrameHandler.
func (m *Matcher) WantsFrame(b sensor.Buffer) bool { return m.set.framed[b-sensor.FrameFirst] }

// needsWhole reports whether a list can only be looked for in all of a frame: something must be missing from it, its
// length or end matters, or it is changed first.
func (l *list) needsWhole() bool {
	if len(l.transforms) > 0 {
		return true
	}
	for i := range l.items {
		switch it := &l.items[i]; it.kind {
		case kindContent:
			if it.c.neg || it.c.ends {
				return true
			}
		case kindRegexp:
			if it.re.neg {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// frameRules inspects the rules for the packet's frames.
func (m *Matcher) frameRules() {
	for _, f := range m.frames {
		ix := &m.set.frames[f.Dir][f.Buffer-sensor.FrameFirst]
		if len(ix.groups)+len(ix.plain) == 0 {
			continue
		}
		dir := m.dir
		m.dir, m.frame = f.Dir, f
		for _, g := range ix.groups {
			buf, ok := f.Data, true
			if len(g.transforms) > 0 {
				if !f.Complete {
					continue
				}
				buf, ok = m.transformed(g.transforms, buf)
			}
			if ok {
				m.prefilter(g, buf)
			}
		}
		m.cands = append(m.cands, ix.plain...)
		m.order()
		for _, s := range m.cands {
			t := m.began()
			m.runFrameSig(s, f)
			m.ended(s, t)
		}
		m.cands = m.cands[:0]
		m.dir, m.frame = dir, nil
	}
}

func (m *Matcher) runFrameSig(s *sig, f *sensor.Frame) {
	st, _ := f.Detect.(*frameState)
	if st != nil && slices.Contains(st.done, s.ident()) {
		return
	}
	if !slices.Contains(s.apps, f.Proto) || !m.header(s, m.dir) || !m.conditions(s) {
		return
	}
	m.scan.begin(s)
	if !m.packetLists(s) {
		return
	}
	for _, l := range s.lists {
		if l.dirs&dirBit(m.dir) == 0 || !m.inFrames(l, f) {
			return
		}
	}
	if s.payload != nil && !m.rawPayload(s) {
		return
	}
	if !m.matched(s, nil, false) || f.Complete {
		return
	}
	if st == nil {
		if n := len(m.freeFr); n > 0 {
			st, m.freeFr = m.freeFr[n-1], m.freeFr[:n-1]
		} else {
			st = new(frameState)
		}
		f.Detect = st
	}
	if len(st.done) < txPendingMax {
		st.done = append(st.done, s.ident())
	}
}

// inFrames looks for a list in the frame that is inspected, where it is of that kind, else in the packet's other frames.
func (m *Matcher) inFrames(l *list, f *sensor.Frame) bool {
	if l.def.buf == f.Buffer {
		return m.inFrame(l, f)
	}
	for _, o := range m.frames {
		if o.Buffer == l.def.buf && o.Dir == f.Dir && m.inFrame(l, o) {
			return true
		}
	}
	return false
}

func (m *Matcher) inFrame(l *list, f *sensor.Frame) bool {
	if l.whole && !f.Complete {
		return false
	}
	buf, ok := f.Data, true
	if len(l.transforms) > 0 {
		if buf, ok = m.transformed(l.transforms, buf); !ok {
			return false
		}
	}
	return m.scan.list(l, buf, f.Complete && !f.Cut())
}

// releaseFrames forgets the packet's frames.
func (m *Matcher) releaseFrames() {
	for i, f := range m.frames {
		if st, ok := f.Detect.(*frameState); ok && f.Complete {
			st.done = st.done[:0]
			m.freeFr = append(m.freeFr, st)
			f.Detect = nil
		}
		m.frames[i] = nil
	}
	m.frames = m.frames[:0]
}
