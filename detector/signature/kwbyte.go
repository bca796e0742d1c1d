package signature

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// byteKeywords read numbers out of the current buffer.
func byteKeywords() []keyword {
	return []keyword{
		{"byte_test", argNeed, (*builder).byteTest},
		{"byte_jump", argNeed, (*builder).byteJump},
		{"byte_extract", argNeed, (*builder).byteExtract},
		{"byte_math", argNeed, (*builder).byteMath},
	}
}

// field is a number in a buffer: its place, width and form.
type field struct {
	n, vN     int // bytes
	off, vOff int
	rel       bool
	little    bool
	dce       bool
	str       bool
	base      int // of str; 0 finds it out
	mask      uint64
	mult      uint64
	align     bool
}

func newField() field { return field{vN: -1, vOff: -1, base: 0, mult: 1} }

// read gives the number and the end of its bytes.
func (f *field) read(s *scan) (v uint64, end int, ok bool) {
	at := s.value(f.off, f.vOff)
	if f.rel {
		at += s.pos
	}
	n := s.value(f.n, f.vN)
	if at < 0 || at > len(s.buf) || n < 0 {
		return 0, 0, false
	}
	if f.str {
		if n > 23 || at+n > len(s.buf) {
			return 0, 0, false
		}
		v, used, ok := parseDigits(s.buf[at:at+n], f.base)
		if !ok {
			return 0, 0, false
		}
		_ = used
		return f.masked(v), at + n, true
	}
	if n > 8 || at+n > len(s.buf) {
		return 0, 0, false
	}
	little := f.little
	if f.dce {
		little = s.dceLittle()
	}
	return f.masked(word(s.buf[at:at+n], little)), at + n, true
}

func (f *field) masked(v uint64) uint64 {
	if f.mask != 0 {
		v = v & f.mask >> bits.TrailingZeros64(f.mask)
	}
	return v
}

// parseDigits reads a number as strtoull does: spaces, sign, prefix, digits; what follows does not matter.
func parseDigits(b []byte, base int) (v uint64, used int, ok bool) {
	i := 0
	for i < len(b) && (b[i] == ' ' || b[i] >= '\t' && b[i] <= '\r') {
		i++
	}
	neg := false
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		neg = b[i] == '-'
		i++
	}
	if (base == 0 || base == 16) && i+2 < len(b) && b[i] == '0' && b[i+1]|0x20 == 'x' && unhex(b[i+2]) >= 0 {
		base = 16
		i += 2
	}
	if base == 0 {
		base = 10
		if i < len(b) && b[i] == '0' {
			base = 8
		}
	}
	start := i
	for ; i < len(b); i++ {
		d := unhex(b[i])
		if d < 0 || d >= base {
			break
		}
		if v > (math.MaxUint64-uint64(d))/uint64(base) {
			return 0, 0, false
		}
		v = v*uint64(base) + uint64(d)
	}
	if i == start {
		return 0, 0, false
	}
	if neg {
		v = -v
	}
	return v, i, true
}

// fieldOption reads the options that all four keywords share.
func (f *field) option(word, rest string) (bool, error) {
	switch word {
	case "relative":
		f.rel = true
	case "little":
		f.little = true
	case "big":
		f.little = false
	case "dce":
		f.dce = true
	case "string":
		f.str = true
		if rest != "" {
			return f.option(rest, "")
		}
	case "hex":
		f.base = 16
	case "dec":
		f.base = 10
	case "oct":
		f.base = 8
	case "align":
		f.align = true
	case "bitmask":
		m, err := strconv.ParseUint(rest, 0, 32)
		if err != nil || m == 0 {
			return false, fmt.Errorf("bad bitmask %q", rest)
		}
		f.mask = m
	case "multiplier":
		m, err := strconv.ParseUint(rest, 0, 16)
		if err != nil || m == 0 {
			return false, fmt.Errorf("bad multiplier %q", rest)
		}
		f.mult = m
	default:
		return false, nil
	}
	return true, nil
}

func fields(arg string) []string {
	parts := strings.Split(arg, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

func split2(s string) (word, rest string) {
	word, rest, _ = strings.Cut(s, " ")
	return word, strings.TrimSpace(rest)
}

func (f *field) check() error {
	if f.vN < 0 && (f.str && f.n > 23 || !f.str && f.n > 8) {
		return fmt.Errorf("%d bytes are too many", f.n)
	}
	return nil
}

// byteTest is byte_test.
type byteTest struct {
	field
	op   string
	neg  bool
	val  uint64
	vVal int
}

func (b *builder) byteTest(arg string) (err error) {
	p := fields(arg)
	if len(p) < 4 {
		return fmt.Errorf("expected bytes, operator, value, offset")
	}
	t := &byteTest{field: newField(), vVal: -1}
	if t.n, t.vN, err = b.intOrVar(p[0], 0, 23); err != nil {
		return err
	}
	t.op = p[1]
	if len(t.op) > 1 && t.op[0] == '!' {
		t.neg, t.op = true, trimLeft(t.op[1:])
	} else if t.op == "!" {
		t.neg, t.op = true, "="
	}
	switch t.op {
	case "<", ">", "=", "<=", ">=", "&", "^":
	default:
		return fmt.Errorf("unknown operator %q", p[1])
	}
	if v, ok := b.variable(p[2]); ok {
		t.vVal = v
	} else if t.val, err = strconv.ParseUint(p[2], 0, 64); err != nil {
		n, err := strconv.ParseInt(p[2], 0, 64)
		if err != nil {
			if n, err10 := strconv.ParseUint(p[2], 10, 64); err10 == nil {
				t.val = n
			} else {
				return fmt.Errorf("bad value %q", p[2])
			}
		} else {
			t.val = uint64(n)
		}
	}
	if t.off, t.vOff, err = b.intOrVar(p[3], -65535, 65535); err != nil {
		return err
	}
	for _, o := range p[4:] {
		w, rest := split2(o)
		known, err := t.option(w, rest)
		if err != nil {
			return err
		}
		if !known {
			return fmt.Errorf("unknown option %q", o)
		}
	}
	if err := t.field.check(); err != nil {
		return err
	}
	b.add(t, t.rel)
	return nil
}

func (t *byteTest) run(s *scan) bool {
	v, _, ok := t.read(s)
	if !ok {
		return false
	}
	val := t.val
	if t.vVal >= 0 {
		val = s.vars[t.vVal]
	}
	switch t.op {
	case "<":
		ok = v < val
	case ">":
		ok = v > val
	case "=":
		ok = v == val
	case "<=":
		ok = v <= val
	case ">=":
		ok = v >= val
	case "&":
		ok = v&val != 0
	case "^":
		ok = v^val != 0
	}
	return ok != t.neg
}

// byteJump is byte_jump.
type byteJump struct {
	field
	begin, end  bool
	post, vPost int
}

func (b *builder) byteJump(arg string) (err error) {
	p := fields(arg)
	if len(p) < 2 {
		return fmt.Errorf("expected bytes, offset")
	}
	j := &byteJump{field: newField(), vPost: -1}
	if j.n, j.vN, err = b.intOrVar(p[0], 0, 23); err != nil {
		return err
	}
	if j.off, j.vOff, err = b.intOrVar(p[1], -65535, 65535); err != nil {
		return err
	}
	for _, o := range p[2:] {
		w, rest := split2(o)
		known, err := j.option(w, rest)
		if err != nil {
			return err
		}
		switch {
		case known:
		case w == "from_beginning":
			j.begin = true
		case w == "from_end":
			j.end = true
		case w == "post_offset":
			if j.post, j.vPost, err = b.intOrVar(rest, -65535, 65535); err != nil {
				return err
			}
		default:
			return fmt.Errorf("unknown option %q", o)
		}
	}
	if err := j.field.check(); err != nil {
		return err
	}
	b.add(j, j.rel)
	return nil
}

func (j *byteJump) run(s *scan) bool {
	v, end, ok := j.read(s)
	if !ok {
		return false
	}
	if v > math.MaxInt32 {
		return false
	}
	v *= j.mult
	if j.align {
		v = (v + 3) &^ 3
	}
	to := int(v) + s.value(j.post, j.vPost)
	switch {
	case j.begin:
	case j.end:
		to += len(s.buf)
	default:
		to += end
	}
	if to > len(s.buf) {
		return false
	}
	s.pos = max(to, 0) // before the buffer's start means its start
	return true
}

// byteExtract is byte_extract.
type byteExtract struct {
	field
	to int
}

func (b *builder) byteExtract(arg string) (err error) {
	p := fields(arg)
	if len(p) < 3 {
		return fmt.Errorf("expected bytes, offset, name")
	}
	x := &byteExtract{field: newField()}
	if x.n, x.vN, err = b.intOrVar(p[0], 0, 23); err != nil {
		return err
	}
	if x.off, x.vOff, err = b.intOrVar(p[1], -65535, 65535); err != nil {
		return err
	}
	if x.to, err = b.setVariable(p[2]); err != nil {
		return err
	}
	for _, o := range p[3:] {
		w, rest := split2(o)
		known, err := x.option(w, rest)
		if err != nil {
			return err
		}
		if !known && w != "slice" {
			return fmt.Errorf("unknown option %q", o)
		}
		if w == "align" && rest != "" && rest != "4" && rest != "2" {
			return fmt.Errorf("align is 2 or 4")
		}
	}
	if err := x.field.check(); err != nil {
		return err
	}
	b.add(x, x.rel)
	return nil
}

func (x *byteExtract) run(s *scan) bool {
	v, end, ok := x.read(s)
	if !ok {
		return false
	}
	if v > math.MaxUint64/x.mult {
		return false
	}
	v *= x.mult
	if x.align {
		v = (v + 3) &^ 3
	}
	s.vars[x.to] = v
	s.pos = end
	return true
}
