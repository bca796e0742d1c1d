package smtp

import (
	"bytes"

	"khien/sensor"
	"khien/sensor/app/mime"
)

// mode is what the client's bytes are.
type mode uint8

const (
	commands mode = iota
	waiting       // after DATA, until its reply says what comes
	mailData      // lines up to the one with a single dot
	chunk         // bytes of BDAT
)

// parser follows one session.
type parser struct {
	mode       mode
	skip       [2]bool // the rest of a line that was too long or partly missed is passed over
	cont       bool    // mailData: the next bytes continue a line
	mail       *Tx     // whose body is being read
	cur        *Tx     // takes the next command
	next       uint64  // ID of the next transaction
	left       uint64  // bytes of the chunk that are still to come
	last       bool    // the chunk is the mail's last
	greeted    bool    // the server has said something
	pipelining bool    // the server offers it
	multi      bool    // in a multi-line reply
	banner     bool    // which is the first
	asking     *Tx     // waiting: whose DATA was sent
	fresh      bool    // no line of the mail has come
	ended      bool    // the line just read was the mail's last
	helo       []byte
	queue      []pending
	wait       []byte // bytes after DATA
	carry      []byte // what reading them left: the beginning of a line
	open       []*Tx
	upgraded   bool
	closed     [2]bool
	mime       mime.Parser
	out        sensor.Emitter // during Parse, Gap and Close
}

// verb is what a reply can change.
type verb uint8

const (
	plain verb = iota
	ehlo
	data
	endOfData
	bdat
	bdatLast
	starttls
	rset
)

// pending is a command that waits for its reply.
type pending struct {
	verb verb
	tx   *Tx
	mail bool // ehlo: an envelope had been begun
}

func newParser() *parser { return new(parser) }

// Parse reads commands, replies and mails.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	p.out = out
	if dir == sensor.ToClient {
		return p.lines(dir, b, p.reply), nil
	}
	if len(p.carry) == 0 {
		return p.client(b), nil
	}
	p.carry = append(p.carry, b...)
	all := p.carry
	n := p.client(all)
	p.carry = append(p.carry[:0], all[n:]...)
	return len(b), nil
}

// client reads what the client sends and returns how much of it was used.
func (p *parser) client(b []byte) int {
	used := 0
	for used < len(b) && !p.upgraded {
		n := 0
		switch rest := b[used:]; p.mode {
		case commands:
			n = p.line(sensor.ToServer, rest, p.command)
		case waiting:
			n = p.hold(rest)
		case mailData:
			if p.fresh {
				p.out.Frame(sensor.FrameSMTPData, sensor.ToServer, rest, -1)
			}
			n = p.dataLine(rest)
			if p.ended {
				p.ended = false
				p.out.EndFrame(sensor.FrameSMTPData, sensor.ToServer, len(rest)) // without the line of the dot
			}
		case chunk:
			n = p.chunk(rest)
		}
		if n == 0 {
			break
		}
		used += n
	}
	return used
}

// lines hands whole lines to f.
func (p *parser) lines(dir sensor.Dir, b []byte, f func([]byte)) int {
	used := 0
	for used < len(b) && !p.upgraded {
		n := p.line(dir, b[used:], f)
		if n == 0 {
			break
		}
		used += n
	}
	return used
}

// line hands the first line of b to f, or the beginning of one that is too long; 0 when it needs more bytes.
func (p *parser) line(dir sensor.Dir, b []byte, f func([]byte)) int {
	i := bytes.IndexByte(b[:min(len(b), lineMax)], '\n')
	if p.skip[dir] {
		if i < 0 {
			return min(len(b), lineMax)
		}
		p.skip[dir] = false
		return i + 1
	}
	if i < 0 {
		if len(b) < lineMax {
			return 0
		}
		p.skip[dir] = true
		f(b[:lineMax])
		p.anomaly(dir, TruncatedLine)
		return lineMax
	}
	text, _ := mime.Split(b[:i+1])
	p.lineFrames(dir, b[:i+1], len(text))
	f(text)
	return i + 1
}

// lineFrames marks a line. Suricata marks that of a client twice, with its end and without.
func (p *parser) lineFrames(dir sensor.Dir, line []byte, text int) {
	if dir == sensor.ToClient {
		p.out.Frame(sensor.FrameSMTPResponseLine, dir, line, len(line))
		return
	}
	p.out.Frame(sensor.FrameSMTPCommandLine, dir, line, len(line))
	p.out.Frame(sensor.FrameSMTPCommandLine, dir, line, text)
}

// anomaly notes something malformed at the transaction that takes the next command.
func (p *parser) anomaly(dir sensor.Dir, name string) {
	tx := p.cur
	if tx == nil {
		tx = p.mail
	}
	if tx == nil && len(p.open) > 0 {
		tx = p.open[len(p.open)-1]
	}
	p.note(tx, dir, name)
}

func (p *parser) note(tx *Tx, dir sensor.Dir, name string) {
	if tx == nil {
		p.out.Anomaly(dir, name)
		return
	}
	if len(tx.Anomalies[dir]) < anomalyMax {
		tx.Anomalies[dir] = append(tx.Anomalies[dir], name)
		p.out.Tx(tx, dir)
	}
}

// begin makes a transaction.
func (p *parser) begin() *Tx {
	tx := &Tx{helo: p.helo}
	tx.ID, tx.Proto = p.next, sensor.ProtoSMTP
	p.next++
	p.open = append(p.open, tx)
	return tx
}

// finish ends a transaction in both directions.
func (p *parser) finish(tx *Tx) {
	if tx == nil || tx.finished {
		return
	}
	if p.mail == tx {
		p.endMail(false)
	}
	tx.finished = true
	if p.cur == tx {
		p.cur = nil
	}
	p.open = sensor.Without(p.open, tx)
	sensor.Finish(p.out, tx)
}

// push remembers a command until its reply.
func (p *parser) push(v verb, tx *Tx, mail bool) {
	if n := len(p.queue); n > 0 && (p.queue[n-1].verb == starttls || p.queue[n-1].verb == data) {
		// RFC 2920, 3.1: these must be the last of a group.
		p.note(tx, sensor.ToServer, InvalidPipelining)
	}
	if len(p.queue) == queueMax {
		p.queue = append(p.queue[:0], p.queue[1:]...)
	}
	p.queue = append(p.queue, pending{v, tx, mail})
}

// Gap passes over missing bytes.
func (p *parser) Gap(dir sensor.Dir, n int, out sensor.Emitter) error {
	p.out = out
	if dir == sensor.ToClient {
		p.skip[dir] = true
		return nil
	}
	switch p.mode {
	case mailData:
		p.mime.Gap()
		p.cont = true
	case chunk:
		p.mime.Gap()
		if uint64(n) < p.left {
			p.left -= uint64(n)
			return nil
		}
		p.endChunk()
		p.skip[dir] = true
	default:
		p.skip[dir] = true
	}
	return nil
}

// Close ends a direction. When the client's is over without a reply to DATA, what followed it is taken for the mail.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.out = out
	p.closed[dir] = true
	if dir == sensor.ToServer {
		if p.mode == waiting {
			p.resume(true)
		}
		if p.mode == mailData || p.mode == chunk {
			p.endMail(false)
		}
	}
	for p.closed[dir.Reverse()] && len(p.open) > 0 {
		p.finish(p.open[0])
	}
}
