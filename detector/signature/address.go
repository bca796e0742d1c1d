package signature

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// addrRange is an inclusive range of addresses of one family.
type addrRange struct{ from, to netip.Addr }

// addrSet holds disjoint ranges in order. A nil set holds every address.
type addrSet struct{ v4, v6 []addrRange }

func (s *addrSet) contains(a netip.Addr) bool {
	if s == nil {
		return true
	}
	rs := s.v6
	if a.Is4() {
		rs = s.v4
	}
	lo, hi := 0, len(rs)
	for lo < hi {
		mid := (lo + hi) / 2
		if rs[mid].to.Less(a) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(rs) && !a.Less(rs[lo].from)
}

// nestMax limits how deep lists and variables may nest.
const nestMax = 64

var (
	all4 = addrRange{netip.IPv4Unspecified(), netip.AddrFrom4([4]byte{255, 255, 255, 255})}
	all6 = addrRange{netip.IPv6Unspecified(), netip.AddrFrom16([16]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255})}
)

// parseAddrs reads an address expression: any, an address, a CIDR, a range, a variable, [a,!b,…], each may be negated.
func (v *variables) parseAddrs(expr string) (*addrSet, error) {
	if s, ok := v.addrCache[expr]; ok {
		return s, nil
	}
	pos, neg, err := v.addrs(expr, 0)
	if err != nil {
		return nil, err
	}
	if len(pos) == 0 {
		pos = []addrRange{all4, all6}
	}
	s := &addrSet{}
	for _, r := range subtract(pos, neg) {
		if r.from.Is4() {
			s.v4 = append(s.v4, r)
		} else {
			s.v6 = append(s.v6, r)
		}
	}
	if len(s.v4)+len(s.v6) == 0 {
		return nil, fmt.Errorf("address list %q holds no address", expr)
	}
	if len(s.v4) == 1 && s.v4[0] == all4 && len(s.v6) == 1 && s.v6[0] == all6 {
		s = nil
	}
	v.addrCache[expr] = s
	return s, nil
}

// addrs returns what an expression names and what it excludes. An expression that only excludes names everything.
func (v *variables) addrs(expr string, depth int) (pos, neg []addrRange, err error) {
	if depth > nestMax {
		return nil, nil, fmt.Errorf("address %q nests too deep", expr)
	}
	expr = strings.TrimSpace(expr)
	if expr == "" {
		return nil, nil, fmt.Errorf("empty address")
	}
	if expr[0] == '!' {
		p, n, err := v.addrs(expr[1:], depth+1)
		if err != nil {
			return nil, nil, err
		}
		if len(p) == 0 {
			p = []addrRange{all4, all6}
		}
		inner := subtract(p, n)
		if len(subtract([]addrRange{all4, all6}, inner)) == 0 {
			return nil, nil, fmt.Errorf("address %q excludes every address", expr)
		}
		return nil, inner, nil
	}
	switch {
	case expr == "any":
		return []addrRange{all4, all6}, nil, nil
	case expr[0] == '$':
		val, ok := v.addrVars[expr[1:]]
		if !ok {
			return nil, nil, fmt.Errorf("unknown address variable %s", expr)
		}
		return v.addrs(val, depth+1)
	case expr[0] == '[':
		parts, err := splitList(expr)
		if err != nil {
			return nil, nil, err
		}
		for _, part := range parts {
			p, n, err := v.addrs(part, depth+1)
			if err != nil {
				return nil, nil, err
			}
			pos = append(pos, p...)
			neg = append(neg, n...)
		}
		if len(pos) == 0 {
			pos = []addrRange{all4, all6}
		}
		return pos, neg, nil
	}
	r, err := parseAddrRange(expr)
	return []addrRange{r}, nil, err
}

func parseAddrRange(s string) (addrRange, error) {
	if a, b, ok := strings.Cut(s, "/"); ok {
		addr, err := netip.ParseAddr(a)
		if err != nil {
			return addrRange{}, fmt.Errorf("bad address %q", s)
		}
		bits, err := strconv.Atoi(b)
		if err != nil {
			mask, merr := netip.ParseAddr(b)
			if merr != nil || !mask.Is4() {
				return addrRange{}, fmt.Errorf("bad netmask in %q", s)
			}
			bits = 0
			for _, x := range mask.As4() {
				for ; x&0x80 != 0; x <<= 1 {
					bits++
				}
			}
		}
		p, err := addr.Prefix(bits)
		if err != nil {
			return addrRange{}, fmt.Errorf("bad prefix length in %q", s)
		}
		return addrRange{p.Addr(), lastAddr(p)}, nil
	}
	if a, b, ok := strings.Cut(s, "-"); ok {
		from, err1 := netip.ParseAddr(strings.TrimSpace(a))
		to, err2 := netip.ParseAddr(strings.TrimSpace(b))
		if err1 != nil || err2 != nil || from.Is4() != to.Is4() || to.Less(from) {
			return addrRange{}, fmt.Errorf("bad address range %q", s)
		}
		return addrRange{from, to}, nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return addrRange{}, fmt.Errorf("bad address %q", s)
	}
	return addrRange{a, a}, nil
}

func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// subtract returns the ranges of pos, merged and in order, without those of neg.
func subtract(pos, neg []addrRange) []addrRange {
	pos, neg = merge(pos), merge(neg)
	var out []addrRange
	for _, p := range pos {
		from, open := p.from, true
		for _, n := range neg {
			if n.from.Is4() != p.from.Is4() || n.to.Less(from) || p.to.Less(n.from) {
				continue
			}
			if from.Less(n.from) {
				out = append(out, addrRange{from, n.from.Prev()})
			}
			if !n.to.Less(p.to) {
				open = false
				break
			}
			from = n.to.Next()
		}
		if open {
			out = append(out, addrRange{from, p.to})
		}
	}
	return out
}

func merge(rs []addrRange) []addrRange {
	rs = slices.Clone(rs)
	slices.SortFunc(rs, func(a, b addrRange) int {
		return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to))
	})
	var out []addrRange
	for _, r := range rs {
		if n := len(out); n > 0 && out[n-1].from.Is4() == r.from.Is4() &&
			(!out[n-1].to.Less(r.from) || out[n-1].to.Next() == r.from) {
			if out[n-1].to.Less(r.to) {
				out[n-1].to = r.to
			}
			continue
		}
		out = append(out, r)
	}
	return out
}

// splitList splits [a,b,[c,d]] at its top level.
func splitList(expr string) ([]string, error) {
	if len(expr) < 2 || expr[len(expr)-1] != ']' {
		return nil, fmt.Errorf("unclosed list %q", expr)
	}
	var parts []string
	depth, start := 0, 1
	for i := 1; i < len(expr)-1; i++ {
		switch expr[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth < 0 {
				return nil, fmt.Errorf("unbalanced list %q", expr)
			}
		case ',':
			if depth == 0 {
				parts = append(parts, expr[start:i])
				start = i + 1
			}
		}
	}
	if depth != 0 {
		return nil, fmt.Errorf("unbalanced list %q", expr)
	}
	return append(parts, expr[start:len(expr)-1]), nil
}
