package ntp

import (
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

// message is one of the given first byte: leap indicator, version, mode.
func message(first byte) string { return string([]byte{first}) + strings.Repeat("\x01", messageMin-1) }

func TestProbe(t *testing.T) {
	f := func(src, dst uint16, b string, want sensor.Match) {
		t.Helper()
		if got := probe(sensor.ToServer, []byte(b), &sensor.Flow{SrcPort: src, DstPort: dst}); got != want {
			t.Errorf("%d > %d %x: %v", src, dst, b[:1], got)
		}
	}
	f(50000, 123, message(0x23), sensor.Yes)
	f(123, 50000, message(0x24), sensor.Yes)
	f(123, 123, message(0xe3), sensor.Yes)
	f(123, 123, message(0x1b), sensor.Yes)
	f(50000, 123, message(0x1b)+strings.Repeat("k", 20), sensor.Yes)
	f(50000, 123, message(0x13), sensor.No)
	f(50000, 123, message(0x2b), sensor.No)
	f(50000, 123, message(0x23)[:47], sensor.No)
	f(50000, 124, message(0x23), sensor.No)
}

func TestTransactions(t *testing.T) {
	l := UDP(Protocol(), 123, C(message(0x23)), S(message(0x24)), C("\x17\x00\x03\x2a"), C(message(0xd9)), S(message(0x13)))
	const want = `tx 0 ntp done [5 5] anomalies [[] []]
tx 1 ntp done [5 5] anomalies [["malformed_data"] []]
tx 2 ntp done [5 5] anomalies [[] []]
tx 3 ntp done [5 5] anomalies [[] ["malformed_data"]]
`
	if l.String() != want {
		t.Errorf("%s", l)
	}
	if got := l.EVE(2); got != `{"version":3,"mode":1,"stratum":1,"reference_id":16843009}` || l.EVE(1) != "{}" {
		t.Errorf("%s", got)
	}
}

func TestAllocations(t *testing.T) {
	l := Quiet{Log: NewLog(sensor.IPProtoUDP, port)}
	p := Protocol().New(l.F, nil)
	NoAllocations(t, p, l, C(message(0x23)), S("bad"))
}

// FuzzParse: what the probe takes for a message is one, and nothing else is.
func FuzzParse(f *testing.F) {
	f.Add([]byte(message(0x23)))
	f.Add([]byte("\x17\x00\x03\x2a"))
	f.Fuzz(func(t *testing.T, in []byte) {
		l := UDP(Protocol(), 123, C(string(in)))
		malformed := len(l.Txs) == 1 && len(l.Txs[0].Base().Anomalies[0]) == 1
		if yes := probe(sensor.ToServer, in, l.F) == sensor.Yes; len(in) > 0 && yes == malformed || len(l.Txs) > 1 {
			t.Fatalf("%s", l)
		}
		for i := range l.Txs {
			_ = l.EVE(i)
		}
	})
}
