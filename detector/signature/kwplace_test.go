package signature

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"khien/sensor"
)

// TestPlaces: conditions on the country and the reputation of the ends of a packet.
func TestPlaces(t *testing.T) {
	write := func(name, text string) string {
		t.Helper()
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	categories := write("categories", "# categories\n1,BadHosts,hosts that were seen attacking\n2,CnC,controllers\n")
	lists, err := LoadReputation(categories, write("a.list", "198.51.100.0/24,2,30 # a network\n198.51.100.7,2,90\n198.51.100.7,1,5\n\n"), write("b.list", "2001:db8::/32,1,127\n"))
	if err != nil {
		t.Fatal(err)
	}
	countries := map[string]string{"198.51.100.7": "NL", "10.0.0.1": "VN"}
	o := Options{Reputation: lists, Country: func(a netip.Addr) string { return countries[a.String()] }}
	f := func(cond, src, dst string, want bool) {
		t.Helper()
		set, errs := Load(o, []File{{Name: "x", Data: []byte(`alert ip any any -> any any (msg:"x"; ` + cond + `; sid:1;)`)}})
		if len(errs) > 0 {
			t.Fatalf("%s: %v", cond, errs[0])
		}
		b := newBench(set, sensor.IPProtoUDP, sensor.ProtoNone)
		b.flow.Src, b.flow.Dst = netip.MustParseAddr(src), netip.MustParseAddr(dst)
		b.packet(sensor.ToServer, "x")
		if got := b.tape.sids() != ""; got != want {
			t.Errorf("%s, %s to %s: %v", cond, src, dst, got)
		}
	}
	const vn, nl, none = "10.0.0.1", "198.51.100.7", "203.0.113.9"
	f("geoip:dst,NL", vn, nl, true)
	f("geoip:dst,NL", nl, vn, false)
	f("geoip:src,nl,de", nl, vn, true)
	f("geoip:NL", nl, none, true)
	f("geoip:any,NL", none, nl, true)
	f("geoip:both,VN,NL", vn, nl, true)
	f("geoip:both,NL", vn, nl, false)
	f("geoip:dst,!VN", vn, nl, true)
	f("geoip:dst,!VN,!NL", vn, nl, false)
	f("geoip:dst,!VN", vn, none, false)
	f("iprep:dst,CnC,>,50", vn, nl, true)
	f("iprep:dst,cnc,<,50", vn, nl, false)
	f("iprep:src,CnC,=,30", "198.51.100.8", vn, true)
	f("iprep:any,BadHosts,>=,5", nl, vn, true)
	f("iprep:both,BadHosts,>,0", nl, "2001:db8::1", true)
	f("iprep:dst,BadHosts,<,127", vn, none, false)
	f("iprep:dst,BadHosts,isset", vn, nl, true)
	f("iprep:dst,BadHosts,notset", vn, none, true)

	bad := func(cond, want string) {
		t.Helper()
		_, errs := Load(o, []File{{Name: "x", Data: []byte(`alert ip any any -> any any (msg:"x"; ` + cond + `; sid:1;)`)}})
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("%s: %v, want %q", cond, errs, want)
		}
	}
	bad("geoip:dst", "expected a country")
	bad("geoip:dst,Vietnam", "two letters")
	bad("geoip:dst,VN,!NL", "some have none")
	bad("iprep:dst,Nothing,>,1", `no category "Nothing"`)
	bad("iprep:here,CnC,>,1", "any, src, dst or both")
	bad("iprep:dst,CnC,~,1", "operator")
	bad("iprep:dst,CnC,>,128", "from 0 to 127")
	bad("iprep:dst,CnC,maybe", "isset or notset")
	o = Options{}
	bad("geoip:dst,VN", "--places")
	bad("iprep:dst,CnC,>,1", "--reputation")

	for text, want := range map[string]string{"nonsense": "want address", "1.2.3,1,1": "no address", "1.2.3.4,0,1": "category", "1.2.3.4,1,200": "score"} {
		file := write("bad.list", "\n"+text+"\n")
		if _, err := LoadReputation(categories, file); err == nil || !strings.Contains(err.Error(), "bad.list:2: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := LoadReputation("", categories); err == nil {
		t.Error("lists without categories are taken")
	}
}
