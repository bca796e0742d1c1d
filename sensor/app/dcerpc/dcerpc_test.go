package dcerpc

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

// svcctl is the UUID of the service control manager as it is sent, little endian, with version 2.0.
const svcctl = "81bb7a364498f135ad3298f038001003" + "02000000"

// ndr is the transfer syntax NDR 2.0.
const ndr = "045d888aeb1cc9119fe808002b104860" + "02000000"

func pdu(kind, flags byte, call uint32, body string) string {
	b, err := hex.DecodeString(body)
	if err != nil {
		panic(err)
	}
	h := []byte{5, 0, kind, flags, 0x10, 0, 0, 0}
	h = binary.LittleEndian.AppendUint16(h, uint16(16+len(b)))
	h = append(h, 0, 0)
	h = binary.LittleEndian.AppendUint32(h, call)
	return string(append(h, b...))
}

func bind(call uint32) string {
	return pdu(typeBind, 3, call, "b810b810"+"00000000"+"01000000"+"00000100"+svcctl+ndr)
}

func bindAck(call uint32, result string) string {
	return pdu(typeBindAck, 3, call, "b810b810"+"00000000"+"0400"+"31333500"+"0000"+"01000000"+result+"0000"+ndr)
}

func request(call uint32, flags byte, opnum, stub string) string {
	return pdu(typeRequest, flags, call, "00000000"+"0000"+opnum+stub)
}

func TestCalls(t *testing.T) {
	steps := []Step{C(bind(1)), S(bindAck(1, "0000")), C(request(2, 1, "0c00", "aabb")), C(request(2, 2, "0c00", "cc")),
		S(pdu(typeResponse, 3, 2, "0000000000000000dd"))}
	l := TCP(Protocol(), 135, nil, 0, steps...)
	if len(l.Txs) != 2 || l.Err != nil {
		t.Fatalf("%s", l)
	}
	f := func(i int, want string) {
		t.Helper()
		if got := l.EVE(i); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
	f(0, `{"request":"BIND","response":"BINDACK","interfaces":[{"uuid":"367abb81-9844-35f1-ad32-98f038001003","version":"2.0","ack_result":0,"service":"svcctl"}],"call_id":1,"rpc_version":"5.0"}`)
	f(1, `{"request":"REQUEST","response":"RESPONSE","interfaces":[{"uuid":"367abb81-9844-35f1-ad32-98f038001003","version":"2.0","service":"svcctl","procedure":"CreateServiceW"}],"req":{"opnum":12,"frag_cnt":2,"stub_data_size":3},"res":{"frag_cnt":1,"stub_data_size":9},"call_id":2,"rpc_version":"5.0"}`)
	if b, ok := l.Txs[1].Buffer(sensor.DCERPCStub, sensor.ToServer, 0); !ok || string(b) != "\xaa\xbb\xcc" {
		t.Errorf("stub %x", b)
	}
	if b, ok := l.Txs[1].Buffer(sensor.DCERPCIface, sensor.ToClient, 0); !ok || hex.EncodeToString(b) != "367abb81984435f1ad3298f038001003"+"0002" {
		t.Errorf("interface %x", b)
	}
	if n, ok := l.Txs[1].Number(sensor.DCERPCOpnum, sensor.ToServer, 0); !ok || n != 12 {
		t.Errorf("opnum %d", n)
	}
	if _, ok := l.Txs[0].Buffer(sensor.DCERPCIface, sensor.ToServer, 0); ok {
		t.Error("a bind calls no interface")
	}
	SameCut(t, Protocol(), 135, nil, steps...)
}

func TestRejectedInterface(t *testing.T) {
	l := TCP(Protocol(), 135, nil, 0, C(bind(1)), S(bindAck(1, "0200")), C(request(2, 3, "0c00", "")))
	if _, ok := l.Txs[1].Buffer(sensor.DCERPCIface, sensor.ToServer, 0); ok {
		t.Error("an interface that was refused is not called")
	}
	if !strings.Contains(l.EVE(1), `"response":"UNREPLIED"`) {
		t.Errorf("%s", l)
	}
}

func TestLimits(t *testing.T) {
	var many []Step
	for i := range uint32(3 * callsMax) {
		many = append(many, C(request(i, 3, "0000", "")))
	}
	if l := TCP(Protocol(), 135, nil, 0, many...); len(l.Txs) != 3*callsMax {
		t.Errorf("%d transactions", len(l.Txs))
	}
	big := C(request(1, 0, "0000", strings.Repeat("00", 60000)))
	l := TCP(Protocol(), 135, nil, 0, big, big, big, big, big, big, big, big, big, big, big, big, big, big, big, big, big, big, big)
	if c := &l.Txs[0].(*Tx).Call; len(c.Stub[0]) != stubMax || c.Sizes[0] != 19*60000 {
		t.Errorf("stub %d of %d", len(c.Stub[0]), c.Sizes[0])
	}
}

func TestProbe(t *testing.T) {
	f := func(dir sensor.Dir, s string, want sensor.Match) {
		t.Helper()
		if got := probe(dir, []byte(s), &sensor.Flow{Proto: sensor.IPProtoTCP}); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
	f(sensor.ToServer, bind(1), sensor.Yes)
	f(sensor.ToClient, bind(1), sensor.No)
	f(sensor.ToServer, bind(1)[:9], sensor.More)
	f(sensor.ToServer, "GET / HTTP/1.0\r\n\r\n", sensor.No)
	f(sensor.ToServer, "\x05\x01\x00", sensor.More) // SOCKS until its fifth byte
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(C(bind(1)), S(bindAck(1, "0000")), C(request(2, 1, "0c00", "aabb")+request(2, 2, "0c00", "cc")), S(pdu(typeResponse, 3, 2, "0000000000000000dd"))))
	f.Fuzz(func(t *testing.T, in []byte) {
		SameCut(t, Protocol(), 135, nil, Dialogue(in)...)
		UDP(Protocol(), 135, Dialogue(in)...)
	})
}
