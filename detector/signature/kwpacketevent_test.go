package signature

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"khien/sensor"
)

// TestPacketEventNames: each name that there is loads, matches the packet that has it and no other, or is marked as raised by
// nothing; with a letter changed it is refused by line and column.
func TestPacketEventNames(t *testing.T) {
	for _, e := range sensor.PacketEvents() {
		for _, name := range slices.Concat(e.Raised, e.Silent) {
			keyword, event := "decode-event", dotted(e.Of, name)
			written := event
			switch e.Of {
			case sensor.GenericPacketEvents:
				written = name
			case streamEvents:
				keyword, written = "stream-event", name
			}
			full := event
			if e.Of != streamEvents && e.Of != sensor.GenericPacketEvents {
				full = "decoder." + event
			}
			raised := slices.Contains(e.Raised, name)
			f := func(asked string) {
				t.Helper()
				set := load(t, fmt.Sprintf("alert pkthdr any any -> any any (%s; sid:1;)", asked))
				if got := len(set.Rules()[0].Unraised) == 0; got != raised {
					t.Errorf("%s: raised %v, want %v", asked, got, raised)
				}
				m := newBench(set, sensor.IPProtoUDP, 0)
				seg := func(anomalies ...string) string {
					m.event(sensor.Event{Kind: sensor.KindPacket, Segment: &sensor.Segment{Anomalies: anomalies, IPVersion: 4}})
					return m.tape.sids()
				}
				if got := seg(event); got != "1" {
					t.Errorf("%s: %s is not matched", asked, event)
				}
				if got := seg(event + "_not"); got != "" {
					t.Errorf("%s: %s_not is matched", asked, event)
				}
			}
			f(keyword + ":" + written)
			f(keyword + ": " + strings.ToUpper(written))
			f("engine-event:" + full)
			_, errs := Load(Options{}, []File{{Name: "a", Data: fmt.Appendf(nil, "alert ip any any -> any any (%s:%s~; sid:1;)", keyword, written)}})
			if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), "a:1:30: unknown event "+written+"~ (did you mean "+written+"?)") {
				t.Errorf("%s~: %v", event, errs)
			}
		}
	}
}

// TestPacketEventWords: what rules of other versions and typing bring.
func TestPacketEventWords(t *testing.T) {
	set := load(t, "alert ip any any -> any any (stream-event:est_synack_resend_with_diff_ack; sid:1;)",
		"alert ip any any -> any any (stream-event:stream.est_synack_resend_with_different_ack; sid:2;)")
	b := newBench(set, sensor.IPProtoTCP, 0)
	b.event(sensor.Event{Kind: sensor.KindPacket, Segment: &sensor.Segment{IPVersion: 4, Anomalies: []string{"stream.est_synack_resend_with_different_ack"}}})
	if got := b.tape.sids(); got != "1 2" {
		t.Errorf("a name that Suricata has twice: %q", got)
	}
	for asked, want := range map[string]string{
		"decode-event:trunc_pkt":                  "unknown event trunc_pkt (did you mean ipv4.trunc_pkt or ipv6.trunc_pkt?)",
		"decode-event:stream.fin_syn":             "unknown event stream.fin_syn (write stream-event:fin_syn)",
		"decode-event:ipx.pkt_too_small":          "unknown event ipx.pkt_too_small (did you mean arp.pkt_too_small",
		"stream-event:ipv4.trunc_pkt":             "unknown event ipv4.trunc_pkt (among its events: ",
		"engine-event:stream.fin_sin":             "unknown event fin_sin (did you mean fin_syn?)",
		"engine-event:decoder.tcp.hlen_too_large": "unknown event tcp.hlen_too_large (",
	} {
		_, errs := Load(Options{}, []File{{Name: "a", Data: fmt.Appendf(nil, "alert ip any any -> any any (%s; sid:1;)", asked)}})
		if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), "a:1:30: "+want) {
			t.Errorf("%s: %v, want %s", asked, errs, want)
		}
	}
}
