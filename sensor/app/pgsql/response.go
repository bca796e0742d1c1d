package pgsql

import (
	"bytes"
	"encoding/binary"

	"khien/sensor"
)

// encryption reads the single byte that answers a request for encryption, and reports whether it was one. An old server sends
// an error.
func (p *parser) encryption(c byte) bool {
	if len(p.open) == 0 {
		return false
	}
	tx := p.open[0]
	switch {
	case tx.kind == kindSSL && (c == 'S' || c == 'N'):
	case tx.kind == kindGSS && (c == 'G' || c == 'N'):
	default:
		return false
	}
	tx.encryption = c
	tx.answered = true
	p.finish(tx)
	if c == 'N' {
		return true
	}
	for len(p.open) > 0 {
		p.finish(p.open[0])
	}
	if c == 'G' {
		p.sealed = true
		return true
	}
	p.upgraded = true
	p.out.Upgrade(sensor.ProtoTLS)
	return true
}

// response reads a message of the server: what is kept of its body, and how long it was.
func (p *parser) response(typ byte, b []byte, size int) {
	switch typ {
	case 'D':
		tx := p.front()
		tx.answered = true
		tx.rows.count++
		p.row, p.columns = p.skip[sensor.ToClient], int(binary.BigEndian.Uint16(b))
		p.skip[sensor.ToClient] = 0
	case copyData:
		tx := p.front()
		tx.answered = true
		tx.copied.count++
		tx.copied.bytes += uint64(size)
	case 'Z':
		p.ready, p.copying = true, false
		if len(p.open) > 0 {
			p.finish(p.open[0])
		}
	case 'R':
		p.authentication(b)
	case 'S':
		if len(p.open) > 0 && p.counted() {
			p.open[0].report(b)
		}
	case 'K', 'T', 'C', 'E', 'G', 'H', 'W', copyDone:
		if !p.counted() {
			return
		}
		p.keep(p.front(), typ, b)
	}
}

// counted counts a message of the response and reports whether it is to be kept.
func (p *parser) counted() bool {
	tx := p.front()
	tx.answered = true
	tx.responses++
	if tx.responses == responsesMax+1 {
		p.odd(tx, sensor.ToClient, TooManyResponses)
	}
	return tx.responses <= responsesMax
}

// keep takes over what a message says.
func (p *parser) keep(tx *Tx, typ byte, b []byte) {
	switch typ {
	case 'K':
		tx.key.set(b)
	case 'T':
		tx.fields, tx.described = binary.BigEndian.Uint16(b), true
	case 'C':
		p.copying = false
		tag, _, ok := bytes.Cut(b, []byte{0})
		if !ok {
			p.odd(tx, sensor.ToClient, MalformedResponse)
		}
		tx.command, tx.completed = tx.keep(tag), true
	case copyDone:
		tx.message = "copy_done"
	case 'H', 'W':
		tx.copyOut, tx.copiesOut = binary.BigEndian.Uint16(b[1:]), true
	case 'G':
		tx.copyIn, tx.copiesIn = binary.BigEndian.Uint16(b[1:]), true
		p.copying = true
		p.finish(tx)
	case 'E':
		p.copying = false
		p.failure(tx, b)
	}
}

// authentication reads what the server wants of the client, or that it is content.
func (p *parser) authentication(b []byte) {
	code := binary.BigEndian.Uint32(b)
	tx := p.front()
	if !p.counted() {
		return
	}
	if !knownAuth(code) {
		p.odd(tx, sensor.ToClient, MalformedResponse)
		return
	}
	switch code {
	case authMD5, authSSPI, authSASLFinal:
		tx.auth, tx.authData = authNames[code], tx.keep(b[4:])
	default:
		tx.message = authNames[code]
	}
	switch code {
	case authOK:
		p.asked, tx.granted = authNone, true
	case authSASLFinal:
	default:
		p.asked = code
		p.finish(tx)
	}
}

// failure reads an error. One before the server was ready ends the connection.
func (p *parser) failure(tx *Tx, b []byte) {
	tx.errors = tx.errors[:0]
	for len(b) > 0 && b[0] != 0 {
		letter := b[0]
		value, rest, ok := bytes.Cut(b[1:], []byte{0})
		b = rest
		if !ok {
			p.odd(tx, sensor.ToClient, MalformedResponse)
			break
		}
		if letter == 'C' && bytes.HasPrefix(value, []byte("28")) { // manual, appendix "Error Codes": invalid authorization
			tx.refused = true
		}
		if len(tx.errors) < errorsMax {
			tx.errors = append(tx.errors, field{letter, tx.keep(value)})
		}
	}
	if !p.ready {
		p.finish(tx)
	}
}
