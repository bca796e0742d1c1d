package signature

import (
	"fmt"
	"strings"
	"testing"

	"khien/sensor"
)

// TestCaptured sets variables only when all of a rule has matched, to what its last try has captured.
func TestCaptured(t *testing.T) {
	f := func(options, payload, want string) {
		t.Helper()
		b := newBench(load(t, "alert udp any any -> any any ("+options+" sid:1;)"), sensor.IPProtoUDP, 0)
		b.packet(sensor.ToServer, payload)
		var got []string
		for _, v := range b.flow.Vars {
			got = append(got, fmt.Sprintf("%s=%s", v.Name, v.Value))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s on %q: %q, want %q", options, payload, s, want)
		}
	}
	f(`pcre:"/u=(\w+)&p=(\w+)/, flow:user, flow:word";`, "u=an&p=x1", "user=an word=x1")
	f(`pcre:"/u=(\w+)&p=(\w+)/, pkt:user, flow:word";`, "u=an&p=x1", "word=x1")
	f(`pcre:"/u=(\w+)/, flow:user"; content:"no";`, "u=an", "")
	f(`pcre:"/u=(\w+)/, flow:user"; content:"!"; distance:0; within:1;`, "u=a u=b!", "user=b")
	f(`pcre:"/u=(\w+)/, alert:user";`, "u=an", "")
	f(`pcre:"/^(.+)$/s, flow:all";`, strings.Repeat("x", 2*captureMax), "all="+strings.Repeat("x", captureMax))
	b := newBench(load(t, `alert udp any any -> any any (pcre:"/(a+)/, flow:n"; sid:1;)`), sensor.IPProtoUDP, 0)
	b.packet(sensor.ToServer, "a")
	b.packet(sensor.ToServer, "aa")
	if len(b.flow.Vars) != 1 || string(b.flow.Vars[0].Value) != "aa" {
		t.Errorf("%v", b.flow.Vars)
	}
	for i := range sensor.VarsMax + 2 {
		b.flow.SetVar(fmt.Sprint(i), nil)
		b.flow.SetEntropy(fmt.Sprint(i), 1)
	}
	if len(b.flow.Vars) != sensor.VarsMax || len(b.flow.Entropy) != sensor.VarsMax {
		t.Errorf("%d variables, %d measures", len(b.flow.Vars), len(b.flow.Entropy))
	}
	_, errs := Load(Options{}, []File{{Name: "a", Data: []byte(`alert udp any any -> any any (pcre:"/a/, ` + strings.Repeat("flow:x,", capturesMax+1) + `"; sid:1;)`)}})
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), "more than 16 captures") {
		t.Error(errs)
	}
}

// TestMeasured notes what was measured whether the rule matches or not, the last of each buffer.
func TestMeasured(t *testing.T) {
	b := newBench(load(t, `alert udp any any -> any any (entropy:value > 7; sid:1;)`), sensor.IPProtoUDP, 0)
	b.packet(sensor.ToServer, "abcd")
	b.packet(sensor.ToServer, "aabb")
	if e := b.flow.Entropy; len(e) != 1 || e[0] != (sensor.Measure{Name: "content", Value: 1}) || b.tape.sids() != "" {
		t.Errorf("%v", e)
	}
}
