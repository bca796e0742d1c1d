package decode

import (
	"encoding/binary"

	"khien/sensor"
)

// link decodes the outermost layer.
func (d *Decoder) link(s *sensor.Segment, l sensor.LinkType, b []byte) {
	switch l {
	case sensor.LinkEthernet:
		d.ethernet(s, b)
	case sensor.LinkLinuxSLL:
		if len(b) < 16 {
			invalid(s, "sll.pkt_too_small")
			return
		}
		s.Ether = b[:16:16]
		d.cooked(s, be16(b[2:]), be16(b[14:]), b[16:])
	case sensor.LinkLinuxSLL2:
		if len(b) < 20 {
			invalid(s, "sll2.pkt_too_small")
			return
		}
		s.Ether = b[:20:20]
		d.cooked(s, be16(b[8:]), be16(b), b[20:])
	case sensor.LinkNull, sensor.LinkLoop:
		d.null(s, b)
	case sensor.LinkPPP:
		d.ppp(s, b)
	case sensor.LinkRaw:
		d.raw(s, b)
	case sensor.LinkIPv4:
		s.EtherType = typeIPv4
		d.ipv4(s, b)
	case sensor.LinkIPv6:
		s.EtherType = typeIPv6
		d.ipv6(s, b)
	default:
		s.Invalid = true
	}
}

// cooked decodes what follows a Linux cooked header, whose protocol is an EtherType on most devices.
func (d *Decoder) cooked(s *sensor.Segment, hardware, proto uint16, b []byte) {
	const netlink, greDevice = 824, 778
	if hardware == netlink {
		return
	}
	if hardware == greDevice && proto < 0x600 {
		return
	}
	d.network(s, proto, b, "")
}

// null decodes BSD loopback: an address family in the byte order of the capturing host, or big endian (LOOP).
func (d *Decoder) null(s *sensor.Segment, b []byte) {
	if len(b) < 4 {
		invalid(s, "ltnull.pkt_too_small")
		return
	}
	family := binary.LittleEndian.Uint32(b)
	if family > 0xffff {
		family = be32(b)
	}
	s.Ether = b[:4:4]
	switch family {
	case 2: // AF_INET
		s.EtherType = typeIPv4
		d.ipv4(s, b[4:])
	case 10, 24, 28, 30: // AF_INET6 of Linux, the BSDs and Darwin
		s.EtherType = typeIPv6
		d.ipv6(s, b[4:])
	default:
		invalid(s, "ltnull.unsupported_type")
	}
}

// raw decodes a packet whose version is in its first half byte.
func (d *Decoder) raw(s *sensor.Segment, b []byte) {
	if len(b) == 0 {
		invalid(s, "ipv4.pkt_too_small")
		return
	}
	switch b[0] >> 4 {
	case 4:
		s.EtherType = typeIPv4
		d.ipv4(s, b)
	case 6:
		s.EtherType = typeIPv6
		d.ipv6(s, b)
	default:
		anomaly(s, "ipraw.invalid_ip_version")
	}
}
