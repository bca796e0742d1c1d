package imap

import (
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

func TestProbe(t *testing.T) {
	f := func(dir sensor.Dir, port uint16, s string, want sensor.Match) {
		t.Helper()
		if got := probe(dir, []byte(s), &sensor.Flow{DstPort: port}); got != want {
			t.Errorf("%q port %d: %d, want %d", s, port, got, want)
		}
	}
	f(sensor.ToClient, 143, "* OK ready\r\n", sensor.Yes)
	f(sensor.ToClient, 9, "* OK IMAP4rev1 ready\r\n", sensor.Yes)
	f(sensor.ToClient, 9, "* OK ready\r\n", sensor.No)
	f(sensor.ToClient, 9, "* O", sensor.More)
	f(sensor.ToServer, 143, "a1 login x y\r\n", sensor.Yes)
	f(sensor.ToServer, 143, "GET / HTTP/1.0\r\n", sensor.No)
	f(sensor.ToServer, 80, "a1 login x y\r\n", sensor.No)
}

func TestStartTLS(t *testing.T) {
	f := func(want bool, steps ...Step) {
		t.Helper()
		if l := TCP(Protocol(), 143, nil, 0, steps...); l.Upgraded != want {
			t.Errorf("%s", l)
		}
		SameCut(t, Protocol(), 143, nil, steps...)
	}
	f(true, S("* OK x\r\n"), C("a starttls\r\n"), S("a OK go\r\n"))
	f(false, C("a STARTTLS\r\n"), S("a BAD no\r\na OK\r\n"))
	f(false, C("a NOOP\r\n"), S("a OK\r\n"))
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(S("* OK x\r\n"), C("a starttls\r\n"), S("a OK go\r\n")))
	f.Fuzz(func(t *testing.T, in []byte) { SameCut(t, Protocol(), 143, nil, Dialogue(in)...) })
}
