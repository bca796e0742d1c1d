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
	dst = evejson.AppendList(dst, "rcpt_to", tx.rcpt)
	return append(dst, '}')
}

// AppendEVEExtra appends the member "email" when there is a mail.
func (tx *Tx) AppendEVEExtra(dst []byte, _ sensor.Dir) []byte {
	return tx.mail.AppendEVE(dst)
}
