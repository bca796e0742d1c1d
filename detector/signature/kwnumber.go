package signature

import (
	"fmt"
	"strconv"
	"strings"
)

// which says which of many numbers a condition must hold for.
type which uint8

const (
	whichAny     which = iota
	whichAll           // every one, of at least one
	whichAllNone       // every one, or there is none
	whichAnyNone       // any, or there is none
	whichOne           // the one at an index
	whichOneNone       // the one at an index, or there is none at it
	whichMany          // as many as count says
	whichCount         // none is looked at: the condition is on how many there are
)

// values is a condition on the numbers of a buffer that may have many: >5, >5,all, >5,-1, >5,nb>3, count >3. A part of the
// list may stand at the end: >5,all,2:4.
type values struct {
	number
	which    which
	index    int
	count    number // of whichMany
	part     bool
	from, to int // of part; negative ones count from the end
}

// waits reports whether more numbers can turn a match into none, so that the condition waits until there are no more.
func (c *values) waits() bool {
	return c.part || c.which != whichAny && (c.which != whichOne || c.index < 0)
}

// match looks at n numbers.
func (c *values) match(n int, get func(int) uint64) bool {
	at := 0
	if c.part {
		from, to := back(c.from, n), back(c.to, n)
		if from < 0 || to > n || from > to {
			from, to = 0, 0
		}
		at, n = from, to-from
	}
	switch c.which {
	case whichOne, whichOneNone:
		i := back(c.index, n)
		if i < 0 || i >= n {
			return c.which == whichOneNone
		}
		return c.number.match(get(at + i))
	case whichCount:
		return c.number.match(uint64(n))
	}
	held := 0
	for i := range n {
		if c.number.match(get(at + i)) {
			held++
		}
	}
	switch c.which {
	case whichAll:
		return held == n && n > 0
	case whichAllNone:
		return held == n
	case whichAnyNone:
		return held > 0 || n == 0
	case whichMany:
		return c.count.match(uint64(held))
	}
	return held > 0
}

// back turns an index from the end into one from the start.
func back(i, n int) int {
	if i < 0 {
		return i + n
	}
	return i
}

// parseValues reads a condition on numbers of the given width in bits.
func parseValues(arg string, bits int, names map[string]uint64) (*values, error) {
	p := fields(arg)
	if len(p) == 0 || len(p) > 3 {
		return nil, fmt.Errorf("expected condition,index,part")
	}
	c := &values{}
	if rest, ok := strings.CutPrefix(p[0], "count"); ok {
		n, err := parseNumber(rest, 32, nil)
		if err != nil || len(p) > 1 {
			return nil, fmt.Errorf("bad count %q", arg)
		}
		c.number, c.which = *n, whichCount
		return c, nil
	}
	n, err := parseNumber(p[0], bits, names)
	if err != nil {
		return nil, err
	}
	c.number = *n
	if len(p) > 1 {
		if err := c.parseWhich(p[1]); err != nil {
			return nil, err
		}
	}
	if len(p) > 2 {
		from, to, ok := strings.Cut(p[2], ":")
		var err1, err2 error
		c.from, err1 = strconv.Atoi(strings.TrimSpace(from))
		c.to, err2 = strconv.Atoi(strings.TrimSpace(to))
		if !ok || err1 != nil || err2 != nil {
			return nil, fmt.Errorf("bad part %q", p[2])
		}
		c.part = true
	}
	return c, nil
}

func (c *values) parseWhich(w string) error {
	switch w {
	case "", "any":
		return nil
	case "all", "all1":
		c.which = whichAll
		return nil
	case "all_or_absent":
		c.which = whichAllNone
		return nil
	case "or_absent":
		c.which = whichAnyNone
		return nil
	}
	if rest, ok := strings.CutPrefix(w, "nb"); ok {
		n, err := parseNumber(rest, 32, nil)
		if err != nil {
			return fmt.Errorf("bad index %q", w)
		}
		c.which, c.count = whichMany, *n
		return nil
	}
	c.which = whichOne
	rest, ok := strings.CutPrefix(w, "oob_or")
	if ok {
		c.which = whichOneNone
	}
	var err error
	if c.index, err = strconv.Atoi(strings.TrimSpace(rest)); err != nil {
		return fmt.Errorf("bad index %q", w)
	}
	return nil
}

// numberIn is a condition on the numbers of a buffer of the transaction.
type numberIn struct{ values }

func (c *numberIn) run(s *scan) bool {
	n := 0
	for n < valuesMax {
		if _, ok := s.m.number(s.l.def, n); !ok {
			break
		}
		n++
	}
	return c.match(n, func(i int) uint64 {
		v, _ := s.m.number(s.l.def, i)
		return v
	})
}

// parseMasks reads names of bits that must be set, or not where ! stands before them: fin,!comp.
func parseMasks(arg string, names map[string]uint64) (*number, error) {
	n := &number{op: opMask}
	for _, w := range fields(strings.ToLower(arg)) {
		name, neg := strings.CutPrefix(w, "!")
		bit, ok := names[strings.TrimSpace(name)]
		if !ok {
			return nil, fmt.Errorf("unknown flag %q", name)
		}
		if n.a&bit != 0 {
			return nil, fmt.Errorf("flag %q is named twice", name)
		}
		n.a |= bit
		if !neg {
			n.b |= bit
		}
	}
	if n.a == 0 {
		return nil, fmt.Errorf("expected flags")
	}
	return n, nil
}

// number makes a condition on the numbers of a buffer.
func (b *builder) number(d *bufferDef, arg string) error {
	dir := dirs(0)
	for _, w := range []struct {
		word string
		dir  dirs
	}{{"to_server", toServer}, {"to_client", toClient}} {
		if rest, ok := strings.CutPrefix(arg, w.word); ok {
			dir, arg = w.dir, trimLeft(strings.TrimPrefix(trimLeft(rest), ","))
		}
	}
	var c *values
	var err error
	if d.is(masks) {
		var n *number
		if n, err = parseNumber(arg, d.bits, nil); err != nil {
			n, err = parseMasks(arg, d.names)
		}
		if err == nil {
			c = &values{number: *n}
		}
	} else {
		c, err = parseValues(arg, d.bits, d.names)
	}
	if err != nil {
		return err
	}
	if !d.is(multi) && (c.part || c.which > whichAllNone) {
		return fmt.Errorf("bad index %q: %s has one value", arg, d.name)
	}
	if c.waits() {
		whole := *d
		whole.stage, whole.flags = stDone, d.flags&^grows
		d = &whole
	}
	if err := b.needProtos(d.protos, d.name); err != nil {
		return err
	}
	l := b.listOf(d, nil, fmt.Sprint(len(b.s.lists)), dir)
	l.items = append(l.items, item{chk: &numberIn{*c}})
	return nil
}
