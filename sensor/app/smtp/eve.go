package smtp

import (
	"khien/sensor"
	"khien/sensor/app/mime"
	"khien/sensor/evejson"
)

// AppendEVE appends {"helo":…,"mail_from":…,"rcpt_to":[…]}.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	if tx.helo != nil {
		dst = evejson.AppendBytes(dst, "helo", tx.helo)
	}
	if tx.from != nil {
		dst = evejson.AppendBytes(dst, "mail_from", tx.from)
	}
	dst = appendList(dst, "rcpt_to", tx.rcpt)
	return append(dst, '}')
}

// AppendEVEExtra appends the member "email" when there is a mail.
func (tx *Tx) AppendEVEExtra(dst []byte, _ sensor.Dir) []byte {
	m, status := &tx.mail, "PARSE_DONE"
	switch p := tx.parser; {
	case p != nil:
		m = &email{from: p.mime.From, subject: p.mime.Subject, date: p.mime.Date, id: p.mime.MessageID,
			mailer: p.mime.XMailer, to: p.mime.To, cc: p.mime.Cc, attachments: p.mime.Attachments}
		status = "BODY_STARTED"
	case !m.seen:
		return dst
	case !m.complete:
		status = "BODY_STARTED"
	}
	dst = append(dst, `,"email":{`...)
	dst = evejson.AppendStr(dst, "status", status)
	if m.from != nil {
		dst = evejson.AppendBytes(dst, "from", m.from)
	}
	if m.subject != nil {
		dst = evejson.AppendBytes(dst, "subject", mime.DecodeWords(m.subject))
	}
	dst = appendList(dst, "to", m.to)
	dst = appendList(dst, "cc", m.cc)
	if m.date != nil {
		dst = evejson.AppendBytes(dst, "date", m.date)
	}
	if m.id != nil {
		dst = evejson.AppendBytes(dst, "message_id", m.id)
	}
	if m.mailer != nil {
		dst = evejson.AppendBytes(dst, "x_mailer", m.mailer)
	}
	dst = appendList(dst, "received", m.received)
	if m.md5 != nil {
		dst = evejson.AppendHex(dst, "body_md5", m.md5)
	}
	dst = appendList(dst, "attachment", m.attachments)
	dst = appendList(dst, "url", m.urls)
	return append(dst, '}')
}

// appendList appends a member that is an array of strings, when there are any.
func appendList(dst []byte, key string, list [][]byte) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(evejson.AppendKey(dst, key), '[')
	for _, b := range list {
		dst = evejson.AppendString(evejson.AppendComma(dst), b)
	}
	return append(dst, ']')
}
