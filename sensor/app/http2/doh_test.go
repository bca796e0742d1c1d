package http2

import (
	"encoding/base64"
	"strings"
	"testing"

	"khien/sensor"
	"khien/sensor/app/apptest"
)

// question is a message that asks for the address of a name of two labels.
func question(a, b string, flags string, answers byte) string {
	return "\x00\x07" + flags + "\x00\x01\x00" + string([]byte{answers}) + "\x00\x00\x00\x00" +
		string([]byte{byte(len(a))}) + a + string([]byte{byte(len(b))}) + b + "\x00\x00\x01\x00\x01"
}

var (
	asked    = question("vneid-gov", "example", "\x01\x00", 0)
	answered = question("vneid-gov", "example", "\x81\x80", 1) + "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xcb\x00\x71\x09"
)

func dohRequest(method, path string) string {
	return block(":method", method, ":scheme", "https", ":authority", "dns.example", ":path", path, "accept", "application/dns-message",
		"content-type", "application/dns-message")
}

func TestDNS(t *testing.T) {
	get := block(":method", "GET", ":scheme", "https", ":authority", "dns.example", ":path", "/dns-query?x=1&dns="+base64.RawURLEncoding.EncodeToString([]byte(asked)),
		"accept", "application/dns-message")
	answer := frame(frameHeaders, flagEndHeaders, 1, block(":status", "200", "content-type", "application/dns-message")) + frame(frameData, 0, 1, answered[:9]) +
		frame(frameData, flagEndStream, 1, answered[9:])
	for name, ask := range map[string]string{
		"POST": frame(frameHeaders, flagEndHeaders, 1, dohRequest("POST", "/dns-query")) + frame(frameData, flagEndStream, 1, asked),
		"GET":  frame(frameHeaders, flagEndHeaders|flagEndStream, 1, get),
	} {
		l := run(t, apptest.C(preface+ask), apptest.S(answer))
		if len(l.Txs) != 1 || l.F.App != sensor.ProtoDoH2 {
			t.Fatalf("%s: %s", name, l)
		}
		f := func(b sensor.Buffer, dir sensor.Dir, want string) {
			t.Helper()
			if got := buffer(l, 0, b, dir, 0); got != want {
				t.Errorf("%s: buffer %#x, %v = %q, want %q", name, b, dir, got, want)
			}
		}
		f(sensor.DNSQueryName, sensor.ToServer, "vneid-gov.example")
		f(sensor.DNSQueryName, sensor.ToClient, "(none)")
		f(sensor.DNSQueryRRName, sensor.ToClient, "vneid-gov.example")
		f(sensor.DNSAnswerData, sensor.ToClient, "203.0.113.9")
		f(sensor.HTTPHost, sensor.ToServer, "dns.example")
		for _, want := range []string{`"type":"request"`, `"type":"response"`, `"rdata":"203.0.113.9"`, `"http":{`, `"http2":{"stream_id":1`} {
			if !strings.Contains(l.String(), want) {
				t.Errorf("%s: no %s in %s", name, want, l)
			}
		}
	}
}

// TestDNSLimits sends messages that are too long, and such as are none.
func TestDNSLimits(t *testing.T) {
	long := ""
	for range 9 {
		long += frame(frameData, 0, 1, strings.Repeat("x", 8000))
	}
	l := run(t, apptest.C(preface+frame(frameHeaders, flagEndHeaders, 1, dohRequest("POST", "/"))+long+frame(frameData, flagEndStream, 1, "")),
		apptest.S(frame(frameHeaders, flagEndHeaders, 1, block(":status", "200", "content-type", "application/dns-message"))+long+frame(frameData, flagEndStream, 1, "")))
	if s := l.String(); len(l.Txs) != 1 || !strings.Contains(s, anDNSRequest) || !strings.Contains(s, anDNSResponse) {
		t.Errorf("%s", s)
	}
	l = run(t, apptest.C(preface+frame(frameHeaders, flagEndHeaders|flagEndStream, 1, block(":method", "GET", ":path", "/?dns=%%%", "accept", "application/dns-message"))+
		frame(frameHeaders, flagEndHeaders|flagEndStream, 3, block(":method", "GET", ":path", "/?dns=AAAA"))))
	for i := range l.Txs {
		if p := l.Txs[i].Base().Proto; p != sensor.ProtoHTTP2 || buffer(l, i, sensor.DNSQueryName, sensor.ToServer, 0) != "(none)" {
			t.Errorf("%d: %s", i, p)
		}
	}
}
