package embedded

import (
	"math"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"khien/detector"
	"khien/detector/store"
)

const (
	textMax  = 8 << 10 // bytes of a finding that the full-text index reads
	wordsMax = 32      // words of a query
	hostsMax = 64      // names of a finding that can be searched for
	hostMax  = 253     // RFC 1035, 2.3.4, without the final dot
)

// searchText is what a text query looks in.
func searchText(f *detector.Finding) string {
	parts := []string{f.Rule.ID, f.Rule.Name, f.Summary.VI, f.Summary.EN, f.Domain, addrText(f.SrcIP), addrText(f.DstIP)}
	parts = append(parts, f.RelatedHosts[:min(len(f.RelatedHosts), hostsMax)]...)
	parts = append(parts, f.FileName, f.SHA256, string(detector.MaskSecrets([]byte(f.URL))))
	return fold(strings.Join(parts, "\n"))
}

// fold returns the words of a text in one form: lower case, without diacritics (people search "gia mao" for "giả mạo"),
// separated by single spaces. Both sides of a search go through it, so they always cut words alike.
func fold(s string) string {
	if len(s) > textMax {
		s = strings.ToValidUTF8(s[:textMax], "")
	}
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case r == 'đ' || r == 'Đ':
			r = 'd'
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			r = unicode.ToLower(r)
		default:
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteRune(r)
	}
	return b.String()
}

// match returns the full-text expression that requires every word of one of several texts; "" when they hold none.
func match(texts []string) string {
	var all []string
	for _, text := range texts {
		words := strings.Fields(fold(text))
		words = words[:min(len(words), wordsMax)]
		for i, w := range words {
			words[i] = `"` + w + `"`
		}
		if len(words) > 0 {
			all = append(all, strings.Join(words, " AND "))
		}
	}
	return strings.Join(all, " OR ") // which binds less than AND
}

// reversed turns www.example.com into "com.example.www.". The final dot keeps example.community out of the range of
// example.com.
func reversed(name string) string {
	labels := strings.Split(strings.ToLower(strings.Trim(name, ".")), ".")
	var b strings.Builder
	for i := len(labels) - 1; i >= 0; i-- {
		b.WriteString(labels[i])
		b.WriteByte('.')
	}
	return b.String()
}

// hostsOf returns the names that a finding can be found by, each once.
func hostsOf(f *detector.Finding) []string {
	var out []string
	seen := map[string]bool{}
	for i := -1; i < len(f.RelatedHosts) && len(out) < hostsMax; i++ {
		name := f.Domain
		if i >= 0 {
			name = f.RelatedHosts[i]
		}
		if name == "" || len(name) > hostMax {
			continue
		}
		if r := reversed(name); !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}
	return out
}

// fieldTerm is a value of a finding that can be searched for as it is.
type fieldTerm struct{ field, value string }

const termMax = 1024 // bytes of a value; longer ones are not searched for

// termsOf returns the values of store.Fields that a finding has.
func termsOf(f *detector.Finding) (out []fieldTerm) {
	for _, field := range store.Fields() {
		for _, v := range field.Values(f) {
			if v != "" && len(v) <= termMax {
				out = append(out, fieldTerm{field.Name, v})
			}
		}
	}
	return out
}

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// addrKey is an address as it is stored; IPv4 stands in its IPv6-mapped form.
func addrKey(a netip.Addr) []byte {
	if !a.IsValid() {
		return nil
	}
	k := a.As16()
	return k[:]
}

// nanos is a time as it is stored: not before 1970, not after 2262.
func nanos(t time.Time) int64 {
	switch {
	case t.Unix() < 0:
		return 0
	case t.Unix() >= math.MaxInt64/int64(time.Second):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// fromNanos is the time behind a stored one.
func fromNanos(n int64) time.Time { return time.Unix(0, n).UTC() }
