package flow

import (
	"cmp"
	"slices"
	"time"

	"khien/sensor"
)

// DefaultMaxFlows is how many flows a table keeps unless told otherwise.
const DefaultMaxFlows = 1 << 18

// Timeouts are how long a flow without packets is kept, in nanoseconds of packet time, by state.
type Timeouts struct {
	New, Established, Closed int64
}

// Config sets what a table depends on. The zero value has the defaults.
type Config struct {
	// Seed goes into the IDs of flows: the name of the capture, so that two captures have different IDs.
	Seed string
	// MaxFlows bounds the table; the flow that has been silent longest makes room. 0 means DefaultMaxFlows.
	MaxFlows int
	// Midstream says that TCP connections are followed whose start was not captured. Then ports tell their sides: a sender
	// below 1024 is the server of a receiver above.
	Midstream bool
	// Answers reports whether the datagram that would open a flow is an answer to one that was not captured, or that went to
	// a multicast group: its receiver is the client. None is when nil.
	Answers func(*sensor.Segment) bool
	// TCP, UDP, ICMP and Default are the timeouts by protocol; the zero value means those of DefaultTimeouts.
	TCP, UDP, ICMP, Default Timeouts
	// OnReuse is called for a flow that Lookup ends, because its ports are used again (EndReason "tcp_reuse") or the table is
	// full ("forced"), before Lookup returns.
	OnReuse func(*sensor.Flow)
}

// DefaultTimeouts returns the timeouts of a protocol, which are Suricata's.
func DefaultTimeouts(proto uint8) Timeouts {
	const s = int64(time.Second)
	if proto == sensor.IPProtoTCP {
		return Timeouts{60 * s, 600 * s, 60 * s}
	}
	return Timeouts{30 * s, 300 * s, 30 * s}
}

// entry is a flow and its places in the table.
type entry struct {
	flow       sensor.Flow
	key        key
	swapped    bool // the client is the key's second endpoint
	open       bool
	list       uint8
	prev, next *entry
}

// lists of entries with one timeout each, in order of Last
const (
	classTCP = iota
	classUDP
	classICMP
	classOther
	classes
)

const lists = classes * 3

// A Table holds the open flows of one worker. It is not safe for concurrent use.
type Table struct {
	config  Config
	limit   int
	entries map[key]*entry
	byFlow  map[*sensor.Flow]*entry
	timeout [lists]int64
	head    [lists]*entry // silent longest
	tail    [lists]*entry
	free    *entry
}

// NewTable returns an empty table.
func NewTable(c Config) *Table {
	t := &Table{config: c, limit: c.MaxFlows, entries: make(map[key]*entry), byFlow: make(map[*sensor.Flow]*entry)}
	if t.limit <= 0 {
		t.limit = DefaultMaxFlows
	}
	for i, v := range [classes]struct {
		set   Timeouts
		proto uint8
	}{{c.TCP, sensor.IPProtoTCP}, {c.UDP, sensor.IPProtoUDP}, {c.ICMP, sensor.IPProtoICMP}, {c.Default, 0}} {
		d := DefaultTimeouts(v.proto)
		t.timeout[i*3+int(sensor.FlowNew)] = cmp.Or(v.set.New, d.New)
		t.timeout[i*3+int(sensor.FlowEstablished)] = cmp.Or(v.set.Established, d.Established)
		t.timeout[i*3+int(sensor.FlowClosed)] = cmp.Or(v.set.Closed, d.Closed)
	}
	return t
}

// Len returns how many flows are open.
func (t *Table) Len() int { return len(t.entries) }

// Lookup finds the flow of a segment, or opens one, and counts the segment. f is nil for a segment that has no flow: no
// IP, a fragment, invalid. dir is the direction of the segment.
func (t *Table) Lookup(s *sensor.Segment) (f *sensor.Flow, dir sensor.Dir, isNew bool) {
	k, swapped, ok := keyOf(s)
	if !ok {
		return nil, 0, false
	}
	e := t.entries[k]
	if e != nil && t.over(e, s, swapped) {
		t.end(e)
		e = nil
	}
	if e == nil {
		e = t.open(k, swapped, s)
		isNew = true
	}
	if swapped != e.swapped {
		dir = sensor.ToClient
	}
	f = &e.flow
	f.Last = max(f.Last, s.Packet.Time)
	f.Packets[dir]++
	f.Bytes[dir] += uint64(s.Length)
	if s.IPProto != sensor.IPProtoTCP && f.State == sensor.FlowNew && f.Packets[0] > 0 && f.Packets[1] > 0 {
		f.State = sensor.FlowEstablished
	}
	t.relink(e)
	return f, dir, isNew
}

// over reports whether the segment shows that a flow with its key has ended before it, and sets the reason.
func (t *Table) over(e *entry, s *sensor.Segment, swapped bool) bool {
	f := &e.flow
	if s.Packet.Time-f.Last > t.timeout[listOf(f)] {
		f.EndReason = "timeout"
		return true
	}
	const handshake = sensor.SYN | sensor.ACK | sensor.RST | sensor.FIN
	if s.IPProto == sensor.IPProtoTCP && s.Flags&handshake == sensor.SYN && !s.BadL4Sum && reusable(f, swapped == e.swapped) {
		f.EndReason = "tcp_reuse"
		return true
	}
	return false
}

// reusable reports whether a SYN means a new connection: the old one is over as far as hosts care (RFC 9293, 3.6.1), or
// its start was not captured and its sides were taken for each other.
func reusable(f *sensor.Flow, fromClient bool) bool {
	switch f.TCPState {
	case sensor.TCPNone:
		return !fromClient
	case sensor.TCPClosed, sensor.TCPTimeWait, sensor.TCPLastAck, sensor.TCPCloseWait, sensor.TCPClosing:
		return true
	}
	return false
}

// open makes the flow of a segment, which is not counted yet.
func (t *Table) open(k key, swapped bool, s *sensor.Segment) *entry {
	if len(t.entries) >= t.limit {
		t.evict()
	}
	e := t.free
	if e == nil {
		e = &entry{}
	} else {
		t.free = e.next
	}
	e.key, e.swapped, e.open, e.next, e.prev = k, swapped, true, nil, nil
	e.flow = sensor.Flow{
		Src: s.Src, Dst: s.Dst, SrcPort: s.SrcPort, DstPort: s.DstPort, ICMPType: s.ICMPType, ICMPCode: s.ICMPCode,
		Proto: s.IPProto, VLAN: s.VLAN, VLANs: s.VLANs, First: s.Packet.Number, Start: s.Packet.Time, Last: s.Packet.Time,
		Meta: e.flow.Meta[:0], Entropy: e.flow.Entropy[:0],
	}
	f := &e.flow
	// Who sends SYN and ACK answers: what it answers was not captured, and its receiver is the client.
	if t.answers(s) {
		f.Src, f.Dst, f.SrcPort, f.DstPort = f.Dst, f.Src, f.DstPort, f.SrcPort
		e.swapped = !swapped
	}
	f.ID = identify(f, t.config.Seed)
	t.entries[k] = e
	t.byFlow[f] = e
	t.link(e)
	return e
}

// answers reports whether the first segment of a flow comes from the server.
func (t *Table) answers(s *sensor.Segment) bool {
	if s.IPProto == sensor.IPProtoUDP {
		return t.config.Answers != nil && t.config.Answers(s)
	}
	if s.IPProto != sensor.IPProtoTCP {
		return false
	}
	switch s.Flags & (sensor.SYN | sensor.ACK | sensor.RST) {
	case sensor.SYN | sensor.ACK:
		return true
	case sensor.ACK:
		return t.config.Midstream && s.SrcPort < 1024 && s.DstPort >= 1024
	}
	return false
}

// Remove takes a flow out of the table; the pointer must not be used any more.
func (t *Table) Remove(f *sensor.Flow) {
	if e := t.byFlow[f]; e != nil {
		t.remove(e)
	}
}

func (t *Table) remove(e *entry) {
	t.unlink(e)
	delete(t.byFlow, &e.flow)
	delete(t.entries, e.key)
	e.open = false
	e.next, t.free = t.free, e
}

// end tells that a flow is over, and removes it.
func (t *Table) end(e *entry) {
	if t.config.OnReuse != nil {
		t.config.OnReuse(&e.flow)
	}
	if e.open {
		t.remove(e)
	}
}

// evict ends the flow that has been silent longest: of those of which one side only has spoken, else of those that are
// over, else of all. A flood of half-open connections then costs no established one.
func (t *Table) evict() {
	var oldest *entry
	for _, s := range [...]sensor.FlowState{sensor.FlowNew, sensor.FlowClosed, sensor.FlowEstablished} {
		if oldest == nil {
			oldest = t.oldest(s)
		}
	}
	if oldest != nil {
		oldest.flow.EndReason = "forced"
		t.end(oldest)
	}
}

// oldest returns the flow in a state that has been silent longest, whatever its protocol.
func (t *Table) oldest(s sensor.FlowState) *entry {
	var oldest *entry
	for i := int(s); i < lists; i += lists / classes {
		if e := t.head[i]; e != nil && (oldest == nil || e.flow.Last < oldest.flow.Last) {
			oldest = e
		}
	}
	return oldest
}

// Expire ends the flows that have had no packets for their timeout at packet time now, nanoseconds since 1970. end is
// called for each, in order of the time it was last seen within one timeout; the flow is gone when end returns.
func (t *Table) Expire(now int64, end func(*sensor.Flow)) {
	for i := range t.head {
		for e := t.head[i]; e != nil && now-e.flow.Last > t.timeout[i]; e = t.head[i] {
			if l := listOf(&e.flow); int(l) != i { // its state has changed since its last packet was counted
				t.relink(e)
				continue
			}
			e.flow.EndReason = "timeout"
			end(&e.flow)
			if e.open {
				t.remove(e)
			}
		}
	}
}

// Flush ends all flows with the reason "shutdown", in order of their first packets.
func (t *Table) Flush(end func(*sensor.Flow)) {
	all := make([]*entry, 0, len(t.entries))
	for _, e := range t.entries {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.flow.First, b.flow.First), cmp.Compare(a.flow.ID, b.flow.ID))
	})
	for _, e := range all {
		e.flow.EndReason = "shutdown"
		end(&e.flow)
		if e.open {
			t.remove(e)
		}
	}
}
