package signature

import (
	"maps"
	"math/bits"
	"slices"

	"khien/sensor"
)

// sieve finds the rules whose fast pattern occurs in payloads or in a stream. Its patterns are kept apart by what a flow
// shows of itself, so that a web page is not searched for the short patterns of file sharing: one search finds the rules for
// any flow together with those of the flow's application protocol, a second one is needed on ports that rules name.
type sieve struct {
	base     *group // rules that name neither protocols nor few ports
	all      *group // base and the rules of every protocol: the flow's is not known yet
	apps     map[sensor.Proto]appGroup
	from, to portGroups // rules for few source or destination ports
	max      int        // length of the longest pattern
	rules    []*sig     // until build
}

// appGroup holds the rules of a protocol.
type appGroup struct {
	g    *group
	base bool // base is part of it: one search in place of two, where that does not cost much memory
}

// smallBase is how many rules are repeated in the group of each protocol without a second thought.
const smallBase = 256

// fewPorts is how many ports a rule may name to be found by them.
const fewPorts = 64

// portGroups gives the group of a port. A port is in one group at most.
type portGroups struct {
	byPort map[uint16]*group
}

func (v *sieve) add(s *sig) { v.rules = append(v.rules, s) }

// empty reports whether there is nothing to search for.
func (v *sieve) empty() bool { return v.max == 0 }

// build makes the groups. With late, protocols may become known after bytes have been searched.
func (v *sieve) build(c *compiler, d sensor.Dir, late bool) {
	var base, from, to []*sig
	apps := map[sensor.Proto][]*sig{}
	for _, s := range v.rules {
		v.max = max(v.max, len(s.fp.data))
		switch {
		case len(s.apps) > 0:
			for _, p := range s.apps {
				apps[p] = append(apps[p], s)
			}
		case s.dpt.few():
			to = append(to, s)
		case s.sport.few():
			from = append(from, s)
		default:
			base = append(base, s)
		}
	}
	made := map[string]*group{}
	v.base = c.patterns(d, base, made)
	all := slices.Clone(base)
	v.apps = map[sensor.Proto]appGroup{}
	for _, p := range slices.Sorted(maps.Keys(apps)) {
		x := apps[p]
		all = append(all, x...)
		whole := 2*len(x) > len(base) || len(base) <= smallBase
		if whole {
			x = slices.Concat(base, x)
		}
		v.apps[p] = appGroup{c.patterns(d, x, made), whole}
	}
	v.all = v.base
	if late {
		v.all = c.patterns(d, all, made)
	}
	v.from.build(c, d, from, func(s *sig) *portSet { return s.sport })
	v.to.build(c, d, to, func(s *sig) *portSet { return s.dpt })
	v.rules = nil
}

// patterns makes the group of some rules, or gives one that was made of the same.
func (c *compiler) patterns(d sensor.Dir, rules []*sig, made map[string]*group) *group {
	if len(rules) == 0 {
		return nil
	}
	slices.SortFunc(rules, func(a, b *sig) int { return a.num - b.num })
	rules = slices.Compact(rules)
	key := make([]byte, 0, 4*len(rules))
	for _, s := range rules {
		key = append(key, byte(s.num), byte(s.num>>8), byte(s.num>>16), byte(s.num>>24))
	}
	g := made[string(key)]
	if g == nil {
		g = c.newGroup(nil, nil, dirBit(d))
		for _, s := range rules {
			g.add(s)
		}
		made[string(key)] = g
	}
	return g
}

// few reports whether a set holds few ports.
func (s *portSet) few() bool {
	if s == nil {
		return false
	}
	n := 0
	for _, w := range s {
		if n += bits.OnesCount64(w); n > fewPorts {
			return false
		}
	}
	return true
}

// each yields the ports of a set in order.
func (s *portSet) each(yield func(uint16) bool) {
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			if !yield(uint16(i<<6 + bits.TrailingZeros64(w))) {
				return
			}
		}
	}
}

// build puts rules that have a port in common into one group.
func (x *portGroups) build(c *compiler, d sensor.Dir, rules []*sig, ports func(*sig) *portSet) {
	// Rules share the sets of equal expressions, so that sets are joined and not rules.
	bySet := map[*portSet][]*sig{}
	var sets []*portSet
	for _, s := range rules {
		p := ports(s)
		if bySet[p] == nil {
			sets = append(sets, p)
		}
		bySet[p] = append(bySet[p], s)
	}
	class := map[uint16]int{}     // of a port
	members := map[int][]uint16{} // ports of a class
	for n, p := range sets {
		for port := range p.each {
			was, ok := class[port]
			switch {
			case !ok:
				class[port] = n
				members[n] = append(members[n], port)
			case was != n:
				for _, m := range members[was] {
					class[m] = n
				}
				members[n] = append(members[n], members[was]...)
				delete(members, was)
			}
		}
	}
	joined := map[int][]*sig{}
	for _, p := range sets {
		for port := range p.each {
			joined[class[port]] = append(joined[class[port]], bySet[p]...)
			break
		}
	}
	x.byPort = map[uint16]*group{}
	made := map[string]*group{}
	for _, n := range slices.Sorted(maps.Keys(joined)) {
		g := c.patterns(d, joined[n], made)
		for _, port := range members[n] {
			x.byPort[port] = g
		}
	}
}

// sifting is what a flow has chosen of a sieve for one of its directions. It has places, not pointers: a flow that is at rest
// does not hold rules that were replaced.
type sifting struct {
	groups [4]int32 // places among the set's groups and 1; 0 for none
	gen    uint32   // of the rules
	app    sensor.Proto
}

// choose finds the groups to search for a flow whose packets go between two ports. With late, its protocol may become known
// when more bytes have come.
func (v *sieve) choose(app sensor.Proto, from, to uint16, late bool) [4]*group {
	g := [4]*group{v.base, nil, v.to.byPort[to], v.from.byPort[from]}
	switch x := v.apps[app]; {
	case app == sensor.ProtoNone && late:
		g[0] = v.all
	case x.base:
		g[0] = x.g
	default:
		g[1] = x.g
	}
	return g
}

// sift collects the rules whose fast pattern occurs in data, which goes in direction d of the packet's flow. known is what
// the flow has chosen before, nil for a packet that is not of its flow's kind.
func (m *Matcher) sift(v *sieve, known *sifting, data []byte, d sensor.Dir, late bool) {
	if v.empty() || len(data) == 0 {
		return
	}
	if m.flow == nil {
		for _, g := range v.choose(sensor.ProtoNone, m.seg.SrcPort, m.seg.DstPort, false) {
			m.prefilter(g, data)
		}
		return
	}
	var fresh sifting
	if known == nil {
		known = &fresh
	}
	if known.gen != m.set.gen || known.app != m.flow.App {
		_, from, _, to := m.flow.Endpoints(d)
		*known = sifting{gen: m.set.gen, app: m.flow.App}
		for i, g := range v.choose(m.flow.App, from, to, late) {
			if g != nil {
				known.groups[i] = int32(g.id) + 1
			}
		}
	}
	for _, i := range known.groups {
		if i == 0 {
			continue
		}
		g := m.set.groups[i-1]
		for _, id := range g.set.Scan(m.scratch, data) {
			for _, s := range g.rules[id] {
				if m.header5(s, d) { // of those whose pattern occurs only the ones whose header fits
					m.cands = append(m.cands, s)
				}
			}
		}
	}
}
