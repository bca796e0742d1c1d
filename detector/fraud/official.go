package fraud

import (
	"bytes"
	"strings"
)

// owner says to whom a name belongs.
type owner struct {
	brand     int32
	unrelated bool // of somebody else who is spelled like the brand
}

// official finds the owner of a name by the domains and patterns of the brands.
type official struct {
	exact    map[string]owner   // domain → owner
	patterns map[byte][]pattern // by first byte of the registrable label; '*' holds those that begin with a star
}

// pattern is a domain with stars: a glob for the registrable label and what may follow it.
type pattern struct {
	glob   string
	suffix string // public suffix, "*" for any, "{cc}" for those of countries
	owner  owner
}

// soldCountries are country-code domains that anybody may buy and that say nothing of a country.
var soldCountries = map[string]bool{"ac": true, "ai": true, "bz": true, "cc": true, "cf": true, "cm": true, "co": true,
	"fm": true, "ga": true, "gg": true, "gq": true, "icu": true, "io": true, "la": true, "ly": true, "me": true, "ml": true,
	"mn": true, "pw": true, "sc": true, "sh": true, "so": true, "st": true, "su": true, "tk": true, "to": true, "tv": true,
	"vc": true, "vg": true, "ws": true}

func checkPattern(s string) (string, string) {
	const form = "a domain (name.vn) or a pattern (name*.vn, name.*, name.{cc}) is expected"
	s = strings.ToLower(strings.Trim(s, "."))
	if len(s) > 200 || !strings.Contains(s, ".") {
		return "", form
	}
	first, suffix, _ := strings.Cut(s, ".")
	if strings.ContainsAny(s, "*{") {
		if strings.Trim(first, "*") == "" {
			return "", "a pattern needs letters in its first label"
		}
		if strings.ContainsAny(suffix, "*{") && suffix != "*" && suffix != "{cc}" && !strings.HasSuffix(suffix, ".*") {
			return "", form
		}
	}
	for i := range len(s) {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-.*{}", c) >= 0) {
			return "", form
		}
	}
	return s, ""
}

func newOfficial(brands []Brand) *official {
	o := &official{exact: make(map[string]owner), patterns: make(map[byte][]pattern)}
	add := func(s string, own owner) {
		if !strings.ContainsAny(s, "*{") {
			if _, taken := o.exact[s]; !taken {
				o.exact[s] = own
			}
			return
		}
		glob, suffix, _ := strings.Cut(s, ".")
		p := pattern{glob: glob, suffix: suffix, owner: own}
		if strings.HasSuffix(suffix, ".*") { // name.com.*
			p.suffix = strings.TrimSuffix(suffix, "*")
		}
		o.patterns[glob[0]] = append(o.patterns[glob[0]], p)
	}
	for i := range brands {
		for _, d := range brands[i].Domains {
			add(d, owner{brand: int32(i)})
		}
		for _, d := range brands[i].Unrelated {
			add(d, owner{brand: int32(i), unrelated: true})
		}
	}
	return o
}

// lookup returns the owner of host, whose registrable part begins at reg and whose public suffix begins at suffix.
func (o *official) lookup(host []byte, reg, suffix int) (owner, bool) {
	for i := 0; i < len(host); i++ {
		if i > 0 && host[i-1] != '.' {
			continue
		}
		if own, ok := o.exact[string(host[i:])]; ok {
			return own, true
		}
	}
	if reg >= suffix {
		return owner{}, false
	}
	label, rest := host[reg:suffix-1], host[suffix:]
	for _, first := range [2]byte{host[reg], '*'} {
		for i := range o.patterns[first] {
			p := &o.patterns[first][i]
			if globMatch(p.glob, label) && suffixMatch(p.suffix, rest) {
				return p.owner, true
			}
		}
	}
	return owner{}, false
}

func suffixMatch(want string, suffix []byte) bool {
	switch {
	case want == "*":
		return true
	case want == "{cc}":
		last := suffix
		for i := len(suffix) - 1; i >= 0; i-- {
			if suffix[i] == '.' {
				last = suffix[i+1:]
				break
			}
		}
		if string(suffix) == "com" {
			return true
		}
		// name.com.co is a country's suffix although .co alone is not.
		return len(last) == 2 && (len(last) < len(suffix) || !soldCountries[string(last)])
	case strings.HasSuffix(want, "."):
		return len(suffix) > len(want) && string(suffix[:len(want)]) == want
	}
	return string(suffix) == want
}

// globMatch matches stars against any bytes. Patterns are short and come from the brands file.
func globMatch(glob string, s []byte) bool {
	gi, si, star, mark := 0, 0, -1, 0
	for si < len(s) {
		switch {
		case gi < len(glob) && glob[gi] == '*':
			star, mark = gi, si
			gi++
		case gi < len(glob) && glob[gi] == s[si]:
			gi++
			si++
		case star >= 0:
			gi = star + 1
			mark++
			si = mark
		default:
			return false
		}
	}
	for gi < len(glob) && glob[gi] == '*' {
		gi++
	}
	return gi == len(glob)
}

// split finds where the registrable part and the public suffix of a host begin. private tells that the suffix is one
// under which a service gives names to its customers (web.app, weebly.com). Where there is no registrable part, reg and
// suffix are 0.
func split(host []byte) (reg, suffix int, private bool) {
	suffix, icann := publicSuffix(host)
	if suffix <= 1 {
		return 0, 0, false
	}
	reg = bytes.LastIndexByte(host[:suffix-1], '.') + 1
	return reg, suffix, !icann && bytes.IndexByte(host[suffix:], '.') >= 0
}
