package rdp

import (
	"encoding/binary"
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

func tpkt(s string) string {
	return string(binary.BigEndian.AppendUint16([]byte{3, 0}, uint16(4+len(s)))) + s
}

const request = "\x1f\xe0\x00\x00\x00\x00\x00Cookie: mstshash=A70067\r\n"

func connect() string {
	core := make([]byte, 206)
	copy(core, "\x04\x00\x08\x00\x80\x04\x60\x03")
	copy(core[16:], "\x28\x0a\x00\x00P\x00C\x00")
	core[140] = 1
	copy(core[142:], "i\x00d\x00")
	le := binary.LittleEndian
	b := le.AppendUint16(le.AppendUint16(nil, blockCore), 210)
	b = append(b, core...)
	b = le.AppendUint16(le.AppendUint16(b, blockNet), 20)
	b = append(b, "\x01\x00\x00\x00rdpdr\x00\x00\x00\x00\x00\x80\x80"...)
	return tpkt("\x02\xf0\x80\x7f\x65Duca\x81\x18" + string(b))
}

func TestHandshake(t *testing.T) {
	steps := []Step{C(tpkt(request)), S(tpkt("\x0e\xd0\x00\x00\x12\x34\x00\x02\x00\x08\x00\x01\x00\x00\x00")), C(connect()), S(tpkt("\x02\xf0\x80\x7f\x66x")), C("anything")}
	l := TCP(Protocol(), 3389, nil, 0, steps...)
	want := []string{`{"tx_id":0,"event_type":"initial_request","cookie":"A70067"}`, `{"tx_id":1,"event_type":"initial_response","protocol":"ssl"}`,
		`{"tx_id":2,"event_type":"connect_request","client":{"version":"v5","desktop_width":1152,"desktop_height":864,"keyboard_layout":0,"build":"Windows XP","client_name":"PC","keyboard_type":0,"keyboard_subtype":0,"function_keys":0,"product_id":0,"capabilities":["support_errinfo_pdf"],"id":"id"},"channels":["rdpdr"]}`,
		`{"tx_id":3,"event_type":"connect_response"}`}
	for i, w := range want {
		if got := l.EVE(i); got != w {
			t.Errorf("got %s\nwant %s", got, w)
		}
	}
	SameCut(t, Protocol(), 3389, nil, steps...)
}

func TestProbe(t *testing.T) {
	f := func(dir sensor.Dir, port uint16, s string, want sensor.Match) {
		t.Helper()
		if got := probe(dir, []byte(s), &sensor.Flow{DstPort: port}); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
	f(sensor.ToServer, 9, tpkt(request), sensor.Yes)
	f(sensor.ToServer, 9, tpkt(request)[:8], sensor.More)
	f(sensor.ToServer, 9, tpkt("\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00"), sensor.Yes)
	f(sensor.ToServer, 102, "\x03\x00\x00\x16\x11\xe0\x00\x00\x00\x01\x00\xc1\x02\x01\x00\xc2\x02\x01\x02\xc0\x01\x0a", sensor.No)
	f(sensor.ToServer, 3389, "GET / HTTP/1.0\r\n", sensor.No)
	if !strings.HasPrefix(connect(), "\x03\x00") {
		t.Error("frame")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(C(tpkt(request)), C(connect())))
	f.Fuzz(func(t *testing.T, in []byte) { SameCut(t, Protocol(), 3389, nil, Dialogue(in)...) })
}
