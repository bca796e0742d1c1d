package pop3

import (
	"bytes"

	"khien/sensor"
	"khien/sensor/app/mime"
)

// response reads the first line of a response. A line that is none is passed over: a part of one may be missing before it.
func (p *parser) response(line []byte) {
	good, challenge := false, false
	word, text, _ := bytes.Cut(line, []byte{' '})
	switch string(word) {
	case "+OK":
		good = true
	case "-ERR":
	case "+":
		if len(p.queue) == 0 || !p.queue[0].sasl {
			return
		}
		good, challenge, text = true, true, nil // what the server asks may name the user
	default:
		return
	}
	var q pending
	if len(p.queue) > 0 {
		q = p.queue[0]
		p.queue = append(p.queue[:0], p.queue[1:]...)
	} else {
		q.tx = p.begin() // the greeting
		q.tx.Done[sensor.ToServer] = sensor.ProgressComplete
	}
	p.asked = challenge && len(p.queue) == 0
	if tx := q.tx; tx != nil {
		tx.answered, tx.good, tx.more = true, good, challenge
		tx.header = append(tx.header, text...)
		tx.Done[sensor.ToClient] = sensor.ProgressLine
		if q.sasl && !challenge {
			tx.login = true
		}
		if len(line)+2 > responseMax {
			p.note(tx, sensor.ToClient, ResponseTooLong)
		}
		p.cur = tx
	}
	if good && q.stls {
		p.upgrade()
		return
	}
	if !good || challenge || q.shape == short {
		p.endResponse(true)
		return
	}
	p.mode = listed
	if p.cur == nil {
		return
	}
	if q.shape == whole || q.shape == top {
		p.startMail(q.shape == top)
	}
	p.out.Tx(p.cur, sensor.ToClient)
}

// upgrade gives the flow over to TLS.
func (p *parser) upgrade() {
	p.upgraded, p.cur = true, nil
	for len(p.open) > 0 {
		p.finish(p.open[0])
	}
	p.out.Upgrade(sensor.ProtoTLS)
}

// listLine reads a line of a response that has several.
func (p *parser) listLine(line []byte) {
	if len(line) == 1 && line[0] == '.' {
		p.endResponse(true)
		return
	}
	if p.cur != nil {
		p.cur.addData(unstuff(line))
	}
}

// unstuff takes away the dot that was put before a line's own (RFC 1939, 3).
func unstuff(line []byte) []byte {
	if len(line) > 1 && line[0] == '.' {
		return line[1:]
	}
	return line
}

// startMail begins a mail. Of one that is fetched as a whole nothing but what its parser finds is kept.
func (p *parser) startMail(beginning bool) {
	p.mode, p.cont = mailData, false
	p.cur.beginning = beginning
	p.cur.mail.Begin(&p.mime, p.cur, sensor.ToClient, &p.out, nil)
}

// mailLine reads a line of a mail and returns how many bytes it took; 0 when it needs more.
func (p *parser) mailLine(b []byte) int {
	window := b[:min(len(b), mime.LineMax)]
	i := bytes.IndexByte(window, '\n')
	n, line, end := len(window), window, []byte(nil)
	if i >= 0 {
		n = i + 1
		line, end = mime.Split(b[:n])
	} else if len(window) < mime.LineMax {
		return 0
	}
	start := !p.cont
	p.cont = i < 0
	if start && len(line) == 1 && line[0] == '.' && i >= 0 {
		p.endResponse(true)
		return n
	}
	if start {
		line = unstuff(line)
	}
	tx := p.cur
	if tx.beginning {
		tx.addData(line)
	}
	p.mime.Line(line, start, end)
	if tx.Done[sensor.ToClient] < sensor.ProgressHeaders && p.mime.HeaderDone() {
		tx.Done[sensor.ToClient] = sensor.ProgressHeaders
		p.out.Tx(tx, sensor.ToClient)
	}
	return n
}

// endMail ends the mail that is read, if one is.
func (p *parser) endMail(complete bool) {
	if p.mode == mailData {
		tx := p.cur
		// TOP's mail is over where the client wanted it to be.
		tx.mail.End(complete && !tx.beginning).Complete = complete
		p.mode = listed
	}
}

// endResponse ends the response that is read.
func (p *parser) endResponse(complete bool) {
	p.endMail(complete)
	p.mode = status
	if tx := p.cur; tx != nil {
		p.cur = nil
		p.finish(tx)
	}
}
