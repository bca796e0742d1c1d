package smtp

import "khien/sensor"

// reply reads a line of the server.
func (p *parser) reply(line []byte) {
	if len(line) < 3 || !digit(line[0]) || !digit(line[1]) || !digit(line[2]) || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		p.anomaly(sensor.ToClient, InvalidReply)
		return
	}
	code := int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
	more := len(line) > 3 && line[3] == '-'
	if !p.greeted {
		p.welcome(code, more)
		return
	}
	if p.multi && p.banner {
		p.multi, p.banner = more, more
		return
	}
	p.multi = more
	if len(line) >= 14 && code == 250 && equalFold(trim(line[4:]), "PIPELINING") {
		p.pipelining = true
	}
	if more {
		return
	}
	if len(p.queue) == 0 {
		if code != 421 {
			p.anomaly(sensor.ToClient, UnmatchedReply)
		}
		return
	}
	q := p.queue[0]
	p.queue = append(p.queue[:0], p.queue[1:]...)
	p.answer(q, code)
}

// welcome reads the first line that the server says.
func (p *parser) welcome(code int, more bool) {
	p.greeted = true
	p.multi, p.banner = more, more
	if code != 220 && code != 554 && code != 421 {
		if len(p.queue) > 0 { // the capture began in the middle
			p.multi, p.banner = more, false
			if !more {
				q := p.queue[0]
				p.queue = append(p.queue[:0], p.queue[1:]...)
				p.answer(q, code)
			}
			return
		}
		p.anomaly(sensor.ToClient, InvalidReply)
	}
}

// answer applies a reply to its command.
func (p *parser) answer(q pending, code int) {
	good := code/100 == 2
	switch q.verb {
	case starttls:
		if code != 220 {
			p.note(q.tx, sensor.ToServer, TLSRejected)
			break
		}
		p.upgraded = true
		for len(p.open) > 0 {
			p.finish(p.open[0])
		}
		p.out.Upgrade(sensor.ProtoTLS)
		return
	case data:
		p.dataReply(q, code)
	case endOfData, bdatLast:
		p.finish(q.tx)
		return
	case rset:
		if q.tx != nil && q.tx.from != nil && p.cur != q.tx {
			p.finish(q.tx)
			return
		}
	case ehlo:
		// RFC 5321, 4.1.4: a later EHLO that is accepted ends the mail that was begun before it.
		if good && q.mail && q.tx != nil && p.cur == q.tx && p.mail != q.tx {
			p.finish(q.tx)
			return
		}
	}
	if q.tx != nil && !q.tx.finished {
		p.out.Tx(q.tx, sensor.ToClient)
	}
}

// dataReply tells what the bytes after DATA are.
func (p *parser) dataReply(q pending, code int) {
	accepted := code/100 == 3
	if !accepted {
		p.note(q.tx, sensor.ToClient, DataRejected)
	}
	switch {
	case p.mode == waiting && p.asking == q.tx:
		p.resume(accepted)
	case !accepted && p.mode == mailData && p.mail == q.tx && p.fresh:
		// A client that pipelined DATA learns now that it must not send the mail.
		p.mode, p.mail = commands, nil
		q.tx.body = false
		q.tx.mail.Drop()
	}
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func trim(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}
