package imap

import (
	"bytes"
	"strconv"

	"khien/sensor"
)

// response reads a line of the server behind its star, or what follows a literal in it, or the end of a long one.
func (p *parser) response(rest []byte) {
	p.within = false
	before, n, ok := literal(rest)
	if !ok {
		return
	}
	p.within, p.left = true, n
	if len(p.message) == 0 {
		return
	}
	from, is := mailItem(before)
	if !is {
		return
	}
	if p.cur != nil && (from == 0 || from != p.next || !bytes.Equal(p.message, p.cur.message)) {
		p.endMail(false)
	}
	switch {
	case p.cur != nil:
	case from <= 0:
		p.startMail()
	default:
		return // the middle of a mail whose beginning was not seen
	}
	p.reading, p.piece = true, n
	p.next, p.partial = max(from, 0)+n, from >= 0
	if n == 0 {
		p.endLiteral()
	}
}

// status reads how an untagged response begins: true when it is text for people, which announces no literal (RFC 9051, 7.1).
// Of one that tells of a message it keeps the number.
func (p *parser) status(rest []byte) bool {
	word, more, _ := bytes.Cut(rest, []byte{' '})
	for _, s := range [...]string{"OK", "NO", "BAD", "BYE", "PREAUTH"} {
		if bytes.EqualFold(word, []byte(s)) {
			return true
		}
	}
	if kind, _, _ := bytes.Cut(more, []byte{' '}); bytes.EqualFold(kind, []byte("FETCH")) && len(word) <= 10 && digits(word) {
		p.message = append(p.message, word...)
	}
	return false
}

// literal takes the announcement of a literal from the end of a line (RFC 9051, 4.3).
func literal(line []byte) (before []byte, n int, ok bool) {
	if !bytes.HasSuffix(line, []byte{'}'}) {
		return nil, 0, false
	}
	i := bytes.LastIndexByte(line, '{')
	if i < 0 {
		return nil, 0, false
	}
	n, ok = number(line[i+1 : len(line)-1])
	return bytes.TrimSuffix(line[:i], []byte{'~'}), n, ok
}

func number(b []byte) (int, bool) {
	if len(b) > digitsMax || !digits(b) {
		return 0, false
	}
	n, err := strconv.Atoi(string(b))
	return n, err == nil
}

// mailItem tells whether what stands before a literal names a mail, and where in it the literal begins: -1 when it is all.
func mailItem(before []byte) (from int, ok bool) {
	before, from = bytes.TrimRight(before, " "), -1
	if i := bytes.LastIndexByte(before, '<'); i >= 0 && bytes.HasSuffix(before, []byte{'>'}) {
		if from, ok = number(before[i+1 : len(before)-1]); !ok {
			return 0, false
		}
		before = before[:i]
	}
	for _, item := range [...]string{"BODY[]", "BINARY[]", "RFC822"} {
		n := len(before) - len(item)
		if n > 0 && bytes.EqualFold(before[n:], []byte(item)) && (before[n-1] == ' ' || before[n-1] == '(') {
			return from, true
		}
	}
	return 0, false
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// startMail begins a mail.
func (p *parser) startMail() {
	tx := &Tx{message: bytes.Clone(p.message)}
	tx.ID, tx.Proto = p.count, sensor.ProtoIMAP
	tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressLine}
	p.count++
	p.cur = tx
	p.first = 0
	tx.mail.Begin(&p.mime, tx, sensor.ToClient, &p.out, nil)
	p.out.Tx(tx, sensor.ToClient)
}

// literalBytes takes bytes of a literal.
func (p *parser) literalBytes(b []byte) {
	p.left -= len(b)
	if !p.reading {
		return
	}
	p.mime.Write(b)
	if tx := p.cur; tx.Done[sensor.ToClient] < sensor.ProgressHeaders && p.mime.HeaderDone() {
		tx.Done[sensor.ToClient] = sensor.ProgressHeaders
		p.out.Tx(tx, sensor.ToClient)
	}
	if p.left == 0 {
		p.endLiteral()
	}
}

// endLiteral ends a mail with its literal, unless it is a piece as long as the first: then more may follow.
func (p *parser) endLiteral() {
	p.reading = false
	if p.first == 0 {
		p.first = p.piece
	}
	if !p.partial || p.piece < p.first || p.piece == 0 {
		p.endMail(true)
	}
}

// endMail ends the mail that is read, if one is.
func (p *parser) endMail(complete bool) {
	tx := p.cur
	p.cur, p.reading = nil, false
	if tx == nil {
		return
	}
	tx.mail.End(complete)
	tx.finished = true
	sensor.Finish(p.out, tx)
}
