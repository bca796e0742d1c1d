package telnet

import (
	"testing"

	"khien/sensor"
)

func TestProbe(t *testing.T) {
	f := func(port uint16, s string, want sensor.Match) {
		t.Helper()
		if got := probe(sensor.ToClient, []byte(s), &sensor.Flow{DstPort: port}); got != want {
			t.Errorf("%x port %d: %d, want %d", s, port, got, want)
		}
	}
	f(23, "\xff\xfd\x18login:", sensor.Yes)
	f(9, "\xff\xfd\x18\xff\xfd\x20", sensor.Yes)
	f(9, "\xff\xfd\x18", sensor.More)
	f(9, "\xff\xfd\x18login:", sensor.No)
	f(23, "login:", sensor.No)
}

// A probe that has decided does not change its mind with more bytes.
func FuzzProbe(f *testing.F) {
	f.Add([]byte("\xff\xfd\x18\xff\xfd\x20"))
	f.Fuzz(func(t *testing.T, b []byte) {
		fl := &sensor.Flow{DstPort: 9}
		for i := range b {
			if m := probe(0, b[:i], fl); m != sensor.More && m != probe(0, b, fl) {
				t.Fatal("changed")
			}
		}
	})
}
