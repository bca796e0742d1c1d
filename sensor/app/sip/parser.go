package sip

import (
	"bytes"
	"errors"

	"khien/sensor"
)

var errNotSIP = errors.New("sip: not a message")

// parser reads one flow.
type parser struct {
	datagrams bool
	next      uint64
	skip      [2]int  // bytes of a body that are passed over
	lost      [2]bool // messages are searched after missing bytes
}

// Parse reads messages.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	if p.datagrams {
		if b := bytes.TrimLeft(b, "\r\n\x00"); len(b) > 0 { // empty ones keep translators awake
			if _, ok := p.message(dir, b, out); !ok {
				out.Anomaly(dir, InvalidData)
			}
		}
		return len(b), nil
	}
	used := 0
	for used < len(b) {
		rest := b[used:]
		switch {
		case p.skip[dir] > 0:
			n := min(p.skip[dir], len(rest))
			p.skip[dir] -= n
			used += n
			continue
		case rest[0] == '\r' || rest[0] == '\n': // RFC 5626, 4.4.1: keep-alive
			used++
			continue
		case p.lost[dir]:
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				return len(b), nil
			}
			used += i + 1
			p.lost[dir] = probe(dir, rest[i+1:], &sensor.Flow{}) == sensor.No
			continue
		}
		n, ok := p.message(dir, rest, out)
		if !ok {
			return used, errNotSIP
		}
		if n == 0 {
			break
		}
		used += n
	}
	return used, nil
}

// message reads one message and returns its length, 0 when it is not complete.
func (p *parser) message(dir sensor.Dir, b []byte, out sensor.Emitter) (int, bool) {
	end, n := bytes.Index(b, []byte("\r\n\r\n")), 4
	if lf := bytes.Index(b, []byte("\n\n")); lf >= 0 && (end < 0 || lf < end) {
		end, n = lf, 2
	}
	if end < 0 {
		if !p.datagrams {
			return 0, len(b) < messageMax && (len(b) < lineMax || bytes.IndexByte(b, '\n') >= 0)
		}
		end, n = len(b), 0
	}
	tx := &Tx{dir: dir}
	if !tx.parse(b, end, n) {
		return 0, false
	}
	size := len(b)
	if !p.datagrams {
		length, ok := tx.contentLength()
		if !ok {
			length = 0
		}
		whole := end + n + length
		size = min(whole, messageMax)
		if len(b) < size {
			return 0, true
		}
		p.skip[dir] = whole - size
	}
	if (tx.method != nil) != (dir == sensor.ToServer) {
		// A flow has one client, in EVE and for rules. What a server asks its client is no message of this flow.
		out.Anomaly(dir, InvalidData)
		return size, true
	}
	tx.keep(b[:size], end, n)
	tx.frames(dir, b, out)
	tx.ID, tx.Proto = p.next, sensor.ProtoSIP
	p.next++
	tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	out.Tx(tx, dir)
	out.Done(tx)
	return size, true
}

// Gap looks for the next message.
func (p *parser) Gap(dir sensor.Dir, n int, _ sensor.Emitter) error {
	if p.skip[dir] > n {
		p.skip[dir] -= n
		return nil
	}
	p.skip[dir], p.lost[dir] = 0, true
	return nil
}

// Close has nothing to end: messages are complete or none.
func (p *parser) Close(sensor.Dir, sensor.Emitter) {}
