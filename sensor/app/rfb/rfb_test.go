package rfb

import (
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

const (
	v3, v7, v8 = "RFB 003.003\n", "RFB 003.007\n", "RFB 003.008\n"
	sixteen    = "0123456789abcdef"
	screen     = "\x05\x00\x03\x20\x20\x18\x00\x01\x00\xff\x00\xff\x00\xff\x10\x08\x00\x00\x00\x00\x00\x00\x00\x04desk"
)

func TestHandshakes(t *testing.T) {
	f := func(name, want string, anomaly string, steps ...Step) {
		t.Helper()
		l := TCP(Protocol(), 5900, nil, 0, steps...)
		got := l.EVE(0)
		if !strings.Contains(got, want) || len(l.Txs) != 1 || l.Err != nil {
			t.Errorf("%s: %s\nwant %s", name, l, want)
		}
		if a := l.Txs[0].Base().Anomalies; anomaly != "" && (len(a[0])+len(a[1]) != 1 || strings.Join(append(a[0], a[1]...), "") != anomaly) {
			t.Errorf("%s: %q", name, a)
		}
		SameCut(t, Protocol(), 5900, nil, steps...)
	}
	f("3.8", `"authentication":{"security_type":2,"vnc":{"challenge":"30313233343536373839616263646566","response":"30313233343536373839616263646566"},"security_result":"OK"},"screen_shared":true,"framebuffer":{"width":1280,"height":800,"name":"desk","pixel_format":{"bits_per_pixel":32,"depth":24,"big_endian":false,"true_color":true,"red_max":255,"green_max":255,"blue_max":255,"red_shift":16,"green_shift":8,"blue_shift":0}}}`, "",
		S(v8), C(v8), S("\x01\x02"), C("\x02"), S(sixteen), C(sixteen), S("\x00\x00\x00\x00"), C("\x01"), S(screen), C("\x00\x00"), S("\x00"))
	f("3.3", `"security_type":2,"vnc":{"challenge"`, "", S(v3), C(v3), S("\x00\x00\x00\x02"), S(sixteen), C(sixteen), S("\x00\x00\x00\x00"), C("\x01"), S(screen))
	f("3.7 none", `"security_type":1},"screen_shared":true,"framebuffer"`, "", S(v7), C(v7), S("\x01\x01"), C("\x01"), C("\x01"), S(screen))
	f("3.8 none", `"security_type":1,"security_result":"OK"}`, "", S(v8), C(v8), S("\x01\x01"), C("\x01"), S("\x00\x00\x00\x00"), C("\x01"), S(screen))
	f("failed", `"security_result":"FAIL"}`, "", S(v8), C(v8), S("\x01\x02"), C("\x02"), S(sixteen), C(sixteen), S("\x00\x00\x00\x01\x00\x00\x00\x02no"))
	f("unknown result", `"security_result":"UNKNOWN"}`, UnknownResult, S(v8), C(v8), S("\x01\x02"), C("\x02"), S(sixteen), C(sixteen), S("\x00\x00\x00\x09"))
	f("other type", `"security_type":30}`, UnimplementedSecurity, S("RFB 003.889\n"), C(v8), S("\x01\x1e"), C("\x1e"), S("anything"))
	f("none offered", `"server_protocol_version"`, "", S(v8), C(v8), S("\x00\x00\x00\x00\x02no"))
	l := TCP(Protocol(), 5900, nil, 0, S(v8), C(v8), S("\x01\x01"), C("\x01"), S("\x00\x00\x00\x00"), C("\x01"), S(screen))
	if b, ok := l.Txs[0].Buffer(sensor.RFBName, sensor.ToClient, 0); !ok || string(b) != "desk" {
		t.Errorf("%q", b)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(S(v8), C(v8), S("\x01\x02"), C("\x02"), S(sixteen), C(sixteen), S("\x00\x00\x00\x00"), C("\x01"), S(screen)))
	f.Fuzz(func(t *testing.T, in []byte) { SameCut(t, Protocol(), 5900, nil, Dialogue(in)...) })
}
