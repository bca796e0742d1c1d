package detector

import (
	"bytes"
	"strings"
)

// maskByte stands for each byte of a secret.
const maskByte = '*'

// secretNames are parts of the names of form fields, parameters and headers whose values are secrets. They are compared
// with the lower-case name without separators. Short names that are parts of innocent words are in secretWhole.
var secretNames = [...]string{
	"password", "passwd", "passphrase", "matkhau", "matma", "secret", "otp", "cvv", "cvc", "cccd", "cmnd", "cmtnd",
	"citizenid", "socancuoc", "sodinhdanh", "cardnumber", "cardno", "ccnum", "sothe", "accesstoken", "refreshtoken",
	"authtoken", "apikey", "pincode", "mapin", "smartotp", "maxacthuc", "maxacnhan", "verificationcode", "authorization",
	"cookie",
}

var secretWhole = [...]string{"pass", "pwd", "pin", "mk", "mpin", "psw"}

// nameMax is the longest name that is looked at; what is longer is no name.
const nameMax = 64

// MaskSecrets returns b with the values of secret fields replaced by one asterisk a byte. It knows the forms key=value
// (forms, queries, cookies), "key":"value" (JSON), Key: value (headers) and the password of a URL. It returns b itself
// when there is nothing to mask and a copy otherwise; masking twice changes nothing.
func MaskSecrets(b []byte) []byte {
	out := b
	mask := func(from, to int) {
		for i := from; i < to; i++ {
			if out[i] == maskByte {
				continue
			}
			if &out[0] == &b[0] {
				out = bytes.Clone(b)
			}
			out[i] = maskByte
		}
	}
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '=', ':':
			if !secretName(nameBefore(b, i)) {
				continue
			}
			from, to := valueAfter(b, i)
			mask(from, to)
		case '@':
			if from := userPassword(b, i); from >= 0 {
				mask(from, i)
			}
		}
	}
	return out
}

// nameBefore returns the name that ends before the separator at i: letters, digits and what joins words, perhaps quoted.
func nameBefore(b []byte, i int) []byte {
	end := i
	for end > 0 && (b[end-1] == ' ' || b[end-1] == '"' || b[end-1] == '\'') {
		end--
	}
	start := end
	for start > 0 && end-start < nameMax && isNameByte(b[start-1]) {
		start--
	}
	return b[start:end]
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == '[' || c == ']'
}

func secretName(name []byte) bool {
	if len(name) == 0 {
		return false
	}
	var plain [nameMax]byte
	n := 0
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			plain[n] = c
			n++
		}
	}
	s := string(plain[:n])
	for _, w := range secretWhole {
		if s == w {
			return true
		}
	}
	for _, w := range secretNames {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// valueAfter returns where the value behind the separator at i begins and ends. A header's value goes to the end of the
// line, a quoted one to the closing quote, a form's to the next separator.
func valueAfter(b []byte, i int) (from, to int) {
	from = i + 1
	for from < len(b) && b[from] == ' ' {
		from++
	}
	if from < len(b) && (b[from] == '"' || b[from] == '\'') {
		quote := b[from]
		from++
		for to = from; to < len(b) && b[to] != quote; to++ {
			if b[to] == '\\' && to+1 < len(b) {
				to++
			}
		}
		return from, min(to, len(b))
	}
	ends := "&;\r\n\"'<> ,}"
	if b[i] == ':' {
		ends = "\r\n,}"
	}
	for to = from; to < len(b) && strings.IndexByte(ends, b[to]) < 0; to++ {
	}
	return from, to
}

// userPassword returns where the password of scheme://user:password@ begins when the @ at i ends one; -1 otherwise.
func userPassword(b []byte, i int) int {
	start := max(0, i-256)
	part := b[start:i]
	k := bytes.LastIndex(part, []byte("://"))
	if k < 0 {
		return -1
	}
	user := part[k+3:]
	if bytes.ContainsAny(user, "/?# \r\n") {
		return -1
	}
	c := bytes.IndexByte(user, ':')
	if c < 0 {
		return -1
	}
	return start + k + 3 + c + 1
}
