package evejson

import (
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

// Value is one value of a Doc. The zero Value is absent: every question about it has the answer that it is not there.
type Value struct {
	d *Doc
	i int32
}

// Root returns the value that is the whole text.
func (d *Doc) Root() Value {
	if len(d.nodes) == 0 {
		return Value{}
	}
	return Value{d, 0}
}

// Type returns what the value is.
func (v Value) Type() Type {
	if v.d == nil {
		return NoValue
	}
	return v.d.nodes[v.i].typ
}

// First returns the first element or member of an array or object.
func (v Value) First() Value {
	if t := v.Type(); t != Array && t != Object {
		return Value{}
	}
	// A child lies within its parent's text; what follows an empty one does not.
	if j := v.i + 1; int(j) < len(v.d.nodes) && v.d.nodes[j].start < v.d.nodes[v.i].end {
		return Value{v.d, j}
	}
	return Value{}
}

// Next returns the element or member behind v.
func (v Value) Next() Value {
	if v.d == nil || v.d.nodes[v.i].next == 0 {
		return Value{}
	}
	return Value{v.d, v.d.nodes[v.i].next}
}

// Key returns the name of a member of an object.
func (v Value) Key() []byte {
	if v.d == nil {
		return nil
	}
	n := &v.d.nodes[v.i]
	return v.d.unescape(n.keyStart, n.keyEnd, n.keyEscaped)
}

// Get returns the first member of an object that has a name.
func (v Value) Get(key string) Value {
	if v.Type() != Object {
		return Value{}
	}
	for c := v.First(); c.d != nil; c = c.Next() {
		n := &c.d.nodes[c.i]
		// An escape makes at most six bytes of one.
		if l := int(n.keyEnd - n.keyStart); l >= len(key) && (l == len(key) || n.keyEscaped && l <= 6*len(key)) && string(c.Key()) == key {
			return c
		}
	}
	return Value{}
}

// Raw returns the text of a value; that of a string stands without its quotation marks and with its escapes.
func (v Value) Raw() []byte {
	if v.d == nil {
		return nil
	}
	n := &v.d.nodes[v.i]
	return v.d.text[n.start:n.end]
}

// Text returns a string.
func (v Value) Text() ([]byte, bool) {
	if v.Type() != String {
		return nil, false
	}
	n := &v.d.nodes[v.i]
	return v.d.unescape(n.start, n.end, n.escaped), true
}

// Str returns a string, nil for what is none.
func (v Value) Str() []byte {
	b, _ := v.Text()
	return b
}

// True reports whether the value is true.
func (v Value) True() bool { return v.Type() == Bool && v.Raw()[0] == 't' }

// Uint returns a number that is whole, not negative and written without exponent.
func (v Value) Uint() (uint64, bool) {
	if v.Type() != Number {
		return 0, false
	}
	return ParseUint(v.Raw())
}

// ParseUint reads decimal digits.
func ParseUint(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	n := uint64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		x := uint64(c - '0')
		if n > (math.MaxUint64-x)/10 {
			return 0, false
		}
		n = n*10 + x
	}
	return n, true
}

// ParseNanos reads seconds with a fraction as nanoseconds; digits behind the ninth are cut off.
func ParseNanos(b []byte) (int64, bool) {
	whole := b
	var part []byte
	for i, c := range b {
		if c == '.' {
			if whole, part = b[:i], b[i+1:]; len(part) == 0 {
				return 0, false
			}
			break
		}
	}
	s, ok := ParseUint(whole)
	if !ok || s > math.MaxInt64/1_000_000_000-1 {
		return 0, false
	}
	ns := int64(0)
	for i, c := range part {
		if c < '0' || c > '9' {
			return 0, false
		}
		if i < 9 {
			ns = ns*10 + int64(c-'0')
		}
	}
	for i := len(part); i < 9; i++ {
		ns *= 10
	}
	return int64(s)*1_000_000_000 + ns, true
}

// unescape returns a string without escapes. Halves of surrogate pairs become U+FFFD.
func (d *Doc) unescape(from, to int32, escaped bool) []byte {
	b := d.text[from:to]
	if !escaped {
		return b
	}
	start := len(d.plain)
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c != '\\' {
			d.plain = append(d.plain, c)
			continue
		}
		i++
		switch b[i] {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, _ := hex4(b[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if i+6 < len(b) && b[i+1] == '\\' && b[i+2] == 'u' {
					low, _ = hex4(b[i+3:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			d.plain = utf8.AppendRune(d.plain, r)
			continue
		default:
			c = b[i]
		}
		d.plain = append(d.plain, c)
	}
	return d.plain[start:len(d.plain):len(d.plain)]
}

// hex4 reads four hexadecimal digits.
func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	r := rune(0)
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
