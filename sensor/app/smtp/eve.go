package smtp

import (
	"khien/sensor"
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
	m := &tx.mail
	if tx.parser != nil {
		now := tx.parser.mime.Mail()
		m = &now
	} else if !tx.mailed {
		return dst
	}
	return m.AppendEVE(dst)
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
