package decode

import "khien/sensor"

// PPP protocol numbers (IANA).
const (
	pppIPv4   = 0x0021
	pppVJComp = 0x002d
	pppVJUn   = 0x002f
	pppIPv6   = 0x0057
	pppMPLS   = 0x0281
)

// ppp decodes PPP with or without the HDLC framing bytes (RFC 1662).
func (d *Decoder) ppp(s *sensor.Segment, b []byte) {
	if len(b) < 4 {
		invalid(s, "ppp.pkt_too_small")
		return
	}
	if b[0] == 0xff && b[1] == 3 {
		b = b[2:]
	}
	d.pppProtocol(s, b)
}

// pppProtocol decodes from the protocol number on, which may be compressed to one byte (RFC 1661, 6.5).
func (d *Decoder) pppProtocol(s *sensor.Segment, b []byte) {
	if len(b) < 1 {
		invalid(s, "ppp.pkt_too_small")
		return
	}
	proto, n := uint16(b[0]), 1
	if b[0]&1 == 0 {
		if len(b) < 2 {
			invalid(s, "ppp.pkt_too_small")
			return
		}
		proto, n = be16(b), 2
	}
	b = b[n:]
	switch proto {
	case pppVJUn:
		if len(b) < 20 {
			invalid(s, "ppp.vju_pkt_too_small")
		} else if b[0]>>4 == 4 {
			s.EtherType = typeIPv4
			d.ipv4(s, b)
		}
	case pppIPv4:
		if len(b) < 20 {
			invalid(s, "ppp.ip4_pkt_too_small")
			return
		}
		s.EtherType = typeIPv4
		d.ipv4(s, b)
	case pppIPv6:
		if len(b) < 40 {
			invalid(s, "ppp.ip6_pkt_too_small")
			return
		}
		s.EtherType = typeIPv6
		d.ipv6(s, b)
	case pppMPLS, pppMPLS + 2:
		d.mpls(s, b)
	default:
		if pppKnown(proto) {
			anomaly(s, "ppp.unsup_proto")
		} else {
			invalid(s, "ppp.wrong_type")
		}
	}
}

// pppKnown reports whether a protocol is one of the network and link protocols that PPP carries.
func pppKnown(proto uint16) bool {
	switch proto {
	case pppVJComp, 0x23, 0x25, 0x27, 0x29, 0x2b, 0x31, 0x33, 0x35, 0x39, 0x3b, 0x3d, 0x3f, 0x41, 0x4f, 0xfb, 0xfd, 0x201, 0x203,
		0x205, 0x231, 0x233:
		return true
	}
	return proto >= 0x8001 && proto < 0x8300 || proto >= 0xc021 && proto <= 0xc500
}

// pppoeSession decodes the session stage (RFC 2516, 4).
func (d *Decoder) pppoeSession(s *sensor.Segment, b []byte) {
	if len(b) < 7 {
		invalid(s, "pppoe.pkt_too_small")
		return
	}
	if b[1] != 0 {
		invalid(s, "pppoe.wrong_code")
		return
	}
	n := int(be16(b[4:]))
	b = b[6:]
	if n < len(b) {
		b = b[:n] // Ethernet padding follows
	}
	d.pppProtocol(s, b)
}

// pppoeDiscovery checks the discovery stage (RFC 2516, 5): a code and tags.
func pppoeDiscovery(s *sensor.Segment, b []byte) {
	if len(b) < 6 {
		invalid(s, "pppoe.pkt_too_small")
		return
	}
	switch b[1] {
	case 0x07, 0x09, 0x19, 0x65, 0xa7:
	default:
		anomaly(s, "pppoe.wrong_code")
	}
	n := int(be16(b[4:]))
	b = b[6:]
	if n > len(b) {
		invalid(s, "pppoe.malformed_tags")
		return
	}
	for b = b[:n]; len(b) >= 4; {
		m := int(be16(b[2:]))
		if be16(b) == 0 {
			return
		}
		if m > len(b)-4 {
			invalid(s, "pppoe.malformed_tags")
			return
		}
		b = b[4+m:]
	}
}
