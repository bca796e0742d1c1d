package dns

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// txtMax bounds the strings of one TXT record that are told apart.
const txtMax = 256

// soa is the data of an SOA record (RFC 1035, 3.3.13).
type soa struct {
	mname, rname                            []byte
	serial, refresh, retry, expire, minimum uint32
}

func (m *Message) soa(r *record, scratch []byte) (s soa, out []byte, ok bool) {
	from := len(scratch)
	scratch, next, _, ok := appendName(scratch, m.raw, int(r.data.from))
	if !ok {
		return s, scratch, false
	}
	mid := len(scratch)
	scratch, next, _, ok = appendName(scratch, m.raw, next)
	if !ok || next+20 > int(r.data.to) {
		return s, scratch, false
	}
	p := m.raw[next:]
	s = soa{scratch[from:mid], scratch[mid:], binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:]),
		binary.BigEndian.Uint32(p[8:]), binary.BigEndian.Uint32(p[12:]), binary.BigEndian.Uint32(p[16:])}
	return s, scratch, true
}

// target returns the name that the data of r has behind skip bytes.
func (m *Message) target(r *record, skip uint32, scratch []byte) (name, out []byte, ok bool) {
	if r.data.from+skip >= r.data.to {
		return nil, scratch, false
	}
	from := len(scratch)
	scratch, _, _, ok = appendName(scratch, m.raw, int(r.data.from+skip))
	return scratch[from:], scratch, ok
}

// nextString returns the first character string of b (RFC 1035, 3.3) and the rest; one that is cut off is given as far
// as it goes.
func nextString(b []byte) (s, rest []byte) {
	n := min(int(b[0]), len(b)-1)
	return b[1 : 1+n], b[1+n:]
}

// appendAddr appends an IPv4 address, or an IPv6 address with all its digits.
func appendAddr(dst, ip []byte) []byte {
	if len(ip) == 4 {
		for i, c := range ip {
			if i > 0 {
				dst = append(dst, '.')
			}
			dst = strconv.AppendUint(dst, uint64(c), 10)
		}
		return dst
	}
	for i := 0; i+1 < len(ip); i += 2 {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = hex.AppendEncode(dst, ip[i:i+2])
	}
	return dst
}

func appendUint16(dst, b []byte) []byte {
	return strconv.AppendUint(dst, uint64(binary.BigEndian.Uint16(b)), 10)
}

// appendData appends the data of a record as text, in the presentation form of zone files where that is one line. ok is
// false for data that cannot be read and for types without a text form here.
func (m *Message) appendData(dst []byte, r *record) (out []byte, ok bool) {
	b := m.data(r)
	switch r.rtype {
	case typeA:
		if len(b) != 4 {
			return dst, false
		}
		return appendAddr(dst, b), true
	case typeAAAA:
		if len(b) != 16 {
			return dst, false
		}
		return appendAddr(dst, b), true
	case typeNS, typeCNAME, typePTR, typeDNAME:
		_, dst, ok = m.target(r, 0, dst)
		return dst, ok
	case typeMX:
		_, dst, ok = m.target(r, 2, dst)
		return dst, ok
	case typeNULL:
		return append(dst, b...), true
	case typeSOA:
		_, dst, ok = m.target(r, 0, dst)
		return dst, ok
	case typeSRV:
		_, dst, ok = m.target(r, 6, dst)
		return dst, ok
	case typeSSHFP:
		if len(b) < 3 {
			return dst, false
		}
		return appendColonHex(dst, b[2:]), true
	case typeDS, typeCDS:
		if len(b) < 4 {
			return dst, false
		}
		dst = appendUint16(dst, b)
		dst = append(strconv.AppendUint(append(dst, ' '), uint64(b[2]), 10), ' ')
		dst = append(strconv.AppendUint(dst, uint64(b[3]), 10), ' ')
		return hex.AppendEncode(dst, b[4:]), true
	case typeDNSKEY:
		if len(b) < 4 {
			return dst, false
		}
		dst = appendUint16(dst, b)
		dst = append(strconv.AppendUint(append(dst, ' '), uint64(b[2]), 10), ' ')
		dst = append(strconv.AppendUint(dst, uint64(b[3]), 10), ' ')
		return base64.StdEncoding.AppendEncode(dst, b[4:]), true
	case typeTLSA:
		if len(b) < 3 {
			return dst, false
		}
		for _, c := range b[:3] {
			dst = append(strconv.AppendUint(dst, uint64(c), 10), ' ')
		}
		return hex.AppendEncode(dst, b[3:]), true
	case typeCAA:
		if len(b) < 2 || int(b[1]) > len(b)-2 {
			return dst, false
		}
		n := 2 + int(b[1])
		dst = append(strconv.AppendUint(dst, uint64(b[0]), 10), ' ')
		dst = append(append(dst, b[2:n]...), ' ', '"')
		return append(append(dst, b[n:]...), '"'), true
	case typeURI:
		if len(b) < 4 {
			return dst, false
		}
		return append(dst, b[4:]...), true
	case typeNAPTR:
		return m.appendNAPTR(dst, r)
	case typeSVCB, typeHTTPS:
		return m.appendSVCB(dst, r)
	}
	return dst, false
}

// appendNAPTR appends `order preference "flags" "service" "regexp" replacement` (RFC 3403, 4.1).
func (m *Message) appendNAPTR(dst []byte, r *record) ([]byte, bool) {
	b := m.data(r)
	if len(b) < 8 {
		return dst, false
	}
	from := len(dst)
	dst = append(appendUint16(dst, b), ' ')
	dst = appendUint16(dst, b[2:])
	rest := b[4:]
	for range 3 {
		if len(rest) == 0 {
			return dst[:from], false
		}
		var s []byte
		s, rest = nextString(rest)
		dst = append(append(append(dst, ' ', '"'), s...), '"')
	}
	dst = append(dst, ' ')
	_, dst, ok := m.target(r, uint32(len(b)-len(rest)), dst)
	if !ok {
		return dst[:from], false
	}
	return dst, true
}

func appendColonHex(dst, b []byte) []byte {
	for i := range b {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = hex.AppendEncode(dst, b[i:i+1])
	}
	return dst
}
