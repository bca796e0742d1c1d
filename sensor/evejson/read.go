package evejson

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Limits of a text that Doc reads.
const (
	DepthMax = 32      // arrays and objects within one another
	nodesMax = 1 << 14 // values of one text
	textMax  = 8 << 20
)

// Type is what a JSON value is; NoValue is that of an absent one.
type Type uint8

// The types of JSON (RFC 8259, 3).
const (
	NoValue Type = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// Errors of Parse beside those that name an offset.
var (
	errDepth = fmt.Errorf("more than %d values within one another", DepthMax)
	errNodes = fmt.Errorf("more than %d values", nodesMax)
	errSize  = fmt.Errorf("more than %d bytes", textMax)
	errUTF8  = errors.New("not valid UTF-8")
)

// Doc reads JSON text in place. The zero value is ready; it is reused by Parse, and Values of it are valid until the next
// Parse, as long as the text is. It is not safe for concurrent use.
type Doc struct {
	text  []byte
	nodes []node
	plain []byte // strings without their escapes
	at    int
}

// node is one value. Its children follow it; next is the sibling behind all of them, 0 for the last.
type node struct {
	typ              Type
	escaped          bool
	keyEscaped       bool
	start, end       int32 // of strings, between the quotation marks
	keyStart, keyEnd int32
	next             int32
}

// Parse reads a text. After an error nothing of it can be asked for.
func (d *Doc) Parse(text []byte) error {
	d.text, d.nodes, d.plain, d.at = text, d.nodes[:0], d.plain[:0], 0
	err := d.parse()
	if err != nil {
		d.nodes = d.nodes[:0]
	}
	return err
}

func (d *Doc) parse() error {
	if len(d.text) > textMax {
		return errSize
	}
	if !utf8.Valid(d.text) {
		return errUTF8
	}
	if err := d.value(0); err != nil {
		return err
	}
	if d.space(); d.at < len(d.text) {
		return d.unexpected()
	}
	return nil
}

func (d *Doc) unexpected() error {
	if d.at >= len(d.text) {
		return errors.New("the JSON text is cut off")
	}
	return fmt.Errorf("not JSON at byte %d", d.at+1)
}

func (d *Doc) space() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ' ', '\t', '\r', '\n':
			d.at++
		default:
			return
		}
	}
}

// value reads a value into a new node.
func (d *Doc) value(depth int) error {
	d.space()
	if d.at >= len(d.text) {
		return d.unexpected()
	}
	if len(d.nodes) == nodesMax {
		return errNodes
	}
	i := len(d.nodes)
	d.nodes = append(d.nodes, node{start: int32(d.at)})
	var err error
	switch c := d.text[d.at]; {
	case c == '"':
		d.nodes[i].typ = String
		d.nodes[i].start, d.nodes[i].end, d.nodes[i].escaped, err = d.str()
		return err
	case c == '{' || c == '[':
		if depth == DepthMax {
			return errDepth
		}
		d.nodes[i].typ = Array
		if c == '{' {
			d.nodes[i].typ = Object
		}
		err = d.members(c == '{', depth+1)
	case c == '-' || c >= '0' && c <= '9':
		d.nodes[i].typ = Number
		err = d.number()
	default:
		d.nodes[i].typ, err = d.word()
	}
	d.nodes[i].end = int32(d.at)
	return err
}

// members reads what stands in an object or array.
func (d *Doc) members(object bool, depth int) error {
	end := byte(']')
	if object {
		end = '}'
	}
	d.at++
	if d.space(); d.at < len(d.text) && d.text[d.at] == end {
		d.at++
		return nil
	}
	before := -1
	for {
		var from, to int32
		var escaped bool
		if object {
			var err error
			if d.space(); d.at >= len(d.text) || d.text[d.at] != '"' {
				return d.unexpected()
			}
			if from, to, escaped, err = d.str(); err != nil {
				return err
			}
			if d.space(); d.at >= len(d.text) || d.text[d.at] != ':' {
				return d.unexpected()
			}
			d.at++
		}
		i := len(d.nodes)
		if err := d.value(depth); err != nil {
			return err
		}
		n := &d.nodes[i]
		n.keyStart, n.keyEnd, n.keyEscaped = from, to, escaped
		if before >= 0 {
			d.nodes[before].next = int32(i)
		}
		before = i
		if d.space(); d.at >= len(d.text) {
			return d.unexpected()
		}
		switch d.text[d.at] {
		case ',':
			d.at++
		case end:
			d.at++
			return nil
		default:
			return d.unexpected()
		}
	}
}

// str reads a string and returns where it stands between its quotation marks.
func (d *Doc) str() (start, end int32, escaped bool, err error) {
	d.at++
	start = int32(d.at)
	for d.at < len(d.text) {
		switch c := d.text[d.at]; {
		case c == '"':
			end = int32(d.at)
			d.at++
			return start, end, escaped, nil
		case c < ' ':
			return 0, 0, false, d.unexpected()
		case c == '\\':
			escaped = true
			if d.at++; d.at >= len(d.text) {
				return 0, 0, false, d.unexpected()
			}
			switch d.text[d.at] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if _, ok := hex4(d.text[d.at+1:]); !ok {
					return 0, 0, false, d.unexpected()
				}
				d.at += 4
			default:
				return 0, 0, false, d.unexpected()
			}
		}
		d.at++
	}
	return 0, 0, false, d.unexpected()
}

// digitsOf passes over digits and reports whether there was one.
func (d *Doc) digitsOf() bool {
	from := d.at
	for d.at < len(d.text) && d.text[d.at] >= '0' && d.text[d.at] <= '9' {
		d.at++
	}
	return d.at > from
}

// number reads a number (RFC 8259, 6).
func (d *Doc) number() error {
	if d.text[d.at] == '-' {
		d.at++
	}
	switch {
	case d.at < len(d.text) && d.text[d.at] == '0':
		d.at++
	case !d.digitsOf():
		return d.unexpected()
	}
	if d.at < len(d.text) && d.text[d.at] == '.' {
		if d.at++; !d.digitsOf() {
			return d.unexpected()
		}
	}
	if d.at < len(d.text) && d.text[d.at]|0x20 == 'e' {
		if d.at++; d.at < len(d.text) && (d.text[d.at] == '+' || d.text[d.at] == '-') {
			d.at++
		}
		if !d.digitsOf() {
			return d.unexpected()
		}
	}
	return nil
}

func (d *Doc) word() (Type, error) {
	rest := d.text[d.at:]
	for _, w := range [...]struct {
		text string
		typ  Type
	}{{"true", Bool}, {"false", Bool}, {"null", Null}} {
		if len(rest) >= len(w.text) && string(rest[:len(w.text)]) == w.text {
			d.at += len(w.text)
			return w.typ, nil
		}
	}
	return NoValue, d.unexpected()
}
