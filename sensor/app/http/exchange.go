package http

import "khien/sensor"

// What follows lets a protocol that has the parts of a message one by one, as HTTP/2 does, fill a Transaction.

// AddHeader adds a header of a message, and a line for it to the raw headers. It reports whether there was room.
func (t *Transaction) AddHeader(dir sensor.Dir, name, value []byte) bool {
	m := &t.msg[dir]
	if len(m.raw)+len(name)+len(value)+4 > maxHeaders {
		return false
	}
	f, _ := m.add(name, value)
	if f == nil {
		return false
	}
	m.raw = append(append(append(append(m.raw, name...), ": "...), value...), "\r\n"...)
	return true
}

// Header returns the value of a header by its name in lower case, nil when there is none.
func (t *Transaction) Header(dir sensor.Dir, name string) []byte { return t.msg[dir].get(key(name)) }

// Headers calls f with each header of a message. The slices are valid until the next change.
func (t *Transaction) Headers(dir sensor.Dir, f func(name, value []byte)) {
	m := &t.msg[dir]
	for i := range m.fields {
		f(m.at(m.fields[i].name), m.at(m.fields[i].value))
	}
}

// ResetMessage forgets one direction, for a response that replaces an interim one.
func (t *Transaction) ResetMessage(dir sensor.Dir) { t.msg[dir].reset() }

// SetRequest makes a request line of its parts. authority is that of the target, not the Host header's.
func (t *Transaction) SetRequest(method, target, authority []byte, protocol string, version int) {
	m := &t.msg[sensor.ToServer]
	m.line = append(append(append(m.line[:0], method...), ' '), target...)
	m.line = append(append(append(m.line, ' '), protocol...), "\r\n"...)
	n := len(method)
	t.method = m.line[:n:n]
	t.uriRaw = m.line[n+1 : n+1+len(target)]
	m.protocol = m.line[n+2+len(target) : len(m.line)-2]
	m.version, m.built = version, true
	t.uri, t.path, _ = normalise(t.uri[:0], t.uriRaw)
	if authority != nil {
		t.hostPort(authority, "")
	}
}

// SetStatus makes a status line of a code.
func (t *Transaction) SetStatus(code []byte, protocol string, version int) {
	m := &t.msg[sensor.ToClient]
	m.line = append(append(append(m.line[:0], protocol...), ' '), code...)
	m.line = append(m.line, "\r\n"...)
	m.protocol = m.line[:len(protocol)]
	m.version, m.built = version, true
	t.status = m.line[len(protocol)+1 : len(m.line)-2]
	t.reason = m.line[len(m.line):]
	t.setCode()
}

// Code returns the status code, 0 when there is none.
func (t *Transaction) Code() int { return t.code }

// Host returns the host in lower case, without port.
func (t *Transaction) Host() []byte { return t.host }

// CountBody counts bytes of a body as sent and tells whether the part of it that is inspected has been filled.
func (t *Transaction) CountBody(dir sensor.Dir, n int) (full bool) {
	t.msg[dir].wire += uint64(n)
	return t.msg[dir].full
}

// AddAnomaly notes what is odd about a direction, each name once.
func (t *Transaction) AddAnomaly(dir sensor.Dir, name string) { t.anomaly(dir, name) }
