package signature

import (
	"encoding/binary"
	"fmt"
	"strings"

	"khien/sensor"
)

// numberOf compares a number of the packet; get says whether the packet has it.
type numberOf struct {
	n   number
	get func(p *sensor.Segment) (uint64, bool)
}

func (c *numberOf) match(m *Matcher) bool {
	if m.seg == nil {
		return false
	}
	v, ok := c.get(m.seg)
	return ok && c.n.match(v)
}

// packetFunc is a condition that needs no data of its own.
type packetFunc func(p *sensor.Segment) bool

func (f packetFunc) match(m *Matcher) bool { return m.seg != nil && f(m.seg) }

func (b *builder) onPacket(c packetCheck) {
	b.packetOnly = true
	b.s.packet = append(b.s.packet, c)
}

// numberKeyword makes a keyword that compares a number of the packet.
func numberKeyword(name string, bits int, get func(*sensor.Segment) (uint64, bool)) keyword {
	return keyword{name, argNeed, func(b *builder, arg string) error {
		n, err := parseNumber(arg, bits, nil)
		if err != nil {
			return err
		}
		b.onPacket(&numberOf{*n, get})
		return nil
	}}
}

func isTCP(p *sensor.Segment) bool { return p.IPProto == sensor.IPProtoTCP && p.L4 != nil }

func isICMP(p *sensor.Segment) bool {
	return (p.IPProto == sensor.IPProtoICMP || p.IPProto == sensor.IPProtoICMPv6) && p.L4 != nil
}

// packetKeywords look at the headers of a packet.
func packetKeywords() []keyword {
	return []keyword{
		numberKeyword("ttl", 8, func(p *sensor.Segment) (uint64, bool) { return uint64(p.TTL), p.IPVersion != 0 }),
		numberKeyword("id", 16, func(p *sensor.Segment) (uint64, bool) { return uint64(p.IPID), p.IPVersion == 4 }),
		{"rpc", argNeed, (*builder).rpc},
		{"dsize", argNeed, (*builder).payloadSize},
		numberKeyword("seq", 32, func(p *sensor.Segment) (uint64, bool) { return uint64(p.Seq), isTCP(p) }),
		numberKeyword("tcp.seq", 32, func(p *sensor.Segment) (uint64, bool) { return uint64(p.Seq), isTCP(p) }),
		numberKeyword("ack", 32, func(p *sensor.Segment) (uint64, bool) { return uint64(p.Ack), isTCP(p) }),
		numberKeyword("tcp.ack", 32, func(p *sensor.Segment) (uint64, bool) { return uint64(p.Ack), isTCP(p) }),
		numberKeyword("window", 16, func(p *sensor.Segment) (uint64, bool) { return uint64(p.Window), isTCP(p) }),
		numberKeyword("tcp.window", 16, func(p *sensor.Segment) (uint64, bool) { return uint64(p.Window), isTCP(p) }),
		numberKeyword("tcp.mss", 16, func(p *sensor.Segment) (uint64, bool) { return uint64(p.MSS), isTCP(p) && p.MSS != 0 }),
		numberKeyword("tcp.wscale", 8, func(p *sensor.Segment) (uint64, bool) {
			return uint64(uint8(p.WindowScale)), isTCP(p) && p.WindowScale >= 0
		}),
		numberKeyword("tos", 8, func(p *sensor.Segment) (uint64, bool) { return uint64(p.TOS), p.IPVersion == 4 }),
		numberKeyword("fragoffset", 16, func(p *sensor.Segment) (uint64, bool) { return uint64(p.FragOff), p.IPVersion != 0 }),
		numberKeyword("itype", 8, func(p *sensor.Segment) (uint64, bool) { return uint64(p.ICMPType), isICMP(p) }),
		numberKeyword("icode", 8, func(p *sensor.Segment) (uint64, bool) { return uint64(p.ICMPCode), isICMP(p) }),
		numberKeyword("icmp_id", 16, func(p *sensor.Segment) (uint64, bool) { return icmpEcho(p, 4) }),
		numberKeyword("icmp_seq", 16, func(p *sensor.Segment) (uint64, bool) { return icmpEcho(p, 6) }),
		numberKeyword("icmpv6.mtu", 32, func(p *sensor.Segment) (uint64, bool) {
			if p.IPProto != sensor.IPProtoICMPv6 || p.ICMPType != 2 || len(p.L4) < 8 {
				return 0, false
			}
			return uint64(binary.BigEndian.Uint32(p.L4[4:])), true
		}),
		numberKeyword("igmp.type", 8, func(p *sensor.Segment) (uint64, bool) {
			b := igmpMessage(p)
			if b == nil {
				return 0, false
			}
			return uint64(b[0]), true
		}),
		{"vlan.layers", argNeed, func(b *builder, arg string) error {
			n, err := parseNumber(arg, 8, nil)
			if err != nil {
				return err
			}
			b.onPacket(&numberOf{*n, func(p *sensor.Segment) (uint64, bool) { return uint64(p.VLANs), true }})
			return nil
		}},
		{"vlan.id", argNeed, (*builder).vlanID},
		{"l3_proto", argNeed, func(b *builder, arg string) error {
			version := uint8(4)
			switch strings.ToLower(unquote(arg)) {
			case "ipv4", "ip4":
			case "ipv6", "ip6":
				version = 6
			default:
				return fmt.Errorf("is ipv4 or ipv6")
			}
			b.onPacket(packetFunc(func(p *sensor.Segment) bool { return p.IPVersion == version }))
			return nil
		}},
		{"sameip", argNone, func(b *builder, _ string) error {
			b.onPacket(packetFunc(func(p *sensor.Segment) bool { return p.IPVersion != 0 && p.Src == p.Dst }))
			return nil
		}},
		{"ip_proto", argNeed, (*builder).ipProto},
		{"fragbits", argNeed, (*builder).fragBits},
		{"flags", argNeed, (*builder).tcpFlags},
		{"tcp.flags", argNeed, (*builder).tcpFlags},
		{"ipopts", argNeed, (*builder).ipOption},
		checksum("ipv4-csum", func(p *sensor.Segment) (bool, bool) { return p.BadIPSum, p.IPVersion == 4 }),
		checksum("tcpv4-csum", l4sum(4, sensor.IPProtoTCP)), checksum("tcpv6-csum", l4sum(6, sensor.IPProtoTCP)),
		checksum("udpv4-csum", l4sum(4, sensor.IPProtoUDP)), checksum("udpv6-csum", l4sum(6, sensor.IPProtoUDP)),
		checksum("icmpv4-csum", l4sum(4, sensor.IPProtoICMP)), checksum("icmpv6-csum", l4sum(6, sensor.IPProtoICMPv6)),
		{"decode-event", argNeed, (*builder).decodeEvent},
		{"engine-event", argNeed, (*builder).engineEvent},
		{"stream-event", argNeed, (*builder).streamEvent},
	}
}

// payloadSize is dsize.
func (b *builder) payloadSize(arg string) error {
	n, err := parseNumber(arg, 16, nil)
	if err != nil {
		return err
	}
	switch n.op {
	case opEqual, opLessEqual:
		b.s.sizeMax = int(n.a)
	case opLess:
		b.s.sizeMax = int(n.a) - 1
	case opRange:
		b.s.sizeMax = int(n.b) - 1
	}
	b.onPacket(&numberOf{*n, func(p *sensor.Segment) (uint64, bool) { return uint64(len(p.Payload)), p.L4 != nil || p.IPVersion != 0 }})
	return nil
}

func icmpEcho(p *sensor.Segment, at int) (uint64, bool) {
	if !isICMP(p) || len(p.L4) < 8 {
		return 0, false
	}
	switch {
	case p.IPProto == sensor.IPProtoICMP && (p.ICMPType == 0 || p.ICMPType == 8 || p.ICMPType >= 13 && p.ICMPType <= 18):
	case p.IPProto == sensor.IPProtoICMPv6 && (p.ICMPType == 128 || p.ICMPType == 129):
	default:
		return 0, false
	}
	return uint64(binary.BigEndian.Uint16(p.L4[at:])), true
}

func checksum(name string, get func(*sensor.Segment) (bad, has bool)) keyword {
	return keyword{name, argNeed, func(b *builder, arg string) error {
		var want bool
		switch strings.ToLower(unquote(arg)) {
		case "valid":
		case "invalid":
			want = true
		default:
			return fmt.Errorf("is valid or invalid")
		}
		b.onPacket(packetFunc(func(p *sensor.Segment) bool {
			bad, has := get(p)
			return has && bad == want
		}))
		b.s.anyPacket = true
		return nil
	}}
}

func l4sum(version, proto uint8) func(*sensor.Segment) (bool, bool) {
	return func(p *sensor.Segment) (bool, bool) {
		return p.BadL4Sum, p.IPVersion == version && p.IPProto == proto && p.L4 != nil
	}
}

func (b *builder) vlanID(arg string) error {
	c, err := parseValues(arg, 16, nil)
	if err != nil {
		return err
	}
	if c.which == whichOne && (c.index < -3 || c.index > 2) {
		return fmt.Errorf("bad layer %d", c.index)
	}
	b.onPacket(packetFunc(func(p *sensor.Segment) bool {
		return c.match(int(p.VLANs), func(i int) uint64 { return uint64(p.VLAN[i]) })
	}))
	return nil
}

var ipProtoNames = map[string]uint64{"icmp": 1, "igmp": 2, "ipip": 4, "ip-in-ip": 4, "tcp": 6, "egp": 8, "igp": 9, "udp": 17, "ipv6": 41, "gre": 47,
	"esp": 50, "ah": 51, "icmpv6": 58, "ipv6-icmp": 58, "eigrp": 88, "ospf": 89, "pim": 103, "vrrp": 112, "l2tp": 115, "sctp": 132}

func (b *builder) ipProto(arg string) error {
	arg = unquote(arg)
	n, err := parseNumber(arg, 8, ipProtoNames)
	if err != nil {
		return err
	}
	b.onPacket(&numberOf{*n, func(p *sensor.Segment) (uint64, bool) { return uint64(p.IPProto), p.IPVersion != 0 }})
	if n.op == opEqual && b.s.l4 == 0 && len(b.s.apps) == 0 && !b.s.anyPacket {
		b.s.l4 = uint8(n.a) // packets of other protocols need not be compared
	}
	return nil
}

// bitSpec is a set of bits with how it is compared: + all of them, * any, ! none, else exactly.
type bitSpec struct {
	mode   byte
	bits   uint8
	ignore uint8
}

func (s bitSpec) match(v uint8) bool {
	v &^= s.ignore
	switch s.mode {
	case '+':
		return v&s.bits == s.bits
	case '*':
		return v&s.bits != 0
	case '!':
		return v&s.bits != s.bits
	}
	return v == s.bits
}

func parseBits(arg string, letters map[byte]uint8) (bitSpec, error) {
	var s bitSpec
	arg = strings.TrimSpace(arg)
	main, ignore, _ := strings.Cut(arg, ",")
	read := func(t string, mode *byte) (v uint8, err error) {
		t = strings.TrimSpace(t)
		for i := range len(t) {
			c := t[i]
			if mode != nil && (c == '+' || c == '*' || c == '!') {
				*mode = c
				continue
			}
			if c >= 'a' && c <= 'z' {
				c -= 'a' - 'A'
			}
			if c == ' ' {
				continue
			}
			bit, ok := letters[c]
			if !ok {
				return 0, fmt.Errorf("unknown flag %q", c)
			}
			v |= bit
		}
		return v, nil
	}
	var err error
	if s.bits, err = read(main, &s.mode); err != nil {
		return s, err
	}
	s.ignore, err = read(ignore, nil)
	return s, err
}

func (b *builder) tcpFlags(arg string) error {
	s, err := parseBits(arg, map[byte]uint8{'F': sensor.FIN, 'S': sensor.SYN, 'R': sensor.RST, 'P': sensor.PSH, 'A': sensor.ACK, 'U': sensor.URG,
		'E': sensor.ECE, 'C': sensor.CWR, '1': sensor.CWR, '2': sensor.ECE, '0': 0})
	if err != nil {
		return err
	}
	b.onPacket(packetFunc(func(p *sensor.Segment) bool { return isTCP(p) && s.match(p.Flags) }))
	return nil
}

func (b *builder) fragBits(arg string) error {
	s, err := parseBits(arg, map[byte]uint8{'M': 1, 'D': 2, 'R': 4})
	if err != nil {
		return err
	}
	b.onPacket(packetFunc(func(p *sensor.Segment) bool {
		if p.IPVersion != 4 {
			return false
		}
		var v uint8
		if p.MoreFrags {
			v |= 1
		}
		if p.DontFrag {
			v |= 2
		}
		if len(p.IP) > 6 && p.IP[6]&0x80 != 0 {
			v |= 4
		}
		return s.match(v)
	}))
	return nil
}

var ipOptions = map[string]int{"eol": 0, "nop": 1, "sec": 130, "lsrr": 131, "ts": 68, "esec": 133, "cipso": 134, "rr": 7, "satid": 136,
	"ssrr": 137, "rtralt": 148, "qs": 25, "any": -1}

func (b *builder) ipOption(arg string) error {
	want, ok := ipOptions[strings.ToLower(arg)]
	if !ok {
		return fmt.Errorf("unknown IP option %q", arg)
	}
	b.onPacket(packetFunc(func(p *sensor.Segment) bool {
		if p.IPVersion != 4 || len(p.IP) <= 20 {
			return false
		}
		if want < 0 {
			return true
		}
		for o := p.IP[20:]; len(o) > 0; {
			t := o[0]
			if int(t) == want {
				return true
			}
			if t == 0 {
				return false
			}
			n := 1
			if t != 1 {
				if len(o) < 2 || o[1] < 2 {
					return false
				}
				n = int(o[1])
			}
			if n > len(o) {
				return false
			}
			o = o[n:]
		}
		return false
	}))
	return nil
}
