package signature

import (
	"strings"
	"testing"

	"khien/sensor"
)

// TestOverrun: rules that would take for ever are given up on and named, and the others go on.
func TestOverrun(t *testing.T) {
	f := func(rule, payload, want string) {
		t.Helper()
		set := load(t, rule, `alert udp any any -> any any (msg:"other"; content:"aa"; sid:2;)`)
		b := newBench(set, sensor.IPProtoUDP, 0)
		b.packet(sensor.ToServer, payload)
		if got := b.tape.sids(); got != "2" {
			t.Errorf("%s: found %q", rule, got)
		}
		got := ""
		if o := set.Overruns(); len(o) == 1 && o[0].SID == 1 && o[0].Count == 1 {
			got = o[0].Msg
		}
		if got != want {
			t.Errorf("%s: overruns %+v, want %q", rule, set.Overruns(), want)
		}
	}
	long := strings.Repeat("a", 4000)
	f(`alert udp any any -> any any (msg:"pairs"; content:"a"; content:"a"; within:4000; content:"b"; within:1; sid:1;)`, long, "pairs")
	f(`alert udp any any -> any any (msg:"nested"; content:"a"; pcre:"/^(a+)+$/"; sid:1;)`, long+"!", "nested")
	f(`alert udp any any -> any any (msg:"cheap"; content:"a"; content:"b"; sid:1;)`, long, "")
}
