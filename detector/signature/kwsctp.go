package signature

import (
	"encoding/binary"

	"khien/sensor"
)

// chunksMax limits the chunks of one SCTP packet that rules look at.
const chunksMax = 64

// sctpChunks calls f with each chunk: type, flags and value (RFC 9260, 3.2).
func sctpChunks(p *sensor.Segment, f func(kind byte, value []byte) bool) (n int) {
	if p.IPProto != sensor.IPProtoSCTP {
		return 0
	}
	b := p.Payload
	for len(b) >= 4 && n < chunksMax {
		size := int(binary.BigEndian.Uint16(b[2:]))
		if size < 4 || size > len(b) {
			return n
		}
		n++
		if f != nil && f(b[0], b[4:size]) {
			return n
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return n
}

func sctpTypes() map[string]uint64 {
	m := words(0, "data", "init", "init_ack", "sack", "heartbeat", "heartbeat_ack", "abort", "shutdown", "shutdown_ack", "error",
		"cookie_echo", "cookie_ack", "ecne", "cwr", "shutdown_complete")
	m["hb_ack"], m["forward_tsn"] = m["heartbeat_ack"], 192 // RFC 3758, 3.2
	return m
}

// sctpKeywords look at SCTP packets.
func sctpKeywords() []keyword {
	return []keyword{
		{"sctp.chunk_type", argNeed, func(b *builder, arg string) error {
			n, err := parseNumber(arg, 8, sctpTypes())
			if err != nil {
				return err
			}
			b.onPacket(packetFunc(func(p *sensor.Segment) bool {
				found := false
				sctpChunks(p, func(kind byte, _ []byte) bool {
					found = n.match(uint64(kind))
					return found
				})
				return found
			}))
			return nil
		}},
		numberKeyword("sctp.chunk_cnt", 8, func(p *sensor.Segment) (uint64, bool) {
			return uint64(sctpChunks(p, nil)), p.IPProto == sensor.IPProtoSCTP
		}),
		numberKeyword("sctp.vtag", 32, func(p *sensor.Segment) (uint64, bool) {
			if p.IPProto != sensor.IPProtoSCTP || len(p.L4) < 8 {
				return 0, false
			}
			return uint64(binary.BigEndian.Uint32(p.L4[4:])), true
		}),
		{"sctp.chunk_data", argNone, func(b *builder, _ string) error {
			return b.sticky(&bufferDef{name: "sctp.chunk_data", dirs: bothDirs, packet: func(p *sensor.Segment) (data []byte) {
				sctpChunks(p, func(kind byte, value []byte) bool {
					// A DATA chunk has 12 bytes of header before what the user sent (RFC 9260, 3.3.1).
					if kind == 0 && len(value) > 12 {
						data = value[12:]
					}
					return data != nil
				})
				return data
			}}, "")
		}},
	}
}
