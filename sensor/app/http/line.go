package http

import (
	"bytes"

	"khien/sensor"
)

// takeLine returns the next line of data with its line feed, put together from what earlier calls left, and how many
// bytes of data it took. ok is false when the line goes on. What exceeds maxLine is dropped.
func (h *half) takeLine(data []byte) (line []byte, n int, ok bool) {
	i := bytes.IndexByte(data, '\n')
	if i < 0 {
		h.keep(data)
		return nil, len(data), false
	}
	n = i + 1
	if len(h.line) == 0 && n <= maxLine {
		return data[:n], n, true
	}
	h.keep(data[:n])
	line = h.line
	h.line = h.line[:0]
	return line, n, true
}

func (h *half) keep(p []byte) {
	room := maxLine - len(h.line)
	if len(p) > room {
		h.tooLong = true
		p = p[:max(room, 0)]
	}
	h.line = append(h.line, p...)
}

// chomp removes a line's end: a line feed and the carriage return before it.
func chomp(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

// isBlank holds for characters that separate nothing visible: white space and what senders use in place of it.
func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' || c == 0 }

func trimLeft(p []byte) []byte {
	for len(p) > 0 && isBlank(p[0]) {
		p = p[1:]
	}
	return p
}

func trim(p []byte) []byte {
	p = trimLeft(p)
	for len(p) > 0 && isBlank(p[len(p)-1]) {
		p = p[:len(p)-1]
	}
	return p
}

// looksHeader reports whether p begins with a token and a colon.
func looksHeader(p []byte) bool {
	i := 0
	for i < len(p) && isToken(p[i]) {
		i++
	}
	return i > 0 && i < len(p) && p[i] == ':'
}

// cutCR splits a line at a carriage return that some recipients take as a line's end: one that a header follows.
func cutCR(line []byte) (first, rest []byte) {
	for i := 0; i+1 < len(line); i++ {
		if line[i] != '\r' {
			continue
		}
		if looksHeader(line[i+1:]) {
			return line[:i], line[i+1:]
		}
	}
	return line, nil
}

// headerLine takes a line within headers. It returns what the line means for them.
func (p *parser) headerLine(h *half, line []byte) {
	m := &h.tx.msg[h.dir]
	if len(m.raw)+len(line) <= maxHeaders {
		m.raw = append(m.raw, line...)
	} else {
		h.tooMany = true
	}
	for text := chomp(line); ; {
		first, rest := cutCR(text)
		p.headerText(h, first)
		if rest == nil {
			return
		}
		text = rest
	}
}

// headerText takes a line without its end: a new header, or the continuation of the last (RFC 9112, 5.2).
func (p *parser) headerText(h *half, text []byte) {
	if len(text) > 0 && (text[0] == ' ' || text[0] == '\t') && len(h.header) > 0 {
		h.tx.anomaly(h.dir, by(h.dir, anRequestFolding, anResponseFolding))
		if len(h.header)+len(text) <= maxLine {
			h.header = append(append(h.header, ' '), trim(text)...)
		} else {
			h.tooLong = true
		}
		return
	}
	p.flushHeader(h)
	h.header = append(h.header[:0], trimLeft(text)...)
}

// flushHeader adds the header that was put together.
func (p *parser) flushHeader(h *half) {
	text := h.header
	h.header = h.header[:0]
	if len(text) == 0 {
		return
	}
	t := h.tx
	i := bytes.IndexByte(text, ':')
	if i < 0 {
		t.anomaly(h.dir, by(h.dir, anRequestNoColon, anResponseNoColon))
		return
	}
	name, value := text[:i], trim(text[i+1:])
	for len(value) > 0 && value[0] == ':' { // "Name:: value"
		value = trimLeft(value[1:])
	}
	if n := len(name); n == 0 || !isToken(name[n-1]) {
		t.anomaly(h.dir, by(h.dir, anRequestHeader, anResponseHeader))
	}
	name = trim(name)
	if len(name) == 0 {
		return
	}
	for _, c := range name {
		if !isToken(c) {
			t.anomaly(h.dir, by(h.dir, anRequestHeader, anResponseHeader))
			break
		}
	}
	f, repeated := t.msg[h.dir].add(name, value)
	switch {
	case f == nil:
		h.tooMany = true
	case repeated && f.key == keyContentLength.key:
		t.anomaly(h.dir, by(h.dir, anRequestLengthTwice, anResponseLengthTwice))
	case repeated && f.key == keyHost.key && h.dir == sensor.ToServer:
		t.anomaly(h.dir, anHostAmbiguous)
	case repeated && f.key != keySetCookie.key: // RFC 6265, 3: a server sends one header a cookie
		t.anomaly(h.dir, by(h.dir, anRequestRepeated, anResponseRepeated))
	}
}

// noteLimits turns the limits that were reached while lines were read into anomalies.
func (h *half) noteLimits() {
	if h.tooLong {
		h.tx.anomaly(h.dir, by(h.dir, anRequestTooLong, anResponseTooLong))
	}
	if h.tooMany {
		h.tx.anomaly(h.dir, by(h.dir, anRequestTooMany, anResponseTooMany))
	}
	h.tooLong, h.tooMany = false, false
}
