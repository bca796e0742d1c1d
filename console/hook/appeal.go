package hook

import (
	"net/netip"
	"strings"

	"khien/detector"
)

// Appeal is the page on which citizens and operators of sites ask to be unblocked. It stands on the listener of the lists.
type Appeal struct {
	Path    string        `yaml:"path"`    // default /appeal
	Contact detector.Text `yaml:"contact"` // who answers, and how to reach them otherwise
	Proxies []string      `yaml:"proxies"` // prefixes of reverse proxies whose X-Forwarded-For is believed
}

const appealContact = 300 // bytes of a language

// validate fills in the defaults. What people write down there is personal data: it comes over TLS, or from this host, or
// through a proxy that ends TLS.
func (a *Appeal) validate(c *Config) error {
	if a == nil {
		return nil
	}
	if a.Path == "" {
		a.Path = "/appeal"
	}
	if a.Contact.VI == "" {
		a.Contact.VI = a.Contact.EN
	}
	if a.Contact.EN == "" {
		a.Contact.EN = a.Contact.VI
	}
	for i, s := range a.Proxies {
		if _, ok := parsePrefix(s); !ok {
			return wrongItem("appeal.proxies", i, "%q is neither an address nor a prefix", s)
		}
	}
	local := false
	if at, err := netip.ParseAddrPort(c.Listen); err == nil {
		local = at.Addr().IsLoopback()
	}
	switch {
	case c.Listen == "":
		return &fieldError{"appeal", "the page needs an address: listen"}
	case !local && c.TLSCert == "" && len(a.Proxies) == 0:
		return &fieldError{"appeal", "people write down who they are: tls_cert and tls_key are needed, or the proxies that end TLS"}
	case !strings.HasPrefix(a.Path, "/") || len(a.Path) < 2 || !validName(strings.ReplaceAll(a.Path, "/", "")) || strings.Contains(a.Path, "//") ||
		strings.Contains(a.Path, "..") || strings.HasSuffix(a.Path, "/") || strings.HasPrefix(a.Path, "/edl") || strings.HasPrefix(a.Path, "/v1"):
		return &fieldError{"appeal.path", "a path such as /appeal, not below /edl or /v1"}
	case a.Contact.VI == "" || len(a.Contact.VI) > appealContact || len(a.Contact.EN) > appealContact:
		return &fieldError{"appeal.contact", "who answers: 1 to 300 bytes, vi and en"}
	}
	return nil
}

// ProxyPrefixes returns the proxies of a validated configuration.
func (a *Appeal) ProxyPrefixes() (out []netip.Prefix) {
	for _, s := range a.Proxies {
		if p, ok := parsePrefix(s); ok {
			out = append(out, p)
		}
	}
	return out
}
