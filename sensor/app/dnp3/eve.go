package dnp3

import (
	"encoding/base64"
	"math"
	"strconv"

	"khien/sensor"
	"khien/sensor/evejson"
)

// AppendEVE appends the object of the fragment.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	if tx.bare {
		return append(dst, '{', '}')
	}
	return append(tx.appendMembers(append(dst, '{')), '}')
}

// AppendEVEAlert appends it as the member request or response, as alerts have it.
func (tx *Tx) AppendEVEAlert(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	if !tx.bare {
		dst = append(evejson.AppendKey(dst, tx.kind()), '{')
		dst = append(tx.appendMembers(dst), '}')
	}
	return append(dst, '}')
}

func (tx *Tx) kind() string {
	if tx.response() {
		return "response"
	}
	return "request"
}

func (tx *Tx) appendMembers(dst []byte) []byte {
	dst = evejson.AppendStr(dst, "type", tx.kind())
	c := tx.link.control
	dst = append(evejson.AppendKey(dst, "control"), '{')
	for i, n := range [...]string{"dir", "pri", "fcb", "fcv"} {
		dst = evejson.AppendBool(dst, n, c&(0x80>>i) != 0)
	}
	dst = append(evejson.AppendUint(dst, "function_code", uint64(c&15)), '}')
	dst = evejson.AppendUint(dst, "src", uint64(tx.link.src))
	dst = evejson.AppendUint(dst, "dst", uint64(tx.link.dst))
	dst = append(evejson.AppendKey(dst, "application"), '{')
	dst = append(evejson.AppendKey(dst, "control"), '{')
	for i, n := range [...]string{"fir", "fin", "con", "uns"} {
		dst = evejson.AppendBool(dst, n, tx.data[0]&(0x80>>i) != 0)
	}
	dst = append(evejson.AppendUint(dst, "sequence", uint64(tx.data[0]&15)), '}')
	dst = evejson.AppendUint(dst, "function_code", uint64(tx.data[1]))
	if len(tx.objects) > 0 {
		dst = append(evejson.AppendKey(dst, "objects"), '[')
		left := uint32(writtenMax)
		for i := range tx.objects {
			dst = tx.objects[i].appendEVE(evejson.AppendComma(dst), &left)
		}
		dst = append(dst, ']')
	}
	dst = append(evejson.AppendBool(dst, "complete", tx.complete), '}')
	if tx.response() {
		dst = append(evejson.AppendKey(dst, "iin"), '{')
		dst = append(evejson.AppendKey(dst, "indicators"), '[')
		for k := range indicators {
			for i, n := range indicators[k] {
				if tx.data[2+k]>>i&1 != 0 {
					dst = evejson.AppendText(evejson.AppendComma(dst), n)
				}
			}
		}
		dst = append(dst, ']', '}')
	}
	return dst
}

// appendEVE appends a header with its points, of which no more than *left are written.
func (o *object) appendEVE(dst []byte, left *uint32) []byte {
	dst = append(dst, '{')
	for _, n := range [...]struct {
		key string
		v   uint32
	}{{"group", uint32(o.group)}, {"variation", uint32(o.variation)}, {"qualifier", uint32(o.qualifier)}, {"prefix_code", uint32(o.prefix())},
		{"range_code", uint32(o.codeRange())}, {"start", o.start}, {"stop", o.stop}, {"count", o.count}} {
		dst = evejson.AppendUint(dst, n.key, uint64(n.v))
	}
	l := layoutOf(o.group, o.variation)
	n := min(o.points, *left)
	*left -= n
	if l != nil && n > 0 {
		dst = append(evejson.AppendKey(dst, "points"), '[')
		rest := o.data
		for i := range n {
			c := cursor{}
			prefix := uint32(0)
			if l.packed > 0 {
				c.b, c.at, c.bit = o.data, int(i)*l.packed/8, int(i)*l.packed%8
			} else {
				prefix, c.b, rest, _ = o.next(l, rest)
			}
			dst = append(evejson.AppendComma(dst), '{')
			dst = evejson.AppendUint(dst, "prefix", uint64(prefix))
			index := o.start + i
			if o.prefix() != 0 && !o.sized() {
				index = prefix
			}
			dst = evejson.AppendUint(dst, "index", uint64(index))
			dst = append(c.appendFields(dst, l), '}')
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func (c *cursor) appendFields(dst []byte, l *layout) []byte {
	for i := range l.fields {
		f := &l.fields[i]
		v, s, _ := c.next(l, i)
		switch f.kind {
		case unsigned, bits:
			dst = evejson.AppendUint(dst, f.name, v)
		case signed:
			dst = evejson.AppendInt(dst, f.name, int64(v<<(64-8*f.n))>>(64-8*f.n))
		case float:
			x := math.Float64frombits(v)
			if f.n == 4 {
				x = float64(math.Float32frombits(uint32(v)))
			}
			dst = appendFloat(evejson.AppendKey(dst, f.name), x)
		case chars, text, texts:
			dst = evejson.AppendBytes(dst, f.name, s)
		case blob, blobs: // EVE has this name for it
			dst = append(append(evejson.AppendComma(dst), `"data->`...), f.name...)
			dst = append(base64.StdEncoding.AppendEncode(append(dst, `":"`...), s), '"')
		}
	}
	return dst
}

// appendFloat appends a number, null for what JSON has none for.
func appendFloat(dst []byte, x float64) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(dst, "null"...)
	}
	return strconv.AppendFloat(dst, x, 'g', -1, 64)
}
