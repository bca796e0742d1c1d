package decode

import "khien/sensor"

// Chunks of SCTP (RFC 9260, 3.2).
const (
	chunkData = 0
	chunkInit = 1
)

// sctp decodes an SCTP packet and looks whether its chunks go together.
func sctp(s *sensor.Segment, b []byte, cut bool) {
	if len(b) < 12 {
		invalid(s, "sctp.pkt_too_small")
		return
	}
	s.SrcPort, s.DstPort = be16(b), be16(b[2:])
	s.L4, s.Payload = b[:12:12], b[12:]
	if cut {
		return
	}
	tagged := be16(b[4:])|be16(b[6:]) != 0
	chunks, inits, untagged := 0, 0, false
	for b = b[12:]; len(b) > 0; chunks++ {
		if len(b) < 4 {
			anomaly(s, "sctp.chunk_too_small")
			break
		}
		n := int(be16(b[2:]))
		if n < 4 || n > len(b) {
			anomaly(s, "sctp.chunk_len_invalid")
			break
		}
		switch b[0] {
		case chunkInit:
			inits++
		case chunkData:
			untagged = untagged || !tagged
		}
		b = b[min(len(b), (n+3)&^3):]
	}
	if inits > 0 && chunks > 1 { // RFC 9260, 6.10
		anomaly(s, "sctp.init_chunk_not_alone")
	}
	if inits > 0 && tagged { // RFC 9260, 8.5.1
		anomaly(s, "sctp.init_with_non_zero_vtag")
	}
	if untagged {
		anomaly(s, "sctp.data_with_zero_vtag")
	}
}
