// Package ber reads BER (X.690) as LDAP, SNMP and Kerberos use it: tags below 31 and definite lengths. Bytes come in,
// parts of the same bytes go out; nothing is kept or copied.
package ber

import "strconv"

// Tags that the protocols share.
const (
	TagInteger  = 0x02
	TagBytes    = 0x04
	TagNull     = 0x05
	TagOID      = 0x06
	TagEnum     = 0x0a
	TagSequence = 0x30
	TagSet      = 0x31
)

// Header returns the lengths of the header and of the content of the value that b begins with. ok is false when it is
// none that Next could read; head is 0 when bytes of the header are missing.
func Header(b []byte) (head, content int, ok bool) {
	if len(b) < 2 {
		return 0, 0, true
	}
	at := 1 // of the length
	if b[0]&0x1f == 0x1f {
		// The long form of a tag that the short one has room for: wrong in DER, legal in BER (X.690, 8.1.2.4), and read
		// by agents, so that it would hide a message.
		if b[1] >= 0x1f {
			return 0, 0, false
		}
		at = 2
	}
	if len(b) <= at {
		return 0, 0, true
	}
	if b[at] < 0x80 {
		return at + 1, int(b[at]), true
	}
	n := int(b[at] & 0x7f)
	if n == 0 || n > 4 {
		return 0, 0, false
	}
	if len(b) <= at+n {
		return 0, 0, true
	}
	for _, c := range b[at+1 : at+1+n] {
		content = content<<8 | int(c)
	}
	return at + 1 + n, content, content < 1<<31
}

// Next returns the tag and content of the first value of b and what follows it.
func Next(b []byte) (tag byte, content, rest []byte, ok bool) {
	head, n, ok := Header(b)
	if !ok || head == 0 || n > len(b)-head {
		return 0, nil, nil, false
	}
	tag = b[0]
	if tag&0x1f == 0x1f {
		tag = tag&^0x1f | b[1]
	}
	return tag, b[head : head+n], b[head+n:], true
}

// Expect is Next for a value that must have a tag.
func Expect(b []byte, want byte) (content, rest []byte, ok bool) {
	tag, content, rest, ok := Next(b)
	return content, rest, ok && tag == want
}

// Int returns the number that content holds; more than eight bytes are none.
func Int(content []byte) (int64, bool) {
	if len(content) == 0 || len(content) > 8 {
		return 0, false
	}
	v := int64(int8(content[0]))
	for _, c := range content[1:] {
		v = v<<8 | int64(c)
	}
	return v, true
}

// ExpectInt is Next for a number.
func ExpectInt(b []byte, want byte) (v int64, rest []byte, ok bool) {
	content, rest, ok := Expect(b, want)
	if !ok {
		return 0, nil, false
	}
	v, ok = Int(content)
	return v, rest, ok
}

// AppendOID appends an object identifier as text, "1.3.6.1".
func AppendOID(dst, content []byte) []byte {
	var v uint64
	first := true
	for _, c := range content {
		v = v<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			continue
		}
		if first {
			top := min(v/40, 2)
			dst = strconv.AppendUint(dst, top, 10)
			v -= top * 40
			first = false
		}
		dst = append(dst, '.')
		dst = strconv.AppendUint(dst, v, 10)
		v = 0
	}
	return dst
}
