package signature

import (
	"fmt"
	"strconv"
)

// asn1 is the keyword asn1: it walks BER values (ITU-T X.690, 8.1) and looks for lengths that decoders have choked on.
type asn1 struct {
	bits, double bool
	oversize     uint64
	abs, rel     bool
	offset       int
}

// asn1ValuesMax limits the values that one walk looks at.
const asn1ValuesMax = 256

func (c *asn1) run(s *scan) bool {
	at := c.offset
	if c.rel {
		at += s.pos
	}
	if at < 0 || at >= len(s.buf) {
		return false
	}
	return c.walk(s.buf[at:])
}

func (c *asn1) walk(b []byte) bool {
	for range asn1ValuesMax {
		if len(b) < 2 {
			return false
		}
		tag, constructed := b[0]&0x1f, b[0]&0x20 != 0
		universal := b[0]&0xc0 == 0
		i := 1
		if tag == 0x1f { // high tag number
			for i < len(b) && b[i]&0x80 != 0 {
				i++
			}
			if i++; i >= len(b) {
				return false
			}
		}
		n := uint64(b[i])
		i++
		if n == 0x80 {
			n = 0 // indefinite: the contents follow
			constructed = true
		} else if n > 0x80 {
			k := int(n & 0x7f)
			if k > 8 || i+k > len(b) {
				return false
			}
			n = word(b[i:i+k], false)
			i += k
		}
		b = b[i:]
		if c.oversize > 0 && n > c.oversize {
			return true
		}
		if universal && len(b) > 0 {
			if c.bits && tag == 3 && n > 0 && uint64(b[0]) > 7 {
				return true
			}
			if c.double && tag == 9 && n > 256 && b[0]&0xc0 == 0 {
				return true
			}
		}
		if !constructed {
			if n > uint64(len(b)) {
				return false
			}
			b = b[n:]
		}
	}
	return false
}

func asn1Keywords() []keyword {
	return []keyword{{"asn1", argNeed, func(b *builder, arg string) error {
		c := &asn1{}
		for _, o := range fields(arg) {
			w, v := split2(o)
			n, err := 0, error(nil)
			if v != "" {
				n, err = strconv.Atoi(v)
			}
			switch {
			case err != nil:
				return fmt.Errorf("bad number %q", v)
			case w == "bitstring_overflow":
				c.bits = true
			case w == "double_overflow":
				c.double = true
			case w == "oversize_length" && n > 0:
				c.oversize = uint64(n)
			case w == "absolute_offset" && n >= 0:
				c.abs, c.offset = true, n
			case w == "relative_offset":
				c.rel, c.offset = true, n
			default:
				return fmt.Errorf("unknown option %q", o)
			}
		}
		b.add(c, c.rel)
		return nil
	}}}
}
