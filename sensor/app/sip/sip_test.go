package sip

import (
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

const (
	invite = "INVITE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nv: SIP/2.0/UDP b\r\nf: <sip:a@example.com>\r\n" +
		"Content-Type: application/sdp\r\nContent-Length: 44\r\n\r\n" + sdp
	sdp = "v=0\r\ns=call\r\na=x\r\nm=audio 1 RTP/AVP 0\r\na=y\r\n"
	ok  = "SIP/2.0 200 OK\r\nVia: x\r\nContent-Length: 0\r\n\r\n"
)

func TestMessages(t *testing.T) {
	inv := invite
	steps := []Step{C("\r\n\r\n" + inv + inv), S(ok)}
	l := TCP(Protocol(), 5060, nil, 0, steps...)
	if len(l.Txs) != 3 || l.Err != nil {
		t.Fatalf("%s", l)
	}
	want := `{"method":"INVITE","uri":"sip:b@example.com","version":"SIP/2.0","request_line":"INVITE sip:b@example.com SIP/2.0","sdp":{"version":"0","session_name":"call","attributes":["x"],"media_descriptions":[{"media":"audio 1 RTP/AVP 0","attributes":["y"]}]}}`
	if got := l.EVE(1); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if got := l.EVE(2); got != `{"version":"SIP/2.0","code":"200","reason":"OK","response_line":"SIP/2.0 200 OK"}` {
		t.Error(got)
	}
	f := func(b sensor.Buffer, i int, want string) {
		t.Helper()
		if v, ok := l.Txs[0].Buffer(b, sensor.ToServer, i); !ok || string(v) != want {
			t.Errorf("buffer %#x: %q, want %q", b, v, want)
		}
	}
	f(sensor.SIPVia, 1, "SIP/2.0/UDP b")
	f(sensor.SIPFrom, 0, "<sip:a@example.com>")
	if got := l.FramesOf(sensor.FrameSIPRequestBody); len(got) != 2 || got[0] != sdp {
		t.Errorf("bodies %q", got)
	}
	f(sensor.SDPMedia, 0, "audio 1 RTP/AVP 0")
	f(sensor.SIPRequestLine, 0, "INVITE sip:b@example.com SIP/2.0")
	SameCut(t, Protocol(), 5060, nil, steps...)
	if l := UDP(Protocol(), 5060, C(inv), S(ok), C("\r\n"), C("junk")); len(l.Txs) != 2 || len(l.Anomalies) != 1 {
		t.Errorf("%s", l)
	}
}

func TestLongBody(t *testing.T) {
	m := "MESSAGE sip:a SIP/2.0\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000)
	l := TCP(Protocol(), 5060, nil, 1000, C(m), C(invite[:strings.Index(invite, "Content-Length")]+"\r\n"))
	if len(l.Txs) != 2 || len(l.Txs[0].(*Tx).raw) != messageMax {
		t.Errorf("%.300s", l)
	}
}

func TestProbe(t *testing.T) {
	f := func(s string, want sensor.Match) {
		t.Helper()
		if got := probe(sensor.ToServer, []byte(s), &sensor.Flow{Proto: sensor.IPProtoTCP}); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
	f(invite, sensor.Yes)
	f("INV", sensor.More)
	f("OPTIONS * HTTP/1.1\r\n", sensor.No)
	f("SIP/2.0 200 OK\r\n", sensor.Yes)
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(C(invite+invite), S(ok)))
	f.Fuzz(func(t *testing.T, in []byte) {
		SameCut(t, Protocol(), 5060, nil, Dialogue(in)...)
		UDP(Protocol(), 5060, Dialogue(in)...)
	})
}
