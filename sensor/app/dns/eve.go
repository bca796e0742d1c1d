package dns

import (
	"strconv"

	"khien/sensor"
	"khien/sensor/evejson"
)

// AppendEVE appends the record of the message.
func (t *tx) AppendEVE(dst []byte, dir sensor.Dir) []byte {
	if t.Proto != sensor.ProtoDNS {
		return t.appendLocal(dst)
	}
	return t.Message.AppendEVE(dst, t.response, t.ID)
}

// AppendEVE appends the JSON object of version 3 of EVE's dns records. id counts the transactions of the flow.
func (m *Message) AppendEVE(dst []byte, response bool, id uint64) []byte {
	dst = append(dst, '{')
	dst = evejson.AppendUint(dst, "version", 3)
	kind := "request"
	if response {
		kind = "response"
	}
	dst = evejson.AppendStr(dst, "type", kind)
	dst = evejson.AppendUint(dst, "tx_id", id)
	dst = evejson.AppendUint(dst, "id", uint64(m.MsgID))
	dst = append(evejson.AppendKey(dst, "flags"), '"')
	dst = append(strconv.AppendUint(dst, uint64(m.Flags), 16), '"')
	for _, f := range [...]struct {
		bit  uint16
		name string
	}{{flagResponse, "qr"}, {flagAuthoritative, "aa"}, {flagTruncated, "tc"}, {flagRecurse, "rd"}, {flagCanRecurse, "ra"},
		{flagZ, "z"}} {
		if m.Flags&f.bit != 0 {
			dst = evejson.AppendBool(dst, f.name, true)
		}
	}
	dst = evejson.AppendUint(dst, "opcode", uint64(m.Opcode()))
	dst = append(evejson.AppendKey(dst, "rcode"), '"')
	dst = append(appendRCode(dst, m.RCode()), '"')
	if len(m.questions) > 0 {
		dst = append(evejson.AppendKey(dst, "queries"), '[')
		for i := range m.questions {
			q := &m.questions[i]
			dst = append(evejson.AppendComma(dst), '{')
			dst = evejson.AppendBytes(dst, "rrname", m.text(q.name))
			dst = append(appendTypeMember(dst, q.rtype), '}')
		}
		dst = append(dst, ']')
	}
	for s, key := range [sections]string{"answers", "authorities", "additionals"} {
		if len(m.records[s]) == 0 {
			continue
		}
		dst = append(evejson.AppendKey(dst, key), '[')
		for i := range m.records[s] {
			dst = m.appendRecord(dst, &m.records[s][i])
		}
		dst = append(dst, ']')
	}
	return append(m.appendGrouped(dst), '}')
}

func appendTypeMember(dst []byte, t uint16) []byte {
	dst = append(evejson.AppendKey(dst, "rrtype"), '"')
	return append(appendType(dst, t), '"')
}

// begin appends what all records have.
func (m *Message) begin(dst []byte, r *record) []byte {
	dst = append(evejson.AppendComma(dst), '{')
	dst = evejson.AppendBytes(dst, "rrname", m.text(r.name))
	dst = appendTypeMember(dst, r.rtype)
	return evejson.AppendUint(dst, "ttl", uint64(r.ttl))
}

// appendRecord appends a record; a TXT record is written once for each of its strings.
func (m *Message) appendRecord(dst []byte, r *record) []byte {
	if r.rtype == typeTXT || r.rtype == typeSPF {
		b := m.data(r)
		for n := 0; n == 0 || len(b) > 0 && n < txtMax; n++ {
			dst = m.begin(dst, r)
			if len(b) > 0 {
				var s []byte
				s, b = nextString(b)
				dst = evejson.AppendBytes(dst, "rdata", s)
			}
			dst = append(dst, '}')
		}
		return dst
	}
	dst = m.begin(dst, r)
	if key, ok := objectKey(r.rtype); ok {
		at := len(dst)
		dst = evejson.AppendKey(dst, key)
		if dst, ok = m.appendObject(dst, r); !ok {
			dst = dst[:at]
		}
	} else if text, ok := m.appendData(nil, r); ok {
		dst = evejson.AppendBytes(dst, "rdata", text)
	}
	return append(dst, '}')
}

// objectKey names the member of records whose data is an object.
func objectKey(t uint16) (string, bool) {
	switch t {
	case typeSOA:
		return "soa", true
	case typeSRV:
		return "srv", true
	case typeSSHFP:
		return "sshfp", true
	case typeOPT:
		return "opt", true
	}
	return "", false
}

// appendObject appends the data of a record as an object.
func (m *Message) appendObject(dst []byte, r *record) ([]byte, bool) {
	b := m.data(r)
	switch r.rtype {
	case typeSOA:
		var scratch [2 * 256]byte
		s, _, ok := m.soa(r, scratch[:0])
		if !ok {
			return dst, false
		}
		dst = append(dst, '{')
		dst = evejson.AppendBytes(dst, "mname", s.mname)
		dst = evejson.AppendBytes(dst, "rname", s.rname)
		dst = evejson.AppendUint(dst, "serial", uint64(s.serial))
		dst = evejson.AppendUint(dst, "refresh", uint64(s.refresh))
		dst = evejson.AppendUint(dst, "retry", uint64(s.retry))
		dst = evejson.AppendUint(dst, "expire", uint64(s.expire))
		dst = evejson.AppendUint(dst, "minimum", uint64(s.minimum))
	case typeSRV:
		var scratch [256]byte
		if len(b) < 7 {
			return dst, false
		}
		name, _, ok := m.target(r, 6, scratch[:0])
		if !ok {
			return dst, false
		}
		dst = append(dst, '{')
		for i, key := range [...]string{"priority", "weight", "port"} {
			dst = evejson.AppendUint(dst, key, uint64(b[2*i])<<8|uint64(b[2*i+1]))
		}
		dst = evejson.AppendBytes(dst, "name", name)
	case typeSSHFP:
		if len(b) < 3 {
			return dst, false
		}
		dst = append(dst, '{')
		dst = append(evejson.AppendKey(dst, "fingerprint"), '"')
		dst = append(appendColonHex(dst, b[2:]), '"')
		dst = evejson.AppendUint(dst, "algo", uint64(b[0]))
		dst = evejson.AppendUint(dst, "type", uint64(b[1]))
	case typeOPT:
		return appendOptions(dst, b), true
	}
	return append(dst, '}'), true
}

// appendOptions appends the options of EDNS (RFC 6891, 6.1.2).
func appendOptions(dst, b []byte) []byte {
	dst = append(dst, '[')
	for len(b) >= 4 {
		n := int(b[2])<<8 | int(b[3])
		if n > len(b)-4 {
			break
		}
		dst = append(evejson.AppendComma(dst), '{')
		dst = evejson.AppendUint(dst, "code", uint64(b[0])<<8|uint64(b[1]))
		dst = append(evejson.AppendKey(dst, "data"), '"')
		dst = append(appendColonHex(dst, b[4:4+n]), '"', '}')
		b = b[4+n:]
	}
	return append(dst, ']')
}

// groups are the types whose answers are also listed by type.
var groups = [...]uint16{typeA, typeAAAA, typeCNAME, typeMX, typeNS, typePTR, typeTXT, typeNULL, typeSOA, typeSRV, typeSSHFP}

// appendGrouped appends the answers by type.
func (m *Message) appendGrouped(dst []byte) []byte {
	open := false
	for _, t := range groups {
		first := true
		for i := range m.records[secAnswer] {
			r := &m.records[secAnswer][i]
			if r.rtype != t {
				continue
			}
			if !open {
				open = true
				dst = append(evejson.AppendKey(dst, "grouped"), '{')
			}
			if first {
				first = false
				name, _ := typeName(t)
				dst = append(evejson.AppendKey(dst, name), '[')
			}
			dst = m.appendGroup(dst, r)
		}
		if !first {
			dst = append(dst, ']')
		}
	}
	if open {
		dst = append(dst, '}')
	}
	return dst
}

func (m *Message) appendGroup(dst []byte, r *record) []byte {
	at := len(dst)
	if _, ok := objectKey(r.rtype); ok {
		if dst, ok = m.appendObject(evejson.AppendComma(dst), r); !ok {
			dst = dst[:at]
		}
		return dst
	}
	if r.rtype == typeTXT {
		for b, n := m.data(r), 0; len(b) > 0 && n < txtMax; n++ {
			var s []byte
			s, b = nextString(b)
			dst = evejson.AppendString(evejson.AppendComma(dst), s)
		}
		return dst
	}
	text, ok := m.appendData(nil, r)
	if !ok {
		return dst
	}
	return evejson.AppendString(evejson.AppendComma(dst), text)
}
