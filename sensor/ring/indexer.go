package ring

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"

	"khien/sensor"
	"khien/sensor/decode"
	"khien/sensor/flow"
)

// digest is what a community ID says: a SHA-1 of addresses, protocol and ports.
type digest [20]byte

// digestOf reads a community ID.
func digestOf(id string) (d digest, err error) {
	if len(id) != len("1:")+28 || id[:2] != "1:" {
		return d, fmt.Errorf("ring: community ID %q: want 1: and 28 characters of base64", id)
	}
	b, err := base64.StdEncoding.Strict().DecodeString(id[2:])
	if err != nil || len(b) != len(d) {
		return d, fmt.Errorf("ring: community ID %q: want 1: and 28 characters of base64", id)
	}
	return digest(b), nil
}

// FlowID returns the community ID of the packets between two addresses and ports, in either direction. For ICMP the ports
// are type and code; other protocols have none.
func FlowID(proto uint8, a, b netip.AddrPort) string {
	return flow.CommunityID(&sensor.Flow{Proto: proto, Src: a.Addr().Unmap(), SrcPort: a.Port(), Dst: b.Addr().Unmap(), DstPort: b.Port(),
		ICMPType: uint8(a.Port()), ICMPCode: uint8(b.Port())})
}

// tuple is what a packet says about its flow. Loose ones say no more than addresses and protocol, as fragments do.
type tuple struct {
	src, dst         netip.Addr
	srcPort, dstPort uint16
	proto            uint8
	loose            bool
}

// tupleOf returns the tuple of a segment; false when it has no addresses.
func tupleOf(s *sensor.Segment) (t tuple, ok bool) {
	if s.IPVersion == 0 || !s.Src.IsValid() || !s.Dst.IsValid() {
		return t, false
	}
	t = tuple{src: s.Src, dst: s.Dst, proto: s.IPProto}
	switch s.IPProto {
	case sensor.IPProtoTCP, sensor.IPProtoUDP, sensor.IPProtoSCTP:
		t.srcPort, t.dstPort = s.SrcPort, s.DstPort
		t.loose = s.L4 == nil
	case sensor.IPProtoICMP, sensor.IPProtoICMPv6:
		t.srcPort, t.dstPort = uint16(s.ICMPType), uint16(s.ICMPCode)
		t.loose = s.L4 == nil
	}
	if t.loose = t.loose || s.Fragment || s.Invalid; t.loose {
		t.srcPort, t.dstPort = 0, 0
	}
	return t, true
}

// digest returns the tuple's key. That of loose packets is made as for a protocol without ports.
func (t tuple) digest() digest {
	f := sensor.Flow{Proto: t.proto, Src: t.src, Dst: t.dst, SrcPort: t.srcPort, DstPort: t.dstPort,
		ICMPType: uint8(t.srcPort), ICMPCode: uint8(t.dstPort)}
	if t.loose {
		f.Proto, f.SrcPort, f.DstPort, f.ICMPType, f.ICMPCode = sensor.IPProtoESP, uint16(t.proto), 0, 0, 0
	}
	d, err := digestOf(flow.CommunityID(&f))
	if err != nil {
		panic("BUG: " + err.Error())
	}
	if t.loose {
		d[0] ^= t.proto // fragments of different protocols lie apart, and apart from flows of ESP
		d[1] ^= 0xff
	}
	return d
}

// entry is one flow of a part, or the loose packets of two addresses.
type entry struct {
	key    digest
	a, b   netip.Addr
	proto  uint8
	loose  bool
	first  uint32 // of its postings
	count  uint32
	sum    uint32   // of an index file: checksum of its postings
	places []uint32 // while the index is built: offsets of its packets in units of four bytes
}

// indexer builds the index of a part from its blocks, in their order.
type indexer struct {
	dec     *decode.Decoder
	tuples  map[tuple]int
	keys    map[digest]int
	entries []entry
	ifaces  []uint32 // offsets of their descriptions in units of four bytes
	links   []ifaceKey
	packets uint64
	min     int64
	max     int64
	pkt     sensor.Packet
}

func newIndexer() *indexer {
	return &indexer{dec: decode.New(decode.Config{}), tuples: map[tuple]int{}, keys: map[digest]int{}}
}

// iface notes an interface description.
func (x *indexer) iface(off int64, k ifaceKey) error {
	if len(x.ifaces) == maxIfaces {
		return fmt.Errorf("more than %d interfaces", maxIfaces)
	}
	x.ifaces = append(x.ifaces, uint32(off/4))
	x.links = append(x.links, k)
	return nil
}

// packet notes a packet block.
func (x *indexer) packet(off int64, raw []byte) error {
	iface, err := packetOf(raw, &x.pkt)
	if err != nil {
		return err
	}
	if int(iface) >= len(x.links) {
		return fmt.Errorf("packet of interface %d of %d", iface, len(x.links))
	}
	x.pkt.Link = x.links[iface].link
	x.packets++
	x.pkt.Number = x.packets
	if x.packets == 1 {
		x.min, x.max = x.pkt.Time, x.pkt.Time
	}
	x.min, x.max = min(x.min, x.pkt.Time), max(x.max, x.pkt.Time)
	for _, s := range x.dec.Decode(&x.pkt) {
		t, ok := tupleOf(s)
		if !ok {
			continue
		}
		e := &x.entries[x.entry(t)]
		if n := len(e.places); n == 0 || e.places[n-1] != uint32(off/4) {
			e.places = append(e.places, uint32(off/4))
		}
	}
	return nil
}

// entry finds or makes the entry of a tuple.
func (x *indexer) entry(t tuple) int {
	if i, ok := x.tuples[t]; ok {
		return i
	}
	key := t.digest()
	i, ok := x.keys[key]
	if !ok {
		i = len(x.entries)
		x.entries = append(x.entries, entry{key: key, a: t.src, b: t.dst, proto: t.proto, loose: t.loose})
		x.keys[key] = i
	}
	x.tuples[t] = i
	return i
}

// index returns what was built.
func (x *indexer) index(size int64) *index {
	ix := &index{size: size, packets: x.packets, min: x.min, max: x.max, ifaces: x.ifaces, entries: x.entries}
	slices.SortFunc(ix.entries, func(a, b entry) int { return slices.Compare(a.key[:], b.key[:]) })
	for i := range ix.entries {
		e := &ix.entries[i]
		e.first, e.count = ix.postings, uint32(len(e.places))
		ix.postings += e.count
	}
	return ix
}

// scan reads a part up to its last whole block. each, where given, is called for every packet block; what it gets is
// valid until it returns. whole is how many bytes were read; the error says why that is not all, and is errCut where the
// part is only shorter than it was to be.
func scan(f *file, x *indexer, each func(off int64, raw []byte) error) (whole int64, err error) {
	for off := int64(0); off < f.size; {
		kind, raw, err := f.block(off)
		if err != nil {
			return off, err
		}
		n := int64(len(raw))
		switch {
		case off == 0:
			err = isSection(kind, raw)
		case kind == kindInterface:
			var k ifaceKey
			if k, err = ifaceOf(raw); err == nil {
				err = x.iface(off, k)
			}
		case kind == kindPacket && each != nil:
			err = each(off, raw)
		case kind == kindPacket:
			err = x.packet(off, raw)
		default:
			err = fmt.Errorf("block of type %d", kind)
		}
		if err != nil {
			return off, fmt.Errorf("byte %d: %w", off, err)
		}
		off += n
	}
	return f.size, nil
}
