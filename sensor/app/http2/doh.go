package http2

import (
	"bytes"
	"encoding/base64"

	"khien/sensor"
	"khien/sensor/app/dns"
	"khien/sensor/evejson"
)

// Anomalies of messages that are longer than DNS allows.
const (
	anDNSRequest  = "dns_request_too_long"
	anDNSResponse = "dns_response_too_long"
)

// Limits of DNS messages in HTTP.
const (
	dnsMax  = 65535    // RFC 8484, 6
	dnsKeep = 16 << 10 // memory that a message leaves to the next
)

// dnsType is the media type of a DNS message (RFC 8484, 6).
var dnsType = []byte("application/dns-message")

// asks reports whether a request asks a resolver: it sends a message, or has one in the parameter dns of its path and wants
// one (RFC 8484, 4.1).
func (t *Transaction) asks(method, path string) bool {
	if method != "GET" {
		return t.isDNS(sensor.ToServer, "content-type")
	}
	return t.isDNS(sensor.ToServer, "accept") && t.parameter(path)
}

func (t *Transaction) isDNS(dir sensor.Dir, header string) bool {
	v := t.Header(dir, header)
	return len(v) >= len(dnsType) && bytes.EqualFold(v[:len(dnsType)], dnsType)
}

// parameter reads the message that is the parameter dns of a path.
func (t *Transaction) parameter(path string) bool {
	_, query, _ := bytes.Cut([]byte(path), []byte{'?'})
	for len(query) > 0 {
		var p []byte
		p, query, _ = bytes.Cut(query, []byte{'&'})
		v, ok := bytes.CutPrefix(p, []byte("dns="))
		if !ok {
			continue
		}
		v = bytes.TrimRight(v, "=") // RFC 8484, 6 forbids it; resolvers take it
		if len(v) > base64.RawURLEncoding.EncodedLen(dnsMax) {
			t.AddAnomaly(sensor.ToServer, anDNSRequest)
			return true
		}
		b, err := base64.RawURLEncoding.AppendDecode(nil, v)
		if err != nil {
			return false
		}
		return t.read(sensor.ToServer, b)
	}
	return false
}

// read reads the message of a direction.
func (t *Transaction) read(dir sensor.Dir, b []byte) bool {
	if t.dns[dir] == nil {
		t.dns[dir] = new(dns.Message)
	}
	t.asked[dir] = t.dns[dir].Parse(b) == nil
	return t.asked[dir]
}

// becomeDNS makes the stream an exchange of DNS, before anybody has been told of it.
func (p *parser) becomeDNS(t *Transaction) {
	t.Proto = sensor.ProtoDoH2
	f := p.Out.Flow()
	f.App = sensor.ProtoDoH2
	for d := range f.AppDir {
		f.AppDir[d] = sensor.ProtoDoH2
	}
}

// body returns what has come of a direction's body, decoded.
func (t *Transaction) bodyOf(dir sensor.Dir) []byte {
	name := sensor.HTTPRequestBody
	if dir == sensor.ToClient {
		name = sensor.HTTPResponseBody
	}
	b, _ := t.Transaction.Buffer(name, dir, 0)
	return b
}

// lengthDNS notes a message that has become too long, once.
func (t *Transaction) lengthDNS(dir sensor.Dir) {
	if t.Proto != sensor.ProtoDoH2 || t.long[dir] || len(t.bodyOf(dir)) <= dnsMax {
		return
	}
	t.long[dir] = true
	t.AddAnomaly(dir, [2]string{sensor.ToServer: anDNSRequest, sensor.ToClient: anDNSResponse}[dir])
}

// endDNS reads the message that the body of a direction was.
func (t *Transaction) endDNS(dir sensor.Dir) {
	if t.Proto != sensor.ProtoDoH2 || t.long[dir] || !t.isDNS(dir, "content-type") {
		return
	}
	if b := t.bodyOf(dir); len(b) > 0 {
		t.read(dir, b)
	}
}

// message returns the message of a direction, nil when there is none.
func (t *Transaction) message(dir sensor.Dir) *dns.Message {
	if !t.asked[dir] {
		return nil
	}
	return t.dns[dir]
}

// forgetDNS makes the transaction ready for another stream.
func (t *Transaction) forgetDNS() {
	t.asked, t.long = [2]bool{}, [2]bool{}
	for d, m := range t.dns {
		if m != nil && m.Held() > dnsKeep {
			t.dns[d] = nil
		}
	}
}

// isDNSBuffer reports whether a buffer is one of DNS.
func isDNSBuffer(b sensor.Buffer) bool { return b >= sensor.DNSQueryName && b < sensor.TLSSNI }

// dnsBuffer returns a part of the message of a direction.
func (t *Transaction) dnsBuffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	m := t.message(dir)
	if m == nil || i < 0 || b == sensor.DNSQueryName && dir == sensor.ToClient || b == sensor.DNSResponseRRName && dir == sensor.ToServer {
		return nil, false
	}
	return m.Buffer(b, i)
}

// LogReady reports whether the record of a direction is complete: of DNS each message has one.
func (t *Transaction) LogReady(dir sensor.Dir) bool {
	if t.Proto != sensor.ProtoDoH2 || !t.asked[0] && !t.asked[1] {
		return t.Transaction.LogReady(dir)
	}
	return t.asked[dir] && t.Done[dir] == sensor.ProgressComplete
}

// appendDNS appends the object that EVE has under "dns".
func (t *Transaction) appendDNS(dst []byte, dir sensor.Dir) []byte {
	m := t.message(dir)
	if m == nil {
		return append(dst, "{}"...)
	}
	return m.AppendEVE(dst, dir == sensor.ToClient, t.ID)
}

// AppendEVEExtra appends the exchange of HTTP that an exchange of DNS was in.
func (t *Transaction) AppendEVEExtra(dst []byte, _ sensor.Dir) []byte {
	if t.Proto != sensor.ProtoDoH2 {
		return dst
	}
	return t.appendHTTP(evejson.AppendKey(dst, "http"))
}
