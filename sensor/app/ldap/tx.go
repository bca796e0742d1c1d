package ldap

import (
	"khien/sensor"
	"khien/sensor/app/ber"
)

// part is one message: its operation and the content of it.
type part struct {
	op   byte
	id   int64
	body []byte
}

// Tx is a request with its responses; an unsolicited notification has no request.
type Tx struct {
	sensor.TxBase
	request   part
	asked     bool
	responses []part
	count     int // responses seen, also those that were not kept
	kept      int
	finished  bool
}

// hasResult tells the responses that carry an LDAPResult (RFC 4511, 4.1.9).
func (m *part) hasResult() bool {
	switch m.op {
	case opSearchEntry, opSearchRef, opIntermediate:
		return false
	}
	return true
}

// result returns the result code, -1 when there is none.
func (m *part) result() int64 {
	if v, _, ok := ber.ExpectInt(m.body, ber.TagEnum); ok && m.hasResult() {
		return v
	}
	return -1
}

// resultText returns the matched name, the message and what follows them.
func (m *part) resultText() (dn, message, rest []byte, ok bool) {
	_, rest, ok1 := ber.Expect(m.body, ber.TagEnum)
	dn, rest, ok2 := ber.Expect(rest, ber.TagBytes)
	message, rest, ok3 := ber.Expect(rest, ber.TagBytes)
	return dn, message, rest, ok1 && ok2 && ok3 && m.hasResult()
}

// dn returns the name that the message is about.
func (m *part) dn() ([]byte, bool) {
	switch m.op {
	case opDelete:
		return m.body, true
	case opBind:
		_, rest, ok := ber.Expect(m.body, ber.TagInteger)
		name, _, ok2 := ber.Expect(rest, ber.TagBytes)
		return name, ok && ok2
	case opSearch, opModify, opAdd, opModDN, opCompare, opSearchEntry:
		name, _, ok := ber.Expect(m.body, ber.TagBytes)
		return name, ok
	}
	if m.hasResult() && !isRequest(m.op) {
		name, _, _, ok := m.resultText()
		return name, ok
	}
	return nil, false
}

// each calls f with the names of the attributes of a message until it returns false.
func (m *part) each(f func(name []byte) bool) {
	list, inner := m.attributes()
	for n := 0; len(list) > 0 && n < listMax; n++ {
		tag, v, rest, ok := ber.Next(list)
		if !ok {
			return
		}
		list = rest
		if m.op == opModify { // operation, then the attribute
			_, v, ok = ber.ExpectInt(v, ber.TagEnum)
			if ok {
				v, _, ok = ber.Expect(v, ber.TagSequence)
			}
		}
		if inner && ok {
			v, _, ok = ber.Expect(v, ber.TagBytes)
		} else if !inner {
			ok = tag == ber.TagBytes
		}
		if ok && !f(v) {
			return
		}
	}
}

// attributes returns the list of a message's attributes; inner is true when each is a sequence that begins with its name.
func (m *part) attributes() (list []byte, inner bool) {
	b := m.body
	switch m.op {
	case opSearch:
		b = skip(b, 7)
		list, _, _ = ber.Expect(b, ber.TagSequence)
		return list, false
	case opCompare:
		b = skip(b, 1)
		list, _, _ = ber.Expect(b, ber.TagSequence)
		name, _, _ := ber.Expect(list, ber.TagBytes)
		return list[:min(len(list), len(name)+2)], false
	case opSearchEntry, opAdd, opModify:
		b = skip(b, 1)
		list, _, _ = ber.Expect(b, ber.TagSequence)
		return list, true
	}
	return nil, false
}

// skip passes over n values.
func skip(b []byte, n int) []byte {
	for ; n > 0; n-- {
		_, _, rest, ok := ber.Next(b)
		if !ok {
			return nil
		}
		b = rest
	}
	return b
}

// Buffer returns a part of the request or of the responses.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) (v []byte, ok bool) {
	if i < 0 {
		return nil, false
	}
	if dir == sensor.ToServer {
		if !tx.asked {
			return nil, false
		}
		switch b {
		case sensor.LDAPRequestDN:
			v, ok = tx.request.dn()
			return v, ok && i == 0
		case sensor.LDAPRequestAttributeType:
			return tx.request.attribute(&i)
		}
		return nil, false
	}
	if b == sensor.LoginUser && tx.asked && tx.request.op == opBind {
		v, ok = tx.request.dn()
		return v, ok && i == 0
	}
	for k := range tx.responses {
		m := &tx.responses[k]
		switch b {
		case sensor.LDAPResponsesDN:
			v, ok = m.dn()
		case sensor.LDAPResponsesMessage:
			_, v, _, ok = m.resultText()
		case sensor.LDAPResponsesAttributeType:
			if v, ok := m.attribute(&i); ok {
				return v, true
			}
			continue
		default:
			return nil, false
		}
		if ok {
			if i == 0 {
				return v, true
			}
			i--
		}
	}
	return nil, false
}

// attribute returns the name of attribute i; where there are fewer, i is lessened by their number.
func (m *part) attribute(i *int) (v []byte, ok bool) {
	m.each(func(name []byte) bool {
		if *i == 0 {
			v, ok = name, true
			return false
		}
		*i--
		return true
	})
	return v, ok
}

// Number returns operations and result codes.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	switch {
	case i < 0:
	case dir == sensor.ToServer:
		if b == sensor.LDAPRequestOperation && i == 0 && tx.asked {
			return uint64(tx.request.op & 0x1f), true
		}
	case b == sensor.LoginResult && i == 0 && tx.asked && tx.request.op == opBind && len(tx.responses) > 0:
		switch tx.responses[0].result() { // RFC 4511, 4.1.9
		case 0:
			return 1, true
		case 49: // invalidCredentials
			return 0, true
		}
	case b == sensor.LDAPResponsesCount:
		return uint64(tx.count), i == 0
	case b == sensor.LDAPResponsesOperation:
		if i < len(tx.responses) {
			return uint64(tx.responses[i].op & 0x1f), true
		}
	case b == sensor.LDAPResponsesResultCode:
		for k := range tx.responses {
			if r := tx.responses[k].result(); r >= 0 {
				if i == 0 {
					return uint64(r), true
				}
				i--
			}
		}
	}
	return 0, false
}

// LogReady reports whether the last response has come or the connection is over.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && tx.finished }
