package decode

import "khien/sensor"

// tcp decodes a TCP segment (RFC 9293).
func (d *Decoder) tcp(s *sensor.Segment, b []byte, cut bool) {
	if len(b) < 20 {
		invalid(s, "tcp.pkt_too_small")
		return
	}
	head := int(b[12]>>4) * 4
	if head < 20 {
		invalid(s, "tcp.hlen_too_small")
		return
	}
	if head > len(b) {
		invalid(s, "tcp.invalid_optlen")
		return
	}
	s.SrcPort, s.DstPort = be16(b), be16(b[2:])
	s.Seq, s.Ack = be32(b[4:]), be32(b[8:])
	s.Flags = b[13]
	s.Window, s.Urgent = be16(b[14:]), be16(b[18:])
	s.L4, s.Payload = b[:head:head], b[head:]
	if d.sums() && !cut {
		s.BadL4Sum = sum(b, pseudo(s, len(b))) != 0xffff
	}
	if head > 20 {
		tcpOptions(s, b[20:head])
	}
}

// TCP option kinds (IANA).
const (
	optEOL    = 0
	optNOP    = 1
	optMSS    = 2
	optWScale = 3
	optSACKOK = 4
	optSACK   = 5
	optTS     = 8
	optMD5    = 19
	optAO     = 29
	optTFO    = 34
)

func tcpOptions(s *sensor.Segment, b []byte) {
	var seen uint64
	for len(b) > 0 {
		kind := b[0]
		if kind == optEOL {
			return
		}
		if kind == optNOP {
			b = b[1:]
			continue
		}
		if len(b) < 2 {
			return
		}
		n := int(b[1])
		if n < 2 || n > len(b) {
			invalid(s, "tcp.opt_invalid_len")
			return
		}
		if o := b[:n]; !tcpOptionLength(kind, n) {
			anomaly(s, "tcp.opt_invalid_len")
		} else if kind < 64 && tracked>>kind&1 != 0 {
			if seen>>kind&1 != 0 {
				anomaly(s, "tcp.opt_duplicate")
			} else {
				tcpOption(s, kind, o)
			}
			seen |= 1 << kind
		}
		b = b[n:]
	}
}

// tracked are the options that may come once.
const tracked = 1<<optMSS | 1<<optWScale | 1<<optSACKOK | 1<<optSACK | 1<<optTS | 1<<optTFO

// tcpOptionLength reports whether an option has a length that its kind allows.
func tcpOptionLength(kind uint8, n int) bool {
	switch kind {
	case optMSS:
		return n == 4
	case optWScale:
		return n == 3
	case optSACKOK:
		return n == 2
	case optSACK:
		return n >= 10 && n <= 34 && (n-2)%8 == 0
	case optTS:
		return n == 10
	case optMD5:
		return n == 18
	case optAO:
		return n >= 4
	case optTFO:
		return n == 2 || n >= 6 && n <= 18 && n%2 == 0
	}
	return true
}

// maxWindowScale is the largest shift that hosts use (RFC 7323, 2.3).
const maxWindowScale = 14

func tcpOption(s *sensor.Segment, kind uint8, o []byte) {
	switch kind {
	case optMSS:
		s.MSS = be16(o[2:])
	case optWScale:
		s.WindowScale = int8(min(o[2], maxWindowScale))
	case optSACKOK:
		s.SACKOK = true
	case optTS:
		s.TSVal, s.TSEcr, s.HasTS = be32(o[2:]), be32(o[6:]), true
	}
}
