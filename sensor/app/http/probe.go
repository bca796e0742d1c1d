package http

import (
	"bytes"

	"khien/sensor"
)

// methods begin a request by themselves: no other protocol has them. Others need a whole request line.
var methods = [...]string{"GET ", "POST ", "HEAD ", "PUT "}

// maxProbe is how long a first line may be before it must have shown itself as a request.
const maxProbe = 2048

// Probe tells HTTP/1 by the first bytes of a direction.
func Probe(dir sensor.Dir, data []byte, _ *sensor.Flow) sensor.Match {
	data = bytes.TrimLeft(data, " \t\r\n")
	if len(data) == 0 {
		return sensor.More
	}
	if dir == sensor.ToClient {
		return prefixed(data, "HTTP/")
	}
	for _, m := range methods {
		switch prefixed(data, m) {
		case sensor.Yes:
			return other(data)
		case sensor.More:
			return sensor.More
		}
	}
	return probeLine(data)
}

// other excludes the protocols that took over HTTP's request line.
func other(data []byte) sensor.Match {
	line := data
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		line = data[:i]
	}
	if bytes.Contains(line, []byte(" RTSP/")) || bytes.Contains(line, []byte(" SIP/")) {
		return sensor.No
	}
	return sensor.Yes
}

func prefixed(data []byte, want string) sensor.Match {
	n := min(len(data), len(want))
	if string(data[:n]) != want[:n] {
		return sensor.No
	}
	if n < len(want) {
		return sensor.More
	}
	return sensor.Yes
}

// probeLine wants METHOD SP target SP HTTP/version.
func probeLine(data []byte) sensor.Match {
	n := 0
	for n < len(data) && isToken(data[n]) {
		n++
	}
	if n > 32 || n == 0 {
		return sensor.No
	}
	if n == len(data) {
		return sensor.More
	}
	if data[n] != ' ' && data[n] != '\t' {
		return sensor.No
	}
	if prefixed(data, "PRI * HTTP/2") != sensor.No {
		return sensor.No
	}
	end := bytes.IndexByte(data, '\n')
	if end < 0 {
		if len(data) > maxProbe || !printable(data) {
			return sensor.No
		}
		return sensor.More
	}
	line := bytes.TrimRight(data[:end], "\r\n \t")
	if i := bytes.LastIndexAny(line, " \t"); i > n && bytes.HasPrefix(upper(line[i+1:]), []byte("HTTP/")) {
		return sensor.Yes
	}
	return sensor.No
}

// upper copies the first five bytes in upper case.
func upper(b []byte) []byte { return bytes.ToUpper(b[:min(len(b), 5)]) }

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\r' || c == 0x7f {
			return false
		}
	}
	return true
}

// isToken holds for the characters of a token (RFC 9110, 5.6.2).
func isToken(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return c > ' ' && c < 0x7f && bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) >= 0
}
