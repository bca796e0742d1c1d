package http

import (
	"bytes"

	"khien/sensor"
)

// statusLine reads HTTP/version SP code SP reason (RFC 9112, 4).
func (p *parser) statusLine(h *half, line []byte) {
	text, rest := cutCR(trimLeft(chomp(line)))
	t := h.tx
	if t == nil {
		t = p.waiting()
	}
	if t == nil {
		t = p.begin(h)
		t.anomaly(h.dir, anUnmatched)
		t.Done[sensor.ToServer] = sensor.ProgressComplete
	}
	h.tx, h.state = t, stHeaders
	m := &t.msg[h.dir]
	m.reset()
	m.line = append(m.line, text...)
	p.readStatusLine(t, m)
	if h.junk {
		t.anomaly(h.dir, anResponseProtocol)
		h.junk = false
	}
	p.progress(h, sensor.ProgressLine)
	if rest != nil {
		p.headerLine(h, append(append([]byte(nil), rest...), '\n'))
	}
}

func (p *parser) readStatusLine(t *Transaction, m *Message) {
	word := func(s []byte) (first, rest []byte) {
		n := 0
		for n < len(s) && !isBlank(s[n]) {
			n++
		}
		return s[:n], trimLeft(s[n:])
	}
	var rest []byte
	m.protocol, rest = word(m.line)
	if len(m.protocol) >= 5 {
		m.version = version(m.protocol)
	}
	if m.version < 10 || m.version > 20 {
		t.anomaly(sensor.ToClient, anResponseProtocol)
	}
	t.status, rest = word(rest)
	t.reason = trim(rest)
	t.setCode()
	if t.code == 0 {
		t.anomaly(sensor.ToClient, anResponseStatus)
	}
}

// setCode reads the status as a number; a code has three digits.
func (t *Transaction) setCode() {
	t.code = 0
	if len(t.status) != 3 {
		return
	}
	for _, c := range t.status {
		if c < '0' || c > '9' {
			t.code = 0
			return
		}
		t.code = t.code*10 + int(c-'0')
	}
	if t.code < 100 {
		t.code = 0
	}
}

// responseHeaders decides what follows the headers of a response (RFC 9112, 6.3).
func (p *parser) responseHeaders(h *half) {
	t, m := h.tx, &h.tx.msg[sensor.ToClient]
	if v := m.get(keyContentType); len(v) >= 20 && bytes.EqualFold(v[:20], []byte("multipart/byteranges")) {
		t.anomaly(h.dir, anByteRanges)
	}
	chunked := p.framing(h, m)
	hasBody := chunked || h.length > 0
	switch {
	case t.tunnel:
		p.waits = false
		if t.code/100 == 2 {
			p.progress(h, sensor.ProgressHeaders)
			p.finish(h)
			p.leave(sensor.ProtoNone)
			return
		}
	case t.code == 101 && !hasBody:
		p.progress(h, sensor.ProgressHeaders)
		to := upgradeTo(m.get(keyUpgrade))
		if to == sensor.ProtoHTTP2 {
			p.before = t.asked()
		}
		p.finish(h)
		p.leave(to)
		return
	case t.code/100 == 1 && !hasBody:
		if h.interim {
			t.anomaly(h.dir, anContinueTwice)
		}
		h.interim = true
		h.held, h.blanks = h.held[:0], 0
		h.state = stInterim
		return
	}
	p.progress(h, sensor.ProgressHeaders)
	h.body.Begin(&p.Env, h.dir, t, t)
	switch {
	case isHead(t), (t.code == 204 || t.code == 304) && !hasBody, t.code == 304 && !chunked:
		p.bodyEnd(h, true)
	case chunked:
		if m.version > 0 && m.version < 11 {
			t.anomaly(h.dir, anChunkedOld)
		}
		h.state = stSize
	default:
		p.plain(h)
	}
}

// plain reads a body that is not chunked: of the announced length, or until the connection ends.
func (p *parser) plain(h *half) {
	switch {
	case h.length == 0 || h.length < 0 && h.dir == sensor.ToServer:
		p.bodyEnd(h, true)
	case h.length > 0:
		h.left, h.state = uint64(h.length), stLength
	default:
		h.state = stClose
	}
}

func isHead(t *Transaction) bool { return bytes.EqualFold(t.method, []byte("HEAD")) }

// upgradeTo names the protocol that a connection is switched to.
func upgradeTo(v []byte) sensor.Proto {
	lower := bytes.ToLower(v[:min(len(v), 64)])
	switch {
	case bytes.Contains(lower, []byte("websocket")):
		return sensor.ProtoWebSocket
	case bytes.Contains(lower, []byte("h2c")):
		return sensor.ProtoHTTP2
	}
	return sensor.ProtoNone
}

// finish ends a response that has no body, and the request with it.
func (p *parser) finish(h *half) {
	t := h.tx
	if s := &p.half[sensor.ToServer]; s.tx == t {
		s.body.End(false)
		s.tx = nil
	}
	t.Done[sensor.ToServer] = sensor.ProgressComplete
	p.messageEnd(h)
}

// leave hands the connection over to another protocol.
func (p *parser) leave(to sensor.Proto) {
	for i := range p.half {
		p.half[i].state = stTunnel
		p.half[i].closed = true
	}
	p.abandonAll()
	p.Out.Upgrade(to)
}

// abandonAll completes what was pipelined behind an upgrade: it is not HTTP.
func (p *parser) abandonAll() {
	for len(p.open) > 0 {
		t := p.open[0]
		t.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
		p.Out.Tx(t, sensor.ToServer)
		p.done(t)
	}
}

// afterInterim looks at what follows a 1xx response: a status line, or a body that it should not have.
func (p *parser) afterInterim(h *half, data []byte) int {
	n := 0
	for n < len(data) && len(h.held) < maxBlank {
		text := h.ahead(data[n])
		n++
		if len(text) == 0 {
			continue
		}
		if !mayBeStatus(text) {
			p.interimBody(h)
			return n
		}
		if len(text) >= 4 {
			h.line = append(h.line[:0], text...)
			h.held = h.held[:0]
			h.state = stFirst
			h.tx.Done[h.dir] = sensor.ProgressNone
			return n
		}
	}
	if len(h.held) >= maxBlank {
		p.interimBody(h)
	}
	return n
}

// interimBody takes what followed a 1xx response as its body, as some browsers do.
func (p *parser) interimBody(h *half) {
	held := append([]byte(nil), h.held...)
	h.held = h.held[:0]
	p.progress(h, sensor.ProgressHeaders)
	h.body.Begin(&p.Env, h.dir, h.tx, h.tx)
	p.plain(h)
	p.again(h, held)
}

func (p *parser) interimAtEnd(h *half) {
	p.progress(h, sensor.ProgressHeaders)
	h.body.Begin(&p.Env, h.dir, h.tx, h.tx)
}
