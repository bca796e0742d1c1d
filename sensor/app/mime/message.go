package mime

import (
	"crypto/md5"

	"khien/sensor"
)

// Message is the mail of a transaction, while it is read and afterwards. It is the Sink of its parser: attachments go out as
// files of the transaction.
type Message struct {
	Mail    // of one that has ended
	ended   bool
	parser  *Parser // while it is read
	tx      sensor.Transaction
	dir     sensor.Dir
	out     *sensor.Emitter // where the protocol's parser keeps the emitter of each call
	file    *sensor.File
	anomaly func(name string) // nil: the protocol has no events for what is malformed
}

// Begin has p read a mail of tx that goes in direction dir.
func (m *Message) Begin(p *Parser, tx sensor.Transaction, dir sensor.Dir, out *sensor.Emitter, anomaly func(name string)) {
	m.parser, m.tx, m.dir, m.out, m.anomaly = p, tx, dir, out, anomaly
	p.Reset(m)
	if (*out).Wanted(sensor.EmailBodyMD5) {
		p.BodyHash = md5.New()
	}
}

// End takes over what was found in a mail that is read. complete is false when its end was not seen.
func (m *Message) End(complete bool) *Mail {
	m.Mail, m.ended = m.parser.End(complete), true
	m.parser = nil
	return &m.Mail
}

// Drop forgets that a mail is read: it never came.
func (m *Message) Drop() { m.parser = nil }

// now is what is known of the mail: its header can be read before its body has ended.
func (m *Message) now() Mail {
	if m.parser != nil {
		return m.parser.Mail()
	}
	return m.Mail
}

// Buffer returns a part of the mail.
func (m *Message) Buffer(b sensor.Buffer, i int) ([]byte, bool) {
	now := m.now()
	return now.Buffer(b, i)
}

// AppendEVE appends the member "email" when there is a mail.
func (m *Message) AppendEVE(dst []byte) []byte {
	if m.parser == nil && !m.ended {
		return dst
	}
	now := m.now()
	return now.AppendEVE(dst)
}

// OpenFile begins an attachment.
func (m *Message) OpenFile(name []byte) { m.file = (*m.out).OpenFile(m.tx, m.dir, name) }

// WriteFile adds to the attachment.
func (m *Message) WriteFile(data []byte) { (*m.out).WriteFile(m.file, data) }

// CloseFile ends the attachment.
func (m *Message) CloseFile(complete bool) {
	(*m.out).CloseFile(m.file, complete)
	m.file = nil
}

// Anomaly is told what is malformed in the mail.
func (m *Message) Anomaly(name string) {
	if m.anomaly != nil {
		m.anomaly(name)
	}
}
