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
	mail      mime.Message
	body      bool
	unwelcome bool
	finished  bool
}

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
