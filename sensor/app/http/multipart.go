package http

import (
	"bytes"

	"khien/sensor"
)

type partState uint8

const (
	partPreamble partState = iota // before the first boundary
	partLine                      // rest of a boundary's line
	partHeaders
	partField
	partFile
	partSkip // a field beyond the limits
	partOver // behind the last boundary
)

// maxPartHeaders bounds the headers of a part.
const maxPartHeaders = 8 << 10

// multipart reads multipart/form-data (RFC 7578) as it arrives: fields go to the form, files to the Emitter.
type multipart struct {
	tx    *Transaction
	owner sensor.Transaction
	delim []byte // "\n--boundary"; a carriage return before it belongs to it
	buf   []byte // bytes that may belong to a boundary or are headers not yet complete
	state partState
	file  *sensor.File
	files int
	lead  bool // the first byte of buf is the end of the headers, not data
}

func newMultipart(tx *Transaction, owner sensor.Transaction, boundary []byte) *multipart {
	m := &multipart{tx: tx, owner: owner}
	m.delim = append(append(m.delim, "\n--"...), boundary...)
	m.buf = append(m.buf, '\n') // the first boundary may stand at the very beginning
	return m
}

func (m *multipart) write(p []byte, out sensor.Emitter) {
	if m.state == partOver {
		return
	}
	m.buf = append(m.buf, p...)
	base := m.buf
	for more := true; more; {
		var n int
		n, more = m.step(out)
		m.buf = m.buf[n:]
	}
	m.buf = append(base[:0], m.buf...) // moved once, however many parts there were
}

// step handles what is at the front of buf, and returns how much of it is used and whether there is more to do.
func (m *multipart) step(out sensor.Emitter) (n int, more bool) {
	switch m.state {
	case partOver:
		return len(m.buf), false
	case partLine:
		i := bytes.IndexByte(m.buf, '\n')
		if bytes.HasPrefix(m.buf, []byte("--")) {
			m.state = partOver
			return len(m.buf), false
		}
		if i < 0 {
			if len(m.buf) > maxPartHeaders {
				m.fail()
			}
			return 0, false
		}
		m.state = partHeaders
		return i + 1, true
	case partHeaders:
		return m.headers(out)
	}
	i := bytes.Index(m.buf, m.delim)
	if i < 0 {
		keep := len(m.delim) // with room for the carriage return
		if len(m.buf) <= keep {
			return 0, false
		}
		n = len(m.buf) - keep
		m.data(m.buf[:n], out)
		return n, false
	}
	end := i
	if end > 0 && m.buf[end-1] == '\r' {
		end--
	}
	m.data(m.buf[:end], out)
	m.endPart(true, out)
	m.lead = false
	m.state = partLine
	return i + len(m.delim), true
}

func (m *multipart) fail() {
	m.tx.anomaly(sensor.ToServer, anMultipartError)
	m.state = partOver
	m.buf = nil
}

func (m *multipart) data(p []byte, out sensor.Emitter) {
	if m.lead && len(p) > 0 {
		p = p[1:]
		m.lead = false
	}
	if len(p) == 0 {
		return
	}
	switch m.state {
	case partField:
		m.tx.form.value(p)
	case partFile:
		out.WriteFile(m.file, p)
	}
}

// headers reads the headers of a part when all of them are there.
func (m *multipart) headers(out sensor.Emitter) (n int, more bool) {
	var disposition []byte
	at := 0
	for {
		i := bytes.IndexByte(m.buf[at:], '\n')
		if i < 0 {
			if len(m.buf) > maxPartHeaders {
				m.fail()
			}
			return 0, false
		}
		line := bytes.TrimRight(m.buf[at:at+i], "\r")
		at += i + 1
		if len(line) == 0 {
			break
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			m.tx.anomaly(sensor.ToServer, anMultipartHeader)
			continue
		}
		if sameName(name, keyDisposition.name) {
			disposition = bytes.TrimSpace(value)
		}
	}
	name := parameter(disposition, "name")
	file := fileName(disposition)
	switch {
	case file != nil:
		m.state = partFile
		m.files++
		m.file = m.open(file, out)
	case m.tx.form.open(name):
		m.state = partField
	default:
		m.state = partSkip
	}
	// A part may be empty: its boundary then follows the empty line, whose end is the boundary's beginning.
	m.lead = true
	return at - 1, true
}

func (m *multipart) open(name []byte, out sensor.Emitter) *sensor.File {
	if len(name) > maxNames {
		m.tx.anomaly(sensor.ToServer, anNameTooLong)
		name = name[:maxNames]
	}
	if m.files > maxPartFiles {
		return nil
	}
	return out.OpenFile(m.owner, sensor.ToServer, name)
}

// maxPartFiles bounds the files of a request.
const maxPartFiles = 128

func (m *multipart) endPart(complete bool, out sensor.Emitter) {
	if m.state == partFile && m.file != nil {
		if m.file.Size == 0 {
			m.tx.anomaly(sensor.ToServer, anMultipartNoFile)
		}
		out.CloseFile(m.file, complete)
		m.file = nil
	}
}

// end tells that the body is over.
func (m *multipart) end(complete bool, out sensor.Emitter) {
	switch m.state {
	case partField, partFile:
		m.data(m.buf, out)
		m.endPart(false, out)
		if complete {
			m.tx.anomaly(sensor.ToServer, anMultipartError)
		}
	case partPreamble, partHeaders:
		m.tx.anomaly(sensor.ToServer, anMultipartError)
	}
	m.state, m.buf = partOver, nil
}
