package imap

import (
	"bytes"

	"khien/sensor"
	"khien/sensor/app/mime"
)

// Protocol describes IMAP to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoIMAP,
		TCP:   true,
		Ports: []uint16{port},
		Probe: probe,
		New:   func(*sensor.Flow, any) sensor.Parser { return new(parser) },
	}
}

// commands begin sessions, behind the client's tag.
var commands = [...]string{"CAPABILITY", "LOGIN", "AUTHENTICATE", "STARTTLS", "ID", "NOOP", "LOGOUT"}

// probe takes the greeting of a server that says IMAP, or any on the port; of a client a tag and a command on the port.
func probe(dir sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	line, _, whole := bytes.Cut(b, []byte{'\n'})
	if len(b) > lineMax && !whole {
		return sensor.No
	}
	if dir == sensor.ToClient {
		for _, s := range [...]string{"* OK", "* PREAUTH", "* BYE"} {
			n := min(len(s), len(b))
			switch {
			case string(b[:n]) != s[:n]:
			case n < len(s) || !whole:
				return sensor.More
			case f.DstPort == port || bytes.Contains(bytes.ToUpper(line), []byte("IMAP")):
				return sensor.Yes
			}
		}
		return sensor.No
	}
	if f.DstPort != port {
		return sensor.No
	}
	tag, rest, ok := bytes.Cut(line, []byte{' '})
	if len(tag) == 0 || len(tag) > 32 || bytes.ContainsAny(tag, "*+(){%\\\"\x00\x16") {
		return sensor.No
	}
	if !whole {
		return sensor.More
	}
	for _, c := range commands {
		if ok && len(rest) >= len(c) && bytes.EqualFold(rest[:len(c)], []byte(c)) {
			return sensor.Yes
		}
	}
	return sensor.No
}

// parser follows one session.
type parser struct {
	skip     [2]bool // the rest of a line that was too long or partly missed is passed over
	missed   bool    // that line of the server was partly missed
	tail     []byte  // of a line of the server that is too long, the end so far
	tag      []byte  // of STARTTLS
	upgraded bool

	within  bool   // the next line goes on behind a literal
	left    int    // bytes of the server's literal that are to come
	message []byte // number of the message that the response tells of; empty when it is another response
	reading bool   // the literal is of cur
	partial bool   // it is a piece
	piece   int    // bytes of it
	first   int    // bytes of the first piece of cur
	next    int    // where the next piece begins
	cur     *Tx    // the mail that is read
	count   uint64 // ID of the next transaction
	mime    mime.Parser
	out     sensor.Emitter // during Parse, Gap and Close
}

// Parse reads lines and literals.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	p.out = out
	used := 0
	for used < len(b) && !p.upgraded {
		rest := b[used:]
		if dir == sensor.ToClient && p.left > 0 {
			n := min(p.left, len(rest))
			p.literalBytes(rest[:n])
			used += n
			continue
		}
		i := bytes.IndexByte(rest[:min(len(rest), lineMax)], '\n')
		if i < 0 {
			if len(rest) < lineMax {
				break
			}
			p.skip[dir] = true
			used += lineMax
			if dir == sensor.ToClient {
				if len(p.tail) == 0 && !p.within && !p.missed {
					p.head(rest[:lineMax])
				}
				p.tail = append(p.tail[:0], rest[lineMax-tailMax:lineMax]...)
			}
			continue
		}
		p.line(dir, bytes.TrimSuffix(rest[:i], []byte{'\r'}), out)
		used += i + 1
	}
	return used, nil
}

// head reads the beginning of a line of the server that is too long.
func (p *parser) head(line []byte) {
	p.message = p.message[:0]
	rest, ok := bytes.CutPrefix(line, []byte("* "))
	p.missed = !ok || p.status(rest)
	p.within = !p.missed
}

func (p *parser) line(dir sensor.Dir, line []byte, out sensor.Emitter) {
	long := p.skip[dir]
	p.skip[dir] = false
	if dir == sensor.ToServer {
		tag, rest, _ := bytes.Cut(line, []byte{' '})
		if !long && len(tag) <= tagMax && bytes.EqualFold(rest, []byte("STARTTLS")) {
			p.tag = append(p.tag[:0], tag...)
		}
		return
	}
	if long {
		// Behind a line that announces a literal comes the literal, however long the line is.
		p.tail = append(p.tail, line...)
		if !p.missed {
			p.response(p.tail)
		}
		p.tail, p.missed = p.tail[:0], false
		return
	}
	if p.within {
		p.response(line)
		return
	}
	tag, rest, _ := bytes.Cut(line, []byte{' '})
	if len(p.tag) > 0 && bytes.Equal(tag, p.tag) {
		p.tag = p.tag[:0]
		if len(rest) >= 2 && bytes.EqualFold(rest[:2], []byte("OK")) {
			p.endMail(false)
			p.upgraded = true
			out.Upgrade(sensor.ProtoTLS)
		}
		return
	}
	p.message = p.message[:0]
	if rest, ok := bytes.CutPrefix(line, []byte("* ")); ok && !p.status(rest) {
		p.response(rest)
	}
}

// Gap passes over missing bytes: of a literal, or to the end of the line in which they end.
func (p *parser) Gap(dir sensor.Dir, n int, out sensor.Emitter) error {
	p.out = out
	if dir == sensor.ToServer {
		p.skip[dir] = true
		return nil
	}
	if p.reading {
		p.mime.Gap()
	}
	if n < p.left {
		p.left -= n
		return nil
	}
	p.endMail(false)
	if n == p.left && n > 0 {
		p.left = 0
		return nil
	}
	p.left, p.within, p.tail = 0, false, p.tail[:0]
	p.skip[dir], p.missed = true, true
	return nil
}

// Close ends a direction.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.out = out
	if dir == sensor.ToClient {
		p.endMail(false)
	}
}
