package pop3

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
	f(sensor.ToClient, 110, "+OK\r\n", sensor.Yes)
	f(sensor.ToClient, 9, "+OK POP3 server ready\r\n", sensor.Yes)
	f(sensor.ToClient, 9, "+OK\r\n", sensor.No)
	f(sensor.ToServer, 110, "user x\r\n", sensor.Yes)
	f(sensor.ToServer, 21, "USER x\r\n", sensor.No)
}

func TestSTLS(t *testing.T) {
	f := func(want bool, steps ...Step) {
		t.Helper()
		if l := TCP(Protocol(), 110, nil, 0, steps...); l.Upgraded != want {
			t.Errorf("%s", l)
		}
		SameCut(t, Protocol(), 110, nil, steps...)
	}
	f(true, S("+OK\r\n"), C("stls\r\n"), S("+OK go\r\n"))
	f(false, C("STLS\r\n"), S("-ERR\r\n"))
	f(false, C("NOOP\r\n"), S("+OK\r\n"))
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(S("+OK\r\n"), C("stls\r\n"), S("+OK go\r\n")))
	f.Fuzz(func(t *testing.T, in []byte) { SameCut(t, Protocol(), 110, nil, Dialogue(in)...) })
}
