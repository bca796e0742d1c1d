package mime

import "bytes"

// body takes a line of a body, or a piece of one.
func (p *Parser) body(line []byte, start bool, end []byte) {
	if p.skip {
		return
	}
	e := &p.ent
	if start {
		e.lines++
	}
	if e.class == message && p.sub == nil && e.enc != identity {
		// RFC 2046, 5.2.1 forbids to encode a message; readers differ. What looks like a header is one.
		if e.lines == 1 && bytes.IndexByte(line, ':') > 0 {
			p.nest()
			p.header(line, start, end != nil)
			return
		}
		if p.depth >= depthMax {
			p.anomaly(Malformed)
			p.skip = true
			return
		}
		p.sub = &Parser{sink: p.sink, outer: true, depth: p.depth + 1, told: p.told}
	}
	switch e.enc {
	case base64:
		if start && len(line) > encLineMax {
			p.anomaly(LongEncLine)
		}
		p.base64(line)
	case quotedPrintable:
		if start && len(line) > encLineMax {
			p.anomaly(LongEncLine)
		}
		p.quoted(line, end)
	default:
		p.emitEOL()
		p.emit(line)
		p.eol = keepEnd(end)
	}
}

// keepEnd returns a line end that does not point into the caller's bytes.
func keepEnd(end []byte) []byte {
	switch len(end) {
	case 0:
		return nil
	case 1:
		return lf
	}
	return crlf
}

var crlf, lf = []byte("\r\n"), []byte("\n")

func (p *Parser) emitEOL() {
	if p.eol != nil {
		p.emit(p.eol)
		p.eol = nil
	}
}

// emit hands decoded bytes on.
func (p *Parser) emit(b []byte) {
	if len(b) == 0 {
		return
	}
	if p.sub != nil {
		p.sub.Write(b)
		return
	}
	if p.open {
		p.sink.WriteFile(b)
	}
	if p.ent.class == text {
		p.text(b)
	}
}

// base64 decodes groups of four; what is no digit of the alphabet is passed over (RFC 2045, 6.8).
func (p *Parser) base64(line []byte) {
	out := p.scratch[:0]
	for _, c := range line {
		v := unbase64(c)
		switch {
		case v >= 0:
			p.quad[p.quads] = byte(v)
			if p.quads++; p.quads == 4 {
				q := p.quad
				out = append(out, q[0]<<2|q[1]>>4, q[1]<<4|q[2]>>2, q[2]<<6|q[3])
				p.quads = 0
			}
		case c == '=':
			if p.quads > 1 {
				out = p.appendQuad(out)
			}
			p.quads = 0
		case c != ' ' && c != '\t' && c != '\r':
			p.anomaly(InvalidBase64)
		}
	}
	p.scratch = out
	p.emit(out)
}

// appendQuad appends the bytes of a group that is not full.
func (p *Parser) appendQuad(out []byte) []byte {
	q := p.quad
	if p.quads > 1 {
		out = append(out, q[0]<<2|q[1]>>4)
	}
	if p.quads > 2 {
		out = append(out, q[1]<<4|q[2]>>2)
	}
	return out
}

func (p *Parser) flushQuad() {
	p.anomaly(InvalidBase64)
	p.scratch = p.appendQuad(p.scratch[:0])
	p.quads = 0
	p.emit(p.scratch)
}

// quoted decodes a line of quoted-printable (RFC 2045, 6.7).
func (p *Parser) quoted(line, end []byte) {
	p.emitEOL()
	if end != nil {
		line = bytes.TrimRight(line, " \t")
	}
	out := p.scratch[:0]
	soft := false
	for i := 0; i < len(line); i++ {
		if line[i] != '=' {
			out = append(out, line[i])
			continue
		}
		if i == len(line)-1 {
			soft = true
			break
		}
		if i+2 < len(line) {
			if hi, lo := unhex(line[i+1]), unhex(line[i+2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		p.anomaly(InvalidQP)
		out = append(out, '=')
	}
	p.scratch = out
	p.emit(out)
	if !soft {
		p.eol = keepEnd(end)
	}
}

func unbase64(c byte) int {
	switch {
	case 'A' <= c && c <= 'Z':
		return int(c - 'A')
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 26
	case '0' <= c && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}
