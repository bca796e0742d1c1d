package zeeklog

import (
	"bytes"
	"encoding/hex"

	"khien/sensor"
	"khien/sensor/evejson"
)

// listMax is how many elements of a set or vector are read.
const listMax = 100

// bad notes the first column that holds what it must not.
func (d *Decoder) bad(what string) {
	if d.wrong == "" {
		d.wrong = what
	}
}

// text returns a column, nil when it is unset, empty or not there.
func (d *Decoder) text(name string) []byte {
	if d.json {
		switch v := d.doc.Root().Get(name); v.Type() {
		case evejson.String:
			return v.Str()
		case evejson.Number:
			return v.Raw()
		case evejson.Bool:
			if v.True() {
				return []byte("T")
			}
			return []byte("F")
		case evejson.NoValue, evejson.Null:
		default:
			d.bad(name + " is no single value")
		}
		return nil
	}
	i, ok := d.columns[name]
	if !ok {
		return nil
	}
	return d.cell(d.cells[i])
}

// cell returns the content of a cell or of an element.
func (d *Decoder) cell(c []byte) []byte {
	if bytes.Equal(c, d.unset) || bytes.Equal(c, d.empty) {
		return nil
	}
	if bytes.IndexByte(c, '\\') < 0 {
		return c
	}
	// What was returned before points into the old array when it is outgrown.
	n := len(d.scratch)
	d.scratch = unescape(d.scratch, c)
	return d.scratch[n:len(d.scratch):len(d.scratch)]
}

// all returns the elements of a set or vector.
func (d *Decoder) all(name string) [][]byte {
	d.list = d.list[:0]
	if d.json {
		v := d.doc.Root().Get(name)
		switch v.Type() {
		case evejson.Array:
		case evejson.NoValue, evejson.Null:
		default:
			d.bad(name + " is no array")
		}
		for v = v.First(); v.Type() != evejson.NoValue && len(d.list) < listMax; v = v.Next() {
			if s, ok := v.Text(); ok {
				d.list = append(d.list, s)
			} else if v.Type() == evejson.Number {
				d.list = append(d.list, v.Raw())
			}
		}
		return d.list
	}
	i, ok := d.columns[name]
	if !ok {
		return nil
	}
	rest := d.cells[i]
	if bytes.Equal(rest, d.unset) || bytes.Equal(rest, d.empty) {
		return nil
	}
	for more := true; more && len(d.list) < listMax; {
		var c []byte
		c, rest, more = bytes.Cut(rest, d.setSep)
		d.list = append(d.list, d.cell(c))
	}
	return d.list
}

// first returns the first element of a set or vector.
func (d *Decoder) first(name string) []byte {
	if all := d.all(name); len(all) > 0 {
		return all[0]
	}
	return nil
}

// num returns a number from 0 on; false when there is none.
func (d *Decoder) num(name string) (uint64, bool) {
	text := d.text(name)
	if len(text) == 0 {
		return 0, false
	}
	n, ok := evejson.ParseUint(text)
	if !ok {
		d.bad(name + " is no whole number from 0 on")
	}
	return n, ok
}

func (d *Decoder) port(name string) uint16 {
	n, _ := d.num(name)
	if n > 65535 {
		d.bad(name + " is no port")
	}
	return uint16(n)
}

// time returns a time: seconds with a fraction, in JSON also milliseconds or as text.
func (d *Decoder) time(name string) (int64, bool) {
	text := d.text(name)
	if d.json {
		if d.doc.Root().Get(name).Type() == evejson.String {
			return evejson.ParseTime(text)
		}
		if ms, ok := evejson.ParseUint(text); ok && ms > 1e11 { // as seconds, the year 5138
			return int64(min(ms, 1<<43)) * 1e6, true
		}
	}
	return evejson.ParseNanos(text)
}

// interval returns a span of time in nanoseconds, 0 when there is none.
func (d *Decoder) interval(name string) int64 {
	text := d.text(name)
	if len(text) == 0 || text[0] == '-' {
		return 0
	}
	ns, ok := evejson.ParseNanos(text)
	if !ok {
		d.bad(name + " is no span of time")
	}
	return ns
}

// end returns an address with its port.
func (d *Decoder) end(addr, port string) (e sensor.Endpoint) {
	if text := d.text(addr); len(text) > 0 {
		ok := false
		if e.Addr, ok = d.joint.addrs.Parse(text); !ok {
			d.bad(addr + " is no address")
		}
	}
	e.Port = d.port(port)
	return e
}

// hash reads a hash in hexadecimal digits; false when there is none.
func (d *Decoder) hash(name string, to []byte) bool {
	text := d.text(name)
	if len(text) == 0 {
		return false
	}
	if len(text) == hex.EncodedLen(len(to)) {
		if _, err := hex.Decode(to, text); err == nil {
			return true
		}
	}
	d.bad(name + " is no hash")
	return false
}

// unescape appends text without Zeek's escapes: \xHH and \\.
func unescape(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+3 < len(text) && text[i+1] == 'x' {
			var b [1]byte
			if _, err := hex.Decode(b[:], text[i+2:i+4]); err == nil {
				dst = append(dst, b[0])
				i += 3
				continue
			}
		}
		if text[i] == '\\' && i+1 < len(text) && text[i+1] == '\\' {
			i++
		}
		dst = append(dst, text[i])
	}
	return dst
}
