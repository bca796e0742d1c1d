package place

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"khien/detector"
)

// write writes a database with some networks.
func write(t testing.TB, kind string, networks map[string]mmdbtype.Map) string {
	t.Helper()
	w, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, RecordSize: 24, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for cidr, m := range networks {
		_, n, err := net.ParseCIDR(cidr)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Insert(n, m); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), kind+".mmdb")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func mustOpen(t testing.TB, files ...string) *Data {
	t.Helper()
	d, err := Open(files...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func samples(t testing.TB) (as, country, ipinfo string) {
	return write(t, "GeoLite2-ASN", map[string]mmdbtype.Map{
			"198.51.100.0/24": {"autonomous_system_number": mmdbtype.Uint32(64500), "autonomous_system_organization": mmdbtype.String("Example Hosting")},
			"2001:db8::/32":   {"autonomous_system_number": mmdbtype.Uint32(64501), "autonomous_system_organization": mmdbtype.String(strings.Repeat("x", 500))}}),
		write(t, "GeoLite2-Country", map[string]mmdbtype.Map{
			"198.51.100.0/24": {"country": mmdbtype.Map{"iso_code": mmdbtype.String("NL")}},
			"203.0.113.0/24":  {"registered_country": mmdbtype.Map{"iso_code": mmdbtype.String("VN")}}}),
		write(t, "ipinfo lite", map[string]mmdbtype.Map{
			"198.51.100.0/25": {"asn": mmdbtype.String("AS64502"), "as_name": mmdbtype.String("Another"), "country": mmdbtype.String("de")},
			"192.0.2.0/24":    {"asn": mmdbtype.String("nonsense"), "country_code": mmdbtype.String("vn"), "country": mmdbtype.String("Vietnam")},
			"10.0.0.0/8":      {"country": mmdbtype.String("US")}})
}

func TestFind(t *testing.T) {
	as, country, ipinfo := samples(t)
	f := func(d *Data, addr string, want detector.Place) {
		t.Helper()
		var a netip.Addr
		if addr != "" {
			a = netip.MustParseAddr(addr)
		}
		if got := d.Find(a); got != want {
			t.Errorf("%s: %+v, want %+v", addr, got, want)
		}
		if got := d.Country(a); got != want.Country {
			t.Errorf("%s: country %q, want %q", addr, got, want.Country)
		}
	}
	max := mustOpen(t, as, country)
	f(max, "198.51.100.7", detector.Place{AS: 64500, Org: "Example Hosting", Country: "NL"})
	f(max, "::ffff:198.51.100.7", detector.Place{AS: 64500, Org: "Example Hosting", Country: "NL"})
	f(max, "203.0.113.1", detector.Place{Country: "VN"})
	f(max, "2001:db8::1", detector.Place{AS: 64501, Org: strings.Repeat("x", textMax)})
	f(max, "192.0.2.1", detector.Place{})
	f(mustOpen(t, ipinfo), "198.51.100.7", detector.Place{AS: 64502, Org: "Another", Country: "DE"})
	f(mustOpen(t, ipinfo), "192.0.2.9", detector.Place{Country: "VN"})
	f(mustOpen(t, ipinfo), "10.1.1.1", detector.Place{}) // whatever a database says of it
	f(mustOpen(t, as, ipinfo), "198.51.100.7", detector.Place{AS: 64500, Org: "Example Hosting", Country: "DE"})
	f(mustOpen(t, ipinfo), "", detector.Place{})
	f(mustOpen(t), "198.51.100.7", detector.Place{})
	v := detector.Finding{SrcIP: netip.MustParseAddr("10.0.0.1"), DstIP: netip.MustParseAddr("198.51.100.7")}
	if max.Describe(&v); v.SrcPlace != (detector.Place{}) || v.DstPlace.AS != 64500 {
		t.Errorf("%+v", v)
	}
}

// TestDamaged: a file that is none, or is cut or changed anywhere, is refused or read without a panic.
func TestDamaged(t *testing.T) {
	as, _, _ := samples(t)
	whole, err := os.ReadFile(as)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "x.mmdb")
	try := func(data []byte) error {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(name)
		if err != nil {
			if !strings.Contains(err.Error(), name) {
				t.Fatalf("the error does not name the file: %v", err)
			}
			return err
		}
		d.Find(netip.MustParseAddr("198.51.100.7"))
		d.Find(netip.MustParseAddr("2001:db8::1"))
		return nil
	}
	if try(nil) == nil || try([]byte("no database")) == nil || try(whole[:len(whole)/2]) == nil {
		t.Error("a file that is no database is taken")
	}
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 0xff
		try(b)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.mmdb")); err == nil {
		t.Error("a missing file is taken")
	}
}

func BenchmarkFind(b *testing.B) {
	as, country, _ := samples(b)
	d := mustOpen(b, as, country)
	a := netip.MustParseAddr("198.51.100.7")
	b.ReportAllocs()
	for b.Loop() {
		d.Find(a)
	}
}
