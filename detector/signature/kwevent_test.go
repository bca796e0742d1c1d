package signature

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"khien/sensor"
)

// TestEventNamesLoad: each name that there is loads with the rule's protocol and without it, and those that nothing raises are
// marked; with a letter changed it is refused by line and column.
func TestEventNamesLoad(t *testing.T) {
	for _, e := range sensor.Events() {
		proto := e.Of
		if proto == "" || proto == sensor.FileEvents {
			proto = "ip"
		}
		for _, name := range slices.Concat(e.Raised, e.Silent) {
			event := dotted(e.Of, name)
			set := load(t, fmt.Sprintf(`alert ip any any -> any any (app-layer-event:%s; sid:1;)`, event),
				fmt.Sprintf(`alert %s any any -> any any (app-layer-event: %s ; sid:2;)`, proto, strings.ToUpper(event)))
			for _, r := range set.Rules() {
				if got, want := len(r.Unraised) == 0, slices.Contains(e.Raised, name); got != want {
					t.Errorf("%s: raised %v, want %v", event, got, want)
				}
			}
			_, errs := Load(Options{}, []File{{Name: "a", Data: fmt.Appendf(nil, "alert ip any any -> any any (app-layer-event:%s~; sid:1;)", event)}})
			if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), "a:1:30: unknown event "+event+"~ (did you mean "+event+"?)") {
				t.Errorf("%s~: %v", event, errs)
			}
		}
	}
}

// TestEventNamesMatch: an event is matched under each of the names that its protocol has in rules, and under no other's.
func TestEventNamesMatch(t *testing.T) {
	f := func(proto sensor.Proto, anomaly, event string, want string) {
		t.Helper()
		set := load(t, fmt.Sprintf(`alert ip any any -> any any (app-layer-event:%s; sid:1;)`, event))
		b := newBench(set, sensor.IPProtoTCP, proto)
		tx := &fakeTx{TxBase: sensor.TxBase{Proto: proto}}
		tx.Anomalies[sensor.ToServer] = []string{anomaly}
		b.change(tx, sensor.ToServer, sensor.ProgressComplete)
		b.packet(sensor.ToServer, "")
		if got := b.tape.sids(); got != want {
			t.Errorf("%s %s asked for as %s: %q, want %q", proto, anomaly, event, got, want)
		}
	}
	f(sensor.ProtoHTTP, "range_invalid", "http.range_invalid", "1")
	f(sensor.ProtoHTTP, "range_invalid", "http1.range_invalid", "1")
	f(sensor.ProtoHTTP, "range_invalid", "range_invalid", "1")
	f(sensor.ProtoHTTP, "range_invalid", "http2.range_invalid", "")
	f(sensor.ProtoHTTP2, "range_invalid", "http2.range_invalid", "1")
	f(sensor.ProtoHTTP2, "range_invalid", "http.range_invalid", "")
	f(sensor.ProtoTLS, "INVALID_SNI_TYPE", "ssl.invalid_sni_type", "1")
	f(sensor.ProtoMDNS, "z_flag_set", "mdns.z_flag_set", "1")
	f(sensor.ProtoMDNS, "z_flag_set", "dns.z_flag_set", "")
	f(sensor.ProtoSMTP, "archive_malformed", "file.archive_malformed", "1")
	f(sensor.ProtoSMTP, "archive_malformed", "smtp.archive_malformed", "1")
	f(sensor.ProtoSMTP, "archive_malformed", "http.archive_malformed", "")
}
