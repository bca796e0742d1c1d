package http

import (
	"bytes"

	"khien/sensor"
)

// Where recipients read the same bytes in different ways, what follows them tells. The functions here hold back the bytes
// that are in doubt, within a limit.

// mayBeStatus reports whether p, without leading blanks, can still become a status line.
func mayBeStatus(p []byte) bool {
	p = trimLeft(p)
	n := min(len(p), 4)
	return bytes.EqualFold(p[:n], []byte("HTTP")[:n])
}

// isStatus reports whether p begins as a status line.
func isStatus(p []byte) bool { return len(p) >= 4 && mayBeStatus(p) }

// looksRequest reports whether a line is a whole request line.
func looksRequest(p []byte) bool {
	i := bytes.LastIndexByte(p, ' ')
	return i > 0 && isToken(p[0]) && bytes.HasPrefix(p[i+1:], []byte("HTTP/"))
}

// junk looks ahead in a response that does not begin with a status line: when one follows in the next line, what came
// before is skipped, as browsers do; otherwise all of it is the answer to an HTTP/0.9 request.
func (p *parser) junk(h *half, data []byte) int {
	i := bytes.IndexByte(data, '\n')
	n := len(data)
	if i >= 0 {
		n = i + 1
	}
	start := 0
	if j := bytes.LastIndexByte(h.held, '\n'); j >= 0 {
		start = j + 1
	}
	first := start == 0 && (len(h.held) == 0 || bytes.IndexByte(h.held, '\n') < 0)
	h.held = append(h.held, data[:n]...)
	if first {
		if i < 0 && len(h.held) > maxBlank {
			p.headless(h)
		}
		return n
	}
	text := h.held[start:]
	switch {
	case isStatus(trimLeft(text)):
		line := append([]byte(nil), text...)
		h.held = h.held[:0]
		h.state, h.junk = stFirst, true
		if i >= 0 {
			p.statusLine(h, line)
		} else {
			h.line = append(h.line[:0], line...)
		}
	case i >= 0 && len(trim(text)) > 0, len(h.held) > maxBlank:
		p.headless(h)
	}
	return n
}

// headless takes what was looked ahead as a body without status line and headers. Without a request that it could
// answer, it is nothing.
func (p *parser) headless(h *half) {
	held := h.held
	h.held = h.held[:0]
	t := p.waiting()
	if t == nil {
		h.state = stResync
		p.Out.Anomaly(h.dir, anUnmatched)
		return
	}
	h.tx = t
	t.anomaly(h.dir, anResponseProtocol)
	t.msg[h.dir].version = 9
	p.progress(h, sensor.ProgressHeaders)
	h.body.Begin(&p.Env, h.dir, t, t)
	h.state = stClose
	p.bodyBytes(h, held)
}

// peek looks at what follows a line of blanks: an empty line or another header shows that headers go on, anything else
// is the body.
func (p *parser) peek(h *half, data []byte) int {
	start := bytes.IndexByte(h.held, '\n') + 1
	i := bytes.IndexByte(data, '\n')
	n := len(data)
	if i >= 0 {
		n = i + 1
	}
	h.held = append(h.held, data[:n]...)
	next := h.held[start:]
	switch {
	case i >= 0 && len(chomp(next)) == 0:
		p.rawEnd(h, h.held)
		h.held = h.held[:0]
		p.headersEnd(h)
	case i < 0 && len(next) <= maxBlank:
		return n // the line is not complete
	case looksHeader(next) || (next[0] == ' ' || next[0] == '\t') && printable(chomp(next)):
		blank := append([]byte(nil), h.held[:start]...)
		line := append([]byte(nil), next...)
		h.held = h.held[:0]
		h.state = stHeaders
		p.rawEnd(h, blank)
		p.headerLine(h, line)
	default:
		p.peekBody(h, start)
	}
	return n
}

// peekBody ends the headers at the line of blanks; what was read after it is the body.
func (p *parser) peekBody(h *half, start int) {
	held := append([]byte(nil), h.held...)
	h.held = h.held[:0]
	p.rawEnd(h, held[:start])
	p.headersEnd(h)
	p.again(h, held[start:])
}

// again reads bytes that were looked ahead.
func (p *parser) again(h *half, data []byte) {
	for len(data) > 0 && h.state != stTunnel {
		n, err := p.step(h, data)
		if err != nil {
			return
		}
		data = data[n:]
	}
}

// lengthEnd is called when the announced length of a body has been read. Where the connection should end with it, what
// still comes is given to it, too: recipients that read until the end see it.
func (p *parser) lengthEnd(h *half) {
	if h.dir == sensor.ToClient && closes(&h.tx.msg[h.dir]) {
		p.progress(h, sensor.ProgressBody)
		h.held, h.blanks = h.held[:0], 0
		h.state = stSurplus
		return
	}
	p.bodyEnd(h, true)
}

// ahead adds a byte to those looked ahead and returns them without the blanks in front.
func (h *half) ahead(c byte) []byte {
	if isBlank(c) && h.blanks == len(h.held) {
		h.blanks++
	}
	h.held = append(h.held, c)
	return h.held[h.blanks:]
}

// surplus looks at what follows such a body: another response all the same, or more of the body.
func (p *parser) surplus(h *half, data []byte) int {
	for i, c := range data {
		text := h.ahead(c)
		if len(text) == 0 && len(h.held) < maxBlank {
			continue
		}
		if len(text) == 0 || !mayBeStatus(text) {
			held := append([]byte(nil), h.held...)
			h.held = h.held[:0]
			h.state = stClose
			p.again(h, held)
			return i + 1
		}
		if isStatus(text) {
			line := append([]byte(nil), text...)
			p.bodyBytes(h, h.held[:len(h.held)-len(text)])
			p.bodyEnd(h, true)
			h.line = append(h.line[:0], line...)
			return i + 1
		}
	}
	return len(data)
}
