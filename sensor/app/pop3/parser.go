package pop3

import (
	"bytes"

	"khien/sensor"
	"khien/sensor/app/mime"
)

// mode is what the server's bytes are.
type mode uint8

const (
	status   mode = iota // the first line of a response
	listed               // lines up to the one with a single dot
	mailData             // the same, and they are a mail
)

// parser follows one session.
type parser struct {
	mode     mode
	skip     [2]bool // the rest of a line that was too long or partly missed is passed over
	cont     bool    // mailData: the next bytes continue a line
	cur      *Tx     // whose response is being read; nil when it is not kept
	next     uint64  // ID of the next transaction
	open     []*Tx
	queue    []pending
	asked    bool // the client was asked to go on with SASL
	user     []byte
	upgraded bool
	closed   [2]bool
	mime     mime.Parser
	out      sensor.Emitter // during Parse, Gap and Close
}

// pending is a command that waits for its response.
type pending struct {
	tx    *Tx // nil when it was let go of
	shape shape
	sasl  bool // a mechanism was named or answered: a challenge may come
	stls  bool
}

// Parse reads commands and responses.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	p.out = out
	used := 0
	for used < len(b) && !p.upgraded {
		n := 0
		if dir == sensor.ToClient && p.mode == mailData {
			n = p.mailLine(b[used:])
		} else {
			n = p.line(dir, b[used:])
		}
		if n == 0 {
			break
		}
		used += n
	}
	return used, nil
}

// line reads a line, or the beginning of one that is too long, and returns how many bytes it took; 0 when it needs more.
func (p *parser) line(dir sensor.Dir, b []byte) int {
	i := bytes.IndexByte(b[:min(len(b), lineMax)], '\n')
	if p.skip[dir] {
		if i < 0 {
			return min(len(b), lineMax)
		}
		p.skip[dir] = false
		return i + 1
	}
	n := i + 1
	if i < 0 {
		if len(b) < lineMax {
			return 0
		}
		p.skip[dir] = true
		n = lineMax
	}
	text := b[:n]
	if i >= 0 {
		text, _ = mime.Split(text)
	}
	switch {
	case dir == sensor.ToServer:
		p.command(text)
	case p.mode == listed:
		p.listLine(text)
	default:
		p.response(text)
	}
	return n
}

// begin makes a transaction.
func (p *parser) begin() *Tx {
	if len(p.open) == openMax {
		// Its response is still waited for, or the ones behind it would be taken for each other's.
		old := p.open[0]
		p.note(old, sensor.ToServer, TooManyTransactions)
		for i := range p.queue {
			if p.queue[i].tx == old {
				p.queue[i].tx = nil
			}
		}
		if p.cur == old {
			p.endMail(false)
			p.cur = nil
		}
		p.finish(old)
	}
	tx := new(Tx)
	tx.ID, tx.Proto = p.next, sensor.ProtoPOP3
	p.next++
	p.open = append(p.open, tx)
	return tx
}

func (p *parser) finish(tx *Tx) {
	p.open = sensor.Without(p.open, tx)
	tx.finished = true
	sensor.Finish(p.out, tx)
}

func (p *parser) note(tx *Tx, dir sensor.Dir, name string) {
	if len(tx.Anomalies[dir]) < anomalyMax {
		tx.Anomalies[dir] = append(tx.Anomalies[dir], name)
	}
}

// Gap passes over missing bytes.
func (p *parser) Gap(dir sensor.Dir, _ int, out sensor.Emitter) error {
	p.out = out
	if dir == sensor.ToClient && p.mode == mailData {
		p.mime.Gap()
		p.cont = true
		return nil
	}
	p.skip[dir] = true
	return nil
}

// Close ends a direction.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.out = out
	p.closed[dir] = true
	if dir == sensor.ToClient && p.cur != nil {
		p.endResponse(false)
	}
	for p.closed[dir.Reverse()] && len(p.open) > 0 {
		p.finish(p.open[0])
	}
}
