package decode

import (
	"net/netip"

	"khien/sensor"
)

// ipv4 decodes an IPv4 packet (RFC 791).
func (d *Decoder) ipv4(s *sensor.Segment, b []byte) {
	if len(b) < 20 {
		invalid(s, "ipv4.pkt_too_small")
		return
	}
	if b[0]>>4 != 4 {
		invalid(s, "ipv4.wrong_ip_version")
		return
	}
	head, total := int(b[0]&15)*4, int(be16(b[2:]))
	if head < 20 {
		invalid(s, "ipv4.hlen_too_small")
		return
	}
	offloaded := false
	if total < head {
		anomaly(s, "ipv4.iplen_smaller_than_hlen")
		if offloaded = total == 0 && len(b) > maxEthernet; !offloaded {
			s.Invalid = true
			return
		}
		total = min(len(b), maxReassembled)
	}
	cut := total > len(b)
	if cut {
		anomaly(s, "ipv4.trunc_pkt")
		if !d.snapped(total-len(b)) || len(b) < head {
			s.Invalid = true
			return
		}
		total = len(b)
	}
	s.IPVersion = 4
	s.Src = netip.AddrFrom4([4]byte(b[12:16]))
	s.Dst = netip.AddrFrom4([4]byte(b[16:20]))
	s.TOS, s.TTL = b[1], b[8]
	s.IPID = uint32(be16(b[4:]))
	frag := be16(b[6:])
	s.FragOff = frag & 0x1fff << 3
	s.MoreFrags = frag&0x2000 != 0
	s.DontFrag = frag&0x4000 != 0
	s.IPProto = b[9]
	s.IP = b[:head:head]
	s.IPPayload = b[head:total:total]
	s.Payload = s.IPPayload
	if !d.config.NoChecksum && s.Source != sensor.SourceDefrag && !offloaded {
		s.BadIPSum = sum(s.IP, 0) != 0xffff
	}
	if head > 20 && !ipv4Options(s, b[20:head]) {
		return
	}
	if s.FragOff != 0 || s.MoreFrags {
		s.Fragment = true
		if !cut && !s.BadIPSum {
			d.fragment4(s)
		}
		return
	}
	if s.IPProto == sensor.IPProtoICMPv6 {
		invalid(s, "ipv4.icmpv6")
		return
	}
	d.transport(s, cut || offloaded)
}

// maxEthernet is what Ethernet carries. Where a host that cuts its segments in the network card captures its own
// traffic, longer packets appear that have neither length nor checksums yet; nobody can send such a packet to it.
const maxEthernet = 1500

// snapped reports whether missing bytes at the end of the packet are accounted for by the snap length of the capture.
func (d *Decoder) snapped(missing int) bool {
	return d.packet.Length-len(d.packet.Data) >= missing
}

// IPv4 option types (IANA).
const (
	opt4EOL    = 0
	opt4NOP    = 1
	opt4RR     = 7
	opt4QS     = 25
	opt4TS     = 68
	opt4SEC    = 130
	opt4LSRR   = 131
	opt4ESEC   = 133
	opt4CIPSO  = 134
	opt4SID    = 136
	opt4SSRR   = 137
	opt4Router = 148
)

// ipv4Options checks the options and reports whether decoding may go on behind them.
func ipv4Options(s *sensor.Segment, b []byte) bool {
	if len(b)%8 != 0 {
		anomaly(s, "ipv4.opt_pad_required")
	}
	var seen [256 / 64]uint64
	for len(b) > 0 {
		kind := b[0]
		if kind == opt4EOL {
			return true
		}
		if kind == opt4NOP {
			b = b[1:]
			continue
		}
		if len(b) < 2 {
			anomaly(s, "ipv4.opt_eol_required")
			return true
		}
		n := int(b[1])
		if n > len(b) || n < 2 {
			invalid(s, "ipv4.opt_invalid_len")
			return false
		}
		if seen[kind>>6]&(1<<(kind&63)) != 0 {
			anomaly(s, "ipv4.opt_duplicate")
		} else if name := ipv4Option(kind, b[:n]); name != "" {
			anomaly(s, name)
		}
		seen[kind>>6] |= 1 << (kind & 63)
		b = b[n:]
	}
	return true
}

// ipv4Option returns what is wrong with one option, "" when nothing is.
func ipv4Option(kind uint8, o []byte) string {
	fixed := func(n int) string {
		if len(o) != n {
			return "ipv4.opt_invalid_len"
		}
		return ""
	}
	switch kind {
	case opt4RR, opt4LSRR, opt4SSRR:
		if len(o) < 3 {
			return "ipv4.opt_invalid_len"
		}
		if p := int(o[2]); p < 4 || p%4 != 0 || p > len(o)+1 {
			return "ipv4.opt_malformed"
		}
	case opt4TS:
		if len(o) < 5 {
			return "ipv4.opt_invalid_len"
		}
		record := 8
		if o[3]&15 == 0 {
			record = 4
		}
		if p := int(o[2]); p < 5 || (p-5)%record != 0 || p > len(o)+1 {
			return "ipv4.opt_malformed"
		}
	case opt4QS:
		return fixed(8)
	case opt4SEC:
		if len(o) != 11 && len(o) != 3 {
			return "ipv4.opt_invalid_len"
		}
	case opt4ESEC:
		if len(o) < 3 {
			return "ipv4.opt_invalid_len"
		}
	case opt4SID, opt4Router:
		return fixed(4)
	case opt4CIPSO:
		return cipso(o)
	default:
		return "ipv4.opt_unknown"
	}
	return ""
}

// cipso checks a commercial IP security option: a domain of interpretation, then tags of type, length and value.
func cipso(o []byte) string {
	if len(o) < 8 {
		return "ipv4.opt_invalid_len"
	}
	if be32(o[2:]) == 0 {
		return "ipv4.opt_malformed"
	}
	for o = o[6:]; len(o) > 0; {
		if len(o) < 2 {
			return "ipv4.opt_malformed"
		}
		kind, n := o[0], int(o[1])
		if n > len(o) || n < 4 && kind != 7 || n < 2 {
			return "ipv4.opt_malformed"
		}
		switch kind {
		case 1, 2, 5, 6, 7:
			if kind != 7 && o[2] != 0 { // alignment octet
				return "ipv4.opt_malformed"
			}
		default:
			return "ipv4.opt_malformed"
		}
		o = o[n:]
	}
	return ""
}
