package decode

import "khien/sensor"

// icmp4 decodes an ICMP message (RFC 792). Payload is what follows the 8 bytes of header.
func (d *Decoder) icmp4(s *sensor.Segment, b []byte, cut bool) {
	if len(b) < 8 {
		invalid(s, "icmpv4.pkt_too_small")
		return
	}
	s.ICMPType, s.ICMPCode = b[0], b[1]
	s.L4, s.Payload = b[:8:8], b[8:]
	if d.sums() && !cut {
		s.BadL4Sum = sum(b, 0) != 0xffff
	}
	codes := uint8(0) // highest code of the type
	quotes := false
	switch s.ICMPType {
	case 0, 8, 10, 13, 14, 15, 16, 17, 18:
		if s.ICMPType == 10 {
			codes = s.ICMPCode
		}
	case 3:
		codes, quotes = 15, true
	case 4:
		quotes = true
	case 5:
		codes, quotes = 3, true
	case 9: // router advertisement: 16 for mobile IP
		codes = 16
	case 11:
		codes, quotes = 1, true
	case 12:
		codes, quotes = 2, true
	default:
		anomaly(s, "icmpv4.unknown_type")
		return
	}
	if s.ICMPCode > codes {
		anomaly(s, "icmpv4.unknown_code")
		return
	}
	if !quotes || len(s.Payload) == 0 {
		return
	}
	if q := s.Payload; len(q) < 20 {
		anomaly(s, "icmpv4.ipv4_trunc_pkt")
	} else if q[0]>>4 != 4 {
		anomaly(s, "icmpv4.ipv4_unknown_ver")
	}
}

// icmp6 decodes an ICMPv6 message (RFC 4443).
func (d *Decoder) icmp6(s *sensor.Segment, b []byte, cut bool) {
	if len(b) < 8 {
		invalid(s, "icmpv6.pkt_too_small")
		return
	}
	s.ICMPType, s.ICMPCode = b[0], b[1]
	s.L4, s.Payload = b[:8:8], b[8:]
	if d.sums() && !cut {
		s.BadL4Sum = sum(b, pseudo(s, len(b))) != 0xffff
	}
	codes := uint8(0)
	quotes := false
	switch t := s.ICMPType; {
	case t == 1:
		codes, quotes = 7, true
	case t == 2:
		quotes = true
	case t == 3:
		codes, quotes = 1, true
	case t == 4:
		codes, quotes = 3, true
	case t == 128 || t == 129:
	case t >= 130 && t <= 132: // multicast listener discovery is for the link only (RFC 2710, 3)
		if s.TTL != 1 {
			anomaly(s, "icmpv6.mld_message_with_invalid_hl")
		}
	case t >= 133 && t <= 137, t >= 144 && t <= 147, t >= 151 && t <= 153:
	case t >= 138 && t <= 143, t >= 148 && t <= 150, t >= 154 && t <= 160:
		codes = 255
	case t == 100, t == 101, t == 200, t == 201:
		anomaly(s, "icmpv6.experimentation_type")
		return
	case t >= 5 && t < 100, t > 101 && t < 127, t > 160 && t < 200, t > 201 && t < 255:
		anomaly(s, "icmpv6.unassigned_type")
		return
	default:
		anomaly(s, "icmpv6.unknown_type")
		return
	}
	if s.ICMPCode > codes {
		anomaly(s, "icmpv6.unknown_code")
		return
	}
	if !quotes {
		return
	}
	if q := s.Payload; len(q) < 40 {
		anomaly(s, "icmpv6.ipv6_trunc_pkt")
	} else if q[0]>>4 != 6 {
		anomaly(s, "icmpv6.ipv6_unknown_version")
	}
}
