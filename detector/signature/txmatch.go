package signature

import (
	"slices"
	"strings"

	"khien/sensor"
)

// Limits of what is looked at in a transaction.
const (
	valuesMax    = 256 // values of one buffer
	txPendingMax = 256 // rules that wait for more of the transaction
)

// txState is what rules remember of a transaction. It hangs at TxBase.Detect.
type txState struct {
	gen     uint32       // generation of the rules that all this refers to
	scanned [2][4]uint64 // groups of the direction's index that are done
	grown   [2][]grown
	pending [2][]pending
	plain   [2]sensor.Progress // stage up to which rules without a pattern have begun
	begun   [2]bool
	events  [2]int
	flowEv  [2]int
	done    [2][]*sig // rules that have matched
	both    []pending
	passed  bool
}

// grown says how much of a growing buffer a group has searched.
type grown struct {
	g     *group
	value int
	n     int
}

// pending is a rule that needs more of the transaction. matched has a bit for each list that has matched.
type pending struct {
	s       *sig
	matched uint64
	lack    lack
}

func (t *txState) reset() {
	*t = txState{grown: [2][]grown{t.grown[0][:0], t.grown[1][:0]}, pending: [2][]pending{t.pending[0][:0], t.pending[1][:0]},
		done: [2][]*sig{t.done[0][:0], t.done[1][:0]}, both: t.both[:0]}
}

func (m *Matcher) txStateOf(b *sensor.TxBase) *txState {
	t, ok := b.Detect.(*txState)
	if !ok {
		if n := len(m.freeTx); n > 0 {
			t, m.freeTx = m.freeTx[n-1], m.freeTx[:n-1]
		} else {
			t = &txState{}
		}
		t.gen = m.set.gen
		b.Detect = t
	}
	if t.gen != m.set.gen {
		t.follow(m.set)
	}
	return t
}

func (m *Matcher) releaseTx(b *sensor.TxBase) {
	if t, ok := b.Detect.(*txState); ok && len(m.freeTx) < 1024 {
		_ = t
	}
}

// txRules inspects the rules of one transaction and direction.
func (m *Matcher) txRules(tx sensor.Transaction, d sensor.Dir) {
	b := tx.Base()
	ix := &m.set.tx[d][b.Proto]
	both := m.set.both[b.Proto]
	if len(ix.groups)+len(ix.plain)+len(ix.events)+len(both) == 0 {
		return
	}
	t := m.txStateOf(b)
	if t.passed {
		return
	}
	dir := m.dir
	m.tx, m.dir = tx, d
	prog := b.Done[d]
	for i, g := range ix.groups {
		m.searchTx(t, i, g, prog)
	}
	m.plainRules(t, ix, prog)
	m.eventRules(t, ix, b)
	// Rules that wait go first into the order with the new ones; a new one that waits already is not begun again.
	m.values = append(m.values[:0], t.pending[d]...)
	t.pending[d] = t.pending[d][:0]
	for _, p := range m.values {
		m.cands = append(m.cands, p.s)
	}
	m.order()
	for _, s := range m.cands {
		if slices.Contains(t.done[d], s) {
			continue
		}
		p := pending{s: s}
		for i := range m.values {
			if m.values[i].s == s {
				p = m.values[i]
			}
		}
		began := m.began()
		m.runTxSig(t, &p, prog)
		m.ended(s, began)
	}
	m.cands = m.cands[:0]
	m.bothRules(t, both, prog)
	m.tx, m.dir = nil, dir
}

// searchTx runs a group's prefilter over its buffer, as soon as and as far as the buffer is there.
func (m *Matcher) searchTx(t *txState, i int, g *group, prog sensor.Progress) {
	if i < 256 && t.scanned[m.dir][i>>6]>>(i&63)&1 != 0 {
		return
	}
	def := g.def
	grows := def.is(grows)
	if prog < def.stage && !grows {
		return
	}
	found := false
	for v := 0; v < valuesMax; v++ {
		buf, ok := m.value(def, v)
		if !ok {
			break
		}
		found = true
		if grows {
			from := t.searched(m.dir, g, v, len(buf))
			if from == len(buf) {
				continue
			}
			if len(g.transforms) == 0 {
				buf = buf[max(0, from-g.set.MaxLen()+1):]
			}
		}
		if len(g.transforms) > 0 {
			if buf, ok = m.transformed(g.transforms, buf); !ok {
				continue
			}
		}
		m.prefilter(g, buf)
		if !def.is(multi) {
			break
		}
	}
	if i < 256 && (found && prog >= def.stage && !def.is(files) || prog == sensor.ProgressComplete) {
		t.scanned[m.dir][i>>6] |= 1 << (i & 63)
	}
}

// searched returns how many bytes of a value a group has searched, and notes that it has now searched n.
func (t *txState) searched(d sensor.Dir, g *group, value, n int) int {
	for i := range t.grown[d] {
		x := &t.grown[d][i]
		if x.g == g && x.value == value {
			was := min(x.n, n)
			x.n = n
			return was
		}
	}
	if len(t.grown[d]) < valuesMax {
		t.grown[d] = append(t.grown[d], grown{g, value, n})
	}
	return 0
}

// plainRules begins the rules without a fast pattern whose first stage has come.
func (m *Matcher) plainRules(t *txState, ix *txIndex, prog sensor.Progress) {
	if len(ix.plain) == 0 {
		return
	}
	begun, was := t.begun[m.dir], t.plain[m.dir]
	if begun && was >= prog {
		return
	}
	for _, s := range ix.plain {
		st := s.firstStage(m.dir)
		if st <= prog && (!begun || st > was) {
			m.cands = append(m.cands, s)
		}
	}
	t.begun[m.dir], t.plain[m.dir] = true, prog
}

// firstStage is the earliest stage at which one of the rule's buffers is there.
func (s *sig) firstStage(d sensor.Dir) sensor.Progress {
	if s.hook.set {
		return s.hook.stage
	}
	first := sensor.ProgressComplete
	for _, l := range s.lists {
		if l.dirs&dirBit(d) == 0 {
			continue
		}
		st := l.def.stage
		if l.def.is(grows) {
			st = min(st, sensor.ProgressLine)
		}
		first = min(first, st)
	}
	if len(s.lists) == 0 {
		return sensor.ProgressLine
	}
	return first
}

// eventRules begins the rules for anomalies that are new.
func (m *Matcher) eventRules(t *txState, ix *txIndex, b *sensor.TxBase) {
	if ix.events == nil {
		return
	}
	names := b.Anomalies[m.dir]
	for ; t.events[m.dir] < len(names); t.events[m.dir]++ {
		n := names[t.events[m.dir]]
		m.eventCands(ix, "", n)
		m.eventCands(ix, eventProto(b.Proto), n)
	}
	if st := m.state(); st != nil {
		for ; t.flowEv[m.dir] < len(st.events); t.flowEv[m.dir]++ {
			m.eventCands(ix, "", st.events[t.flowEv[m.dir]])
			m.eventCands(ix, eventProto(b.Proto), st.events[t.flowEv[m.dir]])
		}
	}
}

// eventCands collects the rules for an event, named with its protocol unless that is empty. Rules write names in lower
// case, EVE has those of some protocols in upper case.
func (m *Matcher) eventCands(ix *txIndex, proto, name string) {
	b := m.arena.grab(64)[:0]
	if proto != "" {
		b = append(append(b, proto...), '.')
	}
	b = append(b, name...)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c - 'A' + 'a'
		}
	}
	m.cands = append(m.cands, ix.events[string(b)]...)
}

// verdict is what looking at a rule has given.
type verdict uint8

const (
	no verdict = iota
	wait
	yes
)

// runTxSig inspects one rule and keeps it when it needs more of the transaction.
func (m *Matcher) runTxSig(t *txState, p *pending, prog sensor.Progress) {
	s := p.s
	if !m.header(s, m.dir) || !m.conditions(s) {
		return
	}
	m.scan.begin(s)
	if !m.packetLists(s) {
		return
	}
	switch m.txLists(p, prog) {
	case wait:
		if len(t.pending[m.dir]) < txPendingMax && prog < sensor.ProgressComplete {
			t.pending[m.dir] = append(t.pending[m.dir], *p)
		}
	case yes:
		if len(t.done[m.dir]) < txPendingMax {
			t.done[m.dir] = append(t.done[m.dir], s)
		}
		if m.matched(s, m.tx, false) && s.act == actPass {
			t.passed = true
		}
	}
}

// txLists looks at those lists of a rule that have not matched yet.
func (m *Matcher) txLists(p *pending, prog sensor.Progress) verdict {
	s := p.s
	v := yes
	if s.hook.set && prog < s.hook.stage {
		return wait
	}
	for _, e := range s.events {
		if !m.hasEvent(e) {
			return wait
		}
	}
	for i, l := range s.lists {
		bit := uint64(1) << i
		if p.matched&bit != 0 {
			continue
		}
		if l.dirs&dirBit(m.dir) == 0 || !m.speaks(l.def) {
			if s.txBoth {
				v = wait
				continue
			}
			return no
		}
		switch m.txList(p, i, prog) {
		case no:
			return no
		case wait:
			v = wait
		case yes:
			p.matched |= bit
		}
	}
	if v == yes && s.payload != nil {
		if !m.rawPayload(s) {
			return wait
		}
	}
	return v
}

// speaks reports whether the side that is looked at is the one that sends the buffer in the transaction's protocol.
func (m *Matcher) speaks(def *bufferDef) bool {
	return def == nil || len(def.replies) == 0 || (m.dir == sensor.ToClient) == slices.Contains(def.replies, m.tx.Base().Proto)
}

// hasEvent reports whether an event, in lower case, has been seen in the transaction's direction or in the flow.
func (m *Matcher) hasEvent(e string) bool {
	b := m.tx.Base()
	proto := eventProto(b.Proto)
	for _, n := range b.Anomalies[m.dir] {
		if isEvent(e, proto, n) {
			return true
		}
	}
	if st := m.state(); st != nil {
		for _, n := range st.events {
			if isEvent(e, proto, n) {
				return true
			}
		}
	}
	return false
}

// eventProto is the protocol whose name events have: those of DNS in HTTP/2 are HTTP/2's.
func eventProto(p sensor.Proto) string {
	if p == sensor.ProtoDoH2 {
		p = sensor.ProtoHTTP2
	}
	return p.String()
}

// isEvent compares an event of a rule, with or without its protocol, with the name of one that was seen.
func isEvent(e, proto, name string) bool {
	if len(e) == len(proto)+1+len(name) && e[:len(proto)] == proto && e[len(proto)] == '.' {
		e = e[len(proto)+1:]
	}
	return strings.EqualFold(e, name)
}

// rawPayload looks for the rule's contents without a buffer: in the stream's window, or in the datagram.
func (m *Matcher) rawPayload(s *sig) bool {
	if m.flow != nil && m.flow.Proto == sensor.IPProtoTCP {
		st := m.state()
		return m.payloadIn(s, st.win[m.dir].data, false)
	}
	return m.seg != nil && m.payloadIn(s, m.seg.Payload, true)
}

// value gives value i of a buffer. Files are the transaction's, whatever its protocol: it need not know their buffers, and
// where it does, as HTTP knows a response's body, that comes first.
func (m *Matcher) value(def *bufferDef, i int) ([]byte, bool) {
	b, ok := m.tx.Buffer(def.buf, m.dir, i)
	if !ok && def.is(files) {
		return m.tx.Base().FileBuffer(def.buf, m.dir, i)
	}
	return b, ok
}

// number gives number i of a buffer.
func (m *Matcher) number(def *bufferDef, i int) (uint64, bool) {
	n, ok := m.tx.Number(def.buf, m.dir, i)
	if !ok && def.is(files) {
		return m.tx.Base().FileNumber(def.buf, m.dir, i)
	}
	return n, ok
}

// txList looks for list i of a rule in its buffer.
func (m *Matcher) txList(p *pending, i int, prog sensor.Progress) verdict {
	l := p.s.lists[i]
	def := l.def
	final := prog >= def.stage
	if !final && !def.is(grows) {
		return wait
	}
	complete := prog == sensor.ProgressComplete
	if def.is(numeric) {
		if _, ok := m.number(def, 0); !ok && !def.is(multi) {
			if complete {
				return no
			}
			return wait
		}
		if m.scan.list(l, nil, final) {
			return yes
		}
		if def.is(grows) && !complete || !complete && def.is(multi) {
			return wait
		}
		return no
	}
	found := false
	for v := 0; v < valuesMax; v++ {
		buf, ok := m.value(def, v)
		if !ok {
			break
		}
		found = true
		if l.absent {
			return no
		}
		if v == 0 && def.is(grows) && len(l.transforms) == 0 && !m.second(def) && p.lack.lacks(i, l, buf, complete) {
			break
		}
		if len(l.transforms) > 0 {
			if buf, ok = m.transformed(l.transforms, buf); !ok {
				continue
			}
		}
		m.scan.index = v
		if m.scan.list(l, buf, final) {
			return yes
		}
		if !def.is(multi) {
			break
		}
	}
	if !found && (l.absent || l.absentOr) && final {
		return yes
	}
	if complete || found && final && !def.is(grows) {
		return no
	}
	return wait
}

// second reports whether a buffer has a second value.
func (m *Matcher) second(def *bufferDef) bool {
	if !def.is(multi) {
		return false
	}
	_, ok := m.value(def, 1)
	return ok
}

// bothRules inspects the rules that look at both directions of a transaction.
func (m *Matcher) bothRules(t *txState, rules []*sig, prog sensor.Progress) {
	for _, s := range rules {
		i := slices.IndexFunc(t.both, func(p pending) bool { return p.s == s })
		if i < 0 {
			if len(t.both) == txPendingMax {
				return
			}
			t.both = append(t.both, pending{s: s})
			i = len(t.both) - 1
		}
		p := &t.both[i]
		if p.matched == ^uint64(0) || !m.header(s, sensor.ToServer) || !m.conditions(s) {
			continue
		}
		m.scan.begin(s)
		if m.txLists(p, prog) == yes {
			p.matched = ^uint64(0)
			m.matched(s, m.tx, false)
		}
	}
}
