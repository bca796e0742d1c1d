package pgsql

import (
	"bytes"
	"encoding/binary"

	"khien/sensor"
)

// kind is what a transaction's request is.
type kind uint8

const (
	kindNone kind = iota // the server speaks unasked, or the request was not seen
	kindSSL
	kindGSS
	kindCancel
	kindStartup
	kindPassword
	kindSASLInitial  // texts: mechanism and, where it holds no secret, data
	kindSASLResponse // texts: data
	kindGSSResponse
	kindQuery     // texts: the query
	kindExtended  // texts: those of statements that are prepared
	kindCopy      // texts: why it failed
	kindCall      //
	kindTerminate //
)

// span is a part of a transaction's text.
type span struct{ from, to int }

// pair is a parameter.
type pair struct{ name, value span }

// field is a field of an error.
type field struct {
	letter byte
	value  span
}

// tally counts messages and the bytes in them.
type tally struct{ count, bytes uint64 }

// key is what a server gives a client to cancel queries with. From version 3.2 on it may be longer than a number.
type key struct {
	pid, secret uint32
	there, long bool
}

func (k *key) set(b []byte) {
	k.there, k.long = true, len(b) != 8
	k.pid, k.secret = binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
}

// Tx is a request with its responses.
type Tx struct {
	sensor.TxBase
	content
	parser *parser
}

// content is what messages said. Its slices are kept when a transaction is reused.
type content struct {
	kind     kind
	finished bool
	text     []byte // what is kept of messages, by spans
	texts    []span // by kind
	version  [2]uint16
	user     span
	params   []pair
	key      key // of a cancellation, or for one
	in       tally
	copyEnd  byte // type of the message that ended the data

	answered   bool
	responses  int
	encryption byte   // the answer to a request for it
	message    string // EVE's word
	auth       string // name of the message that authData are of
	authData   span
	status     []pair
	granted    bool
	refused    bool
	described  bool
	fields     uint16
	rows       tally
	copiesIn   bool
	copyIn     uint16
	copiesOut  bool
	copyOut    uint16
	copied     tally
	completed  bool
	command    span
	errors     []field
}

// Release gives the transaction back to its parser.
func (tx *Tx) Release() {
	p := tx.parser
	if len(p.free) == freeMax || cap(tx.text) > freeText {
		return
	}
	c := &tx.content
	*c = content{text: c.text[:0], texts: c.texts[:0], params: c.params[:0], status: c.status[:0], errors: c.errors[:0]}
	tx.TxBase = sensor.TxBase{Anomalies: [2][]string{tx.Anomalies[0][:0], tx.Anomalies[1][:0]}}
	p.free = append(p.free, tx)
}

// Held returns the bytes of memory that the transaction holds, roughly.
func (tx *Tx) Held() int {
	return len(tx.text) + 16*len(tx.texts) + 32*(len(tx.params)+len(tx.status)+len(tx.errors)) + 512
}

func (tx *Tx) note(dir sensor.Dir, name string) {
	if len(tx.Anomalies[dir]) < anomalyMax {
		tx.Anomalies[dir] = append(tx.Anomalies[dir], name)
	}
}

// keep copies bytes into the text, as far as there is room.
func (tx *Tx) keep(b []byte) span {
	from := len(tx.text)
	b = b[:min(len(b), textMax-from)]
	tx.text = append(tx.text, b...)
	tx.parser.held += len(b)
	return span{from, len(tx.text)}
}

func (tx *Tx) bytes(s span) []byte { return tx.text[s.from:s.to] }

// report keeps a parameter of the server.
func (tx *Tx) report(b []byte) {
	name, rest, ok := bytes.Cut(b, []byte{0})
	value, _, ok2 := bytes.Cut(rest, []byte{0})
	if !ok || !ok2 || len(name) == 0 {
		tx.parser.odd(tx, sensor.ToClient, MalformedResponse)
		return
	}
	if len(tx.status) < pairsMax {
		tx.status = append(tx.status, pair{tx.keep(name), tx.keep(value)})
	}
}

// isLogin reports whether the client offers something to be let in with.
func (tx *Tx) isLogin() bool { return tx.kind >= kindPassword && tx.kind <= kindGSSResponse }

// Buffer returns a query or the name of a login.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	switch {
	case i < 0:
	case b == sensor.PGSQLQuery && dir == sensor.ToServer:
		if (tx.kind == kindQuery || tx.kind == kindExtended) && i < len(tx.texts) {
			return tx.bytes(tx.texts[i]), true
		}
	case b == sensor.LoginUser && dir == sensor.ToClient && i == 0 && tx.isLogin():
		user := tx.bytes(tx.user)
		return user, len(user) > 0
	}
	return nil, false
}

// Number returns what became of a login.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if b != sensor.LoginResult || dir != sensor.ToClient || i != 0 || !tx.isLogin() {
		return 0, false
	}
	if tx.granted {
		return 1, true
	}
	return 0, tx.refused
}

// LogReady reports whether the response is complete or the connection is over.
func (tx *Tx) LogReady(dir sensor.Dir) bool {
	return dir == sensor.ToServer && tx.finished && (tx.kind != kindNone || tx.answered)
}
