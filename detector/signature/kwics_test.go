package signature

import (
	"strings"
	"testing"
)

// TestICSArguments: what modbus and dnp3 keywords take, and what they refuse.
func TestICSArguments(t *testing.T) {
	f := func(option, want string) {
		t.Helper()
		proto, _, _ := strings.Cut(strings.ReplaceAll(option, ".", "_"), "_")
		proto, _, _ = strings.Cut(proto, ":")
		_, errs := Load(Options{}, []File{{Name: "x", Data: []byte("alert " + proto + ` any any -> any any (msg:"x"; ` + option + "; sid:1;)")}})
		got := ""
		if len(errs) > 0 {
			got = errs[0].Msg
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", option, got, want)
		}
	}
	for _, ok := range []string{"modbus:function 8", "modbus: function !user", "modbus:function all", "modbus:unit 10", "modbus:unit 1<>5, function public",
		"modbus:access read", "modbus:access write coils, address 3", `modbus:"access write holding, address 3, value 1<>9"`, "dnp3_func:0", "dnp3.func:!read",
		"dnp3.func:>128", "dnp3_ind:!0", "dnp3.ind:need_time, !device_trouble", "dnp3.ind:-need_time", "dnp3.ind:&0x80=0x80", "dnp3_obj:99, 1"} {
		f(ok, "")
	}
	f("modbus:function 0", "bad function")
	f("modbus:function 256", "bad function")
	f("modbus:function odd", "bad function")
	f("modbus:function !all", "no function")
	f("modbus:function user, subfunction 4", "bad function")
	f("modbus:function 8, value 4", "expected subfunction")
	f("modbus:function 8, subfunction 65536", "bad subfunction")
	f("modbus:unit", "bad number")
	f("modbus:unit 5<>1", "bad number")
	f("modbus:unit 5, 6", "expected unit, function or access")
	f("modbus:access change", "read or write")
	f("modbus:access write input", "only be read")
	f("modbus:access read files", "unknown table")
	f("modbus:access read, value 5", "expected address and value")
	f("modbus:access read holding, address 5, value 5", "access write")
	f("modbus:access write holding, address >5, value 5", "single address")
	f("modbus:access write holding, address 5, value 65536", "bad number")
	f("dnp3.func:reed", "bad number condition")
	f("dnp3.func:256", "bad number condition")
	f("dnp3.ind:busy", "unknown indication")
	f("dnp3.ind:=need_time,!device_trouble", "takes no !")
	f("dnp3.obj:1", "group,variation")
	f("dnp3.obj:1,256", "bad number")
}
