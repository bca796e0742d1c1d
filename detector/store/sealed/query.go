package sealed

import (
	"net/netip"
	"slices"

	"khien/detector/store"
)

// query returns a query that asks for both forms of what it asks for: findings that were written before addresses were
// sealed are found as well.
func (s *Store) query(q store.Query) store.Query {
	s.lists(&q)
	if q.Not != nil {
		not := *q.Not
		s.lists(&not)
		q.Not = &not
	}
	// In summaries and URLs a sealed address is a word, the ends of a finding are addresses.
	for _, form := range []string{s.seal.Words(q.Text), s.seal.Addrs(q.Text)} {
		if form != q.Text {
			q.OrText = append(slices.Clip(q.OrText), form)
		}
	}
	q.Group = both(q.Group, s.key)
	q.Areas = each(q.Areas, s.area)
	return q
}

// lists puts both forms into the lists of a query.
func (s *Store) lists(q *store.Query) {
	for _, list := range []*[]string{&q.IP, &q.Src, &q.Dst} {
		*list = s.networks(*list)
	}
	q.Host = both(q.Host, s.seal.Text)
	for _, f := range store.Fields() {
		list := f.Asked(q)
		*list = both(*list, s.seal.Text)
	}
	q.Within = each(q.Within, s.area)
}

// both returns the values of a list and their sealed forms.
func both(list []string, form func(string) string) []string {
	if !slices.ContainsFunc(list, func(v string) bool { return form(v) != v }) {
		return list
	}
	var out []string
	for _, v := range list {
		out = append(out, v)
		if sealed := form(v); sealed != v {
			out = append(out, sealed)
		}
	}
	return out
}

// area returns an area that holds both forms.
func (s *Store) area(a store.Area) store.Area {
	var networks []netip.Prefix
	for _, p := range a.Networks {
		networks = append(append(networks, s.seal.Plain(p)...), s.seal.Prefixes(p)...)
	}
	a.Networks, a.Sensors = networks, both(a.Sensors, s.seal.Text)
	return a
}

// networks returns addresses and prefixes in both forms. What is neither stays, for the store behind to refuse.
func (s *Store) networks(list []string) (out []string) {
	for _, v := range list {
		p, err := netip.ParsePrefix(v)
		if err != nil {
			out = append(out, v)
			if ip, err := netip.ParseAddr(v); err == nil && s.seal.Hides(ip) {
				out = append(out, s.seal.Addr(ip.WithZone("")).String())
			}
			continue
		}
		if plain := s.seal.Plain(p); len(plain) == 1 {
			out = append(out, v)
		} else {
			out = append(out, texts(plain)...)
		}
		out = append(out, texts(s.seal.Prefixes(p))...)
	}
	return out
}

func texts(list []netip.Prefix) (out []string) {
	for _, p := range list {
		out = append(out, p.String())
	}
	return out
}
