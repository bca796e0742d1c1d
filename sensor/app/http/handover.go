package http

import (
	"bytes"

	"khien/sensor"
)

// Asked is a request that asked for HTTP/2 and is answered there (RFC 7540, 3.2). It owns its memory.
type Asked struct {
	Method, Target, Host []byte
	Settings             []byte // the header HTTP2-Settings, as sent
}

var keySettings = key("http2-settings")

// asked copies what the successor needs of a request.
func (t *Transaction) asked() *Asked {
	return &Asked{Method: bytes.Clone(t.method), Target: bytes.Clone(t.uriRaw), Host: bytes.Clone(t.hostRaw),
		Settings: bytes.Clone(t.msg[sensor.ToServer].get(keySettings))}
}

// Context implements sensor.Predecessor.
func (p *parser) Context() any {
	if p.before == nil {
		return nil
	}
	a := p.before
	p.before = nil
	return a
}
