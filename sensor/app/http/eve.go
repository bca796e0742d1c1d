package http

import (
	"bytes"

	"khien/sensor"
	"khien/sensor/evejson"
)

// AppendEVE appends the object that EVE has under "http", with the members of its extended set.
func (t *Transaction) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	return append(t.AppendMembers(append(dst, '{')), '}')
}

// AppendMembers appends the members of that object.
func (t *Transaction) AppendMembers(dst []byte) []byte {
	req, resp := &t.msg[sensor.ToServer], &t.msg[sensor.ToClient]
	text := func(name string, v []byte) {
		if v != nil {
			dst = evejson.AppendBytes(dst, name, v)
		}
	}
	text("hostname", orNil(t.host))
	if t.port != 0 {
		dst = evejson.AppendUint(dst, "http_port", uint64(t.port))
	}
	text("url", orNil(t.uriRaw))
	text("http_user_agent", req.get(keyUserAgent))
	if v := resp.get(keyContentType); v != nil {
		if i := bytes.IndexByte(v, ';'); i >= 0 {
			v = v[:i]
		}
		text("http_content_type", v)
	}
	if v := resp.get(keyContentRange); v != nil {
		if start, end, _, ok := contentRange(v); ok {
			dst = append(evejson.AppendKey(dst, "content_range"), '{')
			dst = evejson.AppendBytes(dst, "raw", v)
			dst = evejson.AppendUint(dst, "start", start)
			dst = evejson.AppendUint(dst, "end", end)
			dst = append(dst, '}')
		}
	}
	text("http_refer", req.get(keyReferer))
	text("http_method", orNil(t.method))
	protocol := req.protocol
	if protocol == nil {
		protocol = resp.protocol
	}
	if !req.built && !resp.built {
		text("protocol", protocol)
	} else {
		dst = evejson.AppendStr(dst, "version", "2")
	}
	if t.code > 0 {
		dst = evejson.AppendUint(dst, "status", uint64(t.code))
		if t.code/100 == 3 {
			text("redirect", resp.get(keyLocation))
		}
	} else {
		text("status_string", orNil(t.status))
	}
	return evejson.AppendUint(dst, "length", resp.wire)
}
