package krb5

import (
	"bytes"

	"khien/sensor"
	"khien/sensor/evejson"
)

// Tx is one message.
type Tx struct {
	sensor.TxBase
	dir                        sensor.Dir
	kind                       int
	cname, sname               [][]byte // nil when the message has none
	realm, crealm, serverRealm []byte
	encryption                 int64 // of the message's secret part
	encrypted                  bool
	ticketEnc                  int64
	hasTicket                  bool
	code                       int64
	hasCode                    bool
	failed                     int      // type of the request that an error answers
	user                       [][]byte // name in the request that this answers, where it is a login
}

// Buffer returns a part of a name.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if dir != tx.dir || i < 0 {
		return nil, false
	}
	list := tx.cname
	switch b {
	case sensor.LoginUser:
		if tx.user == nil || i > 0 {
			return nil, false
		}
		return bytes.Join(tx.user, []byte{'/'}), true
	case sensor.KRB5CName:
	case sensor.KRB5SName:
		list = tx.sname
	default:
		return nil, false
	}
	if i >= len(list) {
		return nil, false
	}
	return list[i], true
}

// Number returns the type, the error and the ticket's encryption.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if dir != tx.dir || i != 0 {
		return 0, false
	}
	switch b {
	case sensor.KRB5MsgType:
		return uint64(tx.kind), true
	case sensor.LoginResult:
		return tx.login()
	case sensor.KRB5ErrCode:
		return uint64(tx.code), tx.hasCode
	case sensor.KRB5TicketEnc:
		return uint64(tx.ticketEnc), tx.hasTicket
	case sensor.KRB5WeakTicket:
		if tx.hasTicket && weak(tx.ticketEnc) {
			return 1, true
		}
		return 0, tx.hasTicket
	}
	return 0, false
}

// login tells how a request for a first ticket ended: with one, or with an error that names the client or its key
// (RFC 4120, 7.5.9: principal unknown, credentials revoked, pre-authentication failed).
func (tx *Tx) login() (result uint64, ok bool) {
	switch {
	case tx.kind == asRep:
		return 1, true
	case tx.kind == errMsg && tx.failed == asReq && tx.hasCode:
		return 0, tx.code == 6 || tx.code == 18 || tx.code == 24
	}
	return 0, false
}

// LogReady is true in the message's direction.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == tx.dir }

// AppendEVE appends the object of the message.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	dst = evejson.AppendStr(dst, "msg_type", typeName(tx.kind))
	if tx.kind == errMsg {
		if tx.failed != 0 {
			dst = evejson.AppendStr(dst, "failed_request", typeName(tx.failed))
		}
		if tx.hasCode {
			dst = evejson.AppendStr(dst, "error_code", errName(tx.code))
		}
	}
	dst = appendName(dst, "cname", bytes.Join(tx.cname, []byte{'/'}))
	dst = appendName(dst, "realm", tx.realm)
	dst = appendName(dst, "sname", bytes.Join(tx.sname, []byte{'/'}))
	if tx.encrypted {
		dst = evejson.AppendStr(dst, "encryption", encName(tx.encryption))
	} else {
		dst = evejson.AppendStr(dst, "encryption", "<none>")
	}
	dst = evejson.AppendBool(dst, "weak_encryption", tx.encrypted && weak(tx.encryption))
	if tx.hasTicket {
		dst = evejson.AppendStr(dst, "ticket_encryption", encName(tx.ticketEnc))
		dst = evejson.AppendBool(dst, "ticket_weak_encryption", weak(tx.ticketEnc))
	}
	return append(dst, '}')
}

func appendName(dst []byte, key string, v []byte) []byte {
	if len(v) == 0 {
		return evejson.AppendStr(dst, key, "<empty>")
	}
	return evejson.AppendBytes(dst, key, v)
}
