package signature

import (
	"fmt"
	"strconv"
	"strings"
)

// subslice is a part of the buffer. A negative start counts from the end; a positive size is one, a negative says how far
// from the end the part stops, and none means up to the end. What lies beyond the buffer makes the part empty, or is left
// out with cut. A part that ends before it starts is the one between both.
type subslice struct {
	start, size int
	sized, cut  bool
}

func (t *subslice) apply(_ *Matcher, dst, src []byte) ([]byte, bool) {
	n := len(src)
	from, to := t.start, n
	if from < 0 {
		from += n
	}
	switch {
	case !t.sized:
	case t.size < 0:
		to += t.size
	default:
		to = min(max(from, 0), n) + t.size
	}
	if !t.cut && (from < 0 || from > n || to < 0 || to > n) {
		return dst, true
	}
	from, to = min(max(from, 0), n), min(max(to, 0), n)
	return append(dst, src[min(from, to):max(from, to)]...), true
}

// subsliceMax limits a subslice's numbers.
const subsliceMax = 1 << 30

// subslice reads START[,SIZE][,truncate].
func (b *builder) subslice(arg string) error {
	p := fields(arg)
	t := &subslice{}
	if len(p) > 1 && strings.EqualFold(p[len(p)-1], "truncate") {
		t.cut, p = true, p[:len(p)-1]
	}
	number := func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < -subsliceMax || n > subsliceMax {
			return 0, fmt.Errorf("bad number %q", s)
		}
		return n, nil
	}
	var err error
	if t.start, err = number(p[0]); err != nil {
		return err
	}
	if len(p) > 2 {
		return fmt.Errorf("expected start,size,truncate")
	}
	if len(p) == 2 {
		if t.size, err = number(p[1]); err != nil {
			return err
		}
		if t.sized = true; t.size == 0 {
			return fmt.Errorf("a part of no bytes")
		}
	}
	return b.transform("subslice", arg, t)
}
