package decode

import (
	"math/bits"
	"net/netip"
	"time"

	"khien/sensor"
)

// Limits on fragments.
const (
	maxReassembled = 65535 // bytes of a packet
	maxPieces      = 8192  // of one packet: more fit only into a packet that is too large
	maxFragHead    = 1024  // bytes of header before the fragment header; what hosts send has 40 to 60

	defaultFragTimeout = int64(60 * time.Second)
	defaultFragPackets = 65536
	defaultFragMemory  = 32 << 20
	trackerMemory      = 512 // what a tracker costs beside its buffers, roughly
)

// fragKey says which fragments belong to one packet (RFC 791, 3.2; RFC 8200, 4.5).
type fragKey struct {
	src, dst netip.Addr
	id       uint32
	vlan     [3]uint16
	proto    uint8 // IPv4 only
	version  uint8
}

// tracker collects the fragments of one packet.
type tracker struct {
	key        fragKey
	prev, next *tracker // in order of last
	last       int64    // packet time of the newest fragment

	buf    []byte  // fragmentable part
	pieces []piece // what of buf is filled: sorted, disjoint
	head   []byte  // headers before it, from the fragment at offset 0; empty before that came
	field  int     // IPv6: offset in head of the byte that announces the fragmentable part
	proto  uint8   // IPv6: what that byte is to say
	end    int     // where the fragment without "more fragments" ended, -1 before it came
	memory int     // what it counts against the limit
}

// piece is a run of bytes of one fragment; from and to are where that fragment began and ended.
type piece struct{ off, end, from, to int }

// defrag holds the incomplete packets.
type defrag struct {
	policy   Policy
	timeout  int64
	packets  int
	limit    int
	memory   int
	trackers map[fragKey]*tracker
	oldest   *tracker
	newest   *tracker
	free     *tracker
	buffers  [17][][]byte // free buffers by log2 of their size
	scratch  []piece
	built    [maxSegments][]byte // reassembled packets of this Decode
	used     int
	now      int64
	lost     uint64 // packets given up before they were complete
}

func (f *defrag) init(c Config) {
	f.policy, f.timeout, f.packets, f.limit = c.Policy, c.FragTimeout, c.MaxFragPackets, c.MaxFragMemory
	if f.timeout <= 0 {
		f.timeout = defaultFragTimeout
	}
	if f.packets <= 0 {
		f.packets = defaultFragPackets
	}
	if f.limit <= 0 {
		f.limit = defaultFragMemory
	}
	f.trackers = make(map[fragKey]*tracker)
}

// begin starts a packet: reassembled packets of the one before are given up.
func (f *defrag) begin(now int64) {
	f.used = 0
	f.now = now
	if f.oldest != nil {
		f.expire(now)
	}
}

func (f *defrag) expire(now int64) {
	for f.oldest != nil && now-f.oldest.last > f.timeout {
		f.giveUp()
	}
}

// giveUp drops the packet that has waited longest.
func (f *defrag) giveUp() {
	f.lost++
	f.drop(f.oldest)
}

// fragment4 takes an IPv4 fragment and decodes the packet if it is complete.
func (d *Decoder) fragment4(s *sensor.Segment) {
	off, end := int(s.FragOff), int(s.FragOff)+len(s.IPPayload)
	if end+len(s.IP) > maxReassembled {
		anomaly(s, "ipv4.frag_pkt_too_large")
		return
	}
	key := fragKey{src: s.Src, dst: s.Dst, id: s.IPID, vlan: s.VLAN, proto: s.IPProto, version: 4}
	t, overlap, ok := d.defrag.insert(key, off, s.IPPayload, s.MoreFrags)
	if overlap {
		anomaly(s, "ipv4.frag_overlap")
	}
	if !ok {
		anomaly(s, "ipv4.frag_ignored")
		return
	}
	if off == 0 && len(t.head) == 0 {
		t.head = append(t.head, s.IP...)
	}
	if !t.complete() {
		return
	}
	r := d.reassembled(s)
	if r == nil || len(t.head)+t.end > maxReassembled {
		if r != nil {
			d.n--
			anomaly(s, "ipv4.frag_pkt_too_large")
		}
		d.defrag.drop(t)
		return
	}
	b := d.defrag.build(t)
	b[2], b[3] = byte(len(b)>>8), byte(len(b))
	b[6], b[7] = b[6]&0x40, 0
	r.Length = len(b)
	d.ipv4(r, b)
}

// fragment6 is fragment4 for IPv6: head are the headers before the fragment header, field is where they announce it,
// proto is what the fragment header announces.
func (d *Decoder) fragment6(s *sensor.Segment, head []byte, field int, payload []byte, proto uint8) {
	off, end := int(s.FragOff), int(s.FragOff)+len(payload)
	if end > maxReassembled {
		anomaly(s, "ipv6.frag_pkt_too_large")
		return
	}
	if len(head) > maxFragHead || field >= len(head) {
		anomaly(s, "ipv6.frag_ignored")
		return
	}
	key := fragKey{src: s.Src, dst: s.Dst, id: s.IPID, vlan: s.VLAN, version: 6}
	t, overlap, ok := d.defrag.insert(key, off, payload, s.MoreFrags)
	if overlap {
		anomaly(s, "ipv6.frag_overlap")
	}
	if !ok {
		anomaly(s, "ipv6.frag_ignored")
		return
	}
	if off == 0 && len(t.head) == 0 {
		t.head = append(t.head, head...)
		t.field, t.proto = field, proto
	}
	if !t.complete() {
		return
	}
	r := d.reassembled(s)
	if r == nil || len(t.head)-40+t.end > maxReassembled {
		if r != nil {
			d.n--
			anomaly(s, "ipv6.frag_pkt_too_large")
		}
		d.defrag.drop(t)
		return
	}
	field, proto = t.field, t.proto
	b := d.defrag.build(t)
	b[4], b[5] = byte((len(b)-40)>>8), byte(len(b)-40)
	b[field] = proto
	r.Length = len(b)
	d.ipv6(r, b)
}

// reassembled returns the segment of the packet that the fragment s has completed.
func (d *Decoder) reassembled(s *sensor.Segment) *sensor.Segment {
	r := d.segment()
	if r == nil {
		anomaly(s, "decoder.too_many_layers")
		return nil
	}
	r.Source, r.Depth = sensor.SourceDefrag, s.Depth
	r.EtherType, r.Ether, r.VLAN, r.VLANs = s.EtherType, s.Ether, s.VLAN, s.VLANs
	return r
}

// insert puts a fragment to the others of its packet. overlap tells that it met bytes that were there; ok is false when
// there is no room for it.
func (f *defrag) insert(key fragKey, off int, data []byte, more bool) (t *tracker, overlap, ok bool) {
	t = f.trackers[key]
	if t == nil {
		t = f.track(key)
	} else {
		f.unlink(t)
	}
	f.link(t)
	t.last = f.now
	end := off + len(data)
	if !f.room(t, end) || len(t.pieces) >= maxPieces {
		f.lost++
		return t, false, false
	}
	if !more {
		t.end = max(t.end, end)
	}
	if len(data) == 0 {
		return t, false, true
	}
	overlap = f.place(t, off, data)
	return t, overlap, true
}

// place copies into t.buf what of a fragment the policy keeps.
func (f *defrag) place(t *tracker, off int, data []byte) (overlap bool) {
	if n := len(t.pieces); n == 0 || t.pieces[n-1].end <= off { // in order
		copy(t.buf[off:], data)
		t.pieces = append(t.pieces, piece{off, off + len(data), off, off + len(data)})
		return false
	}
	end, cur := off+len(data), off
	out := f.scratch[:0]
	write := func(to int) {
		if cur < to {
			copy(t.buf[cur:to], data[cur-off:])
			out = append(out, piece{cur, to, off, end})
			cur = to
		}
	}
	for _, p := range t.pieces {
		switch {
		case p.end <= off:
			out = append(out, p)
		case p.off >= end:
			write(end)
			out = append(out, p)
		case f.policy.keepsOld(p.from, p.to, off, end):
			overlap = true
			write(min(max(p.off, off), end))
			out = append(out, p)
			cur = max(cur, p.end)
		default:
			overlap = true
			if p.off < off {
				out = append(out, piece{p.off, off, p.from, p.to})
			}
			if p.end > end {
				write(end)
				out = append(out, piece{end, p.end, p.from, p.to})
			}
		}
	}
	write(end)
	f.scratch, t.pieces = t.pieces, out
	return overlap
}

// complete reports whether nothing is missing, and sets end to where the packet's data end.
func (t *tracker) complete() bool {
	if t.end < 0 || len(t.head) == 0 || len(t.pieces) == 0 {
		return false
	}
	at := 0
	for _, p := range t.pieces {
		if p.off != at {
			return false
		}
		at = p.end
	}
	if at < t.end {
		return false
	}
	t.end = at
	return true
}

// build puts the packet together in memory that is valid until the next Decode, and gives up the tracker.
func (f *defrag) build(t *tracker) []byte {
	b := append(f.built[f.used][:0], t.head...)
	b = append(b, t.buf[:t.end]...)
	f.built[f.used] = b
	f.used++
	f.drop(t)
	return b
}

// room makes t.buf hold n bytes, giving up the oldest packets where memory is short.
func (f *defrag) room(t *tracker, n int) bool {
	if n <= len(t.buf) {
		return true
	}
	class := max(bits.Len(uint(n-1)), 11)
	size := 1 << class
	for f.memory+size > f.limit && f.oldest != t {
		f.giveUp()
	}
	if f.memory+size > f.limit {
		return false
	}
	var b []byte
	if k := len(f.buffers[class]); k > 0 {
		b = f.buffers[class][k-1]
		f.buffers[class] = f.buffers[class][:k-1]
	} else {
		b = make([]byte, size)
	}
	copy(b, t.buf)
	f.recycle(t.buf)
	f.memory += size - len(t.buf)
	t.memory += size - len(t.buf)
	t.buf = b
	return true
}

func (f *defrag) recycle(b []byte) {
	if len(b) > 0 {
		class := bits.Len(uint(len(b) - 1))
		if len(f.buffers[class]) < 256 {
			f.buffers[class] = append(f.buffers[class], b)
		}
	}
}

// track returns a tracker for a new packet, not yet in the list.
func (f *defrag) track(key fragKey) *tracker {
	if len(f.trackers) >= f.packets {
		f.giveUp()
	}
	t := f.free
	if t == nil {
		t = &tracker{}
	} else {
		f.free = t.next
	}
	*t = tracker{key: key, end: -1, memory: trackerMemory, pieces: t.pieces[:0], head: t.head[:0]}
	f.memory += t.memory
	f.trackers[key] = t
	return t
}

// drop gives up a tracker.
func (f *defrag) drop(t *tracker) {
	f.unlink(t)
	delete(f.trackers, t.key)
	f.memory -= t.memory
	f.recycle(t.buf)
	t.buf = nil
	if cap(t.pieces) > 256 {
		t.pieces = nil
	}
	t.next, f.free = f.free, t
}

func (f *defrag) link(t *tracker) {
	t.prev, t.next = f.newest, nil
	if f.newest != nil {
		f.newest.next = t
	} else {
		f.oldest = t
	}
	f.newest = t
}

func (f *defrag) unlink(t *tracker) {
	if t.prev != nil {
		t.prev.next = t.next
	} else if f.oldest == t {
		f.oldest = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	} else if f.newest == t {
		f.newest = t.prev
	}
	t.prev, t.next = nil, nil
}
