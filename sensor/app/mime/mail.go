package mime

import (
	"encoding/hex"

	"khien/sensor"
	"khien/sensor/evejson"
)

// Mail is what the header and the body of a message hold, for protocols that carry one. Its slices stay as they
// are when its parser is reset, which lets go of them.
type Mail struct {
	From, Subject, Date, MessageID, XMailer []byte
	To, Cc, Received                        [][]byte
	Attachments                             [][]byte // names
	URLs                                    [][]byte // as EVE writes them; only of a mail that has ended
	BodyMD5                                 []byte   // only of a mail that has ended, where BodyHash was set
	Complete                                bool     // its end was seen
}

// HeaderDone reports whether the message's own header is over: the fields are final.
func (p *Parser) HeaderDone() bool { return p.inBody || !p.outer }

// Mail returns what has been read so far.
func (p *Parser) Mail() Mail {
	return Mail{From: p.From, Subject: p.Subject, Date: p.Date, MessageID: p.MessageID, XMailer: p.XMailer,
		To: p.To, Cc: p.Cc, Received: p.Received, Attachments: p.Attachments}
}

// End closes the message and returns what it holds. complete is false when its end was not seen.
func (p *Parser) End(complete bool) Mail {
	p.Close(complete)
	m := p.Mail()
	m.URLs, m.Complete = order(p.URLs), complete
	if p.BodyHash != nil {
		m.BodyMD5 = p.BodyHash.Sum(nil)
	}
	return m
}

// order lists plain http first and the latest first, as EVE does; the scheme of others is written out.
func order(urls []URL) [][]byte {
	var list, rest [][]byte
	for i := len(urls) - 1; i >= 0; i-- {
		if u := urls[i]; u.Scheme == "http" {
			list = append(list, u.Rest)
		} else {
			rest = append(rest, append([]byte(u.Scheme+"://"), u.Rest...))
		}
	}
	return append(list, rest...)
}

// Buffer returns value i of one of the buffers of mails.
func (m *Mail) Buffer(b sensor.Buffer, i int) ([]byte, bool) {
	switch b {
	case sensor.EmailFrom:
		return one(m.From, i)
	case sensor.EmailSubject:
		return one(m.Subject, i)
	case sensor.EmailTo:
		return many(m.To, i)
	case sensor.EmailCc:
		return many(m.Cc, i)
	case sensor.EmailDate:
		return one(m.Date, i)
	case sensor.EmailMessageID:
		return one(m.MessageID, i)
	case sensor.EmailXMailer:
		return one(m.XMailer, i)
	case sensor.EmailURL:
		return many(m.URLs, i)
	case sensor.EmailReceived:
		return many(m.Received, i)
	case sensor.EmailBodyMD5:
		if m.BodyMD5 == nil {
			return nil, false
		}
		return one(hex.AppendEncode(nil, m.BodyMD5), i)
	}
	return nil, false
}

func one(b []byte, i int) ([]byte, bool) { return b, b != nil && i == 0 }

func many(list [][]byte, i int) ([]byte, bool) {
	if i < 0 || i >= len(list) {
		return nil, false
	}
	return list[i], true
}

// AppendEVE appends EVE's member "email", with a leading comma.
func (m *Mail) AppendEVE(dst []byte) []byte {
	status := "PARSE_DONE"
	if !m.Complete {
		status = "BODY_STARTED"
	}
	dst = append(dst, `,"email":{`...)
	dst = evejson.AppendStr(dst, "status", status)
	if m.From != nil {
		dst = evejson.AppendBytes(dst, "from", m.From)
	}
	if m.Subject != nil {
		dst = evejson.AppendBytes(dst, "subject", DecodeWords(m.Subject))
	}
	dst = evejson.AppendList(dst, "to", m.To)
	dst = evejson.AppendList(dst, "cc", m.Cc)
	if m.Date != nil {
		dst = evejson.AppendBytes(dst, "date", m.Date)
	}
	if m.MessageID != nil {
		dst = evejson.AppendBytes(dst, "message_id", m.MessageID)
	}
	if m.XMailer != nil {
		dst = evejson.AppendBytes(dst, "x_mailer", m.XMailer)
	}
	dst = evejson.AppendList(dst, "received", m.Received)
	if m.BodyMD5 != nil {
		dst = evejson.AppendHex(dst, "body_md5", m.BodyMD5)
	}
	dst = evejson.AppendList(dst, "attachment", m.Attachments)
	dst = evejson.AppendList(dst, "url", m.URLs)
	return append(dst, '}')
}
