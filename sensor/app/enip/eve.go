package enip

import (
	"strconv"

	"khien/sensor"
	"khien/sensor/evejson"
)

// AppendEVE appends {"request":{…},"response":{…}}.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	dst = tx.said[tx.from.Reverse()].append(dst, "request")
	dst = tx.said[tx.from].append(dst, "response")
	return append(dst, '}')
}

// append appends the member of a message.
func (p *pdu) append(dst []byte, key string) []byte {
	if !p.seen {
		return dst
	}
	dst = append(evejson.AppendKey(dst, key), '{')
	dst = appendName(dst, "command", commandName(p.command), uint64(p.command))
	dst = appendName(dst, "status", statusName(p.status), uint64(p.status))
	if p.options != 0 {
		dst = evejson.AppendUint(dst, "options", uint64(p.options))
	}
	if b, ok := p.registration(); ok {
		dst = append(evejson.AppendKey(dst, "register_session"), '{')
		dst = evejson.AppendUint(dst, "protocol_version", uint64(le.Uint16(b)))
		dst = evejson.AppendUint(dst, "options", uint64(le.Uint16(b[2:])))
		dst = append(dst, '}')
	}
	if b, ok := p.cip(); ok {
		dst = append(evejson.AppendKey(dst, "cip"), '{')
		dst = appendCIP(dst, b, true)
		dst = append(dst, '}')
	}
	if s, ok := p.service(); ok {
		dst = append(evejson.AppendKey(dst, "list_services"), '{')
		dst = evejson.AppendUint(dst, "protocol_version", uint64(s.version))
		dst = evejson.AppendUint(dst, "capabilities", uint64(s.capabilities))
		dst = evejson.AppendBytes(dst, "service_name", s.name)
		dst = append(dst, '}')
	}
	if d, ok := p.identity(); ok {
		dst = d.append(dst)
	}
	return append(dst, '}')
}

func (d *identity) append(dst []byte) []byte {
	dst = append(evejson.AppendKey(dst, "identity"), '{')
	dst = evejson.AppendUint(dst, "protocol_version", uint64(d.version))
	dst = append(evejson.AppendKey(dst, "revision"), '"')
	dst = strconv.AppendUint(dst, uint64(d.major), 10)
	dst = strconv.AppendUint(append(dst, '.'), uint64(d.minor), 10)
	dst = append(dst, '"')
	dst = appendName(dst, "vendor_id", vendors[d.vendor], uint64(d.vendor))
	dst = appendName(dst, "device_type", deviceTypes[d.device], uint64(d.device))
	dst = evejson.AppendUint(dst, "product_code", uint64(d.product))
	dst = evejson.AppendUint(dst, "status", uint64(d.status))
	dst = evejson.AppendUint(dst, "serial", uint64(d.serial))
	dst = evejson.AppendBytes(dst, "product_name", d.name)
	dst = evejson.AppendUint(dst, "state", uint64(d.state))
	return append(dst, '}')
}

// appendCIP appends the members of a CIP message; outer tells that it may hold some.
func appendCIP(dst, b []byte, outer bool) []byte {
	c, ok := parseCIP(b)
	if !ok {
		return dst // not all of it was kept
	}
	dst = appendName(dst, "service", services[c.service], uint64(c.service))
	if c.reply {
		dst = appendName(dst, "status", statuses[c.status], uint64(c.status))
		if len(c.extended) > 0 {
			dst = evejson.AppendHex(dst, "status_extended", c.extended)
			if len(c.extended) == 2 {
				if n := extendedStatuses[le.Uint16(c.extended)]; n != "" {
					dst = evejson.AppendStr(dst, "status_extended_meaning", n)
				}
			}
		}
	} else {
		dst = appendPath(dst, c.path)
	}
	if n := c.services(); outer && n > 0 {
		dst = append(evejson.AppendKey(dst, "multiple"), '[')
		for i := range n {
			if part, ok := c.at(i); ok {
				dst = append(evejson.AppendComma(dst), '{')
				dst = appendCIP(dst, part, false)
				dst = append(dst, '}')
			}
		}
		dst = append(dst, ']')
	}
	return dst
}

// appendPath appends the logical segments of a path and the name of the last class in it.
func appendPath(dst, path []byte) []byte {
	s, rest, more, _ := nextSegment(path)
	if !more {
		return dst
	}
	class, classed := uint32(0), false
	dst = append(evejson.AppendKey(dst, "path"), '[')
	for n := 0; more && n < pathMax; n++ {
		dst = append(evejson.AppendComma(dst), '{')
		name := ""
		switch s.kind >> 2 {
		case segClass:
			name, class, classed = "class", s.value, true
		case segInstance:
			name = "instance"
		case segAttribute:
			name = "attribute"
		}
		dst = appendName(dst, "segment_type", name, uint64(s.kind))
		dst = evejson.AppendUint(dst, "value", uint64(s.value))
		dst = append(dst, '}')
		s, rest, more, _ = nextSegment(rest)
	}
	dst = append(dst, ']')
	if classed {
		name, known := classes[class]
		if known && name == "" {
			return evejson.AppendStr(dst, "class_name", "")
		}
		dst = appendName(dst, "class_name", name, uint64(class))
	}
	return dst
}

// appendName appends a member whose value is a name, or unknown-N where there is none.
func appendName(dst []byte, key, name string, n uint64) []byte {
	if name != "" {
		return evejson.AppendStr(dst, key, name)
	}
	dst = append(evejson.AppendKey(dst, key), `"unknown-`...)
	return append(strconv.AppendUint(dst, n, 10), '"')
}
