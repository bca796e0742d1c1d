package signature

import (
	"testing"

	"khien/sensor"
)

// bad checks that a rule with some options is refused.
func bad(t *testing.T, options ...string) {
	t.Helper()
	for _, o := range options {
		if _, errs := Load(Options{}, []File{{Name: "x", Data: []byte(`alert ip any any -> any any (msg:"x"; ` + o + `; sid:1;)`)}}); len(errs) != 1 {
			t.Errorf("%s: %v", o, errs)
		}
	}
}

// fires reports whether a rule with some options finds a transaction that is complete in a direction.
func fires(t *testing.T, proto sensor.Proto, options string, d sensor.Dir, tx *fakeTx) bool {
	t.Helper()
	b := newBench(load(t, `alert ip any any -> any any (msg:"x"; `+options+`; sid:1;)`), sensor.IPProtoTCP, proto)
	tx.TxBase = sensor.TxBase{Proto: proto}
	b.change(tx, d, sensor.ProgressLine)
	b.change(tx, d, sensor.ProgressComplete)
	return b.tape.sids() == "1"
}

func TestManyNumbers(t *testing.T) {
	f := func(arg string, numbers []uint64, want bool) {
		t.Helper()
		tx := &fakeTx{num: map[sensor.Buffer][]uint64{sensor.HTTP2Window: numbers}}
		if got := fires(t, sensor.ProtoHTTP2, "http2.window:"+arg, sensor.ToServer, tx); got != want {
			t.Errorf("%s of %d: %t", arg, numbers, got)
		}
	}
	list := []uint64{1, 2, 3, 4, 5, 6}
	f("6", list, true)
	f("6,any", list, true)
	f("7", list, false)
	f(">0,all", list, true)
	f(">1,all", list, false)
	f(">1,all", nil, false)
	f(">1,all_or_absent", nil, true)
	f(">1,all_or_absent", list, false)
	f("7,or_absent", nil, true)
	f("7,or_absent", list, false)
	f("1,0", list, true)
	f("6,-1", list, true)
	f("1,-6", list, true)
	f("1,-7", list, false)
	f("1,6", list, false)
	f("1,oob_or 6", list, true)
	f("1,oob_or 5", list, false)
	f(">3,nb>2", list, true)
	f(">3,nb3", list, true)
	f(">3,nb>3", list, false)
	f("count >5", list, true)
	f("count 5", list, false)
	f("count <1", nil, true)
	f("3,0,2:4", list, true)
	f("4,-1,2:4", list, true)
	f("5,any,2:4", list, false)
	f("3-6,all,-4:-1", list, false)
	f("2-6,all,-4:-1", list, true)
	f("4,0,3:-1", list, true)
	f("4,1,-4:4", list, true)
	f("1,any,0:7", list, false)
	bad(t, "http2.window:>5,some", "http2.window:>5,nb", "http2.window:>5,all,2", "http2.window:>5,all,2:x", "http2.window:count",
		"http2.window:1,2,3:4,5", "snmp.version:1,nb>1", "snmp.version:1,0", "snmp.version:1,any,0:1")
}

// TestAllWaits: a condition on all numbers is not held by the first ones.
func TestAllWaits(t *testing.T) {
	b := newBench(load(t, `alert http2 any any -> any any (http2.window:>5,all; sid:1;)`, `alert http2 any any -> any any (http2.window:9,-1; sid:2;)`),
		sensor.IPProtoTCP, sensor.ProtoHTTP2)
	tx := &fakeTx{TxBase: sensor.TxBase{Proto: sensor.ProtoHTTP2}, num: map[sensor.Buffer][]uint64{sensor.HTTP2Window: {9}}}
	b.change(tx, sensor.ToServer, sensor.ProgressLine)
	tx.num[sensor.HTTP2Window] = []uint64{9, 1}
	b.change(tx, sensor.ToServer, sensor.ProgressComplete)
	if got := b.tape.sids(); got != "" {
		t.Errorf("found %s", got)
	}
}

func TestMasks(t *testing.T) {
	f := func(arg string, flags uint64, want bool) {
		t.Helper()
		tx := &fakeTx{num: map[sensor.Buffer][]uint64{sensor.WebSocketFlags: {flags}}}
		if got := fires(t, sensor.ProtoWebSocket, "websocket.flags:"+arg, sensor.ToServer, tx); got != want {
			t.Errorf("%s of %#x: %t", arg, flags, got)
		}
	}
	f("fin", 0x80, true)
	f("fin", 0xc0, true)
	f("fin,!comp", 0xc0, false)
	f("fin, !comp", 0x80, true)
	f("!fin", 0x40, true)
	f("128", 0xc0, false)
	f("&0x40=0x40", 0xc0, true)
	bad(t, "websocket.flags:end", "websocket.flags:fin,!fin", "websocket.flags:fin,", "websocket.flags:fin,1",
		"mqtt.flags:kept", "mqtt.connect.flags:name", "mqtt.connack.session_present:maybe")
}

func TestPacketConditions(t *testing.T) {
	f := func(options string, version uint8, anomaly string, want bool) {
		t.Helper()
		b := newBench(load(t, "alert ip any any -> any any ("+options+"; sid:1;)"), sensor.IPProtoUDP, 0)
		seg := &sensor.Segment{IPVersion: version, IPProto: sensor.IPProtoUDP, Anomalies: []string{anomaly}}
		seg.Src, seg.SrcPort, seg.Dst, seg.DstPort = b.flow.Endpoints(0)
		b.event(sensor.Event{Kind: sensor.KindPacket, Segment: seg})
		if got := b.tape.sids() == "1"; got != want {
			t.Errorf("%s of %d %s: %t", options, version, anomaly, got)
		}
	}
	f("l3_proto:ipv4", 4, "", true)
	f("l3_proto:ip6", 4, "", false)
	f("l3_proto:IPv6", 6, "", true)
	f("decode-event:udp.len_invalid", 4, "udp.len_invalid", true)
	f("engine-event:udp.len_invalid", 4, "udp.len_invalid", true)
	f("engine-event:udp.len_invalid", 4, "udp.pkt_too_small", false)
	bad(t, "l3_proto:ipx")
}

func TestVLANs(t *testing.T) {
	f := func(arg string, want bool, ids ...uint16) {
		t.Helper()
		b := newBench(load(t, "alert ip any any -> any any (vlan.id:"+arg+"; sid:1;)"), sensor.IPProtoUDP, 0)
		seg := &sensor.Segment{IPVersion: 4, IPProto: sensor.IPProtoUDP, VLANs: uint8(copy(make([]uint16, 3), ids))}
		copy(seg.VLAN[:], ids)
		seg.Src, seg.SrcPort, seg.Dst, seg.DstPort = b.flow.Endpoints(0)
		b.event(sensor.Event{Kind: sensor.KindPacket, Segment: seg})
		if got := b.tape.sids() == "1"; got != want {
			t.Errorf("%s of %d: %t", arg, ids, got)
		}
	}
	f("5", true, 4, 5)
	f("5,0", false, 4, 5)
	f("5,-1", true, 4, 5)
	f(">3,all", true, 4, 5)
	f(">3,all", false)
	f(">3,all_or_absent", true)
	f("count >1", true, 4, 5)
	f("count >1", false, 4)
	bad(t, "vlan.id:5,3", "vlan.id:5,-4")
}

func TestSecurityResult(t *testing.T) {
	f := func(arg string, result uint64, want bool) {
		t.Helper()
		tx := &fakeTx{num: map[sensor.Buffer][]uint64{sensor.RFBSecResult: {result}}}
		if got := fires(t, sensor.ProtoRFB, "rfb.secresult:"+arg, sensor.ToServer, tx); got != want {
			t.Errorf("%s of %d: %t", arg, result, got)
		}
	}
	f("toomany", 2, true)
	f("unknown", 3, true)
	f("unknown", 77, true)
	f("unknown", 2, false)
	f("!unknown", 2, true)
	f("!unknown", 3, false)
}
