package signature

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// numberOp is how a number is compared.
type numberOp uint8

const (
	opEqual numberOp = iota
	opNotEqual
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opRange // exclusive at both ends
	opNotRange
	opMask
	opNotMask
)

// number is a condition on a number: 5, !5, <5, >=5, 5-9, 5<>9, &0x80=0x80.
type number struct {
	op   numberOp
	a, b uint64
}

func (n *number) match(v uint64) bool {
	switch n.op {
	case opEqual:
		return v == n.a
	case opNotEqual:
		return v != n.a
	case opLess:
		return v < n.a
	case opLessEqual:
		return v <= n.a
	case opGreater:
		return v > n.a
	case opGreaterEqual:
		return v >= n.a
	case opRange:
		return v > n.a && v < n.b
	case opNotRange:
		return v <= n.a || v >= n.b
	case opMask:
		return v&n.a == n.b
	case opNotMask:
		return v&n.a != n.b
	}
	return false
}

// parseNumber reads a condition on a number of the given width in bits. names, when not nil, gives words for values.
func parseNumber(s string, bits int, names map[string]uint64) (*number, error) {
	s = strings.TrimSpace(s)
	bad := fmt.Errorf("bad number condition %q", s)
	limit := uint64(math.MaxUint64) >> (64 - bits)
	value := func(t string) (uint64, bool) {
		t = strings.TrimSpace(t)
		if v, ok := names[strings.ToLower(t)]; ok {
			return v, true
		}
		mult := uint64(1)
		if names == nil {
			u := strings.ToLower(t)
			for suffix, f := range map[string]uint64{"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30} {
				if strings.HasSuffix(u, suffix) {
					t, mult = strings.TrimSpace(t[:len(t)-len(suffix)]), f
					break
				}
			}
		}
		v, err := strconv.ParseUint(t, 0, 64)
		if err != nil {
			v, err = strconv.ParseUint(t, 10, 64)
		}
		if err != nil || v > limit/mult {
			return 0, false
		}
		return v * mult, true
	}
	one := func(op numberOp, t string) (*number, error) {
		if v, ok := value(t); ok {
			return &number{op: op, a: v}, nil
		}
		return nil, bad
	}
	if v, ok := value(s); ok {
		return &number{op: opEqual, a: v}, nil
	}
	switch {
	case strings.HasPrefix(s, "&"):
		op := opMask
		mask, want, ok := strings.Cut(s[1:], "!=")
		if ok {
			op = opNotMask
		} else if mask, want, ok = strings.Cut(s[1:], "="); !ok {
			return nil, bad
		}
		m, ok1 := value(mask)
		w, ok2 := value(want)
		if !ok1 || !ok2 {
			return nil, bad
		}
		return &number{op: op, a: m, b: w}, nil
	case strings.HasPrefix(s, "<="):
		return one(opLessEqual, s[2:])
	case strings.HasPrefix(s, ">="):
		return one(opGreaterEqual, s[2:])
	case strings.HasPrefix(s, "<"):
		n, err := one(opLess, s[1:])
		if err == nil && n.a == 0 {
			return nil, bad
		}
		return n, err
	case strings.HasPrefix(s, ">"):
		n, err := one(opGreater, s[1:])
		if err == nil && n.a == limit {
			return nil, bad
		}
		return n, err
	case strings.HasPrefix(s, "!="):
		return one(opNotEqual, s[2:])
	case strings.HasPrefix(s, "="):
		return one(opEqual, s[1:])
	}
	op := opRange
	t := s
	if strings.HasPrefix(s, "!") {
		if v, ok := value(s[1:]); ok {
			return &number{op: opNotEqual, a: v}, nil
		}
		op, t = opNotRange, s[1:]
	}
	for _, sep := range []string{"<>", "-"} {
		if a, b, ok := strings.Cut(t, sep); ok {
			x, ok1 := value(a)
			y, ok2 := value(b)
			if !ok1 || !ok2 || y <= x || y-x < 2 {
				return nil, bad
			}
			return &number{op: op, a: x, b: y}, nil
		}
	}
	return nil, bad
}
