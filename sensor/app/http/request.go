package http

import (
	"bytes"
	"strconv"

	"khien/sensor"
)

// requestLine reads METHOD SP target SP HTTP/version, with what senders make of it (RFC 9112, 3).
func (p *parser) requestLine(h *half, line []byte) error {
	text := chomp(line)
	blanks := len(text) - len(trimLeft(text))
	first, rest := cutCR(text[blanks:])
	t := p.begin(h)
	h.tx = t
	m := &t.msg[sensor.ToServer]
	m.line = append(m.line[:0], text[:blanks+len(first)]...)
	p.readRequestLine(t, m)
	p.progress(h, sensor.ProgressLine)
	h.state = stHeaders // of HTTP/0.9 there are none, but then a protocol may have been forgotten
	if rest != nil {
		p.headerLine(h, append(append([]byte(nil), rest...), '\n'))
	}
	return nil
}

func (p *parser) readRequestLine(t *Transaction, m *Message) {
	text := m.line
	if isBlank(text[0]) {
		t.anomaly(sensor.ToServer, anLeadingSpace)
		text = trimLeft(text)
	}
	n := 0
	for n < len(text) && !isBlank(text[n]) {
		n++
	}
	t.method = text[:n]
	delim := text[n:]
	target := trimLeft(delim)
	if d := delim[:len(delim)-len(target)]; len(d) > 0 && (len(d) > 1 || d[0] != ' ') {
		t.anomaly(sensor.ToServer, anMethodDelimiter)
	}
	end := len(target)
	for end > 0 && isBlank(target[end-1]) {
		end--
	}
	tail := target[:end]
	// The target ends at the last blank that a protocol follows: a target may hold blanks itself.
	i := len(tail)
	for i > 0 && !isBlank(tail[i-1]) {
		i--
	}
	if last := tail[i:]; i > 0 && len(last) >= 5 && bytes.EqualFold(last[:5], []byte("HTTP/")) {
		m.protocol = last
		m.version = version(last)
		j := i
		for j > 0 && isBlank(tail[j-1]) {
			j--
		}
		if i-j != 1 || tail[j] != ' ' {
			t.anomaly(sensor.ToServer, anURIDelimiter)
		}
		tail = tail[:j]
	} else if len(tail) >= 5 && i == 0 && bytes.EqualFold(tail[:5], []byte("HTTP/")) {
		m.protocol, m.version, tail = tail, version(tail), nil
		t.anomaly(sensor.ToServer, anLineIncomplete)
	} else {
		m.version = 9
	}
	t.uriRaw = tail
	p.target(t)
}

// version reads "HTTP/1.1" as 11.
func version(protocol []byte) int {
	v := protocol[5:]
	if len(v) >= 3 && v[0] >= '0' && v[0] <= '9' && v[1] == '.' && v[2] >= '0' && v[2] <= '9' {
		n := int(v[0]-'0')*10 + int(v[2]-'0')
		if n == 9 {
			return 10 // said with a version, it has headers all the same
		}
		return n
	}
	return 0
}

// target reads the request target.
func (p *parser) target(t *Transaction) {
	if bytes.EqualFold(t.method, []byte("CONNECT")) {
		t.tunnel = true
		t.uri = t.uri[:0]
		if t.hostPort(t.uriRaw, anAuthorityPort); !validHost(t.host) {
			t.host, t.hostRaw = t.host[:0], nil
		}
		return
	}
	var doubly bool
	t.uri, t.path, doubly = normalise(t.uri[:0], t.uriRaw)
	if doubly {
		t.anomaly(sensor.ToServer, anDoubleEncoded)
	}
	if a := authority(t.uriRaw); a != nil {
		t.hostPort(a, anRequestPort)
		if !validHost(t.host) {
			t.anomaly(sensor.ToServer, anURIHost)
		}
	}
}

// hostPort splits "host:port" into the transaction's host and port.
func (t *Transaction) hostPort(a []byte, badPort string) {
	t.hostRaw = a
	host, port := splitPort(trim(a))
	t.port = 0
	if port != nil {
		n, err := strconv.ParseUint(string(port), 10, 16)
		if badPort != "" && (err != nil && len(port) > 0 || err == nil && n == 0) {
			t.anomaly(sensor.ToServer, badPort)
		}
		t.port = int(n)
	}
	t.host = t.host[:0]
	for _, c := range host {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		t.host = append(t.host, c)
	}
	for n := len(t.host); n > 0 && t.host[n-1] == '.'; n-- {
		t.host = t.host[:n-1] // the root's dot
	}
}

func splitPort(a []byte) (host, port []byte) {
	if len(a) > 0 && a[0] == '[' {
		i := bytes.IndexByte(a, ']')
		if i < 0 {
			return a, nil
		}
		if i+1 < len(a) && a[i+1] == ':' {
			return a[:i+1], a[i+2:]
		}
		return a[:i+1], nil
	}
	if i := bytes.IndexByte(a, ':'); i >= 0 {
		return a[:i], a[i+1:]
	}
	return a, nil
}

// validHost holds for what may be a name or an address.
func validHost(h []byte) bool {
	if len(h) == 0 || len(h) > 255 {
		return false
	}
	if h[0] == '[' {
		return h[len(h)-1] == ']'
	}
	label := 0
	for _, c := range h {
		switch {
		case c == '.':
			if label == 0 {
				return false
			}
			label = 0
			continue
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c >= 0x80:
		default:
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return true
}

// requestHeaders decides what follows the headers of a request.
func (p *parser) requestHeaders(h *half) {
	t, m := h.tx, &h.tx.msg[sensor.ToServer]
	p.requestHost(t, m)
	if v := m.get(keyAuthorization); v != nil && !knownAuth(v) {
		t.anomaly(sensor.ToServer, anAuthUnknown)
	}
	chunked := p.framing(h, m)
	p.progress(h, sensor.ProgressHeaders)
	if chunked || h.length > 0 {
		if bytes.EqualFold(t.method, []byte("GET")) || bytes.EqualFold(t.method, []byte("HEAD")) {
			t.anomaly(sensor.ToServer, anBodyUnexpected)
		}
	}
	switch {
	case t.tunnel:
		p.waits = true
		p.messageEnd(h)
	case chunked:
		h.body.Begin(&p.Env, h.dir, t, t)
		h.state = stSize
	case h.length > 0:
		h.body.Begin(&p.Env, h.dir, t, t)
		h.left, h.state = uint64(h.length), stLength
	case h.length < 0 && m.version != 9 && hasContent(t.method):
		h.body.Begin(&p.Env, h.dir, t, t)
		h.held = h.held[:0]
		h.state = stUnframed
	default:
		h.body.Begin(&p.Env, h.dir, t, t)
		p.bodyEnd(h, true)
	}
}

// hasContent reports whether requests of a method have a body as a rule.
func hasContent(method []byte) bool {
	for _, m := range [...]string{"POST", "PUT", "PATCH"} {
		if bytes.EqualFold(method, []byte(m)) {
			return true
		}
	}
	return false
}

// unframed looks at what follows a request that gives no length, though it should have a body: the next request, or the
// body all the same, which then ends when the response begins.
func (p *parser) unframed(h *half, data []byte) int {
	i := bytes.IndexByte(data, '\n')
	n := len(data)
	if i >= 0 {
		n = i + 1
	}
	h.held = append(h.held, data[:n]...)
	if i < 0 && len(h.held) <= maxBlank {
		return n
	}
	held := append([]byte(nil), h.held...)
	switch text := trim(held); {
	case len(text) == 0 && len(held) <= maxBlank:
		return n
	case looksRequest(text):
		p.bodyEnd(h, true)
		h.line = append(h.line[:0], bytes.TrimSuffix(held, []byte("\n"))...)
		p.again(h, []byte("\n"))
	default:
		h.held = h.held[:0]
		h.tx.anomaly(h.dir, anBodyUnexpected)
		p.bodyBytes(h, held)
		h.state = stClose
	}
	return n
}

// unframedEnd ends such a request, with what was looked ahead as its body.
func (p *parser) unframedEnd(h *half) {
	held := append([]byte(nil), h.held...)
	h.held = h.held[:0]
	if len(trim(held)) > 0 {
		h.tx.anomaly(h.dir, anBodyUnexpected)
		p.bodyBytes(h, held)
	}
	p.bodyEnd(h, true)
}

func (p *parser) requestHost(t *Transaction, m *Message) {
	v := m.get(keyHost)
	if v == nil {
		if m.version >= 11 {
			t.anomaly(sensor.ToServer, anNoHost)
		}
		return
	}
	if t.hostRaw != nil {
		if host, _ := splitPort(trim(v)); !bytes.EqualFold(host, t.host) {
			t.anomaly(sensor.ToServer, anHostAmbiguous)
		}
		return
	}
	t.hostPort(v, anRequestPort)
	if !validHost(t.host) {
		t.anomaly(sensor.ToServer, anHeaderHost)
	}
	if t.port != 0 && t.port != int(p.Out.Flow().DstPort) {
		t.anomaly(sensor.ToServer, anPortMismatch)
	}
}

func knownAuth(v []byte) bool {
	for _, scheme := range [...]string{"basic ", "digest ", "bearer ", "negotiate ", "ntlm "} {
		if len(v) >= len(scheme) && bytes.EqualFold(v[:len(scheme)], []byte(scheme)) {
			return true
		}
	}
	return false
}
