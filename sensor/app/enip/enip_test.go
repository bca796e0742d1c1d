package enip

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

func u16(v int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(v))) }
func u32(v int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(v))) }

// msg is a message of the encapsulation.
func msg(command, session, status int, body string) string {
	return u16(command) + u16(len(body)) + u32(session) + u32(status) + "context!" + u32(0) + body
}

// list is items, each of kind and data.
func list(parts ...any) string {
	s := u16(len(parts) / 2)
	for i := 0; i < len(parts); i += 2 {
		d := parts[i+1].(string)
		s += u16(parts[i].(int)) + u16(len(d)) + d
	}
	return s
}

// unit is what SendRRData and SendUnitData carry.
func unit(parts ...any) string { return u32(0) + u16(10) + list(parts...) }

// rr is a CIP message without a connection.
func rr(session int, cip string) string {
	return msg(cmdSendRRData, session, 0, unit(0, "", itemUnconnected, cip))
}

// conn is a CIP message over a connection.
func conn(session, sequence int, cip string) string {
	return msg(cmdSendUnitData, session, 0, unit(0xa1, u32(7), itemConnected, u16(sequence)+cip))
}

// multi is what a multiple service packet carries.
func multi(parts ...string) string {
	head, tail := u16(len(parts)), ""
	for _, p := range parts {
		head += u16(2 + 2*len(parts) + len(tail))
		tail += p
	}
	return head + tail
}

var (
	register   = msg(cmdRegisterSession, 0, 0, u16(1)+u16(0))
	registered = msg(cmdRegisterSession, 9, 0, u16(1)+u16(0))
	// The service, the length of the path in words, the path: class 1, instance 1, attribute 7.
	get      = "\x0e\x03\x20\x01\x24\x01\x30\x07"
	gotten   = "\x8e\x00\x00\x00value"
	refused  = "\x8e\x00\x01\x01\x07\x01"
	who      = msg(cmdListIdentity, 0, 0, "")
	identify = msg(cmdListIdentity, 0, 0, list(itemIdentity, u16(1)+strings.Repeat("\x00", 16)+u16(1)+u16(14)+u16(54)+"\x14\x0b"+u16(0x60)+u32(0x1234)+"\x0a1756-L61/B\x03"))
	offer    = msg(cmdListServices, 0, 0, list(itemServices, u16(1)+u16(0x120)+"Communications\x00\x00"))
)

func TestRecords(t *testing.T) {
	f := func(name string, want []string, steps ...Step) {
		t.Helper()
		l := TCP(Protocol(), portExplicit, nil, 0, steps...)
		var got []string
		for i, tx := range l.Txs {
			s := l.EVE(i)
			for _, a := range tx.Base().Anomalies {
				s += " " + strings.Join(a, ",")
			}
			got = append(got, strings.TrimSpace(s))
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") || l.Err != nil {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		SameCut(t, Protocol(), portExplicit, nil, steps...)
	}
	ok := func(command, more string) string {
		return `{"command":"` + command + `","status":"success"` + more + `}`
	}
	session := ok("register_session", `,"register_session":{"protocol_version":1,"options":0}`)
	path := `"path":[{"segment_type":"class","value":1},{"segment_type":"instance","value":1},{"segment_type":"attribute","value":7}],"class_name":"Identity"`
	asked := ok("send_r_r_data", `,"cip":{"service":"Get Attributes Single",`+path+`}`)
	f("register", []string{`{"request":` + session + `,"response":` + session + `}`}, C(register), S(registered))
	f("cip", []string{`{"request":` + asked + `,"response":` + ok("send_r_r_data", `,"cip":{"service":"Get Attributes Single","status":"Success"}`) + `}`},
		C(rr(9, get)), S(rr(9, gotten)))
	f("refused", []string{`{"request":` + asked + `,"response":` + ok("send_r_r_data",
		`,"cip":{"service":"Get Attributes Single","status":"Connection Failure","status_extended":"0701","status_extended_meaning":"Target connection not found"}`) + `}`},
		C(rr(9, get)), S(rr(9, refused)))
	f("identity", []string{`{"request":` + ok("list_identity", "") + `,"response":` + ok("list_identity",
		`,"identity":{"protocol_version":1,"revision":"20.11","vendor_id":"Rockwell Automation/Allen-Bradley","device_type":"Programmable Logic Controller","product_code":54,"status":96,"serial":4660,"product_name":"1756-L61/B","state":3}`) + `}`},
		C(who), S(identify))
	f("services", []string{`{"response":` + ok("list_services", `,"list_services":{"protocol_version":1,"capabilities":288,"service_name":"Communications\u0000\u0000"}`) + `}`},
		S(offer))
	one := ok("send_unit_data", `,"cip":{"service":"Multiple Service Packet","path":[{"segment_type":"class","value":2},{"segment_type":"instance","value":1}],"class_name":"Message Router","multiple":[{"service":"Get Attributes Single",`+path+`},{"service":"unknown-127","path":[{"segment_type":"class","value":300},{"segment_type":"unknown-44","value":9}],"class_name":"unknown-300"}]}`)
	f("multiple", []string{`{"request":` + one + `,"response":` + ok("send_unit_data", `,"cip":{"service":"Multiple Service Packet","status":"Embedded Service Error","multiple":[{"service":"Get Attributes Single","status":"Success"},{"service":"unknown-127","status":"unknown-200"}]}`) + `}`},
		C(conn(9, 1, "\x0a\x02\x20\x02\x24\x01"+multi(get, "\x7f\x03\x21\x00\x2c\x01\x2c\x09"))), S(conn(9, 1, "\x8a\x00\x1e\x00"+multi(gotten, "\xff\x00\xc8\x00"))))
	f("over connections", []string{
		`{"request":` + ok("send_unit_data", `,"cip":{"service":"Start"}`) + `,"response":` + ok("send_unit_data", `,"cip":{"service":"Start","status":"Success"}`) + `}`,
		`{"request":` + ok("send_unit_data", `,"cip":{"service":"Stop"}`) + `,"response":` + ok("send_unit_data", `,"cip":{"service":"Stop","status":"Success"}`) + `}`,
		`{"response":` + ok("send_unit_data", `,"cip":{"service":"Reset","status":"Success"}`) + `}`,
	}, C(conn(9, 1, "\x06\x00")+conn(9, 2, "\x07\x00")), S(conn(9, 1, "\x86\x00\x00\x00")+conn(9, 2, "\x87\x00\x00\x00")+conn(9, 3, "\x85\x00\x00\x00")))
	f("passed over", []string{
		`{"request":` + ok("list_services", "") + `}`, `{"request":` + asked + `,"response":` + ok("send_r_r_data", `,"cip":{"service":"Get Attributes Single","status":"Success"}`) + `}`,
	}, C(msg(cmdListServices, 0, 0, "")+rr(9, get)), S(rr(9, gotten)))
	f("never answered", []string{`{"request":` + ok("nop", "") + `}`, `{"request":` + ok("unregister_session", "") + `}`}, C(msg(cmdNOP, 0, 0, "x")+msg(cmdUnregisterSession, 9, 0, "")))
	f("unknown", []string{`{"request":{"command":"unknown-5","status":"unknown-7"}}`}, C(msg(5, 0, 7, "x")))
	f("refused as a whole", []string{`{"request":` + asked + `,"response":{"command":"send_r_r_data","status":"invalid_session"}}`},
		C(rr(9, get)), S(msg(cmdSendRRData, 9, 0x64, "")))
	f("tag", []string{`{"request":` + ok("send_r_r_data", `,"cip":{"service":"Read Data","path":[{"segment_type":"instance","value":3}]}`) + `}`},
		C(rr(9, "\x4c\x05\x91\x05speed\x00\x24\x03\x01\x00")))
	f("broken", []string{
		`{"request":` + ok("send_r_r_data", "") + `} invalid_pdu`, `{"request":` + ok("send_r_r_data", "") + `} invalid_pdu`,
		`{"request":` + ok("register_session", "") + `} invalid_pdu`,
	}, C(rr(9, "\x0e\x07\x20")+msg(cmdSendRRData, 9, 0, "\x00")+msg(cmdRegisterSession, 0, 0, "\x01")))
}

func TestBuffers(t *testing.T) {
	l := TCP(Protocol(), portExplicit, nil, 0,
		C(conn(9, 1, "\x0a\x00"+multi(get, "\x03\x02\x20\x06\x24\x02\x02\x00\x04\x00\x05\x00", "\x04\x02\x20\x07\x24\x03\x02\x00\x0a\x00\x0b\x00"))),
		S(conn(9, 1, "\x8a\x00\x1e\x00"+multi(gotten, refused))), C(who), S(identify), S(offer), C(register), S(registered))
	f := func(tx int, b sensor.Buffer, dir sensor.Dir, want ...uint64) {
		t.Helper()
		var got []uint64
		for i := 0; ; i++ {
			v, ok := l.Txs[tx].Number(b, dir, i)
			if !ok {
				break
			}
			got = append(got, v)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%#x: %d, want %d", b, got, want)
		}
	}
	f(0, sensor.ENIPCommand, 0, 0x70)
	f(0, sensor.ENIPCommand, 1, 0x70)
	f(0, sensor.ENIPStatus, 1, 0)
	f(0, sensor.ENIPCIPClass, 0, 1, 6, 7)
	f(0, sensor.ENIPCIPInstance, 0, 1, 2, 3)
	f(0, sensor.ENIPCIPAttribute, 0, 7, 4, 5, 10)
	f(0, sensor.ENIPCIPClass, 1)
	f(0, sensor.ENIPCIPStatus, 0)
	f(0, sensor.ENIPCIPStatus, 1, 0x1e, 0, 1)
	f(0, sensor.ENIPCIPExtendedStatus, 1, 0x107)
	f(0, sensor.ENIPVendorID, 1)
	f(1, sensor.ENIPVendorID, 1, 1)
	f(1, sensor.ENIPDeviceType, 1, 14)
	f(1, sensor.ENIPProductCode, 1, 54)
	f(1, sensor.ENIPRevision, 1, 0x140b)
	f(1, sensor.ENIPIdentityStatus, 1, 0x60)
	f(1, sensor.ENIPSerial, 1, 0x1234)
	f(1, sensor.ENIPState, 1, 3)
	f(1, sensor.ENIPProtocolVersion, 1, 1)
	f(2, sensor.ENIPCapabilities, 1, 0x120)
	f(2, sensor.ENIPProtocolVersion, 1, 1)
	f(3, sensor.ENIPProtocolVersion, 0, 1)
	f(3, sensor.ENIPProtocolVersion, 1, 1)
	text := func(tx int, b sensor.Buffer, dir sensor.Dir, i int, want string) {
		t.Helper()
		if got, _ := l.Txs[tx].Buffer(b, dir, i); string(got) != want {
			t.Errorf("%#x: %q, want %q", b, got, want)
		}
	}
	text(1, sensor.ENIPProductName, 1, 0, "1756-L61/B")
	text(2, sensor.ENIPServiceName, 1, 0, "Communications\x00\x00")
	text(0, sensor.ENIPCIPCall, 0, 0, "\x0a\x00")
	text(0, sensor.ENIPCIPCall, 0, 1, "\x0e\x01\x01\x00\x00\x00\x07\x00\x00\x00")
	text(0, sensor.ENIPCIPCall, 0, 4, "")
	text(0, sensor.ENIPCIPCall, 1, 2, "\x0e\x00")
	if got := l.FramesOf(sensor.FrameENIPCIP); len(got) != 7 || got[1] != get || got[6] != refused {
		t.Errorf("frames %q", got)
	}
	if got := l.FramesOf(sensor.FrameENIPItem); len(got) != 6 || got[0] != u16(0xa1)+u16(4)+u32(7) {
		t.Errorf("items %q", got)
	}
	if got := l.FramesOf(sensor.FrameENIPData); len(got) != 6 || got[5] != registered[24:] {
		t.Errorf("data %q", got)
	}
}

// TestBroadcast: what a device answers to a broadcast comes from its port as a flow of its own.
func TestBroadcast(t *testing.T) {
	l := UDP(Protocol(), 40000, C(identify))
	if got := l.EVE(0); !strings.HasPrefix(got, `{"response":{"command":"list_identity"`) {
		t.Errorf("%s", l)
	}
	l = UDP(Protocol(), portExplicit, C(who), S(identify), C(who[:20]))
	if len(l.Txs) != 1 || len(l.Anomalies) != 1 {
		t.Errorf("%s", l)
	}
	l = UDP(Protocol(), portImplicit, C(io))
	if len(l.Txs) != 0 || len(l.Anomalies) != 0 {
		t.Errorf("%s", l)
	}
}

var io = list(itemSequenced, u32(1)+u32(2), itemConnected, "\x01\x00data")

func TestProbe(t *testing.T) {
	f := func(ip uint8, port uint16, b string, want sensor.Match) {
		t.Helper()
		if got := probe(sensor.ToServer, []byte(b), &sensor.Flow{Proto: ip, DstPort: port}); got != want {
			t.Errorf("%q port %d: %d, want %d", b, port, got, want)
		}
	}
	tcp, udp := uint8(sensor.IPProtoTCP), uint8(sensor.IPProtoUDP)
	f(tcp, portExplicit, register, sensor.Yes)
	f(tcp, portExplicit, register[:23], sensor.More)
	f(tcp, portExplicit, "\x65", sensor.More)
	f(tcp, portExplicit, "GE", sensor.No)
	f(tcp, 80, register, sensor.No)
	f(tcp, portImplicit, register, sensor.No)
	f(tcp, portExplicit, msg(cmdRegisterSession, 0, 0, ""), sensor.No)
	f(tcp, portExplicit, msg(cmdListIdentity, 0, 77, ""), sensor.No)
	f(tcp, portExplicit, msg(99, 0, 0, ""), sensor.Yes)
	f(udp, portExplicit, who, sensor.Yes)
	f(udp, portExplicit, who[:23], sensor.No)
	f(udp, portExplicit, identify[:40], sensor.No)
	f(udp, portImplicit, io, sensor.Yes)
	f(udp, portImplicit, io[:20], sensor.No)
	if probe(sensor.ToServer, []byte(identify), &sensor.Flow{Proto: udp, SrcPort: portExplicit}) != sensor.Yes {
		t.Error("a device's port")
	}
}

func TestLimits(t *testing.T) {
	l := TCP(Protocol(), portExplicit, nil, 0, C(strings.Repeat(rr(9, get), openMax+3)))
	if len(l.Txs) != openMax+3 || strings.Join(l.Txs[0].Base().Anomalies[0], "") != TooManyTransactions {
		t.Errorf("%d transactions, %q", len(l.Txs), l.Txs[0].Base().Anomalies)
	}
	many := make([]string, 4*multiMax)
	for i := range many {
		many[i] = get
	}
	l = TCP(Protocol(), portExplicit, nil, 0, C(rr(9, "\x0a\x00"+multi(many...))))
	if _, ok := l.Txs[0].Buffer(sensor.ENIPCIPCall, 0, multiMax+1); ok || len(l.EVE(0)) > 200*multiMax {
		t.Errorf("%d bytes", len(l.EVE(0)))
	}
	// Services that lie over each other would be read again and again.
	if l = TCP(Protocol(), portExplicit, nil, 0, C(rr(9, "\x0a\x00"+u16(2)+u16(6)+u16(6)+get))); len(l.Txs[0].Base().Anomalies[0]) != 1 {
		t.Errorf("%s", l)
	}
	l = TCP(Protocol(), portExplicit, nil, 0, C(register), Step{Gap: 5}, C("\x00\x00\x00\x0f"+rr(9, get)))
	if len(l.Txs) != 2 || !strings.Contains(l.EVE(1), "Identity") {
		t.Errorf("%s", l)
	}
}

// TestAllocations: transactions are used again.
func TestAllocations(t *testing.T) {
	l := NewLog(sensor.IPProtoTCP, portExplicit)
	NoAllocations(t, Protocol().New(l.F, nil), Quiet{Log: l}, C(conn(9, 1, get)), S(conn(9, 1, gotten)))
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(C(register), S(registered), C(rr(9, get)), S(rr(9, refused)), C(who), S(identify), S(offer)))
	f.Add(Seed(C(conn(9, 1, "\x0a\x02\x20\x02\x24\x01"+multi(get, "\x4c\x05\x91\x05speed\x00\x24\x03"))), S(conn(9, 1, "\x8a\x00\x1e\x00"+multi(gotten, refused)))))
	f.Fuzz(func(t *testing.T, in []byte) {
		steps := Dialogue(in)
		SameCut(t, Protocol(), portExplicit, nil, steps...)
		l := UDP(Protocol(), portExplicit, steps...)
		for _, tx := range l.Txs {
			for b := sensor.ENIPCommand; b <= sensor.ENIPCIPCall; b++ {
				for dir := range sensor.Dir(2) {
					tx.Number(b, dir, 0)
					tx.Buffer(b, dir, 1)
				}
			}
		}
	})
}
