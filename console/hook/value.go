package hook

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/idna"
)

// Kind says what a decision's value is.
type Kind string

// Kinds.
const (
	IP     Kind = "ip"
	CIDR   Kind = "cidr"
	Domain Kind = "domain" // the name and all below it
	URL    Kind = "url"
	SHA256 Kind = "sha256"
	JA3    Kind = "ja3"
	JA4    Kind = "ja4"
	SNI    Kind = "sni"
)

// Kinds lists all kinds in the order in which lists have them.
var Kinds = []Kind{CIDR, Domain, IP, JA3, JA4, SHA256, SNI, URL}

// ErrValue is wrapped by errors about a value that is not what its kind says.
var ErrValue = errors.New("hook: not a valid value")

const (
	nameMax = 200 // bytes: a response policy zone puts "*." before and its own name behind, 255 in all
	urlMax  = 1024
)

var (
	hex32  = regexp.MustCompile(`^[0-9a-f]{32}$`)
	hex64  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	ja4    = regexp.MustCompile(`^[tqd][0-9]{2}[di][0-9]{4}[a-z0-9]{2}_[0-9a-f]{12}_[0-9a-f]{12}$`)
	labels = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// Normalise returns the one way to write a value, so that equal values are equal strings.
func Normalise(kind Kind, s string) (string, error) {
	wrong := func(want string) (string, error) {
		return "", fmt.Errorf("%w: %.80q is no %s: %s", ErrValue, s, kind, want)
	}
	s = strings.TrimSpace(s)
	switch kind {
	case IP:
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return wrong("an address such as 198.51.100.7 or 2001:db8::7 is expected")
		}
		return a.Unmap().String(), nil
	case CIDR:
		p, err := netip.ParsePrefix(s)
		if err != nil || p.Addr().Is4In6() {
			return wrong("a prefix such as 198.51.100.0/24 is expected")
		}
		return p.Masked().String(), nil
	case Domain, SNI:
		n, ok := hostname(s)
		if !ok {
			return wrong("a name with at least two labels such as bad.example is expected")
		}
		return n, nil
	case URL:
		u, ok := normalURL(s)
		if !ok {
			return wrong("an address such as https://bad.example/path is expected, without user name")
		}
		return u, nil
	case SHA256:
		if s = strings.ToLower(s); hex64.MatchString(s) {
			return s, nil
		}
		return wrong("64 hexadecimal digits are expected")
	case JA3:
		if s = strings.ToLower(s); hex32.MatchString(s) {
			return s, nil
		}
		return wrong("32 hexadecimal digits are expected")
	case JA4:
		if s = strings.ToLower(s); ja4.MatchString(s) {
			return s, nil
		}
		return wrong("a fingerprint such as t13d1516h2_8daaf6152771_b186095e22b6 is expected")
	}
	return "", fmt.Errorf("%w: no kind %q; kinds are ip, cidr, domain, url, sha256, ja3, ja4, sni", ErrValue, kind)
}

// hostname returns the ASCII form of a name, lower case, without a dot at its end.
func hostname(s string) (string, bool) {
	s = strings.TrimSuffix(s, ".")
	if len(s) > 4*nameMax {
		return "", false
	}
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < 0x80
	}
	if !ascii {
		a, err := idna.Lookup.ToASCII(s)
		if err != nil {
			return "", false
		}
		s = a
	}
	s = strings.ToLower(s)
	if len(s) > nameMax || !labels.MatchString(s) {
		return "", false
	}
	// 1.2.3.4 has the form of a name: no top-level domain is all digits.
	if last := s[strings.LastIndexByte(s, '.')+1:]; strings.Trim(last, "0123456789") == "" {
		return "", false
	}
	return s, true
}

func normalURL(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Opaque != "" {
		return "", false
	}
	host := u.Hostname()
	if a, err := netip.ParseAddr(host); err == nil && a.Zone() == "" {
		host = a.Unmap().String()
		if a.Unmap().Is6() {
			host = "[" + host + "]"
		}
	} else if n, ok := hostname(host); ok {
		host = n
	} else {
		return "", false
	}
	if p := u.Port(); p != "" && (u.Scheme != "http" || p != "80") && (u.Scheme != "https" || p != "443") {
		host += ":" + p
	}
	u.Host, u.Fragment, u.RawFragment = host, "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawQuery = strings.NewReplacer(" ", "%20", "'", "%27").Replace(u.RawQuery)
	out := u.String()
	if len(out) > urlMax {
		return "", false
	}
	for i := range len(out) {
		if c := out[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return "", false
		}
	}
	again, err := url.Parse(out)
	return out, err == nil && again.String() == out
}

// Guess returns the kind that a value looks like, and its normal form.
func Guess(s string) (Kind, string, error) {
	for _, k := range []Kind{IP, CIDR, SHA256, JA3, JA4, Domain, URL} {
		if v, err := Normalise(k, s); err == nil {
			return k, v, nil
		}
	}
	return "", "", fmt.Errorf("%w: %.80q is no address, prefix, name, URL, SHA-256, JA3 or JA4", ErrValue, s)
}

// hostOf returns the name or address that a value of a kind leads to; both are zero for hashes and fingerprints.
func hostOf(kind Kind, value string) (name string, at netip.Prefix) {
	switch kind {
	case Domain, SNI:
		return value, netip.Prefix{}
	case IP:
		if a, err := netip.ParseAddr(value); err == nil {
			return "", netip.PrefixFrom(a, a.BitLen())
		}
	case CIDR:
		if p, err := netip.ParsePrefix(value); err == nil {
			return "", p
		}
	case URL:
		u, err := url.Parse(value)
		if err != nil {
			return "", netip.Prefix{}
		}
		if a, err := netip.ParseAddr(u.Hostname()); err == nil {
			return "", netip.PrefixFrom(a, a.BitLen())
		}
		return u.Hostname(), netip.Prefix{}
	}
	return "", netip.Prefix{}
}
