package tls

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// AppendJA4 appends the JA4 fingerprint of a client, as FoxIO describes it (the TLS client part is under the BSD
// 3-Clause license). transport is 't' for TCP and 'q' for QUIC.
func (h *ClientHello) AppendJA4(dst []byte, transport byte) []byte {
	dst = append(dst, transport)
	dst = append(dst, ja4Version(h.MaxVersion())...)
	if h.HasSNI {
		dst = append(dst, 'd')
	} else {
		dst = append(dst, 'i')
	}
	var list [listMax]uint16
	ciphers := list[:0]
	for _, c := range h.Ciphers {
		if !grease(c) {
			ciphers = append(ciphers, c)
		}
	}
	count := 0
	for _, e := range h.Extensions {
		if !grease(e.Type) {
			count++
		}
	}
	dst = appendTwo(dst, len(ciphers))
	dst = appendTwo(dst, count)
	dst = append(h.appendJA4ALPN(dst), '_')

	var text [6 * 2 * listMax]byte
	slices.Sort(ciphers)
	dst = append(appendJA4Hash(dst, appendHexList(text[:0], ciphers)), '_')

	exts := list[:0]
	for _, e := range h.Extensions {
		if !grease(e.Type) && e.Type != extServerName && e.Type != extALPN {
			exts = append(exts, e.Type)
		}
	}
	slices.Sort(exts)
	s := appendHexList(text[:0], exts)
	if len(exts) > 0 {
		algs := list[:0]
		for _, a := range h.SigAlgs {
			if !grease(a) {
				algs = append(algs, a)
			}
		}
		if len(algs) > 0 {
			s = appendHexList(append(s, '_'), algs)
		}
	}
	return appendJA4Hash(dst, s)
}

func ja4Version(v uint16) string {
	switch v {
	case 0x0304:
		return "13"
	case 0x0303:
		return "12"
	case 0x0302:
		return "11"
	case 0x0301:
		return "10"
	case 0x0300:
		return "s3"
	case 0x0002:
		return "s2"
	}
	return "00"
}

func appendTwo(dst []byte, n int) []byte {
	n = min(n, 99)
	return append(dst, '0'+byte(n/10), '0'+byte(n%10))
}

// appendJA4ALPN appends the first and last character of the first protocol name, or of its hexadecimal form where one of
// them is no letter or digit.
func (h *ClientHello) appendJA4ALPN(dst []byte) []byte {
	if len(h.ALPN) == 0 || len(h.ALPN[0]) == 0 {
		return append(dst, "00"...)
	}
	name := h.ALPN[0]
	first, last := name[0], name[len(name)-1]
	if alphanumeric(first) && alphanumeric(last) {
		return append(dst, first, last)
	}
	const digits = "0123456789abcdef"
	return append(dst, digits[first>>4], digits[last&15])
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func appendHexList(dst []byte, list []uint16) []byte {
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = hex.AppendEncode(dst, []byte{byte(v >> 8), byte(v)})
	}
	return dst
}

func appendJA4Hash(dst, s []byte) []byte {
	if len(s) == 0 {
		return append(dst, "000000000000"...)
	}
	sum := sha256.Sum256(s)
	return hex.AppendEncode(dst, sum[:6])
}
