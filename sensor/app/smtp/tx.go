package smtp

import (
	"khien/sensor"
	"khien/sensor/app/mime"
)

// Tx is one mail with its envelope, or a session without one.
type Tx struct {
	sensor.TxBase
	helo      []byte
	from      []byte // nil before MAIL FROM
	rcpt      [][]byte
	mail      mime.Mail
	mailed    bool // mail is there
	body      bool
	unwelcome bool
	finished  bool
	parser    *parser // while its mail is read
	file      *sensor.File
}

// OpenFile begins an attachment.
func (tx *Tx) OpenFile(name []byte) {
	tx.file = tx.parser.out.OpenFile(tx, sensor.ToServer, name)
}

// WriteFile adds to the attachment.
func (tx *Tx) WriteFile(data []byte) { tx.parser.out.WriteFile(tx.file, data) }

// CloseFile ends the attachment.
func (tx *Tx) CloseFile(complete bool) {
	tx.parser.out.CloseFile(tx.file, complete)
	tx.file = nil
}

// Anomaly notes what is malformed in the mail.
func (tx *Tx) Anomaly(name string) { tx.parser.note(tx, sensor.ToServer, name) }

// Buffer returns a part of the mail or of its envelope.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if dir != sensor.ToServer || i < 0 {
		return nil, false
	}
	switch b {
	case sensor.SMTPHelo:
		return one(tx.helo, i)
	case sensor.SMTPMailFrom:
		return one(tx.from, i)
	case sensor.SMTPRcptTo:
		return many(tx.rcpt, i)
	}
	if tx.parser != nil { // the header can be read before the body has ended
		m := tx.parser.mime.Mail()
		return m.Buffer(b, i)
	}
	return tx.mail.Buffer(b, i)
}

// Number returns nothing: SMTP has no buffers of numbers.
func (tx *Tx) Number(sensor.Buffer, sensor.Dir, int) (uint64, bool) { return 0, false }

// LogReady reports whether the mail was answered or the session is over.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && tx.finished }

func one(b []byte, i int) ([]byte, bool) { return b, b != nil && i == 0 }

func many(list [][]byte, i int) ([]byte, bool) {
	if i >= len(list) {
		return nil, false
	}
	return list[i], true
}
