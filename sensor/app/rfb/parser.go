package rfb

import (
	"encoding/binary"
	"errors"

	"khien/sensor"
)

var errNotRFB = errors.New("rfb: not a handshake")

// Protocol describes RFB to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoRFB,
		TCP:   true,
		Ports: []uint16{5900},
		Probe: probe,
		New:   func(*sensor.Flow, any) sensor.Parser { return new(parser) },
	}
}

// probe wants a version: "RFB 003.008\n".
func probe(_ sensor.Dir, b []byte, _ *sensor.Flow) sensor.Match {
	const form = "RFB 000.000\n"
	for i := range min(len(b), len(form)) {
		if form[i] == '0' && (b[i] < '0' || b[i] > '9') || form[i] != '0' && b[i] != form[i] {
			return sensor.No
		}
	}
	if len(b) < len(form) {
		return sensor.More
	}
	return sensor.Yes
}

// step is what a direction says next.
type step uint8

const (
	version step = iota
	security
	challenge
	result
	reason
	initial
	finished
)

// parser reads one connection.
type parser struct {
	tx     *Tx
	steps  [2]step
	closed [2]bool
	out    sensor.Emitter
}

// Parse reads the handshake.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	p.out = out
	if p.tx == nil {
		p.tx = new(Tx)
		p.tx.Proto = sensor.ProtoRFB
	}
	used := 0
	for used < len(b) {
		if p.steps[dir] == finished || p.tx.logged {
			return len(b), nil
		}
		var n int
		var err error
		if dir == sensor.ToClient {
			n, err = p.server(b[used:])
		} else {
			n, err = p.client(b[used:])
		}
		if err != nil {
			return used, err
		}
		if n == 0 {
			break
		}
		used += n
		if !p.tx.logged {
			out.Tx(p.tx, dir)
		}
	}
	return used, nil
}

// minor returns the number of a version's second part; what no server has counts as the next lower one (RFC 6143, 7.1.1).
func minor(v []byte) int {
	if len(v) != 12 {
		return 0
	}
	n := int(v[8]-'0')*100 + int(v[9]-'0')*10 + int(v[10]-'0')
	switch {
	case n >= 8:
		return 8
	case n == 7:
		return 7
	}
	return 3
}

// spoken is the version that both sides use.
func (p *parser) spoken() int { return min(minor(p.tx.versions[0]), minor(p.tx.versions[1])) }

// server reads what the server says next and returns its length, 0 when it needs more.
func (p *parser) server(b []byte) (int, error) {
	tx := p.tx
	at := &p.steps[sensor.ToClient]
	switch *at {
	case version:
		return p.version(sensor.ToClient, b)
	case security:
		return p.offer(b), nil
	case challenge:
		if tx.chosen == secNone {
			*at = p.afterNone()
			return p.server(b)
		}
		if tx.chosen != secVNC || len(b) < 16 {
			return 0, nil
		}
		tx.challenge = append([]byte{}, b[:16]...)
		*at = result
		return 16, nil
	case result:
		return p.result(b), nil
	case reason:
		if len(b) < 4 {
			return 0, nil
		}
		*at = finished
		p.end()
		return len(b), nil
	}
	return p.screen(b)
}

// afterNone tells what follows when no authentication is done: only version 3.8 has a result then.
func (p *parser) afterNone() step {
	if p.spoken() >= 8 {
		return result
	}
	return initial
}

func (p *parser) version(dir sensor.Dir, b []byte) (int, error) {
	if probe(dir, b, nil) == sensor.No {
		return 0, errNotRFB
	}
	if len(b) < 12 {
		return 0, nil
	}
	p.tx.versions[dir] = append([]byte{}, b[:12]...)
	p.steps[dir] = security
	p.tx.Done[dir] = sensor.ProgressLine
	return 12, nil
}

// offer reads the security types that the server has, or in version 3.3 the one that it takes (RFC 6143, 7.1.2).
func (p *parser) offer(b []byte) int {
	tx := p.tx
	at := &p.steps[sensor.ToClient]
	if tx.versions[sensor.ToServer] == nil {
		return 0
	}
	if p.spoken() == 3 {
		if len(b) < 4 {
			return 0
		}
		p.choose(binary.BigEndian.Uint32(b))
		*at = challenge
		return 4
	}
	n := int(b[0])
	if n == 0 {
		*at = reason
		return 1
	}
	if len(b) < 1+n {
		return 0
	}
	*at = challenge
	return 1 + n
}

// choose notes the security type.
func (p *parser) choose(t uint32) {
	p.tx.chosen, p.tx.hasChosen = t, true
	if t != secNone && t != secVNC {
		p.tx.Anomalies[sensor.ToServer] = append(p.tx.Anomalies[sensor.ToServer], UnimplementedSecurity)
		p.end()
	}
}

func (p *parser) result(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	tx := p.tx
	tx.result, tx.hasResult = binary.BigEndian.Uint32(b), true
	p.steps[sensor.ToClient] = initial
	if tx.result != 0 {
		if tx.result > 2 {
			tx.Anomalies[sensor.ToClient] = append(tx.Anomalies[sensor.ToClient], UnknownResult)
		}
		p.steps[sensor.ToClient] = finished
		p.end()
	}
	return 4
}

// screen reads ServerInit (RFC 6143, 7.3.2).
func (p *parser) screen(b []byte) (int, error) {
	if len(b) < 24 {
		return 0, nil
	}
	name := binary.BigEndian.Uint32(b[20:])
	if name > nameMax {
		return 0, errNotRFB
	}
	if len(b) < 24+int(name) {
		return 0, nil
	}
	p.tx.screen = append([]byte{}, b[:24+name]...)
	p.steps[sensor.ToClient] = finished
	p.end()
	return 24 + int(name), nil
}

// client reads what the client says next.
func (p *parser) client(b []byte) (int, error) {
	tx := p.tx
	at := &p.steps[sensor.ToServer]
	switch *at {
	case version:
		return p.version(sensor.ToServer, b)
	case security:
		if tx.versions[sensor.ToClient] == nil {
			return 0, nil
		}
		if p.spoken() == 3 {
			if !tx.hasChosen {
				return 0, nil
			}
			*at = initial
			if tx.chosen == secVNC {
				*at = challenge
			}
			return p.client(b)
		}
		*at = initial
		if b[0] == secVNC {
			*at = challenge
		}
		p.choose(uint32(b[0]))
		return 1, nil
	case challenge:
		if len(b) < 16 {
			return 0, nil
		}
		tx.response = append([]byte{}, b[:16]...)
		*at = initial
		return 16, nil
	}
	tx.shared, tx.hasShared = b[0] != 0, true
	*at = finished
	return 1, nil
}

// end tells that nothing of the handshake is to come.
func (p *parser) end() {
	tx := p.tx
	if tx == nil || tx.logged {
		return
	}
	tx.logged = true
	sensor.Finish(p.out, tx)
}

// Gap ends the handshake.
func (p *parser) Gap(_ sensor.Dir, _ int, out sensor.Emitter) error {
	p.out = out
	p.end()
	return nil
}

// Close ends it, too, when both directions are over.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.out = out
	p.closed[dir] = true
	if p.closed[dir.Reverse()] {
		p.end()
	}
}
