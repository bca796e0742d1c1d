package pseudonym

import (
	"net/netip"
	"strconv"
	"strings"
)

// Text replaces the hidden addresses in a text by their pseudonyms; those that shown returns true for stay (nil: none).
// Networks that hold many people stay too.
func (b *Book) Text(s string, shown func(netip.Addr) bool) string {
	return replace(s, b.tokens(s), func(t token) (string, bool) {
		if shown != nil && shown(t.ip) {
			return "", false
		}
		return b.Name(t.ip), true
	})
}

// Find returns the hidden addresses that stand in a text, in the order in which they do.
func (b *Book) Find(s string) (out []netip.Addr) {
	for _, t := range b.tokens(s) {
		out = append(out, t.ip)
	}
	return out
}

// Blot overwrites the digits of hidden addresses, so that what is told of offsets in data stays true.
func (b *Book) Blot(data []byte) []byte {
	s := string(data)
	tokens := b.tokens(s)
	if len(tokens) == 0 {
		return data
	}
	out := []byte(s)
	for _, t := range tokens {
		for i := t.from; i < t.to; i++ {
			if out[i] != '.' && out[i] != ':' {
				out[i] = '*'
			}
		}
	}
	return out
}

// Open puts addresses in place of the pseudonyms in a text.
func (b *Book) Open(s string) string {
	return replace(s, named(s, mark, b.readName), func(t token) (string, bool) { return t.ip.String(), true })
}

// readName reads the pseudonym that s begins with.
func (b *Book) readName(s string) (t token, ok bool) {
	t.to = len(mark) + digitsOf(s[len(mark):])
	var err error
	t.ip, err = b.Address(s[:t.to])
	return t, err == nil
}

// token is an address, or what stands for one, in a text.
type token struct {
	from, to int
	ip       netip.Addr
	reversed bool   // it stands the other way round, as in names of the Domain Name System
	spelled  string // what stands in its place, where that is not told by ip
}

// named finds the words that begin with a mark and stand by themselves. read reads one from the beginning of a text: its
// ip or spelled, and to.
func named(s, mark string, read func(s string) (token, bool)) (list []token) {
	for at := 0; ; {
		i := strings.Index(s[at:], mark)
		if i < 0 {
			return list
		}
		from := at + i
		at = from + len(mark)
		t, ok := read(s[from:])
		t.from, t.to = from, from+t.to
		if ok && apart(s, t.from, t.to) {
			t.reversed = t.ip.Is4() && reverses(s[t.to:], reversing4) || t.ip.Is6() && reverses(s[t.to:], reversing6)
			list = append(list, t)
			at = t.to
		}
	}
}

// replace writes a text with other words for its tokens; what word refuses stays.
func replace(s string, tokens []token, word func(t token) (string, bool)) string {
	var out strings.Builder
	done := 0
	for _, t := range tokens {
		w, ok := word(t)
		if !ok {
			continue
		}
		if t.reversed && t.spelled == "" {
			if ip, err := netip.ParseAddr(w); err == nil && ip.Is4() == t.ip.Is4() {
				w = reversedText(ip)
			}
		}
		if done == 0 {
			out.Grow(len(s) + len(tokens)*growth)
		}
		out.WriteString(s[done:t.from])
		out.WriteString(w)
		done = t.to
	}
	if done == 0 {
		return s
	}
	out.WriteString(s[done:])
	return out.String()
}

// growth is how much longer a text mostly gets with a word in place of an address.
const growth = 8

// tokens finds the hidden addresses in a text.
func (b *Book) tokens(s string) []token { return b.appendTokens(nil, s) }

// appendTokens appends the hidden addresses in a text. A candidate is a run of hexadecimal digits, dots and colons that
// begins where no word goes on.
func (b *Book) appendTokens(out []token, s string) []token {
	for i := 0; i < len(s); {
		from := i
		for i < len(s) && (hexDigit(s[i]) || s[i] == '.' || s[i] == ':') {
			i++
		}
		if i-from > 1 {
			out = b.run(out, s, from, i)
		}
		if i == from {
			i++
		}
		if i > from && word(s[i-1]) {
			for i < len(s) && word(s[i]) {
				i++
			}
		}
	}
	return out
}

// run appends the hidden addresses of s[from:to]: one of IPv6, or those of IPv4 between its colons.
func (b *Book) run(out []token, s string, from, to int) []token {
	if n := strings.Count(s[from:to], ":"); n >= 2 {
		at, end := from, to
		if s[at] == ':' && s[at+1] != ':' { // src:fd00::1
			at++
		}
		if t, ok := b.token(s, at, end); ok {
			return append(out, t)
		}
	}
	if strings.IndexByte(s[from:to], '.') < 0 {
		return out
	}
	for at := from; at < to; {
		end := at
		for end < to && s[end] != ':' {
			end++
		}
		if t, ok := b.token(s, at, end); ok {
			out = append(out, t)
		}
		at = end + 1
	}
	return out
}

// token reads an address from s[from:to], behind which a full stop or a colon may stand.
func (b *Book) token(s string, from, to int) (token, bool) {
	for to > from && (s[to-1] == '.' || s[to-1] == ':' && (to-2 < from || s[to-2] != ':')) {
		to--
	}
	t := token{from: from, to: to}
	if ip, err := netip.ParseAddr(s[from:to]); err == nil {
		t.ip = ip.Unmap()
	} else if t.ip, t.reversed = nibbles(s[from:to]); !t.reversed || !reverses(s[to:], reversing6) {
		return token{}, false
	}
	if t.ip.Is4() && reverses(s[to:], reversing4) {
		t.ip, t.reversed = reverse(t.ip), true
	}
	if !b.Hides(t.ip) || !apart(s, from, to) || isNetwork(s[to:], t.ip) {
		return token{}, false
	}
	return t, true
}

func reverse(ip netip.Addr) netip.Addr {
	a := ip.As4()
	return netip.AddrFrom4([4]byte{a[3], a[2], a[1], a[0]})
}

// reverses reports whether the rest of a name says that what stands before it is reversed. Resolvers may write it in any
// mixture of cases.
func reverses(rest, zone string) bool {
	return len(rest) >= len(zone) && strings.EqualFold(rest[:len(zone)], zone)
}

// reversedText is an address as it stands in a reversed name.
func reversedText(ip netip.Addr) string {
	if ip.Is4() {
		return reverse(ip).String()
	}
	const digits = "0123456789abcdef"
	a := ip.As16()
	out := make([]byte, nibblesLen)
	for i := range 2 * len(a) {
		b := a[len(a)-1-i/2] >> (4 * (i % 2)) & 0xf
		if out[2*i] = digits[b]; i > 0 {
			out[2*i-1] = '.'
		}
	}
	return string(out)
}

// nibblesLen is the length of an address of IPv6 in a reversed name.
const nibblesLen = 2*32 - 1

// nibbles reads an address of IPv6 from a reversed name.
func nibbles(s string) (netip.Addr, bool) {
	if len(s) != nibblesLen {
		return netip.Addr{}, false
	}
	var a [16]byte
	for i := range 2 * len(a) {
		n, err := strconv.ParseUint(s[2*i:2*i+1], 16, 8)
		if err != nil || i > 0 && s[2*i-1] != '.' {
			return netip.Addr{}, false
		}
		a[len(a)-1-i/2] |= byte(n) << (4 * (i % 2))
	}
	ip := netip.AddrFrom16(a)
	return ip, !ip.Is4In6()
}

// isNetwork reports whether what follows an address makes a network of it that is wide enough to be named.
func isNetwork(after string, ip netip.Addr) bool {
	digits, ok := strings.CutPrefix(after, "/")
	if !ok {
		return false
	}
	n := 0
	for n < len(digits) && n < 4 && digits[n] >= '0' && digits[n] <= '9' {
		n++
	}
	bits, err := strconv.Atoi(digits[:n])
	widest := widestBits6
	if ip.Is4() {
		widest = widestBits4
	}
	return err == nil && bits <= widest && netip.PrefixFrom(ip, bits).Masked().Addr() == ip
}

// apart reports whether s[from:to] stands by itself and is no part of a longer name or number.
func apart(s string, from, to int) bool {
	if from > 0 && (word(s[from-1]) || s[from-1] == '.') {
		return false
	}
	rest := s[to:]
	if reverses(rest, reversing4) || reverses(rest, reversing6) {
		return true
	}
	if rest != "" && rest[0] == '.' {
		rest = rest[1:] // a full stop
	}
	return rest == "" || !word(rest[0])
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func word(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
