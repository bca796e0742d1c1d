package signature

import (
	"fmt"
	"strconv"
)

// base64Mode is how strict a decoder is.
type base64Mode uint8

const (
	base64Strict base64Mode = iota // RFC 4648: stops at what is no digit
	base64Skip                     // RFC 2045: passes over what is no digit
)

func base64Value(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}

// appendBase64 decodes src as far as it goes. An incomplete last group gives the bytes that are complete.
func appendBase64(dst, src []byte, mode base64Mode) []byte {
	var v, n uint32
	for _, c := range src {
		d := base64Value(c)
		if d < 0 {
			if c == '=' || mode == base64Strict {
				break
			}
			continue
		}
		v = v<<6 | uint32(d)
		if n++; n == 4 {
			dst = append(dst, byte(v>>16), byte(v>>8), byte(v))
			v, n = 0, 0
		}
	}
	switch n {
	case 2:
		dst = append(dst, byte(v>>4))
	case 3:
		dst = append(dst, byte(v>>10), byte(v>>2))
	}
	return dst
}

// fromBase64 is the transform from_base64.
type fromBase64 struct {
	bytes, offset int
	mode          base64Mode
	whole         bool // strict: a buffer that is not base64 throughout gives nothing
}

func (t *fromBase64) apply(_ *Matcher, dst, src []byte) ([]byte, bool) {
	if t.offset > len(src) || t.bytes > len(src)-t.offset {
		return append(dst, src...), true
	}
	in := src[t.offset:]
	if t.bytes > 0 {
		in = in[:t.bytes]
	}
	before := len(dst)
	dst = appendBase64(dst, in, t.mode)
	if len(dst) == before {
		return append(dst, src...), true
	}
	return dst, true
}

func (b *builder) fromBase64(arg string) error {
	t := &fromBase64{}
	if arg != "" {
		for _, o := range fields(arg) {
			w, v := split2(o)
			switch w {
			case "bytes", "offset":
				n, err := strconv.ParseUint(v, 10, 16)
				if err != nil {
					return fmt.Errorf("bad %s %q", w, v)
				}
				if w == "bytes" {
					t.bytes = int(n)
				} else {
					t.offset = int(n)
				}
			case "mode":
				switch v {
				case "rfc4648", "strict":
					t.mode = base64Strict
				case "rfc2045":
					t.mode = base64Skip
				default:
					return fmt.Errorf("unknown mode %q", v)
				}
			default:
				return fmt.Errorf("unknown option %q", o)
			}
		}
	}
	return b.transform("from_base64", arg, t)
}

// base64Decode is base64_decode: it decodes a part of the buffer and looks for the rule's base64_data steps in it.
type base64Decode struct {
	bytes, offset int
	rel           bool
	inner         *list
}

func (c *base64Decode) run(s *scan) bool {
	at := c.offset
	if c.rel {
		at += s.pos
	}
	if at > len(s.buf) {
		return false
	}
	in := s.buf[at:]
	if c.bytes > 0 && c.bytes < len(in) {
		in = in[:c.bytes]
	}
	out := appendBase64(s.m.arena.grab(len(in)), in, base64Skip)
	if len(out) == 0 {
		return false
	}
	s.m.arena.keep(len(out))
	if c.inner == nil || len(c.inner.items) == 0 {
		return true
	}
	l, buf, pos, last := s.l, s.buf, s.pos, s.last
	s.l, s.buf, s.pos, s.last = c.inner, out, 0, true
	ok := s.run(c.inner.items)
	s.l, s.buf, s.pos, s.last = l, buf, pos, last
	return ok
}

func base64Keywords() []keyword {
	return []keyword{
		{"base64_decode", argMay, func(b *builder, arg string) error {
			c := &base64Decode{}
			if arg != "" {
				for _, o := range fields(arg) {
					w, v := split2(o)
					n, err := 0, error(nil)
					if v != "" {
						n, err = strconv.Atoi(v)
					}
					switch {
					case w == "relative":
						c.rel = true
					case w == "bytes" && err == nil && n > 0:
						c.bytes = n
					case w == "offset" && err == nil && n >= 0:
						c.offset = n
					default:
						return fmt.Errorf("bad option %q", o)
					}
				}
			}
			b.add(c, c.rel)
			b.lastB64 = c
			return nil
		}},
		{"base64_data", argNone, func(b *builder, _ string) error {
			if b.lastB64 == nil {
				return fmt.Errorf("needs a base64_decode before it")
			}
			if b.lastB64.inner == nil {
				b.lastB64.inner = &list{dirs: bothDirs, def: &bufferDef{name: "base64_data"}}
			}
			b.b64 = b.lastB64.inner
			return nil
		}},
	}
}
