package signature

import (
	"testing"

	"khien/sensor"
)

func TestIGMP(t *testing.T) {
	f := func(options, message string, change func(*sensor.Segment), want bool) {
		t.Helper()
		b := newBench(load(t, `alert igmp any any -> any any (`+options+`; sid:1;)`, `alert ip any any -> any any (`+options+`; sid:2;)`), sensor.IPProtoIGMP, 0)
		seg := &sensor.Segment{IPVersion: 4, IPProto: sensor.IPProtoIGMP, IPPayload: []byte(message), Payload: []byte(message), TTL: 1}
		seg.Src, seg.SrcPort, seg.Dst, seg.DstPort = b.flow.Endpoints(0)
		if change != nil {
			change(seg)
		}
		b.event(sensor.Event{Kind: sensor.KindPacket, Segment: seg})
		got := sorted(b.tape.sids())
		if want != (got == "1 2") || !want && got != "" {
			t.Errorf("%s of %q: %q", options, message, got)
		}
	}
	const query, leave = "\x11\x64\xee\x9b\x00\x00\x00\x00", "\x17\x00\x08\xfd\xe0\x01\x01\x01"
	f("igmp.type:17", query, nil, true)
	f("igmp.type:0x11", query, nil, true)
	f("igmp.type:>0x11", query, nil, false)
	f("igmp.type:>0x11", leave, nil, true)
	f(`igmp.hdr; content:"|e0 01 01 01|"; offset:4`, leave, nil, true)
	f(`igmp.hdr; content:"|e0 01 01 01|"`, query, nil, false)
	f("igmp.type:17", query[:7], nil, false)
	f("igmp.type:17", query, func(s *sensor.Segment) { s.Fragment = true }, false)
	bad(t, "igmp.type:256", "igmp.type:query")
	b := newBench(load(t, `alert ip any any -> any any (igmp.type:17; sid:1;)`), sensor.IPProtoUDP, 0)
	b.packet(0, query)
	if got := b.tape.sids(); got != "" {
		t.Errorf("UDP: %s", got)
	}
}
