package pgsql

import (
	"encoding/binary"
	"errors"
	"strings"

	"khien/sensor"
)

var errNotPGSQL = errors.New("pgsql: not a message")

// parser follows one connection.
type parser struct {
	next     uint64 // ID of the next transaction
	open     []*Tx  // requests without the end of their response, the oldest first
	held     int    // bytes of text that they keep
	free     []*Tx
	started  bool   // the startup packet has come
	ready    bool   // the server has been ready for a query
	asked    uint32 // what the server wants of the client, a code of authentication
	scram    bool   // the mechanism that the client has chosen is one without secrets in clear
	user     []byte
	copying  bool   // the server waits for data
	skip     [2]int // bytes of a message that are passed over
	row      int    // bytes behind them of a row of which the columns are counted
	columns  int    // columns in them
	lost     [2]bool
	missed   bool // responses are missing
	upgraded bool
	sealed   bool // what follows is encrypted by GSSAPI
	closed   [2]bool
	out      sensor.Emitter // during Parse and Close
}

// Finished reports that nothing more can be read.
func (p *parser) Finished() bool { return p.sealed }

// Parse reads messages.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	p.out = out
	used := 0
	for used < len(b) && !p.upgraded {
		if p.sealed {
			return len(b), nil
		}
		n, err := p.step(dir, b[used:])
		if err != nil {
			return used, err
		}
		if n == 0 {
			break
		}
		used += n
	}
	return used, nil
}

// step reads a message or a part of one, and returns how many bytes it took; 0 when it needs more.
func (p *parser) step(dir sensor.Dir, b []byte) (int, error) {
	if n := min(p.skip[dir], len(b)); n > 0 {
		p.skip[dir] -= n
		return n, nil
	}
	if dir == sensor.ToClient && p.row > 0 {
		return p.column(b), nil
	}
	if p.lost[dir] {
		switch plausible(dir, b) {
		case sensor.More:
			return 0, nil
		case sensor.No:
			return len(b), nil // a message nearly always begins with a segment
		}
		p.lost[dir] = false
	}
	if dir == sensor.ToServer && !p.started {
		switch {
		case b[0] == 0:
			return p.startup(b)
		case b[0] == 0x16 && len(p.open) > 0 && p.open[0].kind == kindSSL:
			return 0, nil // TLS has overtaken the server's word
		}
	}
	if dir == sensor.ToClient && p.encryption(b[0]) {
		return 1, nil
	}
	if len(b) < 5 {
		return 0, nil
	}
	types := frontend
	if dir == sensor.ToClient {
		types = backend
	}
	typ, n := b[0], binary.BigEndian.Uint32(b[1:])
	if strings.IndexByte(types, typ) < 0 && (typ < '0' || typ > 'z') {
		p.odd(nil, dir, malformed[dir])
		return 0, errNotPGSQL
	}
	if !fits(dir, typ, n) {
		p.odd(nil, dir, InvalidLength)
		return 0, errNotPGSQL
	}
	body := int(n) - 4
	kept := min(body, wanted(dir, typ))
	if len(b) < 5+kept {
		return 0, nil
	}
	p.skip[dir] = body - kept
	if dir == sensor.ToServer {
		p.request(typ, b[5:5+kept], body)
	} else {
		p.response(typ, b[5:5+kept], body)
	}
	return 5 + kept, nil
}

// malformed is the anomaly of a direction.
var malformed = [2]string{MalformedRequest, MalformedResponse}

// wanted is how many bytes of a message's body are looked at.
func wanted(dir sensor.Dir, typ byte) int {
	if dir == sensor.ToServer {
		switch typ {
		case 'Q', 'P', 'p', copyFail:
			return bodyMax
		}
		return 0
	}
	switch typ {
	case 'R', 'S', 'E', 'C', 'K':
		return bodyMax
	case 'T', 'D':
		return 2
	case 'G', 'H', 'W':
		return 3
	}
	return 0
}

// column reads the length of a column's value, -1 for NULL, and passes over the value.
func (p *parser) column(b []byte) int {
	if p.columns == 0 || p.row < 4 {
		if p.columns > 0 {
			p.odd(p.front(), sensor.ToClient, MalformedResponse)
		}
		p.skip[sensor.ToClient], p.row = p.row, 0
		return p.passed(b)
	}
	if len(b) < 4 {
		return 0
	}
	p.row -= 4
	p.columns--
	n := int(int32(binary.BigEndian.Uint32(b)))
	if n > p.row {
		p.odd(p.front(), sensor.ToClient, MalformedResponse)
		p.skip[sensor.ToClient], p.row = p.row, 0
		return 4
	}
	if n > 0 {
		p.front().rows.bytes += uint64(n)
		p.skip[sensor.ToClient] = n
		p.row -= n
	}
	return 4
}

// passed passes over what it can of the server's message.
func (p *parser) passed(b []byte) int {
	n := min(p.skip[sensor.ToClient], len(b))
	p.skip[sensor.ToClient] -= n
	return n
}

// begin makes a transaction that waits for its response.
func (p *parser) begin(k kind) *Tx {
	if k != kindNone && p.missed {
		p.missed = false
		for len(p.open) > 0 {
			p.finish(p.open[0])
		}
	}
	for len(p.open) >= openMax || len(p.open) > 0 && p.held > heldMax {
		p.open[0].note(sensor.ToServer, TooManyTransactions)
		p.finish(p.open[0])
	}
	tx := sensor.Take(&p.free)
	if tx == nil {
		tx = &Tx{parser: p}
	}
	tx.ID, tx.Proto, tx.kind = p.next, sensor.ProtoPGSQL, k
	p.next++
	p.open = append(p.open, tx)
	return tx
}

// front is the transaction that the server answers. What it says unasked has one of its own.
func (p *parser) front() *Tx {
	if len(p.open) == 0 {
		return p.begin(kindNone)
	}
	return p.open[0]
}

// last is the latest transaction when it is of a kind.
func (p *parser) last(k kind) *Tx {
	if n := len(p.open); n > 0 && p.open[n-1].kind == k {
		return p.open[n-1]
	}
	return nil
}

// complete tells that a request is whole.
func (p *parser) complete(tx *Tx) {
	tx.Done[sensor.ToServer] = sensor.ProgressComplete
	p.out.Tx(tx, sensor.ToServer)
}

// odd tells of something malformed in a transaction, or in one of its own.
func (p *parser) odd(tx *Tx, dir sensor.Dir, name string) {
	if tx != nil {
		tx.note(dir, name)
		p.out.Tx(tx, dir)
		return
	}
	tx = p.begin(kindNone)
	tx.note(dir, name)
	p.finish(tx)
}

func (p *parser) finish(tx *Tx) {
	p.open = sensor.Without(p.open, tx)
	p.held -= len(tx.text)
	tx.finished = true
	sensor.Finish(p.out, tx)
}

// Gap passes over what is missing of a message, and looks for the next one elsewhere.
func (p *parser) Gap(dir sensor.Dir, n int, _ sensor.Emitter) error {
	if dir == sensor.ToClient && n > p.skip[dir] && p.row > 0 {
		p.skip[dir] += p.row
		p.row = 0
	}
	if n <= p.skip[dir] {
		p.skip[dir] -= n
		return nil
	}
	p.skip[dir], p.lost[dir] = 0, true
	p.missed = p.missed || dir == sensor.ToClient
	return nil
}

// Close ends what was not answered.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.out = out
	p.closed[dir] = true
	for p.closed[dir.Reverse()] && len(p.open) > 0 {
		p.finish(p.open[0])
	}
}
