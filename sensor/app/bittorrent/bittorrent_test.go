package bittorrent

import (
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

func TestMessages(t *testing.T) {
	f := func(in, want string, anomalies int) {
		t.Helper()
		l := UDP(Protocol(), 6881, C(in))
		if got := l.EVE(0); got != want || len(l.Txs[0].Base().Anomalies[0]) != anomalies {
			t.Errorf("got %s\nwant %s\n%s", got, want, l)
		}
	}
	f("d1:ad2:id20:abcdefghij01234567894:porti6881e5:token2:xye1:q13:announce_peer1:t2:aa1:v4:UT011:y1:qe",
		`{"transaction_id":"6161","client_version":"55543031","request_type":"announce_peer","request":{"id":"6162636465666768696a30313233343536373839","token":"7879","port":6881}}`, 0)
	f("d1:rd2:id20:abcdefghij01234567895:nodes26:mnopqrstuvwxyz123456\x01\x02\x03\x04\x00\x506:valuesl6:axje.uee1:t2:aa1:y1:re",
		`{"transaction_id":"6161","response":{"id":"6162636465666768696a30313233343536373839","nodes":[{"id":"6d6e6f707172737475767778797a313233343536","ip":"1.2.3.4","port":80}],"values":[{"ip":"97.120.106.101","port":11893}]}}`, 0)
	f("d1:eli201e4:Oopse1:t2:aa1:y1:ee", `{"transaction_id":"6161","error":{"num":201,"msg":"Oops"}}`, 0)
	f("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:y1:qe", `{"transaction_id":"","request_type":"ping","request":{"id":"6162636465666768696a30313233343536373839"}}`, 1)
	f("junk", `{"transaction_id":""}`, 1)
	f("llllllllllllllllllllllllllll", `{"transaction_id":""}`, 1)
}

func TestProbe(t *testing.T) {
	if probe(0, []byte("d1:ad2:id20:abc"), nil) != sensor.Yes || probe(0, []byte("d1:x"), nil) != sensor.No {
		t.Error("probe")
	}
}

// A value and what follows it are the whole of what was read.
func FuzzNext(f *testing.F) {
	f.Add([]byte("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"))
	f.Add([]byte("li201e4:Oopse"))
	f.Fuzz(func(t *testing.T, b []byte) {
		kind, content, rest, ok := next(b, depthMax)
		if ok && (len(content)+len(rest) >= len(b) || kind == 0) {
			t.Fatal("parts")
		}
		_ = UDP(Protocol(), 1, C(string(b))).String()
	})
}
