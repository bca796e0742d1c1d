package pseudonym

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

func book(t testing.TB, networks ...string) *Book {
	t.Helper()
	var list []netip.Prefix
	for _, n := range networks {
		list = append(list, netip.MustParsePrefix(n))
	}
	b, err := New(bytes.Repeat([]byte{7, 99}, KeySize/2), list)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNameAndBack(t *testing.T) {
	b := book(t, "10.0.0.0/8", "2001:db8::/32")
	seen := map[string]netip.Addr{}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 5000 {
		ip := netip.AddrFrom4([4]byte{10, byte(r.Uint32()), byte(r.Uint32()), byte(i)})
		if i%3 == 0 {
			a := netip.MustParseAddr("2001:db8::").As16()
			for j := 4; j < 16; j++ {
				a[j] = byte(r.Uint32())
			}
			ip = netip.AddrFrom16(a)
		}
		name := b.Name(ip)
		if was, ok := seen[name]; ok && was != ip {
			t.Fatalf("%v and %v are both %s", was, ip, name)
		}
		seen[name] = ip
		if back, err := b.Address(name); err != nil || back != ip {
			t.Fatalf("%v is %s, which is %v, %v", ip, name, back, err)
		}
	}
	// Each address of a /16 once: nothing is lost and nothing meets.
	names := map[string]bool{}
	for i := range 1 << 16 {
		names[b.Name(netip.AddrFrom4([4]byte{10, 7, byte(i >> 8), byte(i)}))] = true
	}
	if len(names) != 1<<16 {
		t.Errorf("%d names of %d addresses", len(names), 1<<16)
	}
}

// TestNetworksStay: as many leading bits are common to two names as to their addresses, and no more.
func TestNetworksStay(t *testing.T) {
	b := book(t, "10.0.0.0/8")
	common := func(x, y []byte) int {
		for i := range len(x) * 8 {
			if (x[i/8]^y[i/8])&(0x80>>(i%8)) != 0 {
				return i
			}
		}
		return len(x) * 8
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		x := []byte{10, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}
		y := bytes.Clone(x)
		y[r.IntN(4)] ^= byte(r.Uint32())
		if got, want := common(b.shuffle(x, false), b.shuffle(y, false)), common(x, y); got != want {
			t.Fatalf("%v and %v: %d bits in common, want %d", x, y, got, want)
		}
	}
}

func TestAnotherKeyIsAnotherName(t *testing.T) {
	a := book(t, "10.0.0.0/8")
	c, err := New(bytes.Repeat([]byte{8}, KeySize), a.networks)
	if err != nil {
		t.Fatal(err)
	}
	ip := netip.MustParseAddr("10.20.3.14")
	if a.Name(ip) == c.Name(ip) {
		t.Error("two keys give the same name")
	}
	if back, err := c.Address(a.Name(ip)); err == nil && back == ip {
		t.Error("another key opens the name")
	}
}

func TestText(t *testing.T) {
	b := book(t, "10.0.0.0/8", "2001:db8::/32")
	h := func(s string) string { return b.Name(netip.MustParseAddr(s)) }
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"10.20.3.14", h("10.20.3.14")},
		{"Máy 10.20.3.14 gửi mật khẩu tới 198.51.100.7.", "Máy " + h("10.20.3.14") + " gửi mật khẩu tới 198.51.100.7."},
		{"từ 10.20.3.14, 10.20.3.15.", "từ " + h("10.20.3.14") + ", " + h("10.20.3.15") + "."},
		{"“10.20.3.14”→10.20.3.15", "“" + h("10.20.3.14") + "”→" + h("10.20.3.15")},
		{"http://10.20.3.14:8080/x?y=10.1.1.1&z", "http://" + h("10.20.3.14") + ":8080/x?y=" + h("10.1.1.1") + "&z"},
		{"src:10.20.3.14 -dst:10.1.1.1", "src:" + h("10.20.3.14") + " -dst:" + h("10.1.1.1")},
		{"dead:10.20.3.14", "dead:" + h("10.20.3.14")},
		{"fraud|cred|10.20.3.14|198.51.100.7", "fraud|cred|" + h("10.20.3.14") + "|198.51.100.7"},
		{"[2001:db8::5]:443 2001:db8:0:0::5", "[" + h("2001:db8::5") + "]:443 " + h("2001:db8::5")},
		{"src:2001:db8::5", "src:" + h("2001:db8::5")},
		{"2001:db8::5.", h("2001:db8::5") + "."},
		{"::ffff:10.20.3.14", h("10.20.3.14")},
		{"14.3.20.10.in-addr.arpa", h("10.20.3.14") + ".in-addr.arpa"},
		{"14.3.20.10.In-AddR.arPA.", h("10.20.3.14") + ".In-AddR.arPA."},
		{"5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", h("2001:db8::5") + ".ip6.arpa"},
		{"5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.example", "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.example"},
		{"0.8.b.d.0.1.0.0.2.ip6.arpa", "0.8.b.d.0.1.0.0.2.ip6.arpa"},
		{"src:10.20.0.0/16 10.0.0.0/8", "src:10.20.0.0/16 10.0.0.0/8"},
		{"10.20.3.14/32 10.20.3.0/25 10.20.3.14/16", h("10.20.3.14") + "/32 " + h("10.20.3.0") + "/25 " + h("10.20.3.14") + "/16"},
		{"2001:db8::/48", "2001:db8::/48"},
		{"12:30:45 aa:bb:cc:dd:ee:ff v1.10.20.3.14 110.20.3.14 10.20.3.140.5 10.20.3", "12:30:45 aa:bb:cc:dd:ee:ff v1.10.20.3.14 110.20.3.14 10.20.3.140.5 10.20.3"},
		{":", ":"}, {"::", "::"}, {".:.", ".:."}, {"10.20.3.14_x.pdf", h("10.20.3.14") + "_x.pdf"},
	} {
		got := b.Text(c.in, nil)
		if got != c.want {
			t.Errorf("Text(%q)\n got %q\nwant %q", c.in, got, c.want)
		}
		back := strings.NewReplacer("2001:db8:0:0::5", "2001:db8::5", "::ffff:", "").Replace(c.in)
		if open := b.Open(got); open != back {
			t.Errorf("Open(%q)\n got %q\nwant %q", got, open, back)
		}
	}
}

func TestShownAddressesStay(t *testing.T) {
	b := book(t, "10.0.0.0/8")
	one := netip.MustParseAddr("10.20.3.14")
	got := b.Text("10.20.3.14 10.20.3.15", func(ip netip.Addr) bool { return ip == one })
	if want := "10.20.3.14 " + b.Name(netip.MustParseAddr("10.20.3.15")); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestOpenLeavesWhatIsNoName(t *testing.T) {
	b := book(t, "10.20.3.14/32")
	for _, s := range []string{"K-", "K-4F2A", "K-4F2A9C01", "xK-4F2A9C01", "K-4F2A9C01.evil.example", "K-4F2A9C0G", "K-" + strings.Repeat("F", 32), b.Name(netip.MustParseAddr("10.20.3.14")) + ".example"} {
		if got := b.Open(s); got != s {
			t.Errorf("Open(%q) = %q", s, got)
		}
	}
}

func TestBlot(t *testing.T) {
	b := book(t, "10.0.0.0/8")
	if got := string(b.Blot([]byte("Host: 10.20.3.14\r\n\xff\x00"))); got != "Host: **.**.*.**\r\n\xff\x00" {
		t.Errorf("%q", got)
	}
}

func TestStrings(t *testing.T) {
	b := book(t, "10.0.0.0/8")
	in := `{"a\n10.0.0.1":"\u003c10.0.0.2\u003e \"10.0.0.3\"","n":10,"x":["10.0.0.4",null,"\\"]}`
	out := Strings([]byte(in), func(_, s string) string { return b.Text(s, nil) })
	if regexp.MustCompile(`10\.0`).Match(out) || !json.Valid(out) {
		t.Errorf("%s", out)
	}
	var x, y any
	if json.Unmarshal(Strings(out, func(_, s string) string { return b.Open(s) }), &x) != nil || json.Unmarshal([]byte(in), &y) != nil || fmt.Sprint(x) != fmt.Sprint(y) {
		t.Errorf("back: %v, want %v", x, y)
	}
	for _, s := range []string{`"`, `"\`, `"a`, ``, `"\u00"`} {
		Strings([]byte(s), func(_, _ string) string { return "x" })
	}
	members := ""
	Strings([]byte(`{"a": "1", "b" :["2","3"], "c":{"d":"4"}, "e":5, "f":"6"}`), func(member, s string) string {
		members += member + "=" + s + " "
		return s
	})
	if want := "=a a=1 =b =2 =3 =c =d d=4 =e =f f=6 "; members != want {
		t.Errorf("%q, want %q", members, want)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"a 10.20.3.14:80 b", "2001:db8::5/64", "14.3.20.10.in-addr.arpa", "K-4F2A9C01", "::10.1.1.1::"} {
		f.Add(s)
	}
	b := book(f, "10.0.0.0/8", "2001:db8::/32")
	plain := regexp.MustCompile(`(?:^|[^0-9A-Za-z.:])(10(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3})(?:$|[^0-9A-Za-z./:])`)
	f.Fuzz(func(t *testing.T, s string) {
		out := b.Text(s, nil)
		if m := plain.FindString(out); m != "" && !strings.Contains(strings.ToLower(out), reversing4) && !strings.Contains(strings.ToLower(out), reversing6) {
			t.Errorf("Text(%q) shows %q", s, m)
		}
		if b.Text(out, nil) != out {
			t.Errorf("Text(%q) = %q is not the end of it", s, out)
		}
		if !strings.Contains(s, mark) && len(b.Find(s)) != len(b.Find(b.Open(out))) {
			t.Errorf("Open(%q) of %q", out, s)
		}
		if got := b.Blot([]byte(s)); len(got) != len(s) {
			t.Errorf("Blot(%q) = %q", s, got)
		}
	})
}

func BenchmarkText(bench *testing.B) {
	b := book(bench, "10.0.0.0/8")
	row := strings.Repeat(`{"src_ip":"10.20.3.14","dst_ip":"198.51.100.7","summary":{"vi":"Máy 10.20.3.14 tra tên"},"count":12,"first":"2026-11-21T07:29:02Z"},`, 100)
	bench.SetBytes(int64(len(row)))
	bench.ReportAllocs()
	for bench.Loop() {
		b.Text(row, nil)
	}
}
