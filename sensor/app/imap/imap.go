// Package imap recognises IMAP (RFC 9051) and follows it into TLS when the client asks for that (RFC 9051, 6.2.1).
//
// The bytes of a TCP flow come in; no transactions go out: rules match the stream.
//
//	Name    imap
//	Syntax  alert imap …
//	Example alert imap any any -> any any (msg:"login in clear"; flow:to_server; content:" LOGIN "; nocase; sid:1;)
package imap

import (
	"bytes"

	"khien/sensor"
)

// lineMax bounds the bytes of a line that are looked at; the rest is passed over.
const lineMax = 4096

// Protocol describes IMAP to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoIMAP,
		TCP:   true,
		Ports: []uint16{143},
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
			case f.DstPort == 143 || bytes.Contains(bytes.ToUpper(line), []byte("IMAP")):
				return sensor.Yes
			}
		}
		return sensor.No
	}
	if f.DstPort != 143 {
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

// parser looks for STARTTLS and its answer.
type parser struct {
	skip     [2]bool
	tag      []byte // of STARTTLS
	upgraded bool
}

// Parse reads lines.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	used := 0
	for used < len(b) && !p.upgraded {
		rest := b[used:]
		i := bytes.IndexByte(rest[:min(len(rest), lineMax)], '\n')
		if i < 0 {
			if len(rest) < lineMax {
				break
			}
			p.skip[dir] = true
			used += lineMax
			continue
		}
		if !p.skip[dir] {
			p.line(dir, bytes.TrimSuffix(rest[:i], []byte{'\r'}), out)
		}
		p.skip[dir] = false
		used += i + 1
	}
	return used, nil
}

func (p *parser) line(dir sensor.Dir, line []byte, out sensor.Emitter) {
	tag, rest, _ := bytes.Cut(line, []byte{' '})
	if dir == sensor.ToServer {
		if bytes.EqualFold(rest, []byte("STARTTLS")) {
			p.tag = append(p.tag[:0], tag...)
		}
		return
	}
	if len(p.tag) > 0 && bytes.Equal(tag, p.tag) {
		p.tag = p.tag[:0]
		if len(rest) >= 2 && bytes.EqualFold(rest[:2], []byte("OK")) {
			p.upgraded = true
			out.Upgrade(sensor.ProtoTLS)
		}
	}
}

// Gap passes over what is left of a line.
func (p *parser) Gap(dir sensor.Dir, _ int, _ sensor.Emitter) error {
	p.skip[dir] = true
	return nil
}

// Close has nothing to end.
func (p *parser) Close(sensor.Dir, sensor.Emitter) {}
