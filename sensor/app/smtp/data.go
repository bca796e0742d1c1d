package smtp

import (
	"bytes"

	"khien/sensor"
	"khien/sensor/app/mime"
)

// startMail begins the body of a mail.
func (p *parser) startMail(tx *Tx) {
	if tx == nil {
		return
	}
	if p.mail != nil {
		p.endMail(false)
	}
	p.mode, p.cont, p.fresh, p.mail = mailData, false, true, tx
	if tx.body {
		p.note(tx, sensor.ToServer, UnparsableContent) // a second body for one envelope
	}
	tx.body = true
	tx.mail.Begin(&p.mime, tx, sensor.ToServer, &p.out, func(name string) { p.note(tx, sensor.ToServer, name) })
}

// dataLine reads a line of a mail and returns how many bytes it took; 0 when it needs more.
func (p *parser) dataLine(b []byte) int {
	p.fresh = false
	window := b[:min(len(b), mime.LineMax)]
	i := bytes.IndexByte(window, '\n')
	if i < 0 {
		if len(window) < mime.LineMax {
			return 0
		}
		p.mime.Line(unstuff(window, !p.cont), !p.cont, nil)
		p.cont = true
		p.headerDone()
		return len(window)
	}
	line, end := mime.Split(b[:i+1])
	if !p.cont && len(line) == 1 && line[0] == '.' {
		p.endOfData()
		p.ended = true
		return i + 1
	}
	p.mime.Line(unstuff(line, !p.cont), !p.cont, end)
	p.cont = false
	p.headerDone()
	return i + 1
}

// headerDone tells that the fields of the mail's header are final.
func (p *parser) headerDone() {
	if tx := p.mail; tx.Done[sensor.ToServer] < sensor.ProgressHeaders && p.mime.HeaderDone() {
		tx.Done[sensor.ToServer] = sensor.ProgressHeaders
		p.out.Tx(tx, sensor.ToServer)
	}
}

// unstuff takes away the dot that was put before a line's own (RFC 5321, 4.5.2).
func unstuff(line []byte, start bool) []byte {
	if start && len(line) > 1 && line[0] == '.' {
		return line[1:]
	}
	return line
}

// endOfData ends a mail that DATA began.
func (p *parser) endOfData() {
	tx := p.mail
	p.mode = commands
	p.endMail(true)
	p.push(endOfData, tx, false)
	if p.cur == tx {
		p.cur = nil
	}
}

// chunk reads bytes that BDAT announced.
func (p *parser) chunk(b []byte) int {
	n := len(b)
	if uint64(n) > p.left {
		n = int(p.left)
	}
	p.mime.Write(b[:n])
	p.headerDone()
	p.left -= uint64(n)
	if p.left == 0 {
		p.endChunk()
	}
	return n
}

func (p *parser) endChunk() {
	p.mode, p.left = commands, 0
	if !p.last {
		return
	}
	tx := p.mail
	p.endMail(true)
	if p.cur == tx {
		p.cur = nil
	}
}

// endMail ends the body and takes over what was found in it.
func (p *parser) endMail(complete bool) {
	tx := p.mail
	if tx == nil {
		return
	}
	tx.mail.End(complete)
	p.mail = nil
	if p.mode != waiting {
		p.mode = commands
	}
	tx.Done[sensor.ToServer] = sensor.ProgressComplete
	p.out.Tx(tx, sensor.ToServer)
}
