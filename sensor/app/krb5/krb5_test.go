package krb5

import (
	"encoding/binary"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

func v(tag byte, parts ...string) string {
	s := ""
	for _, p := range parts {
		s += p
	}
	return string([]byte{tag, 0x82, byte(len(s) >> 8), byte(len(s))}) + s
}

func num(n byte) string { return string([]byte{2, 1, n}) }

func name(parts ...string) string {
	list := ""
	for _, p := range parts {
		list += v(0x1b, p)
	}
	return v(0x30, v(0xa0, num(1)), v(0xa1, v(0x30, list)))
}

func tcp(s string) string { return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s }

var (
	req = v(0x60+asReq, v(0x30, v(0xa1, num(5)), v(0xa2, num(10)), v(0xa4, v(0x30, v(0xa1, name("user")), v(0xa2, v(0x1b, "R")), v(0xa3, name("krbtgt", "R"))))))
	rep = v(0x60+tgsRep, v(0x30, v(0xa0, num(5)), v(0xa1, num(13)), v(0xa3, v(0x1b, "R")), v(0xa4, name("user")),
		v(0xa5, v(0x61, v(0x30, v(0xa0, num(5)), v(0xa1, v(0x1b, "R")), v(0xa2, name("http", "h")), v(0xa3, v(0x30, v(0xa0, num(23)), v(0xa2, v(4, "x"))))))),
		v(0xa6, v(0x30, v(0xa0, num(18)), v(0xa2, v(4, "x"))))))
	kerr = v(0x60+errMsg, v(0x30, v(0xa0, num(5)), v(0xa6, num(25)), v(0xa9, v(0x1b, "R")), v(0xaa, name("krbtgt", "R"))))
)

func TestMessages(t *testing.T) {
	l := UDP(Protocol(), 88, C(req), S(rep), S(kerr), C("junk"))
	want := []string{
		`{"msg_type":"KRB_AS_REQ","cname":"user","realm":"R","sname":"krbtgt/R","encryption":"<none>","weak_encryption":false}`,
		`{"msg_type":"KRB_TGS_REP","cname":"user","realm":"R","sname":"http/h","encryption":"aes256-cts-hmac-sha1-96","weak_encryption":false,"ticket_encryption":"rc4-hmac","ticket_weak_encryption":true}`,
		`{"msg_type":"KRB_ERROR","failed_request":"KRB_AS_REQ","error_code":"KDC_ERR_PREAUTH_REQUIRED","cname":"<empty>","realm":"<empty>","sname":"krbtgt/R","encryption":"<none>","weak_encryption":false}`,
	}
	for i, w := range want {
		if got := l.EVE(i); got != w {
			t.Errorf("got %s\nwant %s", got, w)
		}
	}
	if len(l.Anomalies) != 1 {
		t.Errorf("%s", l)
	}
	if b, ok := l.Txs[0].Buffer(sensor.KRB5SName, sensor.ToServer, 1); !ok || string(b) != "R" {
		t.Errorf("%q", b)
	}
	if n, ok := l.Txs[1].Number(sensor.KRB5TicketEnc, sensor.ToClient, 0); !ok || n != 23 {
		t.Errorf("%d", n)
	}
	SameCut(t, Protocol(), 88, nil, C(tcp(req)+tcp(req)), S(tcp(kerr)))
}

func TestProbe(t *testing.T) {
	f := func(s string, dir sensor.Dir, ip uint8, want sensor.Match) {
		t.Helper()
		if got := probe(dir, []byte(s), &sensor.Flow{Proto: ip}); got != want {
			t.Errorf("%.20q: %d, want %d", s, got, want)
		}
	}
	f(req, 0, 17, sensor.Yes)
	f(req, 1, 17, sensor.No)
	f(tcp(req), 0, 6, sensor.Yes)
	f(tcp(req)[:6], 0, 6, sensor.More)
	f("\x00\x00\x00\x20junk", 0, 6, sensor.No)
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(C(tcp(req)), S(tcp(rep)+tcp(kerr))))
	f.Fuzz(func(t *testing.T, in []byte) {
		SameCut(t, Protocol(), 88, nil, Dialogue(in)...)
		UDP(Protocol(), 88, Dialogue(in)...)
	})
}
