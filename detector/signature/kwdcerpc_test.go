package signature

import (
	"testing"

	"khien/sensor"
)

func TestOpnum(t *testing.T) {
	f := func(arg string, n uint64, want bool) {
		t.Helper()
		for _, k := range []string{"dcerpc.opnum:", "dce_opnum:"} {
			tx := &fakeTx{num: map[sensor.Buffer][]uint64{sensor.DCERPCOpnum: {n}}}
			if got := fires(t, sensor.ProtoDCERPC, k+arg, sensor.ToServer, tx); got != want {
				t.Errorf("%s%s of %d: %t", k, arg, n, got)
			}
		}
	}
	f("15", 15, true)
	f("15", 16, false)
	f(">10", 15, true)
	f("!15", 15, false)
	f("=15", 15, true)
	f("12,24,62,61", 61, true)
	f("12,24,62,61", 60, false)
	f("12,18-24", 18, true)
	f("12,18-24", 24, true)
	f("12,18-24", 25, false)
	f("12-14, 12, 121, 62-78", 78, true)
	f("0-3", 0, true)
	f("0-3", 4, false)
	bad(t, "dcerpc.opnum:", "dcerpc.opnum:x", "dcerpc.opnum:5-4", "dcerpc.opnum:1,,2", "dcerpc.opnum:65536", "dcerpc.opnum:!1-2")
}
