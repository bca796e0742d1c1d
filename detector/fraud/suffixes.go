package fraud

import (
	_ "embed"
	"strings"
	"sync"
	"unsafe"
)

// suffixesFile is the table of golang.org/x/net/publicsuffix as text (deploy/train/suffixes writes it). Its own look-up asks
// net/netip first whether the name is an address, and the answer that it is none costs an allocation for every name.
//
//go:embed suffixes.txt
var suffixesFile string

// suffixRule is what is known of a domain that is, or has below it, a public suffix.
type suffixRule uint8

const (
	suffixICANN     suffixRule = 1 << iota
	suffixParent               // only rules below it count
	suffixException            // not a suffix although its siblings are
	suffixWildcard             // every label below it is one
)

// suffixes holds the rules by domain.
var suffixes = sync.OnceValue(func() map[string]suffixRule {
	m := make(map[string]suffixRule, strings.Count(suffixesFile, "\n"))
	for line := range strings.Lines(suffixesFile) {
		name, flags, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if name == "#" {
			continue
		}
		var r suffixRule
		for _, c := range flags {
			switch c {
			case 'i':
				r |= suffixICANN
			case 'p':
				r |= suffixParent
			case 'x':
				r |= suffixException
			case '*':
				r |= suffixWildcard
			}
		}
		m[name] = r
	}
	return m
})

// publicSuffix returns where the public suffix of a host begins, and whether ICANN's rules give it (publicsuffix.org/list,
// "Algorithm"). A host under no rule has its last label as suffix.
func publicSuffix(host []byte) (suffix int, icann bool) {
	rules := suffixes()
	suffix = len(host)
	end, known, wildcard := len(host), false, false
	for {
		dot := end - 1
		for dot >= 0 && host[dot] != '.' {
			dot--
		}
		if wildcard {
			icann, suffix = known, dot+1
		}
		if dot+1 >= len(host) {
			break
		}
		r, ok := rules[unsafe.String(&host[dot+1], len(host)-dot-1)]
		if !ok {
			break
		}
		known = r&suffixICANN != 0
		if r&suffixException != 0 {
			suffix = end + 1
			break
		}
		if r&suffixParent == 0 {
			suffix = dot + 1
		}
		if wildcard = r&suffixWildcard != 0; !wildcard {
			icann = known
		}
		if dot < 0 {
			break
		}
		end = dot
	}
	if suffix >= len(host) {
		for suffix = len(host); suffix > 0 && host[suffix-1] != '.'; suffix-- {
		}
	}
	return suffix, icann
}
