package snmp

import (
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

const (
	get  = "\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x05\x00"
	trap = "\x30\x2c\x02\x01\x00\x04\x06public\xa4\x1f\x06\x03\x2b\x06\x01\x40\x04\x7f\x00\x00\x01\x02\x01\x02\x02\x01\x00\x43\x01\x05\x30\x09\x30\x07\x06\x03\x2b\x06\x01\x05\x00"
	v3   = "\x30\x30\x02\x01\x03\x30\x0d\x02\x01\x01\x02\x02\x05\xdc\x04\x01\x03\x02\x01\x03\x04\x14\x30\x12\x04\x02en\x02\x01\x00\x02\x01\x00\x04\x02me\x04\x00\x04\x00\x04\x06secret"
)

func TestMessages(t *testing.T) {
	f := func(in, want string, anomalies int) {
		t.Helper()
		l := UDP(Protocol(), 161, C(in))
		if got := l.EVE(0); got != want || len(l.Txs) > 0 && len(l.Txs[0].Base().Anomalies[0]) != anomalies {
			t.Errorf("got %s\nwant %s\n%s", got, want, l)
		}
	}
	f(get, `{"version":2,"pdu_type":"get_request","vars":["1.3.6.1.2.1.1.3.0"],"community":"public"}`, 0)
	f(trap, `{"version":1,"pdu_type":"trap_v1","trap_type":"link_down","trap_oid":"1.3.6.1","trap_address":"127.0.0.1","vars":["1.3.6.1"],"community":"public"}`, 0)
	f("\x30\x2d"+trap[2:13]+"\xbf\x04"+trap[14:], `{"version":1,"pdu_type":"trap_v1","trap_type":"link_down","trap_oid":"1.3.6.1","trap_address":"127.0.0.1","vars":["1.3.6.1"],"community":"public"}`, 0)
	f(v3, `{"version":3,"pdu_type":"encrypted","usm":"me"}`, 0)
	f(get[:len(get)-1], "", 0)
	f("\x30\x0b\x02\x01\x00\x04\x06public", `{"version":1,"community":"public"}`, 1)
	if l := UDP(Protocol(), 161, C(get), C(trap)); len(l.Txs) != 2 || l.Txs[1].Base().Anomalies[0][0] != VersionMismatch {
		t.Errorf("%s", l)
	}
	l := UDP(Protocol(), 161, C(trap))
	if b, ok := l.Txs[0].Buffer(sensor.SNMPTrapAddress, sensor.ToServer, 0); !ok || string(b) != "127.0.0.1" {
		t.Errorf("%q", b)
	}
}

func TestProbe(t *testing.T) {
	for _, s := range []string{get, trap, v3} {
		if probe(0, []byte(s), nil) != sensor.Yes {
			t.Errorf("%q", s)
		}
	}
	if probe(0, []byte("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"), nil) != sensor.No {
		t.Error("LDAP")
	}
}

// What a probe takes for a message gives one transaction.
func FuzzParse(f *testing.F) {
	f.Add([]byte(get))
	f.Add([]byte(trap))
	f.Add([]byte(v3))
	f.Fuzz(func(t *testing.T, in []byte) {
		l := UDP(Protocol(), 161, C(string(in)))
		if probe(0, in, nil) == sensor.Yes && len(in) > 0 && len(l.Txs) != 1 {
			t.Fatalf("%s", l)
		}
		_ = l.String()
	})
}
