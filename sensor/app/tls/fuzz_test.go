package tls

import (
	ctls "crypto/tls"
	"testing"

	"khien/sensor"
	"khien/sensor/app/apptest"
)

// FuzzConnection holds that cutting the stream anywhere changes nothing.
func FuzzConnection(f *testing.F) {
	for _, v := range []uint16{ctls.VersionTLS12, ctls.VersionTLS13} {
		client, server := configs(f, v)
		var in []byte
		for _, s := range talk(f, client, server) {
			for d := s.Data; len(d) > 0; {
				n := min(len(d), 127)
				in = append(append(in, byte(n<<1)|byte(s.Dir)), d[:n]...)
				d = d[n:]
			}
		}
		f.Add(in)
	}
	f.Add([]byte("\x60\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10"))
	f.Fuzz(func(t *testing.T, in []byte) {
		steps := apptest.Dialogue(in)
		if len(in) > 8<<10 {
			return
		}
		apptest.SameCut(t, Protocol(), 443, nil, steps...)
	})
}

// FuzzCertificate holds that a certificate is read the same way twice, and that a good one has its parts.
func FuzzCertificate(f *testing.F) {
	f.Add(newCert(f).Certificate[0])
	f.Fuzz(func(t *testing.T, raw []byte) {
		var a, b certificate
		fault := a.parse(raw)
		b.parse(raw)
		if b.parse(raw) != fault || string(a.subject) != string(b.subject) || len(a.sans) != len(b.sans) {
			t.Fatal("a reused certificate differs")
		}
		if fault == certGood && len(a.fingerprint) != 59 {
			t.Fatal("no fingerprint")
		}
		if len(a.subject) > dnMax || len(a.sans) > sansMax {
			t.Fatal("a limit was passed")
		}
	})
}

// FuzzClientHello holds that lists stay within their limits and that a fingerprint has its form.
func FuzzClientHello(f *testing.F) {
	f.Add(hello(0x0303, []uint16{5}, ext(0, 0, 4, 0, 0, 1, 'a')))
	f.Fuzz(func(t *testing.T, body []byte) {
		var h ClientHello
		_ = h.Parse(body)
		if len(h.Ciphers) > listMax || len(h.Extensions) > listMax || len(h.KeyShares) > listMax || len(h.ALPN) > alpnMax {
			t.Fatal("a limit was passed")
		}
		if got := h.AppendJA4(nil, 't'); len(got) != 36 {
			t.Fatalf("%q", got)
		}
		x := tx{clientSeen: true, client: h, TxBase: sensor.TxBase{}}
		x.AppendEVE(nil, 0)
	})
}
