package decode

import (
	"net/netip"

	"khien/sensor"
)

// Next-header values that are extension headers (IANA).
const (
	nextHopByHop = 0
	nextIPv4     = 4
	nextIPv6     = 41
	nextRouting  = 43
	nextFragment = 44
	nextNone     = 59
	nextDstOpts  = 60
	nextMobility = 135
	nextHIP      = 139
	nextShim6    = 140
)

// maxExtensions bounds the walk through extension headers; each takes 8 bytes at least, so a packet could hold 8191.
const maxExtensions = 64

// ipv6 decodes an IPv6 packet (RFC 8200).
func (d *Decoder) ipv6(s *sensor.Segment, b []byte) {
	if len(b) < 40 {
		invalid(s, "ipv6.pkt_too_small")
		return
	}
	if b[0]>>4 != 6 {
		invalid(s, "ipv6.wrong_ip_version")
		return
	}
	total := 40 + int(be16(b[4:]))
	cut := total > len(b)
	if cut {
		anomaly(s, "ipv6.trunc_pkt")
		if !d.snapped(total - len(b)) {
			s.Invalid = true
			return
		}
		total = len(b)
	}
	s.IPVersion = 6
	s.Src = netip.AddrFrom16([16]byte(b[8:24]))
	s.Dst = netip.AddrFrom16([16]byte(b[24:40]))
	s.TOS, s.TTL = uint8(be16(b)>>4), b[7]
	s.DontFrag = true
	s.IPProto = b[6]
	w := walk6{d: d, s: s, b: b[:total:total], off: 40, next: b[6], prev: 6}
	ok := w.extensions()
	s.IPProto = w.next
	s.IP = b[:w.off:w.off]
	s.IPPayload = b[w.off:total:total]
	s.Payload = s.IPPayload
	switch {
	case w.fragment:
		s.Fragment = true
		if ok && !cut {
			d.fragment6(s, b[:w.fragAt], w.fragPrev, b[w.off:total], w.next)
		}
	case ok:
		if s.IPProto == sensor.IPProtoICMP {
			anomaly(s, "ipv6.icmpv4")
			return
		}
		d.transport(s, cut)
	}
}

// walk6 walks through the extension headers of one packet.
type walk6 struct {
	d    *Decoder
	s    *sensor.Segment
	b    []byte // the packet, up to the length it gives
	off  int    // of the next header
	next uint8  // type of the next header
	prev int    // offset of the byte that held next

	fragment         bool
	fragAt, fragPrev int // offset of the fragment header and of the byte that announced it

	hop, routing, frag, auth, esp bool
	dst                           int
}

// extensions goes on until the next header is none of IPv6. It reports whether what follows may be decoded.
func (w *walk6) extensions() bool {
	s := w.s
	for i := 0; ; i++ {
		rest := w.b[w.off:]
		if i > 0 && len(rest) < 2 && w.next != nextNone { // headers announce more than there is
			anomaly(s, "ipv6.trunc_exthdr")
			return false
		}
		n := 8
		switch w.next {
		case nextHopByHop, nextDstOpts, nextRouting, nextMobility, nextHIP, nextShim6:
			if len(rest) >= 2 {
				n = 8 + int(rest[1])*8
			}
		case nextFragment:
		case sensor.IPProtoAH:
			if len(rest) >= 2 {
				n = 8 + int(rest[1])*4
			}
		case sensor.IPProtoESP:
			if w.esp {
				anomaly(s, "ipv6.exthdr_dupl_eh")
			}
			w.esp = true
			if len(rest) < 8 {
				anomaly(s, "ipv6.trunc_exthdr")
				return false
			}
			return true
		case nextNone:
			if len(rest) > 0 {
				anomaly(s, "ipv6.data_after_none_header")
			}
			return false
		default:
			return true
		}
		if n > len(rest) {
			anomaly(s, "ipv6.trunc_exthdr")
			return false
		}
		if i == maxExtensions {
			anomaly(s, "decoder.too_many_layers")
			return false
		}
		if w.header(rest[:n]) {
			return true
		}
	}
}

// header reads one extension header and steps over it. It reports whether it is that of a fragment.
func (w *walk6) header(h []byte) bool {
	s := w.s
	switch w.next {
	case nextHopByHop:
		if w.hop {
			anomaly(s, "ipv6.exthdr_dupl_hh")
		} else {
			options6(s, h[2:], "ipv6.hopopts_unknown_opt", "ipv6.hopopts_only_padding")
		}
		w.hop = true
	case nextDstOpts:
		// One may stand before a routing header and one before the payload (RFC 8200, 4.1).
		if w.dst++; w.dst > 2 {
			anomaly(s, "ipv6.exthdr_dupl_dh")
		} else {
			options6(s, h[2:], "ipv6.dstopts_unknown_opt", "ipv6.dstopts_only_padding")
		}
	case nextRouting:
		if w.routing {
			anomaly(s, "ipv6.exthdr_dupl_rh")
		} else if h[2] == 0 {
			anomaly(s, "ipv6.rh_type_0")
		}
		w.routing = true
	case sensor.IPProtoAH:
		if w.auth {
			anomaly(s, "ipv6.exthdr_dupl_ah")
		} else if be16(h[2:]) != 0 {
			anomaly(s, "ipv6.exthdr_ah_res_not_null")
		}
		w.auth = true
	case nextFragment:
		if w.frag {
			anomaly(s, "ipv6.exthdr_dupl_fh")
			break
		}
		w.frag = true
		field := be16(h[2:])
		s.FragOff, s.MoreFrags, s.DontFrag = field&^7, field&1 != 0, false
		s.IPID = be32(h[4:])
		payload := len(w.b) - w.off - 8
		if s.MoreFrags && payload%8 != 0 {
			anomaly(s, "ipv6.frag_invalid_length")
		}
		if s.FragOff == 0 && !s.MoreFrags {
			anomaly(s, "ipv6.exthdr_useless_fh") // RFC 6946: an atomic fragment
			break
		}
		w.fragment, w.fragAt, w.fragPrev = true, w.off, w.prev
	}
	w.prev = w.off
	w.next = h[0]
	w.off += len(h)
	return w.fragment
}

// IPv6 option types (IANA).
const (
	opt6Pad1   = 0x00
	opt6PadN   = 0x01
	opt6Router = 0x05
	opt6Jumbo  = 0xc2
	opt6Home   = 0xc9
)

// options6 checks the options of a hop-by-hop or destination header.
func options6(s *sensor.Segment, b []byte, unknown, onlyPadding string) {
	padding, others := 0, 0
	for len(b) > 0 {
		if b[0] == opt6Pad1 {
			padding++
			b = b[1:]
			continue
		}
		if len(b) < 2 || int(b[1]) > len(b)-2 {
			anomaly(s, "ipv6.exthdr_invalid_optlen")
			return
		}
		n := int(b[1])
		least := 0
		switch b[0] {
		case opt6PadN:
			padding++
			if n == 0 {
				anomaly(s, "ipv6.zero_len_padn")
			}
		case opt6Router:
			others++
			least = 2
		case opt6Jumbo:
			others++
			least = 4
		case opt6Home:
			others++
			least = 16
		default:
			others++
			anomaly(s, unknown)
		}
		if n < least {
			anomaly(s, "ipv6.exthdr_invalid_optlen")
			return
		}
		b = b[2+n:]
	}
	if padding > 0 && others == 0 {
		anomaly(s, onlyPadding)
	}
}
