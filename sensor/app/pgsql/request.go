package pgsql

import (
	"bytes"
	"encoding/binary"

	"khien/sensor"
)

// startup reads what a connection begins with, which has no type. It returns how many bytes it took; 0 when it needs more.
func (p *parser) startup(b []byte) (int, error) {
	if len(b) < 8 {
		return 0, nil
	}
	n := int(binary.BigEndian.Uint32(b))
	if n < 8 || n > startupMax {
		p.odd(nil, sensor.ToServer, InvalidLength)
		return 0, errNotPGSQL
	}
	if len(b) < n {
		return 0, nil
	}
	major, minor := binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
	body := b[8:n]
	switch {
	case major == majorRequest && minor == minorSSL:
		p.complete(p.begin(kindSSL))
	case major == majorRequest && minor == minorGSS:
		p.complete(p.begin(kindGSS))
	case major == majorRequest && minor == minorCancel && len(body) >= 8:
		tx := p.begin(kindCancel)
		tx.key.set(body)
		p.finish(tx)
	case major == 3:
		tx := p.begin(kindStartup)
		tx.version = [2]uint16{major, minor}
		p.started = true
		if !p.parameters(tx, body) {
			tx.note(sensor.ToServer, MalformedRequest)
		}
		p.complete(tx)
	default:
		p.odd(nil, sensor.ToServer, MalformedRequest)
	}
	return n, nil
}

// parameters reads pairs of name and value, of which the user is one.
func (p *parser) parameters(tx *Tx, b []byte) bool {
	found := false
	for len(b) > 1 {
		name, rest, ok := bytes.Cut(b, []byte{0})
		value, rest, ok2 := bytes.Cut(rest, []byte{0})
		if !ok || !ok2 || len(name) == 0 {
			return false
		}
		b = rest
		if string(name) == "user" {
			found = len(value) > 0
			p.user = append(p.user[:0], value[:min(len(value), userMax)]...)
			tx.user = tx.keep(p.user)
		} else if len(tx.params) < pairsMax {
			tx.params = append(tx.params, pair{tx.keep(name), tx.keep(value)})
		}
	}
	return found && len(b) == 1 && b[0] == 0
}

// request reads a message of the client: what is kept of its body, and how long it was.
func (p *parser) request(typ byte, b []byte, size int) {
	switch typ {
	case 'Q':
		tx := p.begin(kindQuery)
		text, _, ok := bytes.Cut(b, []byte{0})
		tx.texts = append(tx.texts, tx.keep(text))
		if !ok && size == len(b) {
			tx.note(sensor.ToServer, MalformedRequest)
		}
		p.complete(tx)
	case 'P':
		p.prepare(b, size)
	case 'B', 'D', 'E', 'C', 'H':
		p.group()
	case 'S':
		if p.last(kindCopy) == nil { // the server ignores it while it waits for data, and behind them it belongs to the query
			p.complete(p.group())
		}
	case 'F':
		p.complete(p.begin(kindCall))
	case 'X':
		p.finish(p.begin(kindTerminate))
	case 'p':
		p.credentials(b)
	case copyData:
		if tx := p.copied(); tx != nil {
			tx.in.count++
			tx.in.bytes += uint64(size)
		}
	case copyDone, copyFail:
		tx := p.copied()
		p.copying = false
		if tx == nil || tx.copyEnd != 0 {
			return
		}
		tx.copyEnd = typ
		if typ == copyFail {
			reason, _, _ := bytes.Cut(b, []byte{0})
			tx.texts = append(tx.texts, tx.keep(reason))
		}
		p.complete(tx)
	}
}

// group is the transaction of the extended query protocol's messages up to a Sync.
func (p *parser) group() *Tx {
	if tx := p.last(kindExtended); tx != nil && tx.Done[sensor.ToServer] < sensor.ProgressComplete {
		return tx
	}
	return p.begin(kindExtended)
}

// prepare reads Parse: the name of a statement, its text and the types of its parameters.
func (p *parser) prepare(b []byte, size int) {
	tx := p.group()
	_, rest, ok := bytes.Cut(b, []byte{0})
	text, _, ok2 := bytes.Cut(rest, []byte{0})
	if len(tx.texts) == queriesMax || len(tx.text)+len(text) > textMax {
		p.finish(tx)
		tx = p.begin(kindExtended)
	}
	if !ok || !ok2 && size == len(b) {
		tx.note(sensor.ToServer, MalformedRequest)
	} else {
		tx.texts = append(tx.texts, tx.keep(text))
	}
	p.out.Tx(tx, sensor.ToServer)
}

// copied is the transaction of the data that the client copies in. The server has said that it waits for them.
func (p *parser) copied() *Tx {
	if tx := p.last(kindCopy); tx != nil {
		return tx
	}
	if !p.copying {
		return nil
	}
	return p.begin(kindCopy)
}

// credentials reads what the client proves its name with. Passwords are not kept.
func (p *parser) credentials(b []byte) {
	switch p.asked {
	case authCleartext, authMD5:
		p.complete(p.login(kindPassword))
	case authSASL:
		tx := p.login(kindSASLInitial)
		name, rest, ok := bytes.Cut(b, []byte{0})
		tx.texts = append(tx.texts, tx.keep(name))
		p.scram = bytes.HasPrefix(name, []byte("SCRAM-"))
		if !ok || len(rest) < 4 {
			tx.note(sensor.ToServer, MalformedRequest)
		} else if p.scram {
			tx.texts = append(tx.texts, tx.keep(rest[4:]))
		}
		p.complete(tx)
	case authSASLContinue:
		tx := p.login(kindSASLResponse)
		if p.scram {
			tx.texts = append(tx.texts, tx.keep(b))
		}
		p.complete(tx)
	case authGSS, authGSSContinue, authSSPI:
		p.complete(p.login(kindGSSResponse))
	}
	p.asked = authNone
}

func (p *parser) login(k kind) *Tx {
	tx := p.begin(k)
	tx.user = tx.keep(p.user)
	return tx
}
