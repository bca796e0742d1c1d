package imap

import (
	"khien/sensor"
	"khien/sensor/app/mime"
)

// Tx is a mail that was fetched.
type Tx struct {
	sensor.TxBase
	message  []byte // its number in the mailbox
	mail     mime.Mail
	finished bool
	parser   *parser // while it is read
	file     *sensor.File
}

// OpenFile begins an attachment.
func (tx *Tx) OpenFile(name []byte) {
	tx.file = tx.parser.out.OpenFile(tx, sensor.ToClient, name)
}

// WriteFile adds to the attachment.
func (tx *Tx) WriteFile(data []byte) { tx.parser.out.WriteFile(tx.file, data) }

// CloseFile ends the attachment.
func (tx *Tx) CloseFile(complete bool) {
	tx.parser.out.CloseFile(tx.file, complete)
	tx.file = nil
}

// Anomaly is told what is malformed in the mail. IMAP has no events for that.
func (tx *Tx) Anomaly(string) {}

// read returns what is known of the mail.
func (tx *Tx) read() mime.Mail {
	if tx.parser != nil { // the header can be read before the body has ended
		return tx.parser.mime.Mail()
	}
	return tx.mail
}

// Buffer returns a part of the mail.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if dir == sensor.ToServer {
		return nil, false
	}
	m := tx.read()
	return m.Buffer(b, i)
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
	m := tx.read()
	return m.AppendEVE(dst)
}
