package quic

import "encoding/binary"

// connIDMax is the longest connection ID of the versions that are read (RFC 9000, 17.2).
const connIDMax = 20

// kind is the type of a long header packet.
type kind uint8

const (
	kindInitial kind = iota
	kindEarly        // 0-RTT
	kindHandshake
	kindRetry
	kindNegotiation
)

// header is a long header (RFC 9000, 17.2).
type header struct {
	kind    kind
	version uint32
	dcid    []byte
	scid    []byte
	pnAt    int // offset of the packet number
	end     int // end of the packet in the datagram
}

// varint takes a variable-length integer off the front of b (RFC 9000, 16).
func varint(b []byte) (v uint64, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	n := 1 << (b[0] >> 6)
	if len(b) < n {
		return 0, nil, false
	}
	v = uint64(b[0] & 0x3f)
	for _, c := range b[1:n] {
		v = v<<8 | uint64(c)
	}
	return v, b[n:], true
}

// parseHeader reads the long header at the start of b.
func parseHeader(b []byte) (h header, ok bool) {
	if len(b) < 7 || b[0]&0x80 == 0 {
		return h, false
	}
	h.version = binary.BigEndian.Uint32(b[1:])
	rest := b[5:]
	if h.dcid, rest, ok = connID(rest); !ok {
		return h, false
	}
	if h.scid, rest, ok = connID(rest); !ok {
		return h, false
	}
	h.end = len(b)
	if h.version == 0 {
		h.kind = kindNegotiation
		return h, true
	}
	if !ietf(h.version) || b[0]&0x40 == 0 {
		return h, false
	}
	t := b[0] >> 4 & 3
	if h.version == version2 { // RFC 9369, 3.2
		t = (t + 3) & 3
	}
	h.kind = kind(t)
	if h.kind == kindRetry {
		return h, true
	}
	if h.kind == kindInitial {
		var n uint64
		if n, rest, ok = varint(rest); !ok || n > uint64(len(rest)) {
			return h, false
		}
		rest = rest[n:]
	}
	n, rest, ok := varint(rest)
	if !ok || n > uint64(len(rest)) {
		return h, false
	}
	h.pnAt = len(b) - len(rest)
	h.end = h.pnAt + int(n)
	return h, true
}

func connID(b []byte) (id, rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, nil, false
	}
	n := int(b[0])
	if n > connIDMax || len(b) < 1+n {
		return nil, nil, false
	}
	return b[1 : 1+n], b[1+n:], true
}
