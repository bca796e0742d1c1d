package http2

import (
	"encoding/base64"
	"encoding/binary"

	"khien/sensor"
	"khien/sensor/app/http"
)

// first makes the request that asked for HTTP/2 stream 1, which the server answers and the client has closed
// (RFC 7540, 3.2). It has what names the request: its other headers were those of HTTP/1, and were looked at there.
func (p *parser) first() {
	a := p.before
	p.before = nil
	p.firstSettings(a)
	t := p.transaction(1)
	p.streams[1] = t
	p.order = append(p.order, t)
	for _, f := range [...]struct {
		name  string
		value []byte
	}{{":method", a.Method}, {":path", a.Target}, {":authority", a.Host}} {
		if len(f.value) > 0 {
			t.AddHeader(sensor.ToServer, []byte(f.name), f.value)
		}
	}
	p.request(t, string(a.Method), string(a.Target), string(a.Host))
	p.progress(t, sensor.ToServer, sensor.ProgressHeaders)
	p.endDirection(t, sensor.ToServer, true)
}

// firstSettings applies the settings that the request had instead of a frame (RFC 7540, 3.2.1).
func (p *parser) firstSettings(a *http.Asked) {
	b, err := base64.RawURLEncoding.AppendDecode(nil, a.Settings)
	if err != nil {
		return
	}
	for n := 0; len(b) >= 6 && n < maxSettings; n++ {
		if binary.BigEndian.Uint16(b) == settingTable {
			p.half[sensor.ToClient].hpack.SetAllowedMaxDynamicTableSize(min(binary.BigEndian.Uint32(b[2:]), maxTable))
		}
		b = b[6:]
	}
}
