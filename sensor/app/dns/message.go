package dns

import (
	"encoding/binary"
	"errors"
)

// Flags of the header (RFC 1035, 4.1.1).
const (
	flagResponse      = 0x8000
	flagAuthoritative = 0x0400
	flagTruncated     = 0x0200
	flagRecurse       = 0x0100
	flagCanRecurse    = 0x0080
	flagZ             = 0x0040
)

// Limits of a message.
const (
	headerLen   = 12
	recordsMax  = 2048     // questions and records that are kept
	namesMax    = 64 << 10 // bytes of their names in text form: compression lets a small message name much
	opcodeMax   = 6        // DSO (RFC 8490), the last that is assigned
	rdataParams = 10       // bytes of a record between its name and its data
)

var errMalformed = errors.New("dns: malformed message")

// span is a part of a byte slice that may move when it grows.
type span struct{ from, to uint32 }

// question is an entry of the question section.
type question struct {
	name  span
	rtype uint16
	class uint16
}

// record is a resource record. data is its part of the message.
type record struct {
	name  span
	rtype uint16
	class uint16
	ttl   uint32
	data  span
}

// Sections of a message behind the questions.
const (
	secAnswer = iota
	secAuthority
	secAdditional
	sections
)

// Message is one decoded DNS message. The zero value is ready for Parse; it may be used again and again.
type Message struct {
	MsgID uint16
	Flags uint16

	raw       []byte // copy of the message
	names     []byte // text of all names
	questions []question
	records   [sections][]record
	malformed [sections]bool // the section could not be read to its end
	odd       nameFlags
	values    []byte // text of the answers' data, made when first asked for
	spans     []value
	targets   []span // names that records point to, in values
	rendered  bool
	targeted  bool
}

// value is the text of one value of an answer.
type value struct {
	record int
	text   span
}

// Parse decodes data and keeps a copy of it. An error means that the header, the questions or the answers cannot be read;
// what was read before stays. Broken authority and additional sections are no error: resolvers, too, read the answers of
// such a message.
func (m *Message) Parse(data []byte) error {
	m.Reset()
	if len(data) < headerLen {
		return errMalformed
	}
	m.raw = append(m.raw, data...)
	m.MsgID = binary.BigEndian.Uint16(data)
	m.Flags = binary.BigEndian.Uint16(data[2:])
	off := headerLen
	for range binary.BigEndian.Uint16(data[4:]) {
		name, next, ok := m.name(off)
		if !ok || len(data)-next < 4 {
			return errMalformed
		}
		off = next + 4
		m.questions = append(m.questions, question{name, binary.BigEndian.Uint16(data[next:]),
			binary.BigEndian.Uint16(data[next+2:])})
	}
	for s := range sections {
		for range binary.BigEndian.Uint16(data[6+2*s:]) {
			next, ok := m.record(s, off)
			if !ok {
				m.malformed[s] = true
				if s == secAnswer {
					return errMalformed
				}
				return nil
			}
			off = next
		}
	}
	return nil
}

// Held returns how much memory the message holds, in bytes.
func (m *Message) Held() int { return cap(m.raw) + cap(m.names) + cap(m.values) }

// Reset empties the message and keeps its memory.
func (m *Message) Reset() {
	m.MsgID, m.Flags, m.odd, m.rendered, m.targeted = 0, 0, 0, false, false
	m.raw, m.names, m.questions = m.raw[:0], m.names[:0], m.questions[:0]
	m.values, m.spans, m.targets = m.values[:0], m.spans[:0], m.targets[:0]
	for s := range m.records {
		m.records[s], m.malformed[s] = m.records[s][:0], false
	}
}

// Response reports whether the message says of itself that it is a response.
func (m *Message) Response() bool { return m.Flags&flagResponse != 0 }

// Opcode returns the kind of query.
func (m *Message) Opcode() uint16 { return m.Flags >> 11 & 15 }

// RCode returns the response code of the header.
func (m *Message) RCode() uint16 { return m.Flags & 15 }

// name reads a name into m.names.
func (m *Message) name(off int) (span, int, bool) {
	if len(m.names) > namesMax || m.count() >= recordsMax {
		return span{}, off, false
	}
	from := len(m.names)
	var next int
	var flags nameFlags
	var ok bool
	m.names, next, flags, ok = appendName(m.names, m.raw, off)
	m.odd |= flags
	return span{uint32(from), uint32(len(m.names))}, next, ok
}

func (m *Message) count() int {
	return len(m.questions) + len(m.records[0]) + len(m.records[1]) + len(m.records[2])
}

// record reads a record of section s.
func (m *Message) record(s, off int) (next int, ok bool) {
	name, off, ok := m.name(off)
	if !ok || len(m.raw)-off < rdataParams {
		return 0, false
	}
	p := m.raw[off:]
	n := int(binary.BigEndian.Uint16(p[8:]))
	if len(p)-rdataParams < n {
		return 0, false
	}
	from := off + rdataParams
	m.records[s] = append(m.records[s], record{name, binary.BigEndian.Uint16(p), binary.BigEndian.Uint16(p[2:]),
		binary.BigEndian.Uint32(p[4:]), span{uint32(from), uint32(from + n)}})
	return from + n, true
}

func (m *Message) text(s span) []byte { return m.names[s.from:s.to] }

func (m *Message) data(r *record) []byte { return m.raw[r.data.from:r.data.to] }
