package signature

import (
	"fmt"
	"strconv"
	"strings"
)

// contentKeywords look for bytes in the current buffer.
func contentKeywords() []keyword {
	return []keyword{
		{"content", argNeed, (*builder).content},
		{"uricontent", argNeed, func(b *builder, arg string) error {
			if b.cur != nil {
				return fmt.Errorf("may not be used inside the sticky buffer %s", b.cur.name)
			}
			if err := b.content(arg); err != nil {
				return err
			}
			return b.moveContent(b.ld.buffers["http.uri"])
		}},
		{"nocase", argNone, modifier(func(_ *builder, c *content, _ string) error {
			c.nocase = true
			return nil
		})},
		{"rawbytes", argNone, modifier(func(_ *builder, c *content, _ string) error {
			c.raw = true
			return nil
		})},
		{"startswith", argNone, modifier(func(_ *builder, c *content, _ string) error {
			if c.offset.set || c.depth.set || c.relative() {
				return fmt.Errorf("may not be combined with offset, depth, distance or within")
			}
			c.starts, c.offset, c.depth = true, place{set: true}, place{n: int32(len(c.pat)), set: true}
			return nil
		})},
		{"endswith", argNone, modifier(func(_ *builder, c *content, _ string) error {
			c.ends = true
			return nil
		})},
		{"offset", argNeed, modifier(func(b *builder, c *content, arg string) (err error) {
			if c.starts {
				return fmt.Errorf("may not be combined with startswith")
			}
			c.offset, err = b.place(arg, 0, 65535)
			return err
		})},
		{"depth", argNeed, modifier(func(b *builder, c *content, arg string) (err error) {
			if c.starts {
				return fmt.Errorf("may not be combined with startswith")
			}
			c.depth, err = b.place(arg, 0, 65535)
			if err == nil && c.depth.v == 0 {
				c.depth.n = max(c.depth.n, int32(len(c.pat)))
			}
			return err
		})},
		{"distance", argNeed, modifier(func(b *builder, c *content, arg string) (err error) {
			if c.starts {
				return fmt.Errorf("may not be combined with startswith")
			}
			c.distance, err = b.place(arg, -65535, 65535)
			return err
		})},
		{"within", argNeed, modifier(func(b *builder, c *content, arg string) (err error) {
			if c.starts {
				return fmt.Errorf("may not be combined with startswith")
			}
			c.within, err = b.place(arg, 0, 65535)
			if err == nil && c.within.v == 0 && int(c.within.n) < len(c.pat) {
				return fmt.Errorf("within %d is less than the content's %d bytes", c.within.n, len(c.pat))
			}
			return err
		})},
		{"fast_pattern", argMay, modifier(func(_ *builder, c *content, arg string) error {
			c.fast = true
			switch {
			case arg == "":
			case arg == "only":
				if c.neg || c.relative() || c.offset.set || c.depth.set {
					return fmt.Errorf("only may not be combined with negation or a position")
				}
				c.fastOnly = true
			default:
				o, l, ok := strings.Cut(arg, ",")
				off, err1 := strconv.Atoi(strings.TrimSpace(o))
				n, err2 := strconv.Atoi(strings.TrimSpace(l))
				if !ok || err1 != nil || err2 != nil || off < 0 || n < 1 || off > len(c.pat) || n > len(c.pat)-off {
					return fmt.Errorf("bad part %q of a content of %d bytes", arg, len(c.pat))
				}
				c.chopOff, c.chopLen = uint16(off), uint16(n)
			}
			return nil
		})},
		{"replace", argNeed, func(*builder, string) error {
			return unsupported("replace", "this engine watches and does not change packets")
		}},
		{"pcre", argNeed, func(b *builder, arg string) error {
			r, buffer, err := parsePCRE(arg)
			if err != nil {
				return err
			}
			it := item{kind: kindRegexp, re: r, rel: r.rel}
			l := (*list)(nil)
			if buffer == "" {
				l = b.list()
			} else {
				if b.cur != nil && b.cur.name == "file.data" && buffer == "http.response_body" {
					buffer = b.cur.name // a response's body is its file data
				}
				if b.cur != nil && b.cur.name != buffer {
					return fmt.Errorf("a flag names %s inside the sticky buffer %s", buffer, b.cur.name)
				}
				d := b.ld.buffers[buffer]
				if err := b.needProtos(d.protos, d.name); err != nil {
					return err
				}
				l = b.listOf(d, nil, "", 0)
			}
			l.items = append(l.items, it)
			return nil
		}},
		{"isdataat", argNeed, func(b *builder, arg string) error {
			c := &dataAt{v: -1}
			if strings.HasPrefix(arg, "!") {
				c.neg, arg = true, trimLeft(arg[1:])
			}
			num, rest, _ := strings.Cut(arg, ",")
			for f := range strings.SplitSeq(rest, ",") {
				switch strings.TrimSpace(f) {
				case "relative":
					c.rel = true
				case "rawbytes", "":
				default:
					return fmt.Errorf("unknown option %q", f)
				}
			}
			var err error
			if c.n, c.v, err = b.intOrVar(num, 0, 65535); err != nil {
				return err
			}
			b.add(c, c.rel)
			return nil
		}},
		{"bsize", argNeed, func(b *builder, arg string) error {
			if v, ok := b.variable(strings.TrimSpace(arg)); ok {
				b.add(&bufferSize{v: v}, false)
				return nil
			}
			n, err := parseNumber(arg, 64, nil)
			if err != nil {
				return err
			}
			b.add(&bufferSize{number: *n, v: -1}, false)
			return nil
		}},
		{"absent", argMay, func(b *builder, arg string) error {
			if b.cur == nil || b.cur.packet != nil {
				return fmt.Errorf("needs a sticky buffer of a protocol before it")
			}
			l := b.list()
			switch arg {
			case "":
				if len(l.items) > 0 {
					return fmt.Errorf("may not be combined with contents; use absent: or_else")
				}
				l.absent = true
			case "or_else":
				l.absentOr = true
			default:
				return fmt.Errorf("unknown option %q", arg)
			}
			return nil
		}},
		{"pkt_data", argNone, func(b *builder, _ string) error { return b.sticky(nil, "") }},
	}
}

func (b *builder) content(arg string) error {
	pat, neg, err := parseContent(arg)
	if err != nil {
		return err
	}
	l := b.list()
	l.items = append(l.items, item{kind: kindContent, c: &content{pat: pat, neg: neg}})
	b.lastL = l
	return nil
}

// modifier makes a keyword that changes the content before it.
func modifier(f func(b *builder, c *content, arg string) error) func(*builder, string) error {
	return func(b *builder, arg string) error {
		c, err := b.lastContent()
		if err != nil {
			return err
		}
		return f(b, c, arg)
	}
}

// intOrVar reads a number within bounds, or the name of a variable. The variable is -1 for a number.
func (b *builder) intOrVar(arg string, from, to int) (n, v int, err error) {
	arg = strings.TrimSpace(arg)
	if n, err := strconv.ParseInt(arg, 0, 64); err == nil {
		if n < int64(from) || n > int64(to) {
			return 0, -1, fmt.Errorf("%s is not between %d and %d", arg, from, to)
		}
		return int(n), -1, nil
	}
	if v, ok := b.variable(arg); ok {
		return 0, v, nil
	}
	return 0, -1, fmt.Errorf("%q is neither a number nor a variable that was set before", arg)
}

// place reads an argument as intOrVar does.
func (b *builder) place(arg string, from, to int) (place, error) {
	n, v, err := b.intOrVar(arg, from, to)
	return place{n: int32(n), v: uint8(v + 1), set: true}, err
}

// dataAt is isdataat.
type dataAt struct {
	neg, rel bool
	n, v     int
}

func (c *dataAt) run(s *scan) bool {
	n := s.value(c.n, c.v)
	ok := n < len(s.buf)
	if c.rel {
		ok = s.pos+n <= len(s.buf)
	}
	return ok != c.neg
}

// bufferSize is bsize.
type bufferSize struct {
	number
	v int
}

func (c *bufferSize) run(s *scan) bool {
	n := uint64(len(s.buf))
	if c.v >= 0 {
		return n == s.vars[c.v]
	}
	if !s.last {
		// A buffer that still grows is too short now; only a lower bound can already hold.
		switch c.op {
		case opGreater, opGreaterEqual:
		default:
			return false
		}
	}
	return c.match(n)
}
