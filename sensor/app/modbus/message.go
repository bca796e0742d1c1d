package modbus

import (
	"encoding/binary"

	"khien/sensor"
)

// shape is how the bytes behind the function code are laid out.
type shape uint8

const (
	shapeBytes      shape = iota // anything
	shapeException               // code
	shapeDiagnostic              // subfunction and data
	shapeMEI                     // type and data
	shapeRead                    // address and quantity
	shapeAnswer                  // count and data
	shapeWord                    // address and value, or quantity
	shapeWrite                   // address, quantity, count and data
	shapeMask                    // address and two masks
	shapeReadWrite               // shapeRead and shapeWrite
)

// Flags of what is wrong with a message, in the order of flagNames.
const (
	badValue = 1 << iota
	badLength
	badException
	badFunction
	badProtocol
)

// message is a request or a response. body is reused.
type message struct {
	id, proto uint16
	unit      byte
	function  byte
	body      []byte // behind the function code
	shape     shape
	flags     uint8
	there     bool
}

// set reads a message that begins with the unit; its header has been read.
func (m *message) set(b []byte, request bool) {
	m.unit, m.function, m.body = b[0], b[1], append(m.body[:0], b[2:]...)
	m.there = true
	if m.proto != 0 {
		m.flags |= badProtocol
	}
	if m.function == 0 || request && m.function >= exceptionBit {
		m.flags |= badFunction
		return
	}
	if request {
		m.request()
	} else {
		m.response()
	}
}

// code is the function without the mark of an exception.
func (m *message) code() byte { return m.function &^ exceptionBit }

func (m *message) access() uint8 {
	if c := int(m.code()); c < len(accesses) {
		return accesses[c]
	}
	return 0
}

// category returns the category of the function, 0 where there is none.
func (m *message) category() uint8 {
	c := m.code()
	if named(functionNames[:], int(c), "") == "" {
		return category(m.function)
	}
	known := true
	switch {
	case c == diagnostic && m.shape == shapeDiagnostic:
		known = named(diagnosticNames[:], int(m.word(0)), "") != ""
	case c == encapsulated && m.shape == shapeMEI:
		known = named(meiNames[:], int(m.body[0]), "") != ""
	case c == diagnostic || c == encapsulated:
		return 0
	}
	if !known {
		return sensor.ModbusReserved
	}
	return sensor.ModbusAssigned
}

// word reads two bytes of the body; the shape has said that they are there.
func (m *message) word(at int) uint16 { return binary.BigEndian.Uint16(m.body[at:]) }

// take gives the message a shape of at least n bytes, and reports whether it has them. More than n are wrong when exact.
func (m *message) take(s shape, n int, exact bool) bool {
	if len(m.body) < n {
		m.flags |= badLength
		return false
	}
	if exact && len(m.body) > n {
		m.flags |= badLength
	}
	m.shape = s
	return true
}

func (m *message) check(ok bool) {
	if !ok {
		m.flags |= badValue
	}
}

func (m *message) sized(ok bool) {
	if !ok {
		m.flags |= badLength
	}
}

// request reads what follows the function code of a request (Application Protocol, 6.1 to 6.21).
func (m *message) request() {
	n := len(m.body)
	switch m.function {
	case readCoils, readDiscretes:
		if m.take(shapeRead, 4, true) {
			m.check(m.word(2) >= 1 && m.word(2) <= 2000)
		}
	case readHolding, readInput:
		if m.take(shapeRead, 4, true) {
			m.check(m.word(2) >= 1 && m.word(2) <= 125)
		}
	case writeCoil:
		if m.take(shapeWord, 4, true) {
			m.check(m.word(2) == 0 || m.word(2) == 0xff00)
		}
	case writeRegister:
		m.take(shapeWord, 4, true)
	case writeCoils:
		if m.take(shapeWrite, 5, false) {
			q := int(m.word(2))
			m.check(q >= 1 && q <= 1968 && int(m.body[4]) == (q+7)/8 && n-5 == int(m.body[4]))
		}
	case writeRegisters:
		if m.take(shapeWrite, 5, false) {
			q := int(m.word(2))
			m.check(q >= 1 && q <= 123 && int(m.body[4]) == 2*q && n-5 == int(m.body[4]))
		}
	case maskRegister:
		m.take(shapeMask, 6, true)
	case readWrite:
		if m.take(shapeReadWrite, 9, false) {
			r, w := int(m.word(2)), int(m.word(6))
			m.check(r >= 1 && r <= 125 && w >= 1 && w <= 121 && int(m.body[8]) == 2*w && n-9 == int(m.body[8]))
		}
	case diagnostic:
		m.sized(n == 4)
		if n >= 2 {
			m.shape = shapeDiagnostic
		}
		if n == 4 {
			m.checkDiagnostic()
		}
	case encapsulated:
		m.take(shapeMEI, 1, false)
	case readException, eventCounter, eventLog, serverID:
		m.sized(n == 0)
	case readFIFO:
		m.sized(n == 2)
	case readFile, writeFile:
		m.sized(n > 0)
	}
}

// checkDiagnostic looks at the data of a diagnostic request (Application Protocol, 6.8).
func (m *message) checkDiagnostic() {
	v := m.word(2)
	switch sub := m.word(0); {
	case sub == 1:
		m.check(v == 0 || v == 0xff00)
	case sub == 3:
		m.check(v&0xff == 0)
	case sub == 2 || sub >= 10 && named(diagnosticNames[:], int(sub), "") != "":
		m.check(v == 0)
	}
}

// response reads what follows the function code of a response.
func (m *message) response() {
	n := len(m.body)
	if m.function >= exceptionBit {
		if m.take(shapeException, 1, false) && m.oddException() {
			m.flags |= badException
		}
		return
	}
	switch m.function {
	case readCoils, readDiscretes, readHolding, readInput, readWrite:
		if m.take(shapeAnswer, 1, false) {
			c := int(m.body[0])
			m.check(c >= 1 && c <= 250 && c == n-1)
		}
	case writeCoil, writeRegister:
		m.take(shapeWord, 4, true)
	case writeCoils:
		if m.take(shapeWord, 4, true) {
			m.check(m.word(2) >= 1 && m.word(2) <= 1968)
		}
	case writeRegisters:
		if m.take(shapeWord, 4, true) {
			m.check(m.word(2) >= 1 && m.word(2) <= 123)
		}
	case maskRegister:
		m.take(shapeMask, 6, true)
	case diagnostic:
		m.take(shapeDiagnostic, 2, false)
	case encapsulated:
		m.take(shapeMEI, 1, false)
	case readException:
		m.sized(n == 1)
	case eventCounter:
		m.sized(n == 4)
	}
}

// oddException reports an exception that does not exist or that the function cannot give (Application Protocol, 7).
func (m *message) oddException() bool {
	c := m.code()
	switch x := m.body[0]; x {
	case 2:
		return c > 6 && c < 15 || c > 16 && c < 22
	case 3:
		return c == diagnostic
	case 8:
		return c != readFile && c != writeFile
	default:
		return named(exceptionNames[:], int(x), "") == ""
	}
}

// answers reports whether the message can be the response to a request.
func (m *message) answers(q *message) bool {
	if m.id != q.id || m.unit != q.unit || m.code() != q.code() {
		return false
	}
	switch {
	case m.shape != q.shape:
		return true
	case m.shape == shapeDiagnostic:
		return m.word(0) == q.word(0)
	case m.shape == shapeMEI:
		return m.body[0] == q.body[0]
	}
	return true
}

// compare marks a response that does not fit its request's values.
func (m *message) compare(q *message) {
	switch m.shape {
	case shapeAnswer:
		if q.shape != shapeRead && q.shape != shapeReadWrite {
			return
		}
		want := 2 * int(q.word(2))
		if q.access()&(sensor.ModbusCoils|sensor.ModbusDiscretes) != 0 {
			want = (int(q.word(2)) + 7) / 8
		}
		m.check(len(m.body)-1 == want)
	case shapeWord:
		if q.shape == shapeWord || q.shape == shapeWrite {
			m.check(m.word(0) == q.word(0) && m.word(2) == q.word(2))
		}
	case shapeMask:
		if q.shape == shapeMask {
			m.check(m.word(0) == q.word(0) && m.word(2) == q.word(2) && m.word(4) == q.word(4))
		}
	}
}

// span returns the first and last address that a request reads or writes, counted from 1 (Application Protocol, 4.4).
func (m *message) span(write bool) (first, last uint64, ok bool) {
	at := 0
	switch m.shape {
	case shapeRead:
		ok = !write
	case shapeWord, shapeMask:
		a := uint64(m.word(0)) + 1
		return a, a, write
	case shapeWrite:
		ok = write
	case shapeReadWrite:
		ok = true
		if write {
			at = 4
		}
	}
	if !ok || m.word(at+2) == 0 {
		return 0, 0, false
	}
	a := uint64(m.word(at))
	return a + 1, a + uint64(m.word(at+2)), true
}

// written returns the value that a request writes at an address, counted from 1.
func (m *message) written(address uint64) (uint64, bool) {
	first, last, ok := m.span(true)
	if !ok || address < first || address > last {
		return 0, false
	}
	coils := m.access()&sensor.ModbusCoils != 0
	var data []byte
	switch m.shape {
	case shapeWord:
		v := uint64(m.word(2))
		if coils {
			v = min(v, 1)
		}
		return v, true
	case shapeWrite:
		data = m.body[5:]
	case shapeReadWrite:
		data = m.body[9:]
	default:
		return 0, false
	}
	i := address - first
	if coils {
		if i/8 >= uint64(len(data)) {
			return 0, false
		}
		return uint64(data[i/8] >> (i % 8) & 1), true
	}
	if 2*i+2 > uint64(len(data)) {
		return 0, false
	}
	return uint64(binary.BigEndian.Uint16(data[2*i:])), true
}
