package mime

import "bytes"

// header takes a line of a header, or a piece of one.
func (p *Parser) header(line []byte, start, last bool) {
	if start {
		if len(line) == 0 {
			p.endField()
			p.endHeader()
			return
		}
		if line[0] == ' ' || line[0] == '\t' {
			line = line[1:]
			if len(p.field) > 0 { // folding is a space: RFC 5322, 2.2.3
				p.appendField([]byte{' '})
				line = bytes.TrimLeft(line, " \t")
			}
		} else {
			p.endField()
		}
	}
	p.appendField(line)
}

func (p *Parser) appendField(b []byte) {
	n := min(headerMax-len(p.field), len(b))
	p.field = append(p.field, b[:n]...)
	p.long = p.long || n < len(b)
}

// endField interprets the field that was read.
func (p *Parser) endField() {
	f := p.field
	p.field = p.field[:0]
	if len(f) == 0 {
		return
	}
	p.ent.fields++
	if p.ent.fields > headerCount {
		return
	}
	colon := bytes.IndexByte(f, ':')
	if colon <= 0 {
		p.anomaly(Malformed)
		return
	}
	name, value := bytes.TrimRight(f[:colon], " \t"), bytes.TrimSpace(f[colon+1:])
	if len(name) > headerNameMax {
		p.anomaly(LongHeaderName)
		return
	}
	if len(value) > headerValueMax || p.long {
		p.anomaly(LongHeaderValue)
	}
	p.long = false
	var low [headerNameMax]byte
	key := low[:copy(low[:], name)]
	lower(key)
	switch string(key) {
	case "content-type":
		p.contentType(value)
	case "content-disposition":
		p.contentDisposition(value)
	case "content-transfer-encoding":
		p.transferEncoding(value)
	default:
		if p.outer && p.depth == 0 {
			p.keep(string(key), value)
		}
	}
}

// keep keeps the fields of the message that others ask for; the first one counts where a field must stand once.
func (p *Parser) keep(key string, value []byte) {
	once := func(f *[]byte) {
		if *f == nil {
			*f = append([]byte{}, value...)
		}
	}
	switch key {
	case "from":
		once(&p.From)
	case "subject":
		once(&p.Subject)
	case "date":
		once(&p.Date)
	case "message-id":
		once(&p.MessageID)
	case "x-mailer":
		once(&p.XMailer)
	case "to":
		p.To = appendAddresses(p.To, value)
	case "cc":
		p.Cc = appendAddresses(p.Cc, value)
	case "received":
		if len(p.Received) < receivedMax {
			p.Received = append(p.Received, append([]byte{}, value...))
		}
	}
}

// appendAddresses splits a list at the commas that stand outside of quotes and angle brackets.
func appendAddresses(dst [][]byte, value []byte) [][]byte {
	v := append([]byte{}, value...)
	begin, quoted, angle := 0, false, false
	for i := 0; i <= len(v); i++ {
		if i < len(v) {
			switch c := v[i]; {
			case c == '\\' && quoted:
				i++
				continue
			case c == '"':
				quoted = !quoted
			case c == '<' && !quoted:
				angle = true
			case c == '>' && !quoted:
				angle = false
			}
			if v[i] != ',' || quoted || angle {
				continue
			}
		}
		if a := bytes.TrimSpace(v[begin:min(i, len(v))]); len(a) > 0 && len(dst) < addressMax {
			dst = append(dst, a)
		}
		begin = i + 1
	}
	return dst
}

func (p *Parser) contentType(value []byte) {
	kind, params, _ := bytes.Cut(value, []byte{';'})
	low := append([]byte{}, bytes.TrimSpace(kind)...)
	lower(low)
	e := &p.ent
	switch {
	case bytes.HasPrefix(low, []byte("multipart/")):
		e.class = multipart
	case string(low) == "message/rfc822" || string(low) == "message/global":
		e.class = message
	case bytes.HasPrefix(low, []byte("text/")):
		e.class = text
	default:
		e.class = other
	}
	p.params(params, "name", false)
}

func (p *Parser) contentDisposition(value []byte) {
	kind, params, _ := bytes.Cut(value, []byte{';'})
	p.ent.attached = equalFold(bytes.TrimSpace(kind), "attachment")
	p.params(params, "filename", true)
}

func (p *Parser) transferEncoding(value []byte) {
	switch {
	case equalFold(value, "base64"):
		p.ent.enc = base64
	case equalFold(value, "quoted-printable"):
		p.ent.enc = quotedPrintable
	}
}

func lower(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}

// equalFold compares with a lower-case ASCII text.
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != s[i] {
			return false
		}
	}
	return true
}
