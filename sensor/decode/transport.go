package decode

import "khien/sensor"

// transport decodes what an IP header carries. cut says that bytes at the end were not captured, or
// that checksums were not set yet.
func (d *Decoder) transport(s *sensor.Segment, cut bool) {
	b := s.IPPayload
	switch s.IPProto {
	case sensor.IPProtoTCP:
		d.tcp(s, b, cut)
	case sensor.IPProtoUDP:
		d.udp(s, b, cut)
	case sensor.IPProtoICMP:
		d.icmp4(s, b, cut)
	case sensor.IPProtoICMPv6:
		d.icmp6(s, b, cut)
	case sensor.IPProtoSCTP:
		sctp(s, b, cut)
	case sensor.IPProtoIGMP:
		if len(b) < 8 { // RFC 2236, 2
			invalid(s, "igmp.pkt_too_small")
		}
	case sensor.IPProtoGRE:
		d.gre(s, b)
	case nextIPv4:
		if t := d.routed(s, typeIPv4, len(b)); t != nil {
			d.ipv4(t, b)
		}
	case nextIPv6:
		if t := d.routed(s, typeIPv6, len(b)); t != nil {
			d.ipv6(t, b)
		}
	case sensor.IPProtoESP:
		if len(b) < 8 {
			invalid(s, "esp.pkt_too_small")
		}
	case sensor.IPProtoAH: // IPv4 only; for IPv6 it is an extension header
		d.auth4(s, b, cut)
	default:
		if s.IPVersion == 6 {
			anomaly(s, "ipv6.unknown_next_header")
		}
	}
}

// auth4 steps over an authentication header (RFC 4302), which hides nothing.
func (d *Decoder) auth4(s *sensor.Segment, b []byte, cut bool) {
	if len(b) < 12 {
		return
	}
	n := (int(b[1]) + 2) * 4
	if n < 12 || n > len(b) || b[0] == sensor.IPProtoAH {
		return
	}
	s.IPProto = b[0]
	s.IPPayload = b[n:]
	s.Payload = s.IPPayload
	d.transport(s, cut)
}

// udp decodes a datagram (RFC 768) and the tunnels over UDP.
func (d *Decoder) udp(s *sensor.Segment, b []byte, cut bool) {
	if len(b) < 8 {
		invalid(s, "udp.hlen_too_small")
		return
	}
	n := int(be16(b[4:]))
	if n > len(b) && !cut {
		invalid(s, "udp.pkt_too_small")
		return
	}
	if n < 8 {
		invalid(s, "udp.len_invalid")
		return
	}
	n = min(n, len(b))
	s.SrcPort, s.DstPort = be16(b), be16(b[2:])
	s.L4, s.Payload = b[:8:8], b[8:n:n]
	if d.sums() && !cut && be16(b[6:]) != 0 {
		s.BadL4Sum = sum(b[:n], pseudo(s, n)) != 0xffff
	}
	if s.BadL4Sum {
		return
	}
	switch {
	case s.DstPort == portVXLAN:
		d.vxlan(s, s.Payload)
	case s.DstPort == portGeneve:
		d.geneve(s, s.Payload)
	case s.DstPort == portTeredo || s.SrcPort == portTeredo:
		d.teredo(s, s.Payload)
	}
}
