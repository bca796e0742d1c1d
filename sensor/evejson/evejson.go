// Package evejson appends JSON to byte slices for the records that Suricata calls EVE. Bytes of the network come in,
// valid JSON text goes out, appended to the caller's slice; nothing is kept and nothing is allocated beyond the slice.
//
// JSON is UTF-8 (RFC 8259, 8.1) and the network is not: a byte that is not part of valid UTF-8 is written as the four
// characters \xHH, with the backslash itself escaped, so that a reader sees which byte it was.
package evejson

import (
	"encoding/hex"
	"strconv"
	"unicode/utf8"
)

const digits = "0123456789abcdef"

// AppendString appends b as a JSON string with its quotation marks.
func AppendString(dst, b []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(b); {
		c := b[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if r, n := utf8.DecodeRune(b[i:]); r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		}
		dst = append(dst, b[start:i]...)
		dst = appendEscape(dst, c)
		i++
		start = i
	}
	dst = append(dst, b[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	if c >= utf8.RuneSelf {
		return append(dst, '\\', '\\', 'x', digits[c>>4], digits[c&15])
	}
	return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}

// AppendText is AppendString for text that is a Go string.
func AppendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if r, n := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, c)
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// AppendKey appends `"key":`, after a comma unless dst ends where an object or array begins, so that members can be
// appended without counting them. key must need no escape.
func AppendKey(dst []byte, key string) []byte {
	dst = AppendComma(dst)
	dst = append(dst, '"')
	dst = append(dst, key...)
	return append(dst, '"', ':')
}

// AppendComma appends the comma that the next element needs: none after an opening brace or bracket, or when dst is empty.
func AppendComma(dst []byte) []byte {
	if n := len(dst); n > 0 && dst[n-1] != '{' && dst[n-1] != '[' {
		return append(dst, ',')
	}
	return dst
}

// AppendBytes appends the member key with the string b.
func AppendBytes(dst []byte, key string, b []byte) []byte {
	return AppendString(AppendKey(dst, key), b)
}

// AppendList appends the member key with an array of strings, when there are any.
func AppendList(dst []byte, key string, list [][]byte) []byte {
	if len(list) == 0 {
		return dst
	}
	return AppendArray(dst, key, list)
}

// AppendArray appends the member key with an array of strings, of none as well.
func AppendArray(dst []byte, key string, list [][]byte) []byte {
	dst = append(AppendKey(dst, key), '[')
	for _, b := range list {
		dst = AppendString(AppendComma(dst), b)
	}
	return append(dst, ']')
}

// AppendStr appends the member key with the string s.
func AppendStr(dst []byte, key, s string) []byte { return AppendText(AppendKey(dst, key), s) }

// AppendUint appends the member key with the number n.
func AppendUint(dst []byte, key string, n uint64) []byte {
	return strconv.AppendUint(AppendKey(dst, key), n, 10)
}

// AppendInt appends the member key with the number n.
func AppendInt(dst []byte, key string, n int64) []byte {
	return strconv.AppendInt(AppendKey(dst, key), n, 10)
}

// AppendBool appends the member key with a truth value.
func AppendBool(dst []byte, key string, v bool) []byte {
	return strconv.AppendBool(AppendKey(dst, key), v)
}

// AppendHex appends the member key with b in lower-case hexadecimal digits.
func AppendHex(dst []byte, key string, b []byte) []byte {
	dst = append(AppendKey(dst, key), '"')
	dst = hex.AppendEncode(dst, b)
	return append(dst, '"')
}
