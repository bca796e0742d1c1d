package decode

import "khien/sensor"

// vxlan decodes VXLAN (RFC 7348): 8 bytes of header with the I flag, then Ethernet.
func (d *Decoder) vxlan(s *sensor.Segment, b []byte) {
	if len(b) < 8+14 || b[0]&8 == 0 || b[7] != 0 {
		return
	}
	inner := b[8:]
	switch be16(inner[12:]) {
	case typeIPv4, typeIPv6, typeARP, typeVLAN, typeQinQ, typeOldQinQ, typeMPLS, typeMPLSMC, typePPPoE, typePPPoEDis:
		if t := d.tunnel(s, len(inner)); t != nil {
			d.ethernet(t, inner)
		}
	default:
		anomaly(s, "vxlan.unknown_payload_type")
	}
}

// geneve decodes GENEVE (RFC 8926): 8 bytes of header, options, then what its protocol type says.
func (d *Decoder) geneve(s *sensor.Segment, b []byte) {
	if len(b) < 8 || b[0]>>6 != 0 {
		return
	}
	n := 8 + int(b[0]&0x3f)*4
	if n > len(b) || b[7] != 0 {
		return
	}
	proto := be16(b[2:])
	switch b = b[n:]; proto {
	case typeTEB:
		if t := d.tunnel(s, len(b)); t != nil {
			d.ethernet(t, b)
		}
	case typeIPv4, typeIPv6, typeARP:
		if t := d.routed(s, proto, len(b)); t != nil {
			d.network(t, proto, b, "")
		}
	default:
		anomaly(s, "geneve.unknown_payload_type")
	}
}

// teredo decodes IPv6 over UDP (RFC 4380). Nothing in a datagram says that it is Teredo: an IPv6 header must follow an
// optional origin indication, and its length must be that of the rest.
func (d *Decoder) teredo(s *sensor.Segment, b []byte) {
	if len(b) < 40 {
		return
	}
	if b[0] == 0 {
		if b[1] != 0 { // authentication: part of the set-up, not of a tunnel
			return
		}
		b = b[8:]
	}
	if len(b) < 40 || b[0]>>4 != 6 || len(b) != 40+int(be16(b[4:])) {
		return
	}
	if t := d.routed(s, typeIPv6, len(b)); t != nil {
		d.ipv6(t, b)
	}
}
