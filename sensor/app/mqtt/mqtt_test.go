package mqtt

import (
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

const (
	hello  = "\x10\x1c\x00\x04MQTT\x05\xc2\x00\x3c\x03\x21\x00\x14\x00\x00\x00\x04user\x00\x04pass"
	hello3 = "\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02id"
	ack    = "\x20\x02\x00\x00"
)

func TestExchanges(t *testing.T) {
	f := func(name string, txs int, i int, want string, events string, steps ...Step) {
		t.Helper()
		l := TCP(Protocol(), 1883, nil, 0, steps...)
		got, names := "", []string{}
		for _, tx := range l.Txs {
			names = append(append(names, tx.Base().Anomalies[0]...), tx.Base().Anomalies[1]...)
		}
		if got = l.EVE(i); got != want && want != "" || len(l.Txs) != txs || strings.Join(names, " ") != events {
			t.Errorf("%s: %d %q\ngot  %s\nwant %s", name, len(l.Txs), names, got, want)
		}
		SameCut(t, Protocol(), 1883, nil, steps...)
	}
	f("connect", 1, 0, `{"connect":{"qos":0,"retain":false,"dup":false,"protocol_string":"MQTT","protocol_version":5,"flags":{"username":true,"password":true,"will_retain":false,"will":false,"clean_session":true},"client_id":"","username":"user","password":"pass","properties":{"receive_maximum":20}},`+
		`"connack":{"qos":0,"retain":false,"dup":false,"session_present":false,"return_code":0,"properties":{"topic_alias_maximum":10}}}`, "",
		C(hello), S("\x20\x06\x00\x00\x03\x22\x00\x0a"))
	f("publish", 2, 1, `{"publish":{"qos":1,"retain":false,"dup":false,"message_id":3,"topic":"a","message":"x"},"puback":{"qos":0,"retain":false,"dup":false,"message_id":3}}`, "",
		C(hello3), S(ack), C("\x32\x06\x00\x01a\x00\x03x"), S("\x40\x02\x00\x03"))
	f("subscribe", 2, 1, `{"subscribe":{"qos":1,"retain":false,"dup":false,"message_id":1,"topics":[{"topic":"t","qos":1}]},"suback":{"qos":0,"retain":false,"dup":false,"message_id":1,"qos_granted":[128]}}`, "",
		C(hello3), S(ack), C("\x82\x06\x00\x01\x00\x01t\x01"), S("\x90\x03\x00\x01\x80"))
	f("no connect", 1, 0, "", MissingConnect, S(ack))
	f("early", 2, 1, "", Unintroduced, C(hello3), C("\x30\x04\x00\x01ax"), S(ack))
	f("twice", 2, 1, "", DoubleConnect, C(hello3), S(ack), C(hello3))
	f("no type", 2, 1, "", UnassignedType, C(hello3), S(ack), C("\x00\x01x"))
	f("no publish", 2, 1, "", MissingPublish, C(hello3), S(ack), S("\x40\x02\x00\x03"))
	f("properties beyond the end", 1, 0, "", MalformedTraffic, C("\x10\x0f\x00\x04MQTT\x05\xc2\x00\x3c\xff\x21\x00\x14\x00"))
	f("long", 2, 1, "", "", C(hello3), S(ack), C("\x30\xff\xff\x7f\x00\x01a"+strings.Repeat("x", messageMax+5000)))
}

func TestBuffers(t *testing.T) {
	l := TCP(Protocol(), 1883, nil, 0, C(hello), S(ack))
	if b, ok := l.Txs[0].Buffer(sensor.MQTTConnectUsername, sensor.ToServer, 0); !ok || string(b) != "user" {
		t.Errorf("%q", b)
	}
	if n, ok := l.Txs[0].Number(sensor.MQTTType, sensor.ToClient, 0); !ok || n != connack {
		t.Errorf("%d", n)
	}
	if _, ok := l.Txs[0].Number(sensor.MQTTType, sensor.ToClient, 1); ok {
		t.Error("one message")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(C(hello), S("\x20\x06\x00\x00\x03\x22\x00\x0a"), C("\x32\x06\x00\x01a\x00\x03x"), S("\x40\x02\x00\x03")))
	f.Fuzz(func(t *testing.T, in []byte) { SameCut(t, Protocol(), 1883, nil, Dialogue(in)...) })
}
