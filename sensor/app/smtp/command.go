package smtp

import (
	"bytes"

	"khien/sensor"
)

// command reads a line of the client.
func (p *parser) command(line []byte) {
	if p.cur == nil && (p.next == 0 || !hasFold(line, "QUIT") && !hasFold(line, "RSET")) {
		p.cur = p.begin()
		p.cur.Done[sensor.ToServer] = sensor.ProgressLine
	}
	tx := p.cur
	if !p.greeted && tx != nil && !tx.unwelcome {
		tx.unwelcome = true
		p.note(tx, sensor.ToServer, NoWelcome)
	}
	switch {
	case tx == nil:
		p.push(plain, nil, false)
	case hasFold(line, "STARTTLS"):
		p.push(starttls, tx, false)
	case hasFold(line, "DATA"):
		p.dataCommand(tx)
	case hasFold(line, "BDAT"):
		p.bdatCommand(tx, line[4:])
	case hasFold(line, "HELO"), hasFold(line, "EHLO"), hasFold(line, "LHLO"):
		p.heloCommand(tx, line[4:])
		p.push(ehlo, tx, tx.from != nil)
	case hasFold(line, "MAIL FROM"):
		if tx.from != nil {
			p.note(tx, sensor.ToServer, DuplicateFields)
		} else {
			tx.from = parameter(line[9:])
		}
		p.push(plain, tx, false)
	case hasFold(line, "RCPT TO"):
		if len(tx.rcpt) < rcptMax {
			tx.rcpt = append(tx.rcpt, parameter(line[7:]))
		}
		p.push(plain, tx, false)
	case hasFold(line, "RSET"):
		p.push(rset, tx, false)
		if tx.from != nil {
			// Whatever comes next belongs to another mail, also when it comes before the reply.
			p.cur = nil
		}
	default:
		p.push(plain, tx, false)
	}
	if tx != nil {
		p.out.Tx(tx, sensor.ToServer)
	}
}

func (p *parser) heloCommand(tx *Tx, rest []byte) {
	if p.helo != nil {
		p.note(tx, sensor.ToServer, DuplicateFields)
		return
	}
	p.helo = append([]byte{}, bytes.TrimLeft(rest, " ")...)
	tx.helo = p.helo
}

// parameter takes ":<address> OPTIONS" apart.
func parameter(b []byte) []byte {
	b = bytes.TrimLeft(bytes.TrimPrefix(bytes.TrimLeft(b, " "), []byte{':'}), " ")
	b, _, _ = bytes.Cut(b, []byte{' '})
	return append([]byte{}, b...)
}

// dataCommand decides whether the mail may follow at once.
func (p *parser) dataCommand(tx *Tx) {
	p.push(data, tx, false)
	if p.pipelining || !p.greeted {
		// A server that was never heard is one that the capture does not show.
		p.startMail(tx)
		return
	}
	p.mode, p.asking, p.wait = waiting, tx, p.wait[:0]
}

// hold keeps what comes between DATA and its reply: mail or, when it is refused, commands.
func (p *parser) hold(b []byte) int {
	if len(p.wait) == 0 && len(p.queue) > 0 {
		if q := p.queue[len(p.queue)-1]; q.verb == data {
			p.note(q.tx, sensor.ToServer, InvalidPipelining)
		}
	}
	n := min(waitMax-len(p.wait), len(b))
	p.wait = append(p.wait, b[:n]...)
	if len(p.wait) == waitMax {
		p.resume(true)
	}
	return n
}

// resume reads what was kept after DATA.
func (p *parser) resume(accepted bool) {
	p.mode = commands
	if accepted {
		p.startMail(p.asking)
	}
	p.asking = nil
	kept := p.wait
	p.wait = nil
	used := p.client(kept)
	p.carry = append(p.carry[:0], kept[used:]...)
}

// bdatCommand reads "<size> [LAST]" (RFC 3030, 2).
func (p *parser) bdatCommand(tx *Tx, rest []byte) {
	rest = bytes.Trim(rest, " ")
	size, i := uint64(0), 0
	for ; i < len(rest) && '0' <= rest[i] && rest[i] <= '9' && size < maxChunk; i++ {
		size = size*10 + uint64(rest[i]-'0')
	}
	tail := bytes.TrimLeft(rest[i:], " ")
	last := equalFold(tail, "LAST")
	switch {
	case size >= maxChunk:
		p.note(tx, sensor.ToServer, BDATLengthExceeded)
		p.push(plain, tx, false)
		return
	case i == 0, len(tail) > 0 && !last:
		p.note(tx, sensor.ToServer, InvalidBDAT)
		p.push(plain, tx, false)
		return
	}
	if p.mail != tx {
		p.startMail(tx)
	}
	p.mode, p.left, p.last = chunk, size, last
	v := bdat
	if last {
		v = bdatLast
	}
	p.push(v, tx, false)
	if size == 0 {
		p.endChunk()
	}
}
