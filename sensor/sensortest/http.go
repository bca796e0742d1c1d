package sensortest

import (
	"bytes"
	"fmt"
)

// httpMessage joins the lines of a message: header lines end with CR LF up to the first empty one, lines of the body are
// separated by LF. Content-Length is added where the message has a body, or is a response that may have one, and does
// not say how it ends. One message line group may hold several requests only where each says its length.
func httpMessage(pieces []piece, server bool) []byte {
	var head, body []byte
	i := 0
	for ; i < len(pieces) && (!pieces[i].text || len(pieces[i].data) > 0); i++ {
		head = append(head, pieces[i].data...)
		if pieces[i].text {
			head = append(head, "\r\n"...)
		}
	}
	for i++; i < len(pieces); i++ {
		body = append(body, pieces[i].data...)
		if pieces[i].text && i+1 < len(pieces) {
			body = append(body, '\n')
		}
	}
	lower := bytes.ToLower(head)
	told := bytes.Contains(lower, []byte("\r\ncontent-length:")) || bytes.Contains(lower, []byte("\r\ntransfer-encoding:"))
	if !told && (len(body) > 0 || server && mayHaveBody(head)) {
		head = fmt.Appendf(head, "Content-Length: %d\r\n", len(body))
	}
	head = append(head, "\r\n"...)
	return append(head, body...)
}

// mayHaveBody reports whether a response's status allows a body (RFC 9110, 6.4.1).
func mayHaveBody(head []byte) bool {
	words := bytes.Fields(head)
	if len(words) < 2 {
		return false
	}
	status := string(words[1])
	return status != "204" && status != "304" && status[0] != '1'
}
