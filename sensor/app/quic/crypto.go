package quic

import "slices"

// Limits of the handshake's byte stream.
const (
	cryptoMax = 64 << 10 // bytes of a direction; a ClientHello with post-quantum keys has about 2 KB
	rangesMax = 128      // pieces of it that wait for those before them
)

// Frames that Initial packets may have (RFC 9000, 12.4).
const (
	framePadding  = 0x00
	framePing     = 0x01
	frameACK      = 0x02
	frameACKECN   = 0x03
	frameCrypto   = 0x06
	frameClose    = 0x1c
	frameCloseApp = 0x1d
)

// stream puts the handshake's bytes together, which arrive in any order and more than once.
type stream struct {
	buf    []byte
	ranges []span // what is there, in order and without touching each other
	used   int    // bytes of whole messages that were read
}

type span struct{ from, to int }

func (s *stream) reset() { s.buf, s.ranges, s.used = s.buf[:0], s.ranges[:0], 0 }

// add takes bytes at an offset; false means that a limit was reached.
func (s *stream) add(offset uint64, data []byte) bool {
	if offset > cryptoMax || len(data) > cryptoMax-int(offset) {
		return false
	}
	from, to := int(offset), int(offset)+len(data)
	if from == to {
		return true
	}
	if to > len(s.buf) {
		s.buf = slices.Grow(s.buf, to-len(s.buf))[:to]
	}
	copy(s.buf[from:to], data)
	at := 0
	for at < len(s.ranges) && s.ranges[at].to < from {
		at++
	}
	end := at
	for end < len(s.ranges) && s.ranges[end].from <= to {
		from, to = min(from, s.ranges[end].from), max(to, s.ranges[end].to)
		end++
	}
	if end == at && len(s.ranges) >= rangesMax {
		return false
	}
	s.ranges = slices.Replace(s.ranges, at, end, span{from, to})
	return true
}

// next returns the next handshake message, when it is whole.
func (s *stream) next() (kind byte, body []byte, ok bool) {
	if len(s.ranges) == 0 || s.ranges[0].from != 0 {
		return 0, nil, false
	}
	b := s.buf[s.used:s.ranges[0].to]
	if len(b) < 4 {
		return 0, nil, false
	}
	n := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	if len(b)-4 < n {
		return 0, nil, false
	}
	s.used += 4 + n
	return b[0], b[4 : 4+n], true
}

// frames reads the frames of a decrypted Initial packet. good is false when they are malformed, fits when the stream has
// reached a limit.
func (s *stream) frames(b []byte) (good, fits bool) {
	fits = true
	for len(b) > 0 {
		t := b[0]
		b = b[1:]
		var ok bool
		switch t {
		case framePadding, framePing:
			continue
		case frameACK, frameACKECN:
			if b, ok = skipACK(b, t == frameACKECN); !ok {
				return false, fits
			}
		case frameCrypto:
			var offset, n uint64
			if offset, b, ok = varint(b); !ok {
				return false, fits
			}
			if n, b, ok = varint(b); !ok || n > uint64(len(b)) {
				return false, fits
			}
			if !s.add(offset, b[:n]) {
				fits = false
			}
			b = b[n:]
		case frameClose, frameCloseApp:
			return true, fits
		default:
			return false, fits
		}
	}
	return true, fits
}

// skipACK passes over an ACK frame (RFC 9000, 19.3).
func skipACK(b []byte, ecn bool) ([]byte, bool) {
	var v [4]uint64
	var ok bool
	for i := range v { // largest, delay, count of ranges, first range
		if v[i], b, ok = varint(b); !ok {
			return nil, false
		}
	}
	if v[2] > uint64(len(b)) {
		return nil, false
	}
	more := 2 * v[2]
	if ecn {
		more += 3
	}
	for range more {
		if _, b, ok = varint(b); !ok {
			return nil, false
		}
	}
	return b, true
}
