package dns

import (
	"strconv"

	"khien/sensor/evejson"
)

// appendLocal appends the record of multicast DNS and LLMNR. It differs from that of DNS: types are in lower case and name
// the member that holds the data.
func (t *tx) appendLocal(dst []byte) []byte {
	m := &t.Message
	dst = append(dst, '{')
	kind := "request"
	if t.response {
		kind = "response"
	}
	dst = evejson.AppendStr(dst, "type", kind)
	dst = evejson.AppendUint(dst, "id", uint64(m.MsgID))
	dst = append(evejson.AppendKey(dst, "flags"), '[')
	for _, f := range [...]struct {
		bit  uint16
		name string
	}{{flagAuthoritative, "aa"}, {flagTruncated, "tc"}, {flagRecurse, "rd"}, {flagCanRecurse, "ra"}, {flagZ, "z"}} {
		if m.Flags&f.bit != 0 {
			dst = evejson.AppendText(evejson.AppendComma(dst), f.name)
		}
	}
	dst = append(dst, ']')
	dst = evejson.AppendUint(dst, "opcode", uint64(m.Opcode()))
	dst = append(evejson.AppendKey(dst, "rcode"), '"')
	dst = append(appendRCode(dst, m.RCode()), '"')
	if len(m.questions) > 0 {
		dst = append(evejson.AppendKey(dst, "queries"), '[')
		for i := range m.questions {
			q := &m.questions[i]
			dst = append(evejson.AppendComma(dst), '{')
			dst = evejson.AppendBytes(dst, "rrname", m.text(q.name))
			dst = append(evejson.AppendKey(dst, "rrtype"), '"')
			dst = append(appendLowerType(dst, q.rtype), '"', '}')
		}
		dst = append(dst, ']')
	}
	for s, key := range [sections]string{"answers", "authorities", "additionals"} {
		if len(m.records[s]) == 0 {
			continue
		}
		dst = append(evejson.AppendKey(dst, key), '[')
		for i := range m.records[s] {
			dst = m.appendLocalRecord(dst, &m.records[s][i])
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func (m *Message) appendLocalRecord(dst []byte, r *record) []byte {
	dst = append(evejson.AppendComma(dst), '{')
	dst = evejson.AppendBytes(dst, "rrname", m.text(r.name))
	dst = append(evejson.AppendKey(dst, "rrtype"), '"')
	dst = append(appendLowerType(dst, r.rtype), '"')
	dst = evejson.AppendUint(dst, "ttl", uint64(r.ttl))
	at := len(dst)
	dst = append(evejson.AppendComma(dst), '"')
	dst = append(appendLowerType(dst, r.rtype), '"', ':')
	_, object := objectKey(r.rtype)
	ok := true
	switch {
	case r.rtype == typeTXT:
		dst = append(dst, '[')
		for b, n := m.data(r), 0; len(b) > 0 && n < txtMax; n++ {
			var s []byte
			s, b = nextString(b)
			dst = evejson.AppendString(evejson.AppendComma(dst), s)
		}
		dst = append(dst, ']')
	case object:
		dst, ok = m.appendObject(dst, r)
	default:
		var text []byte
		if text, ok = m.appendData(nil, r); ok {
			dst = evejson.AppendString(dst, text)
		}
	}
	if !ok {
		dst = dst[:at]
	}
	return append(dst, '}')
}

// appendLowerType appends the name of a type in lower case, or its number.
func appendLowerType(dst []byte, t uint16) []byte {
	name, ok := typeName(t)
	if !ok {
		return strconv.AppendUint(dst, uint64(t), 10)
	}
	for i := range len(name) {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
