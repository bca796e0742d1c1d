package pop3

import (
	"bytes"

	"khien/sensor"
)

// command reads a line of the client.
func (p *parser) command(line []byte) {
	word, rest, _ := bytes.Cut(line, []byte{' '})
	if len(word) == 0 && !p.asked {
		return
	}
	if p.answersChallenge(word, rest) {
		p.asked = false
		tx := p.begin()
		tx.command = append(tx.command, saslData...)
		p.wait(pending{tx: tx, sasl: true})
		return
	}
	tx := p.begin()
	q := pending{tx: tx}
	tx.command = append(tx.command, word...)
	n := tx.arguments(rest)
	known := false
	for _, c := range commands {
		if !bytes.EqualFold(word, []byte(c.name)) {
			continue
		}
		tx.command = append(tx.command[:0], c.name...)
		q.shape = c.shape
		if known = c.max >= 0; known && (n < c.min || n > c.max) {
			p.note(tx, sensor.ToServer, IncorrectArgumentCount)
		}
		if q.shape == listing {
			q.shape = lines
			if n > 0 {
				q.shape = short
			}
		}
	}
	if !known {
		p.note(tx, sensor.ToServer, UnknownCommand)
	}
	if len(line)+2 > commandMax {
		p.note(tx, sensor.ToServer, RequestTooLong)
	}
	switch string(tx.command) {
	case "AUTH":
		q.sasl = n > 0
	case "STLS":
		q.stls = true
	case "USER", "APOP":
		if n > 0 {
			p.user = append(p.user[:0], tx.args[0][:min(len(tx.args[0]), userMax)]...)
		}
	}
	tx.login = string(tx.command) == "PASS" || string(tx.command) == "APOP"
	if tx.login {
		tx.user = bytes.Clone(p.user)
	}
	p.wait(q)
}

// answersChallenge tells whether a line of the client belongs to the exchange of a SASL mechanism: it was asked for, or it
// looks like that and has overtaken the challenge (RFC 5034, 4).
func (p *parser) answersChallenge(word, rest []byte) bool {
	if p.asked {
		return true
	}
	if len(p.queue) == 0 || !p.queue[len(p.queue)-1].sasl || len(rest) > 0 {
		return false
	}
	for _, c := range commands {
		if bytes.EqualFold(word, []byte(c.name)) {
			return false
		}
	}
	for _, c := range word {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '=') {
			return len(word) == 1 && c == '*'
		}
	}
	return true
}

// arguments keeps the words behind the command and returns their number.
func (tx *Tx) arguments(rest []byte) int {
	n := 0
	for len(rest) > 0 {
		var word []byte
		word, rest, _ = bytes.Cut(rest, []byte{' '})
		if len(word) == 0 {
			continue
		}
		if n++; n <= argsMax {
			tx.args = append(tx.args, bytes.Clone(word))
		}
	}
	return n
}

// wait remembers a command until its response.
func (p *parser) wait(q pending) {
	q.tx.asked = true
	q.tx.Done[sensor.ToServer] = sensor.ProgressComplete
	if len(p.queue) == queueMax {
		p.queue = append(p.queue[:0], p.queue[1:]...)
	}
	p.queue = append(p.queue, q)
	p.out.Tx(q.tx, sensor.ToServer)
}
