package http

import (
	"bytes"

	"khien/sensor"
)

// span is a part of a message's arena.
type span struct{ off, n uint32 }

// field is a header: its name, its value, and both as "name: value". Values of one name are joined.
type field struct {
	name, value, whole span
	key                uint32 // hash of the name in lower case
	repeats            uint8
}

// Message is one direction of a transaction: a request or a response. Its memory is reused.
type Message struct {
	line   []byte // request or status line as sent, without its end
	raw    []byte // headers as sent, with the empty line behind them
	arena  []byte
	fields []field
	body   []byte // decoded, up to the limit

	full     bool   // the limit of body was reached
	wire     uint64 // bytes of the body as sent, framing included
	entity   uint64 // bytes of the body, decoded
	names    []byte // HTTPHeaderNames; made when asked for
	headers  []byte // HTTPHeader
	start    []byte // HTTPStart
	rendered int    // len(fields)+1 for which names, headers and start were made

	protocol []byte // part of line
	version  int    // 9, 10, 11, 20; 0 unknown
	built    bool   // line was put together by SetRequest or SetStatus, with its end
}

func (m *Message) reset() {
	*m = Message{line: m.line[:0], raw: m.raw[:0], arena: m.arena[:0], fields: m.fields[:0], body: m.body[:0],
		names: m.names[:0], headers: m.headers[:0], start: m.start[:0]}
}

// keepBuffers bounds the memory that a released message keeps for the next.
const keepBuffers = 16 << 10

// trim lets go of large buffers, so that one large message does not make all later ones expensive.
func (m *Message) trim() {
	for _, b := range [...]*[]byte{&m.line, &m.raw, &m.arena, &m.body, &m.names, &m.headers, &m.start} {
		if cap(*b) > 2*keepBuffers {
			*b = nil
		}
	}
}

// held returns how much memory the message holds, in bytes.
func (m *Message) held() int {
	return len(m.line) + len(m.raw) + len(m.arena) + len(m.body) + len(m.names) + len(m.headers) + len(m.start) + 32*len(m.fields)
}

func (m *Message) at(s span) []byte { return m.arena[s.off : s.off+s.n : s.off+s.n] }

// keyOf hashes a name without regard to case, and to characters that do not belong into names: "Content\x00-Length" is
// found as "content-length".
func keyOf(name []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		} else if c <= ' ' || c >= 0x7f {
			continue
		}
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}

// sameName compares a name as keyOf hashes it with one in lower case.
func sameName(name []byte, lower string) bool {
	i := 0
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		} else if c <= ' ' || c >= 0x7f {
			continue
		}
		if i >= len(lower) || lower[i] != c {
			return false
		}
		i++
	}
	return i == len(lower)
}

// nameKey is a header name that the parser looks for, with its hash.
type nameKey struct {
	name string
	key  uint32
}

func key(name string) nameKey { return nameKey{name, keyOf([]byte(name))} }

// get returns the value of a header, nil when there is none.
func (m *Message) get(k nameKey) []byte {
	if f := m.find(k); f != nil {
		return m.at(f.value)
	}
	return nil
}

func (m *Message) find(k nameKey) *field {
	for i := range m.fields {
		if f := &m.fields[i]; f.key == k.key && sameName(m.at(f.name), k.name) {
			return f
		}
	}
	return nil
}

// add adds a header, or joins its value to that of an earlier header with the same name (RFC 9110, 5.2). It returns the
// header and whether it was repeated; nil when there are too many.
func (m *Message) add(name, value []byte) (f *field, repeated bool) {
	k := keyOf(name)
	for i := range m.fields {
		f := &m.fields[i]
		if f.key != k || !bytes.EqualFold(m.at(f.name), name) {
			continue
		}
		if f.repeats >= maxRepeats || len(m.arena) > 2*maxHeaders {
			return f, true
		}
		f.repeats++
		off := uint32(len(m.arena))
		m.arena = append(m.arena, m.at(f.whole)...)
		m.arena = append(m.arena, ", "...)
		m.arena = append(m.arena, value...)
		f.place(off, uint32(len(m.arena)))
		return f, true
	}
	if len(m.fields) >= maxFields {
		return nil, false
	}
	off := uint32(len(m.arena))
	m.arena = append(m.arena, name...)
	m.arena = append(m.arena, ": "...)
	m.arena = append(m.arena, value...)
	f2 := field{key: k, name: span{off, uint32(len(name))}}
	f2.place(off, uint32(len(m.arena)))
	m.fields = append(m.fields, f2)
	return &m.fields[len(m.fields)-1], false
}

func (f *field) place(off, end uint32) {
	f.whole = span{off, end - off}
	f.name.off = off
	v := off + f.name.n + 2
	f.value = span{v, end - v}
}

// render makes the buffers that are put together from all headers. Cookies have a buffer of
// their own and stay out of HTTPHeader.
func (m *Message) render(dir sensor.Dir) {
	if m.rendered == len(m.fields)+1 {
		return
	}
	m.rendered = len(m.fields) + 1
	cookie := keyCookie
	if dir == sensor.ToClient {
		cookie = keySetCookie
	}
	m.names = append(m.names[:0], "\r\n"...)
	m.headers = m.headers[:0]
	for i := range m.fields {
		f := &m.fields[i]
		m.names = append(append(m.names, m.at(f.name)...), "\r\n"...)
		if f.key == cookie.key && sameName(m.at(f.name), cookie.name) {
			continue
		}
		m.headers = append(append(m.headers, m.at(f.whole)...), "\r\n"...)
	}
	m.names = append(m.names, "\r\n"...)
	m.start = append(m.start[:0], m.line...)
	if !m.built {
		m.start = append(m.start, "\r\n"...)
	}
	m.start = append(m.start, m.raw...)
}
