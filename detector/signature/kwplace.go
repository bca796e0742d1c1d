package signature

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"khien/sensor"
)

// addressKeywords ask what is known of addresses, from databases and lists of the user. What is not there has no keyword.
func addressKeywords(o Options) (out []keyword) {
	if country := o.Country; country != nil {
		out = append(out, keyword{"geoip", argNeed, func(b *builder, arg string) error { return b.geoip(arg, country) }})
	}
	if o.Reputation != nil {
		out = append(out, keyword{"iprep", argNeed, func(b *builder, arg string) error { return b.iprep(arg, o.Reputation) }})
	}
	return out
}

// side says which end of a packet a condition is on.
type side string

// sides are the words of the language.
var sides = []side{"any", "src", "dst", "both"}

// holds reports whether the ends that are meant fulfil a condition: for any one of them, for both each.
func (s side) holds(m *Matcher, f func(netip.Addr) bool) bool {
	var src, dst netip.Addr
	switch {
	case m.seg != nil:
		src, dst = m.seg.Src, m.seg.Dst
	case m.flow != nil && m.dir == sensor.ToServer:
		src, dst = m.flow.Src, m.flow.Dst
	case m.flow != nil:
		src, dst = m.flow.Dst, m.flow.Src
	default:
		return false
	}
	switch s {
	case "src":
		return f(src)
	case "dst":
		return f(dst)
	case "both":
		return f(src) && f(dst)
	}
	return f(src) || f(dst)
}

// geoip is a condition on the country of an address.
type geoip struct {
	side    side
	not     bool // none of the list; addresses without a country are in no list and outside of none
	list    []string
	country func(netip.Addr) string
}

func (c *geoip) match(m *Matcher) bool {
	return c.side.holds(m, func(a netip.Addr) bool {
		is := c.country(a)
		return is != "" && slices.Contains(c.list, is) != c.not
	})
}

// geoip reads [src|dst|both|any,]CC[,CC…], where every country may have a "!".
func (b *builder) geoip(arg string, country func(netip.Addr) string) error {
	c := &geoip{side: "any", country: country}
	list := fields(arg)
	if s := side(strings.ToLower(list[0])); slices.Contains(sides, s) {
		c.side, list = s, list[1:]
	}
	if len(list) == 0 {
		return fmt.Errorf("expected a country")
	}
	for i, cc := range list {
		cc, not := strings.CutPrefix(cc, "!")
		if cc = strings.ToUpper(strings.TrimSpace(cc)); len(cc) != 2 {
			return fmt.Errorf("%q is no country: want two letters", cc)
		}
		if i > 0 && not != c.not {
			return fmt.Errorf("some countries have a \"!\" and some have none")
		}
		c.not = not
		c.list = append(c.list, cc)
	}
	b.s.packet = append(b.s.packet, c)
	return nil
}

// iprep is a condition on the score that an address has in a category.
type iprep struct {
	side     side
	category uint8
	known    bool // isset
	unknown  bool // notset
	n        number
	lists    *Reputation
}

func (c *iprep) match(m *Matcher) bool {
	return c.side.holds(m, func(a netip.Addr) bool {
		score := c.lists.score(a, c.category)
		if c.known || c.unknown {
			return (score > 0) == c.known
		}
		return score > 0 && c.n.match(uint64(score))
	})
}

// iprep reads side,category,operator,score or side,category,isset|notset.
func (b *builder) iprep(arg string, lists *Reputation) error {
	p := fields(arg)
	if len(p) < 3 || len(p) > 4 {
		return fmt.Errorf("expected side,category,operator,score")
	}
	c := &iprep{side: side(strings.ToLower(p[0])), lists: lists}
	if !slices.Contains(sides, c.side) {
		return fmt.Errorf("side %q: any, src, dst or both", p[0])
	}
	var ok bool
	if c.category, ok = lists.categories[strings.ToLower(p[1])]; !ok {
		return fmt.Errorf("no category %q in the list of categories", p[1])
	}
	if len(p) == 3 {
		c.known, c.unknown = p[2] == "isset", p[2] == "notset"
		if !c.known && !c.unknown {
			return fmt.Errorf("expected isset or notset, or an operator and a score")
		}
		b.s.packet = append(b.s.packet, c)
		return nil
	}
	score, err := strconv.ParseUint(p[3], 10, 8)
	if err != nil || score > scoreMax {
		return fmt.Errorf("score %q: from 0 to %d", p[3], scoreMax)
	}
	n, err := parseNumber(p[2]+p[3], 8, nil)
	if err != nil || !slices.Contains([]string{"<", "<=", ">", ">=", "="}, p[2]) {
		return fmt.Errorf("operator %q: <, <=, >, >= or =", p[2])
	}
	c.n = *n
	b.s.packet = append(b.s.packet, c)
	return nil
}
