package dns

import "khien/sensor"

// tx is one message.
type tx struct {
	sensor.TxBase
	Message
	dir      sensor.Dir // direction in which the message went
	response bool       // it is taken for a response
	broken   bool       // it could not be read to the end of its answers
	parser   *parser
}

// Release gives the transaction back to its parser.
func (t *tx) Release() {
	p := t.parser
	t.Detect = nil
	if !t.response && t.Logged[t.dir.Reverse()] {
		p.quiet[p.quiets%quietMax] = int(t.MsgID) + 1
		p.quiets++
	}
	if len(p.free) < freeMax && cap(t.raw) <= freeBytes && cap(t.names) <= freeBytes && cap(t.values) <= freeBytes {
		p.free = append(p.free, t)
	}
}

// LogReady reports whether the record of a direction is complete.
func (t *tx) LogReady(dir sensor.Dir) bool { return dir == t.dir && !t.broken }

// Buffer returns value i of a buffer.
func (t *tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if dir != t.dir || i < 0 || b == sensor.DNSQueryName && t.response ||
		b == sensor.DNSResponseRRName && !t.response {
		return nil, false
	}
	return t.Message.Buffer(b, i)
}

// Number returns value i of a number.
func (t *tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if dir != t.dir || i < 0 {
		return 0, false
	}
	return t.Message.Number(b, t.response, i)
}

// Buffer returns value i of a buffer; DNSQueryName are the questions of a response, too.
func (m *Message) Buffer(b sensor.Buffer, i int) ([]byte, bool) {
	switch b {
	case sensor.DNSQueryName, sensor.DNSQueryRRName:
		if i < len(m.questions) {
			return m.text(m.questions[i].name), true
		}
	case sensor.DNSAnswerName:
		return m.owner(secAnswer, i)
	case sensor.DNSAuthorityName:
		return m.owner(secAuthority, i)
	case sensor.DNSAdditionalName:
		return m.owner(secAdditional, i)
	case sensor.DNSResponseRRName:
		return m.responseName(i)
	case sensor.DNSNameServer:
		return m.nameServer(i)
	case sensor.DNSAnswerData:
		m.render()
		if i < len(m.spans) {
			s := m.spans[i].text
			return m.values[s.from:s.to], true
		}
	}
	return nil, false
}

// Number returns value i of a number. The record types of a response are those of its answers.
func (m *Message) Number(b sensor.Buffer, response bool, i int) (uint64, bool) {
	switch b {
	case sensor.DNSOpcode:
		return uint64(m.Opcode()), i == 0
	case sensor.DNSRCode:
		return uint64(m.RCode()), i == 0
	case sensor.DNSRRType:
		if response {
			if i < len(m.records[secAnswer]) {
				return uint64(m.records[secAnswer][i].rtype), true
			}
		} else if i < len(m.questions) {
			return uint64(m.questions[i].rtype), true
		}
	case sensor.DNSAnswerTTL:
		if i < len(m.records[secAnswer]) {
			return uint64(m.records[secAnswer][i].ttl), true
		}
	}
	return 0, false
}

func (m *Message) owner(s, i int) ([]byte, bool) {
	if i >= len(m.records[s]) {
		return nil, false
	}
	return m.text(m.records[s][i].name), true
}

// nameServer yields the servers that NS records name. The bytes are valid until the message is read anew.
func (m *Message) nameServer(i int) ([]byte, bool) {
	for s := range sections {
		for k := range m.records[s] {
			if r := &m.records[s][k]; r.rtype == typeNS && len(m.values) <= namesMax {
				if i--; i < 0 {
					from := len(m.values)
					var ok bool
					_, m.values, ok = m.target(r, 0, m.values)
					return m.values[from:], ok
				}
			}
		}
	}
	return nil, false
}

// responseName yields the names that the questions and the records of all sections have, then those that records point
// to: a rule that looks for a name in a response means either.
func (m *Message) responseName(i int) ([]byte, bool) {
	if i < len(m.questions) {
		return m.text(m.questions[i].name), true
	}
	i -= len(m.questions)
	for s := range sections {
		if i < len(m.records[s]) {
			return m.text(m.records[s][i].name), true
		}
		i -= len(m.records[s])
	}
	m.renderTargets()
	if i < len(m.targets) {
		s := m.targets[i]
		return m.values[s.from:s.to], true
	}
	return nil, false
}

// renderTargets collects the names in the data of all records.
func (m *Message) renderTargets() {
	if m.targeted {
		return
	}
	m.targeted = true
	for s := range sections {
		for i := range m.records[s] {
			r := &m.records[s][i]
			var skip uint32
			switch r.rtype {
			case typeCNAME, typeNS, typePTR, typeDNAME, typeSOA:
			case typeMX:
				skip = 2
			case typeSRV:
				skip = 6
			default:
				continue
			}
			if len(m.values) > namesMax {
				return
			}
			from := len(m.values)
			var ok bool
			if _, m.values, ok = m.target(r, skip, m.values); ok {
				m.targets = append(m.targets, span{uint32(from), uint32(len(m.values))})
			}
		}
	}
}

// render makes the text of the answers' data: one value a record, one a string of a TXT record.
func (m *Message) render() {
	if m.rendered {
		return
	}
	m.rendered = true
	for i := range m.records[secAnswer] {
		r := &m.records[secAnswer][i]
		if len(m.values) > namesMax {
			return
		}
		if r.rtype == typeTXT || r.rtype == typeSPF {
			b := m.data(r)
			for n := 0; len(b) > 0 && n < txtMax; n++ {
				var s []byte
				s, b = nextString(b)
				from := len(m.values)
				m.values = append(m.values, s...)
				m.spans = append(m.spans, value{i, span{uint32(from), uint32(len(m.values))}})
			}
			continue
		}
		from := len(m.values)
		var ok bool
		if m.values, ok = m.appendData(m.values, r); !ok {
			m.values = m.values[:from]
			continue
		}
		m.spans = append(m.spans, value{i, span{uint32(from), uint32(len(m.values))}})
	}
}
