package signature

import (
	"slices"

	"khien/detector"
	"khien/detector/prefilter"
	"khien/sensor"
)

// Matcher applies a Set to the events of one worker.
type Matcher struct {
	set     *Set
	sink    detector.Sink
	scratch *prefilter.Scratch
	md      *prefilter.MatchData
	arena   arena
	scan    scan
	ev, ev2 sensor.Event
	costs   []cost // by rule, nil when nobody asks

	// what is being inspected
	flow *sensor.Flow
	seg  *sensor.Segment
	tx   sensor.Transaction
	dir  sensor.Dir
	now  int64

	frame   *sensor.Frame
	frames  []*sensor.Frame // that this packet has changed
	freeFr  []*frameState
	changed []change  // transactions that this packet has changed
	cands   []*sig    // rules that may match
	hits    []hit     // rules that have matched in this packet
	values  []pending // scratch
	held    []held    // scratch
	touched [2]*flowState
	free    []*flowState
	freeTx  []*txState
}

// change is a transaction that the packet has changed in a direction.
type change struct {
	tx  sensor.Transaction
	dir sensor.Dir
}

// hit is a rule that has matched.
type hit struct {
	s       *sig
	tx      sensor.Transaction
	dir     sensor.Dir
	stream  bool
	frame   *sensor.Frame
	vars    []sensor.Var
	reasons []detector.Reason
	context []byte
}

// changedMax limits the transactions that one packet may change; what is more waits for the next packet's change.
const changedMax = 4096

// NewMatcher makes the matcher of one worker. Findings go to sink.
func (s *Set) NewMatcher(sink detector.Sink) *Matcher {
	m := &Matcher{sink: sink, md: prefilter.NewMatchData()}
	m.scan.m = m
	m.use(s)
	return m
}

// Wants implements sensor.Handler.
func (m *Matcher) Wants() sensor.Kind {
	return sensor.KindStream | sensor.KindGap | sensor.KindTx | sensor.KindFile | sensor.KindPacket | sensor.KindFlowEnd | sensor.KindAnomaly |
		sensor.KindFrame
}

// Handle implements sensor.Handler.
func (m *Matcher) Handle(e *sensor.Event) {
	switch e.Kind {
	case sensor.KindStream:
		st := m.stateOf(e.Flow)
		if !st.sealed {
			st.take(e.Flow, e.Dir, e.Data, e.Offset)
		}
	case sensor.KindGap:
		m.stateOf(e.Flow).win[e.Dir].cut(e.Offset + uint64(max(e.Gap, 0)))
	case sensor.KindTx:
		m.change(e.Tx, e.Dir)
	case sensor.KindFile:
		if e.File != nil && e.File.Tx != nil {
			m.change(e.File.Tx, e.File.Dir)
		}
	case sensor.KindAnomaly:
		if st := m.stateOf(e.Flow); len(st.events) < 64 {
			st.events = append(st.events, e.Anomaly)
		}
	case sensor.KindFrame:
		m.frames = append(m.frames, e.Frame)
	case sensor.KindPacket, sensor.KindFlowEnd:
		m.inspect(e)
		if e.Kind == sensor.KindFlowEnd && e.Flow != nil {
			if st, ok := e.Flow.Detect.(*flowState); ok {
				st.reset()
				m.free = append(m.free, st)
				e.Flow.Detect = nil
			}
		}
	}
}

func (m *Matcher) change(tx sensor.Transaction, dir sensor.Dir) {
	for i := range m.changed {
		if m.changed[i].tx == tx && m.changed[i].dir == dir {
			return
		}
	}
	if len(m.changed) < changedMax {
		m.changed = append(m.changed, change{tx, dir})
	}
}

// stateOf gives the state of a flow, made when it has none.
func (m *Matcher) stateOf(f *sensor.Flow) *flowState {
	if st, ok := f.Detect.(*flowState); ok {
		if st.gen != m.set.gen {
			st.follow(m.set)
		}
		return st
	}
	var st *flowState
	if n := len(m.free); n > 0 {
		st, m.free = m.free[n-1], m.free[:n-1]
	} else {
		st = &flowState{}
	}
	st.gen = m.set.gen
	f.Detect = st
	return st
}

// state gives the state of the packet's flow, nil for a packet without one.
func (m *Matcher) state() *flowState {
	if m.flow == nil {
		return nil
	}
	return m.stateOf(m.flow)
}

// inspect runs the whole detection of one packet, or of the end of a flow.
func (m *Matcher) inspect(e *sensor.Event) {
	m.flow, m.seg, m.dir, m.now, m.tx = e.Flow, e.Segment, e.Dir, e.Time, nil
	m.ev = *e
	var st *flowState
	if m.flow != nil {
		st = m.stateOf(m.flow)
		m.takeDeferred(st)
	}
	if st == nil || !st.passed && !st.dropped && !m.flow.Bypass {
		if m.seg != nil {
			m.packetRules(st)
		}
		if st != nil {
			m.streamRules(st)
			m.protoRules(st)
		}
		m.runCands()
		m.frameRules()
		m.changedTxs(st)
		m.finish(st)
	}
	if st != nil {
		st.sealed = st.sealed || m.seals()
		st.established = m.flow.TCPState >= sensor.TCPEstablished
		st.win[0].seen()
		st.win[1].seen()
	}
	for _, c := range m.changed {
		if b := c.tx.Base(); b.Done[0] == sensor.ProgressComplete && b.Done[1] == sensor.ProgressComplete {
			m.releaseTx(b)
		}
	}
	m.releaseFrames()
	m.changed = m.changed[:0]
	m.arena.reset()
	m.scan.begin(nil)
	m.flow, m.seg, m.tx = nil, nil, nil
}

// packetRules collects the rules that may match the packet itself.
func (m *Matcher) packetRules(st *flowState) {
	kind := kindOf(m.seg)
	ix := &m.set.packets[m.dir][kind]
	m.plainPacketRules(st, ix)
	payload := m.seg.Payload
	sealed := st != nil && st.sealed
	if !m.seg.Invalid && !sealed {
		var fast, head *sifting
		if st != nil && m.seg.IPProto == m.flow.Proto {
			fast, head = &st.sifts[m.dir].fast, &st.sifts[m.dir].head
		}
		m.sift(&ix.fast, fast, payload, m.dir, false)
		m.sift(&ix.head, head, payload[:min(len(payload), headMax)], m.dir, false)
	}
	if kind == kindTCP && !m.streamed() && !sealed {
		// Not part of a followed stream: what would be looked for there is looked for here.
		sx := &m.set.streams[m.dir]
		m.cands = sx.plain.append(m.cands, m.seg.Src, m.seg.Dst)
		if !m.seg.Invalid {
			m.sift(&sx.fast, nil, payload, m.dir, false)
		}
	}
	if st == nil || st.ipGen[m.dir] != m.set.gen {
		m.addressRules(st)
	}
}

// plainPacketRules collects the rules without a fast pattern. Addresses, ports and direction are the flow's, so they are
// compared once for a flow and direction and not for each packet: large rule sets have a thousand such rules.
func (m *Matcher) plainPacketRules(st *flowState, ix *packetIndex) {
	if st == nil || m.seg.IPProto != m.flow.Proto {
		m.cands = ix.plain.append(m.cands, m.seg.Src, m.seg.Dst)
		return
	}
	if st.plainOf[m.dir] != m.set.gen {
		st.plainOf[m.dir] = m.set.gen
		src, _, dst, _ := m.flow.Endpoints(m.dir)
		kept := ix.plain.append(st.plain[m.dir][:0], src, dst)
		st.plain[m.dir] = slices.DeleteFunc(kept, func(s *sig) bool { return !m.header5(s, m.dir) })
	}
	m.cands = append(m.cands, st.plain[m.dir]...)
}

// streamed reports whether the packet's bytes reach rules through the reassembled stream.
func (m *Matcher) streamed() bool { return m.flow != nil && m.flow.TCPState != sensor.TCPNone }

// prefilter adds the rules whose fast pattern occurs in data.
func (m *Matcher) prefilter(g *group, data []byte) {
	if g == nil {
		return
	}
	for _, id := range g.set.Scan(m.scratch, data) {
		m.cands = append(m.cands, g.rules[id]...)
	}
}

// order sorts the candidates and removes doubles.
func (m *Matcher) order() {
	slices.SortFunc(m.cands, func(a, b *sig) int { return a.num - b.num })
	m.cands = slices.Compact(m.cands)
}

// runCands inspects the collected rules against packet and stream.
func (m *Matcher) runCands() {
	if len(m.cands) == 0 {
		return
	}
	m.order()
	for _, s := range m.cands {
		t := m.began()
		m.runPacketSig(s)
		m.ended(s, t)
	}
	m.cands = m.cands[:0]
}

func (m *Matcher) runPacketSig(s *sig) {
	dir := m.dir
	if m.seg != nil && s.class != classStream {
		if m.header(s, dir) && m.conditions(s) {
			m.scan.begin(s)
			if m.packetLists(s) && (s.payload == nil || m.payloadIn(s, m.seg.Payload, true)) {
				m.matched(s, nil, false)
			}
		}
		return
	}
	if s.class != classStream {
		return
	}
	if st := m.state(); st != nil {
		for d := range sensor.Dir(2) {
			if w := &st.win[d]; w.fresh && s.dirs&dirBit(d) != 0 {
				m.dir = d
				ok := m.runStreamSig(s, st, w)
				m.dir = dir
				if ok {
					return
				}
			}
		}
	}
	if m.seg != nil && (!m.streamed() || s.reqPacket || m.seg.IPProto != sensor.IPProtoTCP) && !s.flow.onlyStream {
		if m.header(s, dir) && m.conditions(s) {
			m.scan.begin(s)
			if m.packetLists(s) && m.payloadIn(s, m.seg.Payload, true) {
				m.matched(s, nil, false)
			}
		}
	}
}

func (m *Matcher) payloadIn(s *sig, data []byte, last bool) bool {
	return len(data) > 0 && m.scan.list(s.payload, data, last)
}

// header compares protocol, direction, addresses and ports.
func (m *Matcher) header(s *sig, d sensor.Dir) bool {
	if s.dirs&dirBit(d) == 0 && m.flow != nil {
		return false
	}
	if m.flow == nil {
		if s.flow.set && !s.flow.stateless || s.dirs != bothDirs {
			return false
		}
		p := m.seg
		if p == nil {
			return false
		}
		if p.Invalid && !s.anyPacket && !s.pkthdr {
			return false
		}
		if s.ipver != 0 && s.ipver != p.IPVersion || len(s.apps) > 0 {
			return false
		}
		if s.l4 != 0 && s.l4 != p.IPProto && !(s.l4 == sensor.IPProtoICMP && p.IPProto == sensor.IPProtoICMPv6) {
			return false
		}
		if p.IPVersion == 0 {
			return s.src == nil && s.dst == nil && (s.pkthdr || s.anyPacket)
		}
		return (s.sport == nil || s.sport.contains(p.SrcPort)) && (s.dpt == nil || s.dpt.contains(p.DstPort)) && s.src.contains(p.Src) &&
			s.dst.contains(p.Dst)
	}
	if len(s.apps) > 0 && s.class != classProtoApp && s.class != classFrame {
		app := m.flow.App
		if m.tx != nil {
			app = m.tx.Base().Proto // rules of several protocols share the prefilter of a buffer
		}
		if !slices.Contains(s.apps, app) {
			return false
		}
	}
	return m.header5(s, d)
}

// header5 compares what does not change while the flow lasts.
func (m *Matcher) header5(s *sig, d sensor.Dir) bool {
	f := m.flow
	if s.l4 != 0 && s.l4 != f.Proto && !(s.l4 == sensor.IPProtoICMP && f.Proto == sensor.IPProtoICMPv6) {
		return false
	}
	src, sp, dst, dp := f.Endpoints(d)
	if !s.sport.contains(sp) || !s.dpt.contains(dp) {
		return false
	}
	if s.ipver != 0 && (s.ipver == 4) != src.Is4() {
		return false
	}
	return s.src.contains(src) && s.dst.contains(dst)
}

// conditions asks what the rule says of the flow and the packet's headers.
func (m *Matcher) conditions(s *sig) bool {
	if s.flow.set && m.flow != nil {
		est := m.established()
		if s.flow.established && !est || s.flow.notEstablished && est {
			return false
		}
		if m.seg != nil {
			rebuilt := m.seg.Source == sensor.SourceDefrag
			if s.flow.frag && !rebuilt || s.flow.nofrag && rebuilt {
				return false
			}
		}
	}
	for _, c := range s.packet {
		if !c.match(m) {
			return false
		}
	}
	return true
}

// established reports whether the flow was established when the packet came: the packet that completes a TCP handshake does
// not count yet, as in Suricata.
func (m *Matcher) established() bool {
	f := m.flow
	if f.Proto == sensor.IPProtoTCP {
		return m.stateOf(f).established
	}
	return f.Packets[0] > 0 && f.Packets[1] > 0
}

// packetLists looks at the buffers over the packet's headers.
func (m *Matcher) packetLists(s *sig) bool {
	for _, l := range s.pktLists {
		buf := []byte(nil)
		switch {
		case l.def == nil:
			if m.seg == nil {
				return false
			}
			buf = m.seg.Payload
		case l.def.address != 0 && m.flow != nil:
			buf = m.address(l.def.address)
		case m.seg == nil:
			return false
		default:
			buf = l.def.packet(m.seg)
		}
		if len(buf) == 0 {
			return false
		}
		buf, ok := m.transformed(l.transforms, buf)
		if !ok || !m.scan.list(l, buf, true) {
			return false
		}
	}
	return true
}

// address gives the source (1) or destination (2) of the inspected direction.
func (m *Matcher) address(which uint8) []byte {
	src, _, dst, _ := m.flow.Endpoints(m.dir)
	if which == 2 {
		src = dst
	}
	b := m.arena.grab(16)
	if src.Is4() {
		a := src.As4()
		b = append(b, a[:]...)
	} else {
		a := src.As16()
		b = append(b, a[:]...)
	}
	m.arena.keep(len(b))
	return b
}

// transformed applies transforms one after the other. The result is valid until the packet's end.
func (m *Matcher) transformed(ts []transform, buf []byte) ([]byte, bool) {
	for _, t := range ts {
		out, ok := t.apply(m, m.arena.grab(len(buf)+64), buf)
		if !ok {
			return nil, false
		}
		m.arena.keep(len(out))
		buf = out
	}
	return buf, true
}

// protoRules runs the rules that ask for nothing but the protocol, when it becomes known.
func (m *Matcher) protoRules(st *flowState) {
	if len(m.set.proto) == 0 || m.flow.App == sensor.ProtoNone || m.seg == nil {
		return
	}
	for _, s := range m.set.proto {
		if len(s.dirApp) > 0 && len(s.apps) == 0 && slices.Contains(st.once, s) {
			continue
		}
		if len(s.apps) > 0 && !slices.Contains(s.apps, m.flow.App) {
			continue
		}
		if m.header(s, m.dir) && m.conditions(s) {
			if len(s.dirApp) > 0 && len(st.once) < 64 {
				st.once = append(st.once, s)
			}
			m.scan.begin(s)
			m.matched(s, nil, false)
		}
	}
}
