// Package pop3 recognises POP3 (RFC 1939) and follows it into TLS when the client asks for that (RFC 2595, 4).
//
// The bytes of a TCP flow come in; no transactions go out: rules match the stream.
//
//	Name    pop3
//	Syntax  alert pop3 …
//	Example alert pop3 any any -> any any (msg:"password in clear"; flow:to_server; content:"PASS "; startswith; sid:1;)
package pop3

import (
	"bytes"

	"khien/sensor"
)

// lineMax bounds the bytes of a line that are looked at; the rest is passed over.
const lineMax = 1024

// Protocol describes POP3 to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoPOP3,
		TCP:   true,
		Ports: []uint16{110},
		Probe: probe,
		New:   func(*sensor.Flow, any) sensor.Parser { return new(parser) },
	}
}

// commands begin sessions. FTP and IRC have some of them, so the port counts, too.
var commands = [...]string{"USER ", "APOP ", "CAPA", "AUTH", "STLS", "QUIT"}

// probe takes a greeting that says POP, or any on the port, and commands on the port.
func probe(dir sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	port := f.DstPort == 110
	if dir == sensor.ToServer {
		for _, c := range commands {
			if n := min(len(c), len(b)); port && bytes.EqualFold(b[:n], []byte(c[:n])) {
				if n < len(c) {
					return sensor.More
				}
				return sensor.Yes
			}
		}
		return sensor.No
	}
	if n := min(3, len(b)); string(b[:n]) != "+OK"[:n] {
		return sensor.No
	}
	line, _, whole := bytes.Cut(b, []byte{'\n'})
	switch {
	case len(b) >= 3 && (port || bytes.Contains(bytes.ToUpper(line), []byte("POP"))):
		return sensor.Yes
	case !whole && len(b) < lineMax:
		return sensor.More
	}
	return sensor.No
}

// parser looks for STLS and its answer.
type parser struct {
	skip     [2]bool
	asked    bool
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
		if line := bytes.TrimSuffix(rest[:i], []byte{'\r'}); !p.skip[dir] {
			switch {
			case dir == sensor.ToServer:
				p.asked = bytes.EqualFold(line, []byte("STLS"))
			case p.asked:
				p.asked = false
				if bytes.HasPrefix(line, []byte("+OK")) {
					p.upgraded = true
					out.Upgrade(sensor.ProtoTLS)
				}
			}
		}
		p.skip[dir] = false
		used += i + 1
	}
	return used, nil
}

// Gap passes over what is left of a line.
func (p *parser) Gap(dir sensor.Dir, _ int, _ sensor.Emitter) error {
	p.skip[dir] = true
	return nil
}

// Close has nothing to end.
func (p *parser) Close(sensor.Dir, sensor.Emitter) {}
