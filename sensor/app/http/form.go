package http

import "bytes"

// Limits of form fields. A request body is bounded anyway; these bound what one field may take.
const (
	maxFormFields = 256
	maxFormBytes  = 128 << 10
	maxFormValue  = 16 << 10
)

// form holds the fields that a request has sent, whether urlencoded or multipart.
type form struct {
	arena []byte
	list  []formField
}

type formField struct{ name, value span }

func (f *form) reset() {
	if cap(f.arena) > 2*keepBuffers {
		f.arena = nil
	}
	f.arena, f.list = f.arena[:0], f.list[:0]
}

func (f *form) field(name bool, i int) ([]byte, bool) {
	if i < 0 || i >= len(f.list) {
		return nil, false
	}
	s := f.list[i].value
	if name {
		s = f.list[i].name
	}
	return f.arena[s.off : s.off+s.n : s.off+s.n], true
}

// open begins a field with a name; value is then added to.
func (f *form) open(name []byte) bool {
	if len(f.list) >= maxFormFields || len(f.arena)+len(name) > maxFormBytes {
		return false
	}
	off := uint32(len(f.arena))
	f.arena = append(f.arena, name...)
	f.list = append(f.list, formField{name: span{off, uint32(len(name))}, value: span{uint32(len(f.arena)), 0}})
	return true
}

// value adds to the field that was opened last.
func (f *form) value(p []byte) {
	v := &f.list[len(f.list)-1].value
	room := min(maxFormValue-int(v.n), maxFormBytes-len(f.arena))
	if room <= 0 {
		return
	}
	p = p[:min(len(p), room)]
	f.arena = append(f.arena, p...)
	v.n += uint32(len(p))
}

// urlencoded reads fields from a body of application/x-www-form-urlencoded.
func (f *form) urlencoded(body []byte) {
	for len(body) > 0 && len(f.list) < maxFormFields && len(f.arena) < maxFormBytes {
		pair := body
		if i := bytes.IndexByte(body, '&'); i >= 0 {
			pair, body = body[:i], body[i+1:]
		} else {
			body = nil
		}
		if len(pair) == 0 {
			continue
		}
		name, value, _ := bytes.Cut(pair, []byte("="))
		off := uint32(len(f.arena))
		f.arena = plus(f.arena, name)
		mid := uint32(len(f.arena))
		f.arena = plus(f.arena, value[:min(len(value), 3*maxFormValue)])
		end := min(uint32(len(f.arena)), mid+maxFormValue)
		f.list = append(f.list, formField{name: span{off, mid - off}, value: span{mid, end - mid}})
	}
}

// plus appends p with escapes decoded and plus signs as blanks.
func plus(dst, p []byte) []byte {
	start := len(dst)
	for _, c := range p {
		if c == '+' {
			c = ' '
		}
		dst = append(dst, c)
	}
	// Decoding never lengthens, so it can be done in place.
	n := len(decode(dst[start:start], dst[start:]))
	return dst[:start+n]
}

// maxBoundary is more than twice what RFC 2046, 5.1.1 allows.
const maxBoundary = 200

// boundaryOf returns the boundary of a multipart content type, nil when it is none.
func boundaryOf(contentType []byte) []byte {
	if len(contentType) < 10 || !bytes.EqualFold(contentType[:10], []byte("multipart/")) {
		return nil
	}
	b := parameter(contentType, "boundary")
	if len(b) > maxBoundary {
		return nil
	}
	return b
}

// parameter returns the value of a parameter of a header value: name=value or name="value", quotes left out.
func parameter(v []byte, name string) []byte {
	for {
		i := bytes.IndexAny(v, ";,")
		if i < 0 {
			return nil
		}
		v = bytes.TrimLeft(v[i+1:], " \t\r\n;,")
		j := 0
		for j < len(v) && v[j] != '=' && v[j] != ';' {
			j++
		}
		if j == len(v) || v[j] == ';' {
			v = v[j:]
			continue
		}
		found := bytes.EqualFold(bytes.TrimSpace(v[:j]), []byte(name))
		v = bytes.TrimLeft(v[j+1:], " \t")
		value := v
		if len(v) > 0 && (v[0] == '"' || v[0] == '\'') {
			quote := v[0]
			v = v[1:]
			k := bytes.IndexByte(v, quote)
			if k < 0 {
				k = len(v)
			}
			value, v = v[:k], v[k:]
		} else {
			k := bytes.IndexByte(v, ';')
			if k < 0 {
				k = len(v)
			}
			value, v = bytes.TrimRight(v[:k], " \t\r\n"), v[k:]
		}
		if found {
			return value
		}
	}
}

// fileName returns the file name of a Content-Disposition, decoded when it is given as filename* (RFC 8187).
func fileName(disposition []byte) []byte {
	if n := parameter(disposition, "filename"); n != nil {
		return n
	}
	n := parameter(disposition, "filename*")
	if i := bytes.Index(n, []byte("''")); i >= 0 {
		n = n[i+2:]
	}
	if n == nil {
		return nil
	}
	return decode(nil, n)
}
