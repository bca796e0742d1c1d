package pseudonym

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func seal(t testing.TB, networks ...string) *Seal {
	t.Helper()
	s, err := NewSeal(book(t, networks...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNewSealSaysWhatDoesNotFit(t *testing.T) {
	for _, c := range []struct {
		networks []string
		want     string
	}{
		{[]string{"10.0.0.0/8", "2001:db8::/32", "2001:db9::/48"}, "network 2001:db9::/48: all networks of IPv6 must lie in one /32, 2001:db8::/32"},
		{[]string{"2001::/16"}, "must be /32 or longer"},
		{[]string{"fd4b:6834::/48"}, "sealed addresses lie in it"},
		{[]string{"fd4b:6836:1::/48"}, "sealed addresses lie in it"},
		{[]string{"fd00::/8"}, "must be /32 or longer"},
	} {
		if _, err := NewSeal(book(t, c.networks...)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.networks, err, c.want)
		}
	}
	seal(t, "0.0.0.0/0", "2001:db8:1::/48", "2001:db8::/33")
}

// anyAddress returns one that is hidden.
func anyAddress(r *rand.Rand) netip.Addr {
	if r.IntN(2) == 0 {
		return netip.AddrFrom4([4]byte{10, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())})
	}
	a := netip.MustParseAddr("2001:db8::").As16()
	for i := 4; i < 16; i++ {
		a[i] = byte(r.Uint32())
	}
	return netip.AddrFrom16(a)
}

func TestSealedAddressesOpen(t *testing.T) {
	s := seal(t, "10.0.0.0/8", "2001:db8::/32")
	r := rand.New(rand.NewPCG(5, 6))
	seen := map[netip.Addr]netip.Addr{}
	for range 20_000 {
		ip := anyAddress(r)
		sealed := s.Addr(ip)
		if was, ok := seen[sealed]; ok && was != ip {
			t.Fatalf("%v and %v are both %v", was, ip, sealed)
		}
		seen[sealed] = ip
		if !sealed4.Contains(sealed) && !sealed6.Contains(sealed) {
			t.Fatalf("%v is sealed as %v", ip, sealed)
		}
		if back, ok := s.OpenAddr(sealed); !ok || back != ip {
			t.Fatalf("%v is %v, which is %v, %v", ip, sealed, back, ok)
		}
		if again := s.Addr(sealed); again != sealed {
			t.Fatalf("%v is sealed twice", ip)
		}
	}
	for _, stays := range []netip.Addr{{}, netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("2001:db9::1"), netip.MustParseAddr("fe80::1%eth0")} {
		if got := s.Addr(stays); got != stays {
			t.Errorf("%v becomes %v", stays, got)
		}
	}
	if got, ok := s.OpenAddr(s.Addr(netip.MustParseAddr("::ffff:10.1.2.3"))); !ok || got != netip.MustParseAddr("10.1.2.3") {
		t.Errorf("%v, %v", got, ok)
	}
	zoned := netip.MustParseAddr("2001:db8::1%eth0")
	if got, ok := s.OpenAddr(s.Addr(zoned)); !ok || got != zoned {
		t.Errorf("%v, %v", got, ok)
	}
	// Another's address of the range, and one with bits behind.
	one := seal(t, "10.20.3.14/32")
	if _, ok := one.OpenAddr(s.Addr(netip.MustParseAddr("10.20.3.15"))); ok {
		t.Error("what is not hidden is opened")
	}
	a := s.Addr(netip.MustParseAddr("10.20.3.15")).As16()
	a[15] = 1
	if _, ok := s.OpenAddr(netip.AddrFrom16(a)); ok {
		t.Error("an address with bits behind is opened")
	}
	if _, ok := one.OpenAddr(netip.MustParseAddr("fd4b:6836::1")); ok {
		t.Error("an address of IPv6 is opened where none is hidden")
	}
}

// TestSealedNetworks: what lies in a network lies in its sealed form, and nothing else does.
func TestSealedNetworks(t *testing.T) {
	s := seal(t, "10.0.0.0/8", "2001:db8:8000::/33")
	r := rand.New(rand.NewPCG(7, 8))
	in := func(list []netip.Prefix, ip netip.Addr) bool {
		return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(ip) })
	}
	both := func(p netip.Prefix) []netip.Prefix { return append(s.Prefixes(p), s.Plain(p)...) }
	for range 300 {
		ip := anyAddress(r)
		p := netip.PrefixFrom(ip, r.IntN(ip.BitLen()+1)).Masked()
		list := both(p)
		for range 200 {
			x := anyAddress(r)
			if r.IntN(2) == 0 && x.BitLen() == ip.BitLen() { // a neighbour
				b := ip.AsSlice()
				b[len(b)-1-r.IntN(len(b))] ^= byte(r.Uint32())
				x, _ = netip.AddrFromSlice(b)
			}
			if got, want := in(list, s.Addr(x)), p.Contains(x) || x.Is4() && p.Addr().Is6() && p.Contains(netip.AddrFrom16(x.As16())); got != want {
				t.Fatalf("%v in %v: %v, want %v (%v)", x, p, got, want, list)
			}
		}
	}
	everything := both(netip.MustParsePrefix("::/0"))
	if !in(everything, s.Addr(netip.MustParseAddr("10.1.1.1"))) || !in(everything, s.Addr(netip.MustParseAddr("2001:db8:8000::1"))) {
		t.Error("all of IPv6, which holds IPv4 mapped, is not all")
	}
	for _, p := range []string{"fd00::/8", "fc00::/7", "fd4b:6834::/30"} {
		if list := both(netip.MustParsePrefix(p)); in(list, s.Addr(netip.MustParseAddr("10.1.1.1"))) || !in(list, netip.MustParseAddr("fd4b:6835::1")) {
			t.Errorf("%s: %v", p, list)
		}
	}
	if list := s.Plain(netip.MustParsePrefix("fd4b:6834:4f2a::/48")); len(list) != 1 {
		t.Errorf("sealed addresses cannot be asked for: %v", list)
	}
	if got, want := s.Prefixes(netip.MustParsePrefix("::ffff:10.1.0.0/112")), s.Prefixes(netip.MustParsePrefix("10.1.0.0/16")); !slices.Equal(got, want) || len(got) != 1 {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestSealedText(t *testing.T) {
	s := seal(t, "10.0.0.0/8", "2001:db8::/32")
	const id = "1:w/rZ6WrlVGXVBZ5WAcQjbX2xsbI="
	for _, text := range []string{"", "10.20.3.14", "2001:db8::5", "2001:DB8:0::5", "::ffff:10.20.3.14", "::ffff:a14:30e", "10.20.3.14.", "10.20.3.14:8080",
		"http://10.20.3.14:8080/x?y=10.1.1.1&z", "[2001:db8::5]:443 2001:db8:0:0::5", "src:10.20.3.14 -dst:10.1.1.1", "dead:10.20.3.14:beef",
		"14.3.20.10.in-addr.arpa", "14.3.20.10.IN-addr.arpa.", "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6.arpa", "từ 10.20.3.14, 10.20.3.15.", "fraud|cred|10.20.3.14|198.51.100.7", "10.20.3.14/32", "10.20.3.14_x.pdf", id, "10.20.3.14:10.20.3.15"} {
		sealed := s.Text(text)
		if len(s.book.Find(sealed)) > 0 || text != "" && sealed == text {
			t.Errorf("Text(%q) = %q", text, sealed)
		}
		for _, form := range []string{sealed, strings.ToLower(sealed)} {
			if got := s.OpenText(form); !strings.EqualFold(got, text) && sealed[:1] != "k" {
				t.Errorf("OpenText(%q) = %q, want %q", form, got, text)
			}
		}
		if got := s.OpenText(sealed); got != text {
			t.Errorf("OpenText(%q) = %q, want %q", sealed, got, text)
		}
		if got := s.Text(sealed); got != sealed {
			t.Errorf("Text(%q) = %q: sealed twice", sealed, got)
		}
	}
	for _, stays := range []string{"10.20.0.0/16", "198.51.100.7", "1:x", "1:" + strings.Repeat("x", 28), "sealed-", "sealed-x", "sealed-xzz", "sealed-00",
		"sealed-x" + strings.Repeat("0", 80), "fd4b:6834::1", "fd4b:6834:zz", "xsealed-4f2a9c01", "K-4F2A9C01"} {
		if got := s.Text(stays); got != stays {
			t.Errorf("Text(%q) = %q", stays, got)
		}
		if got := s.OpenText(stays); got != stays {
			t.Errorf("OpenText(%q) = %q", stays, got)
		}
	}
	if got := s.Addrs("a 10.20.3.14"); got != "a "+s.Addr(netip.MustParseAddr("10.20.3.14")).String() {
		t.Errorf("%q", got)
	}
}

// TestSealedJSON: what a program wrote comes back to the byte.
func TestSealedJSON(t *testing.T) {
	s := seal(t, "10.0.0.0/8")
	in, err := json.Marshal(map[string]any{"10.1.1.1": "<10.1.1.2>\n10.1.1.3", "b": []string{"10.1.1.4", "Đ 10.1.1.5"}, "id": "1:w/rZ6WrlVGXVBZ5WAcQjbX2xsbI="})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(in), `{"u":"http://10.1.1.1/<a>\/", "v" : "é/ 10.1.1.2"}`} {
		sealed := Strings([]byte(text), func(_, x string) string { return s.Text(x) })
		if bytes.Contains(sealed, []byte("10.1.1.")) || bytes.Contains(sealed, []byte("1:w/rZ")) || !json.Valid(sealed) {
			t.Errorf("%s", sealed)
		}
		back := Strings(sealed, func(_, x string) string { return s.OpenText(x) })
		if text == string(in) && string(back) != text {
			t.Errorf("%s, want %s", back, text)
		}
		var x, y any
		if json.Unmarshal(back, &x) != nil || json.Unmarshal([]byte(text), &y) != nil || fmt.Sprint(x) != fmt.Sprint(y) {
			t.Errorf("%s, want %s", back, text)
		}
	}
}

func TestSealedCommunityIDs(t *testing.T) {
	s := seal(t, "10.0.0.0/8")
	other, err := New(bytes.Repeat([]byte{8}, KeySize), s.book.networks)
	if err != nil {
		t.Fatal(err)
	}
	s2, err := NewSeal(other)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(9, 10))
	seen := map[string]bool{}
	for range 2000 {
		hash := make([]byte, flowHash)
		for i := range hash {
			hash[i] = byte(r.Uint32())
		}
		id := "1:" + base64.StdEncoding.EncodeToString(hash)
		sealed := s.CommunityID(id)
		if !strings.HasPrefix(sealed, sealedFlowMark) || sealed[3:] == id[2:] || seen[sealed] || s.CommunityID(sealed) != sealed {
			t.Fatalf("%s is sealed as %s", id, sealed)
		}
		seen[sealed] = true
		if got := s.OpenCommunityID(sealed); got != id {
			t.Fatalf("%s is %s, which is %s", id, sealed, got)
		}
		if s2.CommunityID(id) == sealed {
			t.Fatal("two keys seal alike")
		}
		// One bit changes about half of the others.
		hash[r.IntN(flowHash)] ^= 1
		x, _ := base64.StdEncoding.DecodeString(sealed[3:])
		y, _ := base64.StdEncoding.DecodeString(s.CommunityID("1:" + base64.StdEncoding.EncodeToString(hash))[3:])
		same := 0
		for i := range x {
			if x[i] == y[i] {
				same++
			}
		}
		if same > 8 {
			t.Fatalf("%x and %x: %d bytes in common", x, y, same)
		}
	}
}

func FuzzSealText(f *testing.F) {
	for _, x := range []string{"a 10.20.3.14:80 b", "2001:DB8::5/64", "14.3.20.10.in-addr.arpa", "sealed-4f2a9c01", "::10.1.1.1::", "1:w/rZ6WrlVGXVBZ5WAcQjbX2xsbI=", "10.1.1.1.in-addr.arpa"} {
		f.Add(x)
	}
	s := seal(f, "10.0.0.0/8", "2001:db8::/32")
	f.Fuzz(func(t *testing.T, text string) {
		sealed := s.Text(text)
		if again := s.Text(sealed); again != sealed {
			t.Errorf("Text(%q) = %q is not the end of it: %q", text, sealed, again)
		}
		if got := s.OpenText(sealed); got != text && !strings.Contains(text, sealMark) && !strings.Contains(text, "fd4b:683") && !strings.HasPrefix(text, sealedFlowMark) {
			t.Errorf("OpenText(%q) = %q, want %q", sealed, got, text)
		}
		s.OpenText(text)
		Strings([]byte(text), func(_, x string) string { return s.Text(x) })
	})
}

func BenchmarkSeal(bench *testing.B) {
	s := seal(bench, "10.0.0.0/8", "2001:db8::/32")
	for _, x := range []string{"10.20.3.14", "2001:db8::5", "Máy 10.20.3.14 tra tên", "Một câu không có địa chỉ nào trong đó cả"} {
		bench.Run(x, func(bench *testing.B) {
			bench.ReportAllocs()
			for bench.Loop() {
				s.Text(x)
			}
		})
	}
}
