package dns

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// svcParams are the names of the service parameters (RFC 9460, 14.3.2; RFC 9848).
var svcParams = [...]string{"mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp"}

// appendSVCB appends `priority target key=value …` (RFC 9460, 2.1).
func (m *Message) appendSVCB(dst []byte, r *record) ([]byte, bool) {
	if r.data.to-r.data.from < 3 {
		return dst, false
	}
	from := len(dst)
	dst = append(appendUint16(dst, m.raw[r.data.from:]), ' ')
	mid := len(dst)
	dst, next, _, ok := appendName(dst, m.raw, int(r.data.from)+2)
	if !ok || next > int(r.data.to) {
		return dst[:from], false
	}
	if len(dst) == mid {
		dst = append(dst, '.')
	}
	b := m.raw[next:r.data.to]
	for len(b) >= 4 {
		key, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if n > len(b)-4 {
			break
		}
		dst = appendParam(append(dst, ' '), key, b[4:4+n])
		b = b[4+n:]
	}
	return dst, true
}

func appendParam(dst []byte, key uint16, v []byte) []byte {
	if int(key) < len(svcParams) {
		dst = append(dst, svcParams[key]...)
	} else {
		dst = strconv.AppendUint(append(dst, "key"...), uint64(key), 10)
	}
	if len(v) == 0 {
		return dst
	}
	dst = append(dst, '=')
	switch {
	case key == 1: // list of length-prefixed protocol names
		for first := true; len(v) > 0; first = false {
			var s []byte
			s, v = nextString(v)
			if !first {
				dst = append(dst, ',')
			}
			dst = append(dst, s...)
		}
	case key == 0 && len(v)%2 == 0: // list of keys
		for i := 0; i < len(v); i += 2 {
			if i > 0 {
				dst = append(dst, ',')
			}
			if k := binary.BigEndian.Uint16(v[i:]); int(k) < len(svcParams) {
				dst = append(dst, svcParams[k]...)
			} else {
				dst = strconv.AppendUint(append(dst, "key"...), uint64(k), 10)
			}
		}
	case key == 3 && len(v) == 2:
		dst = appendUint16(dst, v)
	case key == 4 && len(v)%4 == 0:
		dst = appendAddrs(dst, v, 4)
	case key == 5:
		dst = base64.StdEncoding.AppendEncode(dst, v)
	case key == 6 && len(v)%16 == 0:
		dst = appendAddrs(dst, v, 16)
	case key == 7:
		dst = append(dst, v...)
	default:
		dst = hex.AppendEncode(dst, v)
	}
	return dst
}

func appendAddrs(dst, v []byte, size int) []byte {
	for i := 0; i < len(v); i += size {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendAddr(dst, v[i:i+size])
	}
	return dst
}
