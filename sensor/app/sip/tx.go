package sip

import (
	"bytes"
	"strconv"

	"khien/sensor"
	"khien/sensor/evejson"
)

// field is a header field.
type field struct{ name, value []byte }

// Tx is one message.
type Tx struct {
	sensor.TxBase
	dir                  sensor.Dir
	raw                  []byte // the whole message
	line, headers, body  []byte
	method, uri, version []byte // of a request, nil in a response
	code, reason         []byte // of a response
	fields               []field
	sdp                  *session
}

// parse reads the first line and the header fields of b, which end at end. It keeps nothing.
func (tx *Tx) parse(b []byte, end, sep int) bool {
	head := b[:end]
	line, rest, _ := bytes.Cut(head, []byte{'\n'})
	line = bytes.TrimRight(line, "\r")
	first, other, ok := bytes.Cut(line, []byte{' '})
	if !ok {
		return false
	}
	if bytes.HasPrefix(first, []byte("SIP/")) {
		tx.version = first
		tx.code, tx.reason, _ = bytes.Cut(other, []byte{' '})
		if len(tx.code) != 3 {
			return false
		}
	} else {
		i := bytes.LastIndexByte(other, ' ')
		if i < 0 || !bytes.HasPrefix(other[i+1:], []byte("SIP/")) {
			return false
		}
		tx.method, tx.uri, tx.version = first, other[:i], other[i+1:]
	}
	tx.fields = tx.fields[:0]
	for len(rest) > 0 && len(tx.fields) < headersMax {
		var l []byte
		l, rest, _ = bytes.Cut(rest, []byte{'\n'})
		l = bytes.TrimRight(l, "\r")
		if len(l) > 0 && (l[0] == ' ' || l[0] == '\t') {
			continue // folding, which nobody uses any more: the first line is the value
		}
		if name, value, ok := bytes.Cut(l, []byte{':'}); ok {
			tx.fields = append(tx.fields, field{bytes.TrimSpace(name), bytes.TrimSpace(value)})
		}
	}
	return true
}

// keep copies the message and reads it again, so that nothing points into the caller's bytes.
func (tx *Tx) keep(b []byte, end, sep int) {
	tx.raw = append([]byte(nil), b...)
	tx.parse(tx.raw, end, sep)
	i := bytes.IndexByte(tx.raw[:end], '\n')
	if i < 0 {
		i = end - 1
	}
	tx.line = tx.raw[:i+1]
	tx.headers = tx.raw[i+1 : min(end+sep/2, len(tx.raw))]
	tx.body = tx.raw[end+sep:]
	if len(tx.body) == 0 {
		return
	}
	if v, ok := tx.header("Content-Type", "c", 0); ok && len(v) >= 15 && bytes.EqualFold(v[:15], []byte("application/sdp")) {
		tx.sdp = parseSDP(tx.body)
	}
}

// Frames of a request and of a response: line, headers, body.
var (
	requestFrames  = [3]sensor.Buffer{sensor.FrameSIPRequestLine, sensor.FrameSIPRequestHeaders, sensor.FrameSIPRequestBody}
	responseFrames = [3]sensor.Buffer{sensor.FrameSIPResponseLine, sensor.FrameSIPResponseHeaders, sensor.FrameSIPResponseBody}
)

// frames marks the message that b begins with.
func (tx *Tx) frames(dir sensor.Dir, b []byte, out sensor.Emitter) {
	names := &requestFrames
	if tx.method == nil {
		names = &responseFrames
	}
	line, headers := len(tx.line), len(tx.headers)
	out.Frame(sensor.FrameSIPPDU, dir, b, len(tx.raw))
	out.Frame(names[0], dir, b, line)
	out.Frame(names[1], dir, b[line:], headers)
	out.Frame(names[2], dir, b[len(tx.raw)-len(tx.body):], len(tx.body))
}

// header returns value i of a header field by its name or its short form (RFC 3261, 7.3.3).
func (tx *Tx) header(name, short string, i int) ([]byte, bool) {
	for _, f := range tx.fields {
		if bytes.EqualFold(f.name, []byte(name)) || short != "" && bytes.EqualFold(f.name, []byte(short)) {
			if i == 0 {
				return f.value, true
			}
			i--
		}
	}
	return nil, false
}

func (tx *Tx) contentLength() (int, bool) {
	v, ok := tx.header("Content-Length", "l", 0)
	n, err := strconv.Atoi(string(v))
	return n, ok && err == nil && n >= 0 && n < 1<<30
}

// Buffer returns a part of the message.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if dir != tx.dir || i < 0 {
		return nil, false
	}
	switch b {
	case sensor.SIPFrom:
		return tx.header("From", "f", i)
	case sensor.SIPTo:
		return tx.header("To", "t", i)
	case sensor.SIPVia:
		return tx.header("Via", "v", i)
	case sensor.SIPUserAgent:
		return tx.header("User-Agent", "", i)
	case sensor.SIPCallID:
		return tx.header("Call-ID", "i", i)
	case sensor.SIPContentType:
		return tx.header("Content-Type", "c", i)
	case sensor.SIPContentLength:
		return tx.header("Content-Length", "l", i)
	}
	if b >= sensor.SDPOrigin {
		return tx.sdp.buffer(b, i)
	}
	v := tx.single(b)
	return v, v != nil && i == 0
}

func (tx *Tx) single(b sensor.Buffer) []byte {
	request := tx.method != nil
	pick := func(yes bool, v []byte) []byte {
		if !yes {
			return nil
		}
		return v
	}
	switch b {
	case sensor.SIPMethod:
		return tx.method
	case sensor.SIPURI:
		return tx.uri
	case sensor.SIPProtocol:
		return tx.version
	case sensor.SIPRequestLine:
		return pick(request, bytes.TrimRight(tx.line, "\r\n"))
	case sensor.SIPResponseLine:
		return pick(!request, bytes.TrimRight(tx.line, "\r\n"))
	case sensor.SIPStatCode:
		return tx.code
	case sensor.SIPStatMsg:
		return tx.reason
	}
	return nil
}

// Number returns the status code.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if b != sensor.SIPStatCode || dir != tx.dir || i != 0 || tx.code == nil {
		return 0, false
	}
	n, err := strconv.ParseUint(string(tx.code), 10, 16)
	return n, err == nil
}

// LogReady is true in the message's direction.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == tx.dir }

// AppendEVE appends the object of the message.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	line := bytes.TrimRight(tx.line, "\r\n")
	if tx.method != nil {
		dst = evejson.AppendBytes(dst, "method", tx.method)
		dst = evejson.AppendBytes(dst, "uri", tx.uri)
		dst = evejson.AppendBytes(dst, "version", tx.version)
		dst = evejson.AppendBytes(dst, "request_line", line)
	} else {
		dst = evejson.AppendBytes(dst, "version", tx.version)
		dst = evejson.AppendBytes(dst, "code", tx.code)
		dst = evejson.AppendBytes(dst, "reason", tx.reason)
		dst = evejson.AppendBytes(dst, "response_line", line)
	}
	if tx.sdp != nil {
		dst = tx.sdp.appendEVE(evejson.AppendKey(dst, "sdp"))
	}
	return append(dst, '}')
}
