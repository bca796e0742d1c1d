package signature

import (
	"net/netip"
	"slices"
	"sort"
)

// smallRanges is how many ranges an address list may have to be worth indexing; larger ones are mostly a negated network.
const smallRanges = 4096

// addrIndex finds rules by the address that they name: lists of known bad addresses are a thousand rules that would
// otherwise each be compared with every flow.
type addrIndex struct {
	src, dst addrMap
	rest     []*sig // rules that name no small set of addresses
}

// addrMap gives the rules of an address. Its segments are disjoint and in order.
type addrMap struct {
	segs    []addrRange
	rules   [][]*sig
	pending []addrRule
}

type addrRule struct {
	r addrRange
	s *sig
}

// add puts rules into the index; build has to follow.
func (x *addrIndex) add(s *sig) {
	switch {
	case s.src.small():
		x.src.add(s, s.src)
	case s.dst.small():
		x.dst.add(s, s.dst)
	default:
		x.rest = append(x.rest, s)
	}
}

func (x *addrIndex) build() {
	x.src.build()
	x.dst.build()
}

// append adds the rules that a flow between two addresses may match.
func (x *addrIndex) append(dst []*sig, from, to netip.Addr) []*sig {
	dst = append(dst, x.rest...)
	dst = append(dst, x.src.lookup(from)...)
	return append(dst, x.dst.lookup(to)...)
}

// small reports whether a set holds few addresses: no range of it is larger than a /12.
func (s *addrSet) small() bool {
	if s == nil || len(s.v4)+len(s.v6) > smallRanges {
		return false
	}
	for _, r := range s.v4 {
		a, b := r.from.As4(), r.to.As4()
		if b[0] != a[0] || b[1]-a[1] > 15 {
			return false
		}
	}
	for _, r := range s.v6 {
		a, b := r.from.As16(), r.to.As16()
		if a[0] != b[0] || a[1] != b[1] {
			return false
		}
	}
	return true
}

func (m *addrMap) add(s *sig, set *addrSet) {
	for _, r := range set.v4 {
		m.pending = append(m.pending, addrRule{r, s})
	}
	for _, r := range set.v6 {
		m.pending = append(m.pending, addrRule{r, s})
	}
}

// build cuts the ranges at each other's ends, so that a lookup finds one segment.
func (m *addrMap) build() {
	var cuts []netip.Addr
	for _, p := range m.pending {
		cuts = append(cuts, p.r.from)
		if n := p.r.to.Next(); n.IsValid() {
			cuts = append(cuts, n)
		}
	}
	slices.SortFunc(cuts, netip.Addr.Compare)
	cuts = slices.Compact(cuts)
	m.segs = make([]addrRange, len(cuts))
	m.rules = make([][]*sig, len(cuts))
	for i, c := range cuts {
		to := all6.to
		if c.Is4() {
			to = all4.to
		}
		if i+1 < len(cuts) && cuts[i+1].Is4() == c.Is4() {
			to = cuts[i+1].Prev()
		}
		m.segs[i] = addrRange{c, to}
	}
	for _, p := range m.pending {
		i, _ := slices.BinarySearchFunc(cuts, p.r.from, netip.Addr.Compare)
		for ; i < len(cuts) && cuts[i].Is4() == p.r.from.Is4() && !p.r.to.Less(cuts[i]); i++ {
			m.rules[i] = append(m.rules[i], p.s)
		}
	}
	m.pending = nil
}

func (m *addrMap) lookup(a netip.Addr) []*sig {
	i := sort.Search(len(m.segs), func(i int) bool { return !m.segs[i].to.Less(a) })
	if i < len(m.segs) && !a.Less(m.segs[i].from) {
		return m.rules[i]
	}
	return nil
}
