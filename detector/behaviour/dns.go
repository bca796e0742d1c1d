package behaviour

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// cut splits a name into what is below the registered domain and that domain: "a.b", "example.com". Both are "" where
// there is no registered domain, and for names that say an address (RFC 1035, 3.5; RFC 3596, 2.5).
func cut(name string) (below, domain string) {
	name = strings.TrimSuffix(name, ".")
	if name == "" || strings.HasSuffix(name, ".arpa") {
		return "", ""
	}
	suffix, _ := publicsuffix.PublicSuffix(name)
	rest := strings.TrimSuffix(name, suffix)
	if len(rest) < 2 {
		return "", ""
	}
	rest = rest[:len(rest)-1]
	i := strings.LastIndexByte(rest, '.')
	if i < 0 {
		return "", name
	}
	return rest[:i], name[i+1:]
}
