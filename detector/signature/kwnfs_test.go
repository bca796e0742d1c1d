package signature

import (
	"testing"

	"khien/sensor"
)

func TestNFSProcedure(t *testing.T) {
	f := func(arg string, number uint64, name string, want bool) {
		t.Helper()
		tx := &fakeTx{num: map[sensor.Buffer][]uint64{sensor.NFSProcedure: {number}}, text: map[sensor.Buffer][]string{sensor.NFSProcedureName: {name}}}
		for _, k := range []string{"nfs_procedure:", "nfs.procedure:"} {
			if got := fires(t, sensor.ProtoNFS, k+arg, sensor.ToServer, tx); got != want {
				t.Errorf("%s%s of %d %s: %t", k, arg, number, name, got)
			}
		}
	}
	f("getattr", 1, "GETATTR", true)
	f("GETATTR", 9, "GETATTR", true)
	f("!getattr", 9, "GETATTR", false)
	f("get", 9, "GETATTR", false)
	f("9", 9, "GETATTR", true)
	f("1-9", 1, "GETATTR", true)
	f("1 <> 9", 9, "GETATTR", true)
	f("1-9", 10, "GETFH", false)
	f("!1-9", 10, "GETFH", true)
	f(">9", 10, "GETFH", true)
	bad(t, "nfs_procedure:0-4", "nfs_procedure:4-4", "nfs_procedure:get-attr", "nfs_procedure:!", "nfs_procedure:get attr")
}
