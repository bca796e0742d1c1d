package tls

import (
	"crypto/md5"
	"encoding/hex"
	"strconv"
)

// AppendJA3 appends the JA3 string of a client: version, suites, extensions, groups and point formats in decimal, in the
// order of the hello and without GREASE.
func (h *ClientHello) AppendJA3(dst []byte) []byte {
	dst = append(strconv.AppendUint(dst, uint64(h.Version), 10), ',')
	dst = append(appendNumbers(dst, h.Ciphers), ',')
	first := true
	for _, e := range h.Extensions {
		dst, first = appendNumber(dst, e.Type, first)
	}
	dst = append(dst, ',')
	dst = append(appendNumbers(dst, h.Groups), ',')
	for i, p := range h.Points {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = strconv.AppendUint(dst, uint64(p), 10)
	}
	return dst
}

// AppendJA3S appends the JA3S string of a server: version, suite and extensions.
func (h *ServerHello) AppendJA3S(dst []byte) []byte {
	dst = append(strconv.AppendUint(dst, uint64(h.LegacyVersion), 10), ',')
	dst = append(strconv.AppendUint(dst, uint64(h.Cipher), 10), ',')
	first := true
	for _, e := range h.Extensions {
		dst, first = appendNumber(dst, e.Type, first)
	}
	return dst
}

// AppendMD5 appends the hash of a fingerprint string as it is known by: MD5 in lower-case hexadecimal digits.
func AppendMD5(dst, s []byte) []byte {
	sum := md5.Sum(s)
	return hex.AppendEncode(dst, sum[:])
}

func appendNumbers(dst []byte, list []uint16) []byte {
	first := true
	for _, v := range list {
		dst, first = appendNumber(dst, v, first)
	}
	return dst
}

func appendNumber(dst []byte, v uint16, first bool) ([]byte, bool) {
	if grease(v) {
		return dst, first
	}
	if !first {
		dst = append(dst, '-')
	}
	return strconv.AppendUint(dst, uint64(v), 10), false
}
