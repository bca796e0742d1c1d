package dnp3

// kind is what a field of a point is.
type kind uint8

const (
	unsigned kind = iota // little endian
	signed
	float
	bits   // of a byte that following fields of this kind share, from the lowest
	chars  // text of a fixed length
	text   // as long as an earlier field says
	blob   // the same, written as base64
	hidden // the same, not written
	texts  // all that is left of a sized object
	blobs  // the same, written as base64
)

// field is a field of a point: n bytes, n bits, or for text, blob and hidden the place of the field with its length.
type field struct {
	name string
	kind kind
	n    int
}

// fieldsMax is how many fields a point has at most.
const fieldsMax = 16

// layout is how a point is laid out (IEEE 1815-2012, annex A).
type layout struct {
	packed int  // points are so many bits each, without gaps
	sized  bool // its length is known from the prefix only
	fields []field
}

// cursor goes through the fields of a point.
type cursor struct {
	b      []byte
	at     int
	bit    int
	values [fieldsMax]uint64
}

// next reads field i: a number or the bytes of a text. Those before it must have been read.
func (c *cursor) next(l *layout, i int) (v uint64, s []byte, ok bool) {
	f := &l.fields[i]
	n := f.n
	switch f.kind {
	case bits:
		if c.at >= len(c.b) {
			return 0, nil, false
		}
		v = uint64(c.b[c.at]) >> c.bit & (1<<n - 1)
		if c.bit += n; c.bit >= 8 {
			c.bit = 0
			c.at++
		}
		return v, nil, true
	case text, blob, hidden:
		n = int(c.values[n])
	case texts, blobs:
		n = len(c.b) - c.at
	}
	if n > len(c.b)-c.at {
		return 0, nil, false
	}
	s = c.b[c.at : c.at+n]
	c.at += n
	if f.kind <= float {
		v = littleEndian(s)
		c.values[i] = v
	}
	return v, s, true
}

// length returns how many bytes of b a point takes, -1 when there are not enough.
func (l *layout) length(b []byte) int {
	c := cursor{b: b}
	for i := range l.fields {
		if _, _, ok := c.next(l, i); !ok {
			return -1
		}
	}
	return c.at
}

func littleEndian(b []byte) (v uint64) {
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v
}

// flags are the bits of a byte, one each, from the lowest.
func flags(names ...string) (fs []field) {
	for _, n := range names {
		fs = append(fs, field{n, bits, 1})
	}
	return fs
}

func number(name string, k kind, n int) []field { return []field{{name, k, n}} }

// join makes a layout of parts.
func join(parts ...[]field) *layout {
	l := new(layout)
	for _, p := range parts {
		l.fields = append(l.fields, p...)
	}
	for _, f := range l.fields {
		l.sized = l.sized || f.kind == texts || f.kind == blobs
	}
	return l
}

func packed(name string, n int) *layout {
	return &layout{packed: n, fields: []field{{name, bits, n}}}
}

// layoutOf returns nil for what is not known.
func layoutOf(group, variation byte) *layout {
	if list := table[group]; int(variation) < len(list) {
		return list[variation]
	}
	return nil
}
