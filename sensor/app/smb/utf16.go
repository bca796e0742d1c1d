package smb

import (
	"unicode/utf16"
	"unicode/utf8"
)

// appendUTF16 appends little-endian UTF-16 as UTF-8, without NULs and not beyond the limit of names.
func appendUTF16(dst, b []byte) []byte {
	for i := 0; i+1 < len(b) && len(dst) < nameMax; i += 2 {
		r := rune(b[i]) | rune(b[i+1])<<8
		if utf16.IsSurrogate(r) && i+3 < len(b) {
			if c := utf16.DecodeRune(r, rune(b[i+2])|rune(b[i+3])<<8); c != utf8.RuneError {
				r = c
				i += 2
			}
		}
		if r != 0 {
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// text returns a copy of a name in UTF-16 or in bytes.
func text(b []byte, wide bool) []byte {
	if wide {
		return appendUTF16([]byte{}, b)
	}
	out := []byte{}
	for _, c := range b[:min(len(b), nameMax)] {
		if c != 0 {
			out = append(out, c)
		}
	}
	return out
}

// cString cuts a name from the beginning of b: up to its NUL, in UTF-16 at even places. It returns the name and its length
// with the NUL.
func cString(b []byte, wide bool) ([]byte, int) {
	if !wide {
		for i, c := range b {
			if c == 0 {
				return text(b[:i], false), i + 1
			}
		}
		return text(b, false), len(b)
	}
	for i := 0; i+1 < len(b); i += 2 {
		if b[i]|b[i+1] == 0 {
			return text(b[:i], true), i + 2
		}
	}
	return text(b, true), len(b)
}
