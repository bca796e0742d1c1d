package imap

import (
	"khien/sensor"
	"khien/sensor/app/mime"
)

// Tx is a mail that was fetched.
type Tx struct {
	sensor.TxBase
	message  []byte // its number in the mailbox
	mail     mime.Message
	finished bool
}

// Buffer returns a part of the mail.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if dir == sensor.ToServer {
		return nil, false
	}
	return tx.mail.Buffer(b, i)
}

// Number has nothing.
func (tx *Tx) Number(sensor.Buffer, sensor.Dir, int) (uint64, bool) { return 0, false }

// LogReady reports whether the mail is over.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && tx.finished }

// AppendEVE appends {"responses":[{"line":"* 1 FETCH"}]}.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, `{"responses":[{"line":"* `...)
	dst = append(dst, tx.message...) // digits
	return append(dst, ` FETCH"}]}`...)
}

// AppendEVEExtra appends the member "email".
func (tx *Tx) AppendEVEExtra(dst []byte, _ sensor.Dir) []byte {
	return tx.mail.AppendEVE(dst)
}
