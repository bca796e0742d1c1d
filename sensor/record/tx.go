package record

import (
	"bytes"

	"khien/sensor"
)

// Tx is a transaction that another sensor has seen: the values that its record tells.
type Tx struct {
	sensor.TxBase
	values []value
	arena  []byte
}

// value is one value of a buffer.
type value struct {
	buf      sensor.Buffer
	dir      sensor.Dir
	isNumber bool
	from, to int32 // in the arena
	number   uint64
}

// Reset takes all values away. Its memory is used again.
func (t *Tx) Reset() { *t = Tx{values: t.values[:0], arena: t.arena[:0]} }

// Add adds a value of a buffer, of which there is none when it is empty. It copies v.
func (t *Tx) Add(b sensor.Buffer, dir sensor.Dir, v []byte) {
	if len(v) == 0 || len(t.values) == valuesMax {
		return
	}
	from := len(t.arena)
	t.arena = append(t.arena, v...)
	t.values = append(t.values, value{buf: b, dir: dir, from: int32(from), to: int32(len(t.arena))})
}

// AddNumber adds a value of a buffer that is a number.
func (t *Tx) AddNumber(b sensor.Buffer, dir sensor.Dir, n uint64) {
	if len(t.values) < valuesMax {
		t.values = append(t.values, value{buf: b, dir: dir, isNumber: true, number: n})
	}
}

// AddHost adds the host of an HTTP request: lower case and without a port.
func (t *Tx) AddHost(v []byte) {
	t.Add(sensor.HTTPHostRaw, sensor.ToServer, v)
	if i := bytes.LastIndexByte(v, ':'); i >= 0 && (bytes.IndexByte(v, ':') == i || i > 0 && v[i-1] == ']') {
		v = v[:i]
	}
	n := len(t.values)
	if t.Add(sensor.HTTPHost, sensor.ToServer, v); len(t.values) > n {
		x := &t.values[n]
		lower(t.arena[x.from:x.to])
	}
}

func lower(b []byte) {
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}

// find returns value i of a buffer.
func (t *Tx) find(b sensor.Buffer, dir sensor.Dir, i int, number bool) *value {
	if i < 0 {
		return nil
	}
	for j := range t.values {
		v := &t.values[j]
		if v.buf != b || v.dir != dir || v.isNumber != number {
			continue
		}
		if i == 0 {
			return v
		}
		i--
	}
	return nil
}

// Has reports whether there is a value of a direction.
func (t *Tx) Has(dir sensor.Dir) bool {
	for i := range t.values {
		if t.values[i].dir == dir {
			return true
		}
	}
	return false
}

// Buffer implements sensor.Transaction.
func (t *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if v := t.find(b, dir, i, false); v != nil {
		return t.arena[v.from:v.to:v.to], true
	}
	return t.FileBuffer(b, dir, i)
}

// Number implements sensor.Transaction.
func (t *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if v := t.find(b, dir, i, true); v != nil {
		return v.number, true
	}
	return t.FileNumber(b, dir, i)
}

// LogReady implements sensor.Transaction: the record of it is written already.
func (t *Tx) LogReady(sensor.Dir) bool { return false }

// AppendEVE implements sensor.Transaction: its record is Record.Line.
func (t *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte { return dst }
