package decode

import "khien/sensor"

// EtherTypes (IEEE 802).
const (
	typeIPv4     = 0x0800
	typeARP      = 0x0806
	typeTEB      = 0x6558 // transparent Ethernet bridging
	typeVLAN     = 0x8100
	typeIPv6     = 0x86dd
	typeMPLS     = 0x8847
	typeMPLSMC   = 0x8848
	typePPPoEDis = 0x8863
	typePPPoE    = 0x8864
	typePPP      = 0x880b
	typeERSPAN   = 0x88be
	typeERSPAN3  = 0x22eb
	typeQinQ     = 0x88a8
	typeOldQinQ  = 0x9100
	typeMACinMAC = 0x88e7
	typeDCE      = 0x8903
	typeVNTag    = 0x8926
)

// ethernet decodes an Ethernet II or 802.3 frame.
func (d *Decoder) ethernet(s *sensor.Segment, b []byte) {
	if len(b) < 14 {
		invalid(s, "ethernet.pkt_too_small")
		return
	}
	s.Ether = b[:14:14]
	d.network(s, be16(b[12:]), b[14:], "ethernet.unknown_ethertype")
}

// network decodes what an EtherType announces. unknown is the anomaly of a type that decode does not know.
func (d *Decoder) network(s *sensor.Segment, etherType uint16, b []byte, unknown string) {
	for tags := 0; ; tags++ {
		s.EtherType = etherType
		if tags > maxSegments {
			anomaly(s, "decoder.too_many_layers")
			return
		}
		switch etherType {
		case typeIPv4:
			d.ipv4(s, b)
			return
		case typeIPv6:
			d.ipv6(s, b)
			return
		case typeARP:
			arp(s, b)
			return
		case typeVLAN, typeQinQ, typeOldQinQ:
			if len(b) < 4 {
				invalid(s, "vlan.header_too_small")
				return
			}
			if s.VLANs == maxVLANs {
				anomaly(s, "vlan.too_many_layers")
				s.Invalid = true
				return
			}
			s.VLAN[s.VLANs] = be16(b) & 0xfff
			s.VLANs++
			unknown = "vlan.unknown_type"
			etherType, b = be16(b[2:]), b[4:]
		case typeVNTag:
			if len(b) < 6 {
				invalid(s, "vntag.header_too_small")
				return
			}
			unknown = "vntag.unknown_type"
			etherType, b = be16(b[4:]), b[6:]
		case typeMACinMAC: // IEEE 802.1ah: I-TAG, then the customer's frame
			if len(b) < 18 {
				invalid(s, "ieee8021ah.header_too_small")
				return
			}
			unknown = ""
			etherType, b = be16(b[16:]), b[18:]
		case typeDCE:
			if len(b) < 16 {
				invalid(s, "dce.pkt_too_small")
				return
			}
			b = b[2:] // frame version and flags; an Ethernet frame follows
			etherType, b = be16(b[12:]), b[14:]
		case typeTEB:
			if len(b) < 14 {
				invalid(s, "ethernet.pkt_too_small")
				return
			}
			s.Ether = b[:14:14]
			etherType, b = be16(b[12:]), b[14:]
		case typeMPLS, typeMPLSMC:
			d.mpls(s, b)
			return
		case typePPPoE:
			d.pppoeSession(s, b)
			return
		case typePPPoEDis:
			pppoeDiscovery(s, b)
			return
		default:
			// IEEE 802.2 LLC with a SNAP header carries an EtherType (RFC 1042).
			if etherType <= 1500 && len(b) >= 8 && b[0] == 0xaa && b[1] == 0xaa && b[2] == 3 && b[3]|b[4]|b[5] == 0 {
				etherType, b = be16(b[6:]), b[8:]
				continue
			}
			if unknown != "" {
				anomaly(s, unknown)
			}
			return
		}
	}
}

// arp checks an ARP message for Ethernet and IPv4 (RFC 826); there is nothing behind it.
func arp(s *sensor.Segment, b []byte) {
	if len(b) < 8 {
		invalid(s, "arp.pkt_too_small")
		return
	}
	if be16(b) != 1 {
		invalid(s, "arp.unsupported_hardware")
		return
	}
	if be16(b[2:]) != typeIPv4 {
		invalid(s, "arp.unsupported_protocol")
		return
	}
	if len(b) < 28 {
		invalid(s, "arp.pkt_too_small")
		return
	}
	switch op := be16(b[6:]); {
	case b[4] != 6:
		invalid(s, "arp.invalid_hardware_size")
	case b[5] != 4:
		invalid(s, "arp.invalid_protocol_size")
	case op == 0 || op > 10:
		invalid(s, "arp.unsupported_opcode")
	}
}
