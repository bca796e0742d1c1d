package signature

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// entropy compares the Shannon entropy, in bits a byte, of a part of the buffer.
type entropy struct {
	op            string
	val, val2     float64
	offset, bytes int
	name          string // of the buffer, as EVE has it
}

func shannon(b []byte) float64 {
	var n [256]int
	for _, c := range b {
		n[c]++
	}
	e := 0.0
	for _, k := range n {
		if k > 0 {
			p := float64(k) / float64(len(b))
			e -= p * math.Log2(p)
		}
	}
	return e
}

func (c *entropy) run(s *scan) bool {
	if c.offset > len(s.buf) {
		return false
	}
	b := s.buf[c.offset:]
	if c.bytes > 0 {
		if c.bytes > len(b) {
			return false
		}
		b = b[:c.bytes]
	}
	if len(b) == 0 {
		return false
	}
	e := shannon(b)
	if f := s.m.flow; f != nil {
		f.SetEntropy(c.name, e)
	}
	switch c.op {
	case ">":
		return e > c.val
	case ">=":
		return e >= c.val
	case "<":
		return e < c.val
	case "<=":
		return e <= c.val
	case "!=":
		return e != c.val
	case "-":
		return e > c.val && e < c.val2
	case "!-":
		return e <= c.val || e >= c.val2
	}
	return e == c.val
}

func entropyKeywords() []keyword {
	return []keyword{{"entropy", argNeed, func(b *builder, arg string) error {
		c := &entropy{name: "content"}
		if d := b.cur; d != nil {
			if c.name = d.modifier; c.name == "" {
				c.name = strings.ReplaceAll(d.name, ".", "_")
			}
		}
		have := false
		for _, o := range fields(arg) {
			w, v := split2(o)
			switch w {
			case "bytes", "offset":
				n, err := strconv.ParseUint(v, 10, 31)
				if err != nil {
					return fmt.Errorf("bad %s %q", w, v)
				}
				if w == "bytes" {
					c.bytes = int(n)
				} else {
					c.offset = int(n)
				}
			default:
				cond := strings.TrimSpace(strings.TrimPrefix(o, "value"))
				have = true
				var err error
				c.op = "="
				for _, op := range []string{">=", "<=", "!=", ">", "<", "="} {
					if strings.HasPrefix(cond, op) {
						c.op, cond = op, strings.TrimSpace(cond[len(op):])
						break
					}
				}
				if strings.HasPrefix(cond, "!") {
					c.op, cond = "!=", cond[1:]
				}
				if x, y, ok := strings.Cut(cond, "-"); ok {
					if c.op == "!=" {
						c.op = "!-"
					} else {
						c.op = "-"
					}
					if c.val2, err = strconv.ParseFloat(strings.TrimSpace(y), 64); err != nil {
						return fmt.Errorf("bad value %q", o)
					}
					cond = strings.TrimSpace(x)
				}
				if c.val, err = strconv.ParseFloat(cond, 64); err != nil {
					return fmt.Errorf("bad value %q", o)
				}
			}
		}
		if !have {
			return fmt.Errorf("value is missing")
		}
		b.add(c, false)
		return nil
	}}}
}
