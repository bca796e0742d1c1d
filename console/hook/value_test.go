package hook

import (
	"errors"
	"strings"
	"testing"
)

func TestNormalise(t *testing.T) {
	f := func(kind Kind, in, want string) {
		t.Helper()
		got, err := Normalise(kind, in)
		if got != want || (err != nil) != (want == "") || err != nil && !errors.Is(err, ErrValue) {
			t.Errorf("%s %q: %q %v, want %q", kind, in, got, err, want)
		}
	}
	f(IP, " 198.51.100.7 ", "198.51.100.7")
	f(IP, "::ffff:198.51.100.7", "198.51.100.7")
	f(IP, "2001:DB8::0:7", "2001:db8::7")
	f(IP, "fe80::1%eth0", "")
	f(IP, "198.51.100.256", "")
	f(CIDR, "198.51.100.77/24", "198.51.100.0/24")
	f(CIDR, "198.51.100.7", "")
	f(CIDR, "::ffff:1.2.3.0/120", "")
	f(Domain, "Bad.Example.", "bad.example")
	f(Domain, "ngânhàng.example", "xn--ngnhng-ltan.example")
	f(Domain, "example", "")
	f(Domain, "1.2.3.4", "")
	f(Domain, "a b.example", "")
	f(Domain, "*.bad.example", "")
	f(Domain, "a;b.example", "")
	f(Domain, strings.Repeat("a", 64)+".example", "")
	f(Domain, strings.Repeat("a.", 100)+"example", "")
	f(URL, "HTTPS://Bad.Example:443/a?b=c#d", "https://bad.example/a?b=c")
	f(URL, "http://[2001:db8::1]:8080", "http://[2001:db8::1]:8080/")
	f(URL, "https://user:pw@bad.example/", "")
	f(URL, "ftp://bad.example/", "")
	f(URL, "javascript:alert(1)", "")
	f(SHA256, strings.Repeat("AB", 32), strings.Repeat("ab", 32))
	f(SHA256, "ab", "")
	f(JA3, strings.Repeat("0", 32), strings.Repeat("0", 32))
	f(JA4, "t13d1516h2_8daaf6152771_b186095e22b6", "t13d1516h2_8daaf6152771_b186095e22b6")
	f("other", "x", "")
}

// FuzzNormalise: a normal form is its own normal form, has no character that could end a line or a field in any list, and
// an error gives nothing.
func FuzzNormalise(f *testing.F) {
	for _, s := range []string{"bad.example", "198.51.100.7", "2001:db8::/48", "https://bad.example/a?b", "t13d1516h2_8daaf6152771_b186095e22b6", "ngânhàng.example", "http://[::1]/%0a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, k := range Kinds {
			v, err := Normalise(k, s)
			if err != nil {
				if v != "" {
					t.Fatalf("%s %q: %q with %v", k, s, v, err)
				}
				continue
			}
			for i := range len(v) {
				if v[i] <= ' ' || v[i] > '~' || strings.IndexByte("\"\\", v[i]) >= 0 {
					t.Fatalf("%s %q: %q holds %q", k, s, v, v[i])
				}
			}
			if again, err := Normalise(k, v); err != nil || again != v {
				t.Fatalf("%s %q: %q becomes %q, %v", k, s, v, again, err)
			}
			if name, at := hostOf(k, v); (k == Domain || k == IP || k == CIDR || k == URL) && name == "" && !at.IsValid() {
				t.Fatalf("%s %q leads nowhere", k, v)
			}
		}
	})
}
