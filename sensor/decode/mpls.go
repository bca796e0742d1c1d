package decode

import "khien/sensor"

// mpls decodes a stack of labels (RFC 3032) and what is under it. The payload has no type: the bottom label or the
// first half byte of the payload tells.
func (d *Decoder) mpls(s *sensor.Segment, b []byte) {
	var label uint32
	for depth := 0; ; depth++ {
		if len(b) < 4 {
			invalid(s, "mpls.header_too_small")
			return
		}
		if depth == maxSegments {
			anomaly(s, "decoder.too_many_layers")
			return
		}
		entry := be32(b)
		label = entry >> 12
		b = b[4:]
		if entry&0x100 != 0 {
			break
		}
	}
	switch {
	case label == 0:
		s.EtherType = typeIPv4
		d.ipv4(s, b)
		return
	case label == 1:
		invalid(s, "mpls.bad_label_router_alert")
		return
	case label == 2:
		s.EtherType = typeIPv6
		d.ipv6(s, b)
		return
	case label == 3:
		invalid(s, "mpls.bad_label_implicit_null")
		return
	case label < 16:
		invalid(s, "mpls.bad_label_reserved")
		return
	}
	if len(b) < 4 {
		invalid(s, "mpls.pkt_too_small")
		return
	}
	switch b[0] >> 4 {
	case 4:
		s.EtherType = typeIPv4
		d.ipv4(s, b)
	case 6:
		s.EtherType = typeIPv6
		d.ipv6(s, b)
	case 0: // pseudowire control word (RFC 4385), then Ethernet
		d.ethernet(s, b[4:])
	default:
		invalid(s, "mpls.unknown_payload_type")
	}
}
