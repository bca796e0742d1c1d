package modbus

import (
	"khien/sensor"
	"khien/sensor/evejson"
)

// Tx is a request with its response; either may be missing.
type Tx struct {
	sensor.TxBase
	messages [2]message // by direction
	finished bool
	parser   *parser
}

// Release gives the transaction back to its parser.
func (tx *Tx) Release() { tx.parser.keep(tx) }

func (tx *Tx) note(dir sensor.Dir, event string) {
	tx.Anomalies[dir] = append(tx.Anomalies[dir], event)
}

// noteFlags tells what is wrong with the message of a direction.
func (tx *Tx) noteFlags(dir sensor.Dir) {
	f := tx.messages[dir].flags
	for _, x := range [...]struct {
		flag  uint8
		event string
	}{{badFunction, InvalidFunction}, {badValue, InvalidValue}, {badLength, InvalidLength}, {badException, InvalidException},
		{badProtocol, InvalidProtocol}} {
		if f&x.flag != 0 {
			tx.note(dir, x.event)
		}
	}
}

// noteAnswer tells what is wrong with the response: where it is about data, that it does not fit.
func (tx *Tx) noteAnswer() {
	m := &tx.messages[sensor.ToClient]
	if m.access() != 0 && m.flags&(badValue|badLength) != 0 {
		tx.note(sensor.ToClient, ValueMismatch)
		return
	}
	tx.noteFlags(sensor.ToClient)
}

// Buffer returns nothing: what rules ask for are numbers.
func (tx *Tx) Buffer(sensor.Buffer, sensor.Dir, int) ([]byte, bool) { return nil, false }

// Number returns parts of the request.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	m := &tx.messages[sensor.ToServer]
	if dir != sensor.ToServer || !m.there || i < 0 {
		return 0, false
	}
	switch b {
	case sensor.ModbusReadAddress, sensor.ModbusWriteAddress:
		first, last, ok := m.span(b == sensor.ModbusWriteAddress)
		if i == 0 {
			return first, ok
		}
		return last, ok && i == 1
	case sensor.ModbusWritten:
		return m.written(uint64(i))
	}
	if i != 0 {
		return 0, false
	}
	switch b {
	case sensor.ModbusUnit:
		return uint64(m.unit), true
	case sensor.ModbusFunction:
		return uint64(m.function), true
	case sensor.ModbusSubfunction:
		if m.shape == shapeDiagnostic {
			return uint64(m.word(0)), true
		}
	case sensor.ModbusCategory:
		return uint64(m.category()), true
	case sensor.ModbusAccess:
		return uint64(m.access()), true
	}
	return 0, false
}

// LogReady reports whether the response has come or the connection is over.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && tx.finished }

// AppendEVE appends {"id":…,"request":{…},"response":{…}}.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = evejson.AppendUint(append(dst, '{'), "id", tx.ID+1)
	for dir, key := range [...]string{"request", "response"} {
		if m := &tx.messages[dir]; m.there {
			dst = append(evejson.AppendKey(dst, key), '{')
			dst = m.appendEVE(dst)
			dst = append(dst, '}')
		}
	}
	return append(dst, '}')
}

func (m *message) appendEVE(dst []byte) []byte {
	dst = evejson.AppendUint(dst, "transaction_id", uint64(m.id))
	dst = evejson.AppendUint(dst, "protocol_id", uint64(m.proto))
	dst = evejson.AppendUint(dst, "unit_id", uint64(m.unit))
	dst = evejson.AppendUint(dst, "function_raw", uint64(m.function))
	dst = evejson.AppendStr(dst, "function_code", named(functionNames[:], int(m.code()), "Unknown"))
	dst = appendBits(dst, "access_type", accessNames, m.access())
	dst = appendBits(dst, "category", categoryNames, m.category())
	dst = appendBits(dst, "error_flags", flagNames, m.flags)
	switch m.shape {
	case shapeException:
		dst = appendCode(dst, "exception", uint64(m.body[0]), named(exceptionNames[:], int(m.body[0]), "Unknown"))
		dst = append(dst, '}')
	case shapeDiagnostic:
		dst = appendCode(dst, "diagnostic", uint64(m.word(0)), named(diagnosticNames[:], int(m.word(0)), "Reserved"))
		dst = append(evejson.AppendBytes(dst, "data", m.body[2:]), '}')
	case shapeMEI:
		dst = appendCode(dst, "mei", uint64(m.body[0]), named(meiNames[:], int(m.body[0]), "Unknown"))
		dst = append(evejson.AppendBytes(dst, "data", m.body[1:]), '}')
	case shapeRead:
		dst = m.appendWords(dst, "read", 0, "address", "quantity")
		dst = append(dst, '}')
	case shapeAnswer:
		dst = append(evejson.AppendKey(dst, "read"), '{')
		dst = append(evejson.AppendBytes(dst, "data", m.body[1:]), '}')
	case shapeWord:
		dst = m.appendWords(dst, "write", 0, "address", "data")
		dst = append(dst, '}')
	case shapeMask:
		dst = m.appendWords(dst, "write", 0, "address", "and_mask", "or_mask")
		dst = append(dst, '}')
	case shapeWrite:
		dst = m.appendWords(dst, "write", 0, "address", "quantity")
		dst = append(evejson.AppendBytes(dst, "data", m.body[5:]), '}')
	case shapeReadWrite:
		dst = m.appendWords(dst, "read", 0, "address", "quantity")
		dst = append(dst, '}')
		dst = m.appendWords(dst, "write", 4, "address", "quantity")
		dst = append(evejson.AppendBytes(dst, "data", m.body[9:]), '}')
	default:
		dst = evejson.AppendBytes(dst, "data", m.body)
	}
	return dst
}

// appendWords begins an object with the words of the body from a place on.
func (m *message) appendWords(dst []byte, key string, at int, names ...string) []byte {
	dst = append(evejson.AppendKey(dst, key), '{')
	for i, n := range names {
		dst = evejson.AppendUint(dst, n, uint64(m.word(at+2*i)))
	}
	return dst
}

// appendCode begins an object with a number and its name.
func appendCode(dst []byte, key string, raw uint64, name string) []byte {
	dst = append(evejson.AppendKey(dst, key), '{')
	return evejson.AppendStr(evejson.AppendUint(dst, "raw", raw), "code", name)
}

// appendBits appends the names of the bits that are set, "NONE" where none is.
func appendBits(dst []byte, key string, names []string, bits uint8) []byte {
	if bits == 0 {
		return evejson.AppendStr(dst, key, "NONE")
	}
	dst = append(evejson.AppendKey(dst, key), '"')
	first := true
	for i, n := range names {
		if bits>>i&1 == 0 {
			continue
		}
		if !first {
			dst = append(dst, " | "...)
		}
		dst, first = append(dst, n...), false
	}
	return append(dst, '"')
}
