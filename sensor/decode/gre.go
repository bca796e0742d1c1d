package decode

import "khien/sensor"

// Flags in the first bytes of a GRE header (RFC 1701, 2784, 2890, 2637).
const (
	greChecksum = 0x80 // first byte
	greRouting  = 0x40
	greKey      = 0x20
	greSequence = 0x10
	greStrict   = 0x08
	greRecur    = 0x07
	greAck      = 0x80 // second byte, version 1
)

// gre decodes generic routing encapsulation and what it carries.
func (d *Decoder) gre(s *sensor.Segment, b []byte) {
	if len(b) < 4 {
		invalid(s, "gre.pkt_too_small")
		return
	}
	proto := be16(b[2:])
	n := 4
	switch b[1] & 7 {
	case 0:
		if b[0]&greRecur != 0 {
			anomaly(s, "gre.version0_recur")
			return
		}
		if b[1]&0xf8 != 0 {
			anomaly(s, "gre.version0_flags")
			return
		}
		if b[0]&(greChecksum|greRouting) != 0 {
			n += 4
		}
		if b[0]&greKey != 0 {
			n += 4
		}
		if b[0]&greSequence != 0 {
			n += 4
		}
		if n > len(b) {
			invalid(s, "gre.version0_hdr_too_big")
			return
		}
		if b[0]&greRouting != 0 {
			if n = sourceRoute(s, b, n); n == 0 {
				return
			}
		}
	case 1:
		if n = gre1(s, b, proto); n == 0 {
			return
		}
	default:
		invalid(s, "gre.wrong_version")
		return
	}
	d.greCarried(s, proto, b[0]&greSequence != 0, b[n:])
}

// sourceRoute steps over the routing field of version 0: entries of family, offset, length, until one is empty.
func sourceRoute(s *sensor.Segment, b []byte, n int) int {
	for {
		if len(b)-n < 4 {
			invalid(s, "gre.version0_malformed_sre_hdr")
			return 0
		}
		family, size := be16(b[n:]), int(b[n+3])
		n += 4
		if family == 0 && size == 0 {
			return n
		}
		if size > len(b)-n {
			invalid(s, "gre.version0_malformed_sre_hdr")
			return 0
		}
		n += size
	}
}

// gre1 checks a version 1 header, which carries PPP only, and returns its length.
func gre1(s *sensor.Segment, b []byte, proto uint16) int {
	n := 8
	name := ""
	switch {
	case b[0]&greChecksum != 0:
		name = "gre.version1_chksum"
	case b[0]&greRouting != 0:
		name = "gre.version1_route"
	case b[0]&greStrict != 0:
		name = "gre.version1_ssr"
	case b[0]&greRecur != 0:
		name = "gre.version1_recur"
	case b[1]&0x78 != 0:
		name = "gre.version1_flags"
	case proto != typePPP:
		name = "gre.version1_wrong_protocol"
	case b[0]&greKey == 0:
		name = "gre.version1_no_key"
	}
	if name != "" {
		anomaly(s, name)
		return 0
	}
	if b[0]&greSequence != 0 {
		n += 4
	}
	if b[1]&greAck != 0 {
		n += 4
	}
	if n > len(b) {
		invalid(s, "gre.version1_hdr_too_big")
		return 0
	}
	return n
}

func (d *Decoder) greCarried(s *sensor.Segment, proto uint16, sequence bool, b []byte) {
	switch proto {
	case typeIPv4, typeIPv6:
		if t := d.routed(s, proto, len(b)); t != nil {
			d.network(t, proto, b, "")
		}
	case typeMPLS, typeMPLSMC:
		if t := d.routed(s, proto, len(b)); t != nil {
			d.mpls(t, b)
		}
	case typeVLAN:
		if t := d.tunnel(s, len(b)); t != nil {
			d.network(t, proto, b, "vlan.unknown_type")
		}
	case typePPP:
		if len(b) == 0 {
			return // PPTP sends bare acknowledgements
		}
		if t := d.routed(s, proto, len(b)); t != nil {
			d.ppp(t, b)
		}
	case typeTEB:
		if t := d.tunnel(s, len(b)); t != nil {
			d.ethernet(t, b)
		}
	case typeERSPAN:
		if t := d.tunnel(s, len(b)); t != nil {
			d.erspan2(t, sequence, b)
		}
	case typeERSPAN3:
		if t := d.tunnel(s, len(b)); t != nil {
			d.erspan3(t, b)
		}
	}
}

// erspan2 decodes ERSPAN type II, or type I, which has no header and whose GRE has no sequence number.
func (d *Decoder) erspan2(s *sensor.Segment, sequence bool, b []byte) {
	if !sequence {
		d.ethernet(s, b)
		return
	}
	if len(b) < 8 {
		invalid(s, "erspan.header_too_small")
		return
	}
	if b[0]>>4 != 1 {
		invalid(s, "erspan.unsupported_version")
		return
	}
	erspanVLAN(s, b)
	d.ethernet(s, b[8:])
}

// erspan3 decodes ERSPAN type III: 12 bytes of header and 8 more with the O flag.
func (d *Decoder) erspan3(s *sensor.Segment, b []byte) {
	n := 12
	if len(b) >= n && b[11]&1 != 0 {
		n += 8
	}
	if len(b) < n {
		invalid(s, "erspan.header_too_small")
		return
	}
	if b[0]>>4 != 2 {
		invalid(s, "erspan.unsupported_version")
		return
	}
	erspanVLAN(s, b)
	d.ethernet(s, b[n:])
}

// erspanVLAN takes the VLAN of the mirrored frame, whose own tag has been removed.
func erspanVLAN(s *sensor.Segment, b []byte) {
	if id := be16(b) & 0xfff; id != 0 && s.VLANs < maxVLANs {
		s.VLAN[s.VLANs] = id
		s.VLANs++
	}
}
