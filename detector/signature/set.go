package signature

import (
	"cmp"
	"slices"

	"khien/detector/prefilter"
	"khien/sensor"
)

// alertMaxDefault is how many alerts one packet may give, Suricata's packet-alert-max.
const alertMaxDefault = 15

// Set is a compiled set of rules. It is immutable and safe for concurrent use; only the counters behind Finding.Post
// change, in the one goroutine that asks them.
type Set struct {
	sigs     []*sig // in the order of inspection
	loaded   int    // rules, each counted once
	skipped  int
	off      []Rule // that are read and not inspected
	alertMax int

	tx       [2][protoCount]txIndex
	packets  [2][packetKinds]packetIndex
	streams  [2]streamIndex // TCP rules over the reassembled stream
	ipOnly   addrIndex
	proto    []*sig // rules on the protocol alone
	frames   [2][frameCount]frameIndex
	framed   [frameCount]bool // frames that a rule asks for
	both     [protoCount][]*sig
	tracker  *tracker
	gen      uint32 // place among the sets that follow each other, from 1
	lineage  lineage
	overruns overruns
	sets     *datasets
	groups   []*group // by id
	literal  []*prefilter.Set
	wanted   map[sensor.Buffer]bool
	protos   map[sensor.Proto]bool
	gates    map[*sig]*gate
	grouped  int
}

const protoCount = 256

// packetKind is the transport of a packet, as far as rules are grouped by it.
type packetKind uint8

const (
	kindTCP packetKind = iota
	kindUDP
	kindICMP
	kindOther
	packetKinds
)

func kindOf(p *sensor.Segment) packetKind {
	switch p.IPProto {
	case sensor.IPProtoTCP:
		return kindTCP
	case sensor.IPProtoUDP:
		return kindUDP
	case sensor.IPProtoICMP, sensor.IPProtoICMPv6:
		return kindICMP
	}
	return kindOther
}

// group is a set of fast patterns over one buffer.
type group struct {
	def        *bufferDef
	transforms []transform
	dirs       dirs
	lits       []prefilter.Literal
	index      map[string]int
	rules      [][]*sig // by literal
	set        *prefilter.Set
	id         int
}

// packetIndex finds the rules for a packet's payload.
type packetIndex struct {
	fast  sieve
	head  sieve     // patterns that can only stand in the first headMax bytes of a payload
	plain addrIndex // rules without a fast pattern
}

// streamIndex finds the rules for the bytes of a stream's direction.
type streamIndex struct {
	fast  sieve
	plain addrIndex
}

// txIndex finds the rules for the transactions of one protocol and direction.
type txIndex struct {
	groups []*group
	plain  []*sig // rules without a fast pattern, in order
	events map[string][]*sig
}

func (g *group) add(s *sig) {
	key := string(s.fp.data)
	if s.fp.c.nocase {
		key = "i" + string(lowerCopy(s.fp.data))
	} else {
		key = "c" + key
	}
	i, ok := g.index[key]
	if !ok {
		i = len(g.lits)
		g.index[key] = i
		data := s.fp.data
		if s.fp.c.nocase {
			data = lowerCopy(data)
		}
		g.lits = append(g.lits, prefilter.Literal{Bytes: data, NoCase: s.fp.c.nocase})
		g.rules = append(g.rules, nil)
	}
	g.rules[i] = append(g.rules[i], s)
}

// compile orders the rules and builds the prefilters.
func compile(sigs []*sig, o Options) (*Set, error) {
	set := &Set{sigs: sigs, alertMax: o.AlertMax, tracker: newTracker(), gen: 1, wanted: map[sensor.Buffer]bool{}, protos: map[sensor.Proto]bool{},
		gates: map[*sig]*gate{}}
	if set.alertMax <= 0 {
		set.alertMax = alertMaxDefault
	}
	slices.SortStableFunc(set.sigs, compareSigs)
	c := compiler{set: set, groups: map[groupKey]*group{}}
	for i, s := range set.sigs {
		s.num, s.born = i, set.gen
		s.nameLimits()
		if !s.swapped {
			set.loaded++
		}
		if s.gated() {
			set.gates[s] = &gate{set.tracker, s}
		}
		c.place(s)
	}
	set.ipOnly.build()
	for d := range sensor.Dir(2) {
		set.streams[d].plain.build()
		set.streams[d].fast.build(&c, d, true)
		for k := range set.packets[d] {
			ix := &set.packets[d][k]
			ix.plain.build()
			ix.fast.build(&c, d, false)
			ix.head.build(&c, d, false)
		}
	}
	var cache *prefilter.Cache
	if o.CacheDir != "" {
		cache = &prefilter.Cache{Dir: o.CacheDir}
	}
	set.groups = c.order
	for _, g := range c.order {
		var err error
		if g.set, err = prefilter.Compile(g.lits, cache); err != nil {
			return set, err
		}
		g.index = nil
		set.literal = append(set.literal, g.set)
	}
	prefilter.Trim()
	return set, nil
}

// compareSigs is the order of inspection: what passes before what blocks before what alerts, setters of flow bits before
// their readers, the more urgent first, then by sid, so that the order does not depend on the files'.
func compareSigs(a, b *sig) int {
	return cmp.Or(cmp.Compare(a.act, b.act), cmp.Compare(b.bitOrder(), a.bitOrder()), cmp.Compare(b.crossOrder(), a.crossOrder()),
		cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.SID, b.SID))
}

func compareIDs(a, b *Rule) int { return cmp.Or(cmp.Compare(a.GID, b.GID), cmp.Compare(a.SID, b.SID)) }

func (s *sig) bitOrder() int {
	switch {
	case s.writes && !s.reads:
		return 3
	case s.writes:
		return 2
	case s.reads:
		return 1
	}
	return 0
}

func (s *sig) crossOrder() int {
	switch {
	case len(s.crossSet) > 0 && len(s.cross) == 0:
		return 3
	case len(s.crossSet) > 0:
		return 2
	case len(s.cross) > 0:
		return 1
	}
	return 0
}

// groupKey names the group of a buffer of transactions.
type groupKey struct {
	def  *bufferDef
	key  string
	dirs dirs
}

type compiler struct {
	set    *Set
	groups map[groupKey]*group
	order  []*group
}

func (c *compiler) group(k groupKey, transforms []transform) *group {
	g := c.groups[k]
	if g == nil {
		g = c.newGroup(k.def, transforms, k.dirs)
		c.groups[k] = g
	}
	return g
}

func (c *compiler) newGroup(def *bufferDef, transforms []transform, d dirs) *group {
	g := &group{def: def, transforms: transforms, dirs: d, index: map[string]int{}, id: len(c.order)}
	c.order = append(c.order, g)
	return g
}

// each calls f for the directions in which a rule can match.
func (d dirs) each(f func(sensor.Dir)) {
	for i := range sensor.Dir(2) {
		if d&dirBit(i) != 0 {
			f(i)
		}
	}
}

// place puts a rule where inspection finds it.
func (c *compiler) place(s *sig) {
	set := c.set
	for _, p := range s.apps {
		set.protos[p] = true
	}
	for _, a := range s.dirApp {
		for _, p := range a.protos {
			set.protos[p] = true
		}
	}
	for _, l := range s.lists {
		if l.def != nil {
			set.wanted[l.def.buf] = true
		}
	}
	switch s.class {
	case classIPOnly:
		set.ipOnly.add(s)
	case classProtoApp:
		set.proto = append(set.proto, s)
	case classStream:
		c.stream(s)
		c.packet(s, s.reqPacket)
	case classPacket:
		c.packet(s, true)
	case classTx:
		c.tx(s)
	case classFrame:
		c.frame(s)
	}
}

func (c *compiler) stream(s *sig) {
	if s.l4 != 0 && s.l4 != sensor.IPProtoTCP {
		return
	}
	s.dirs.each(func(d sensor.Dir) {
		ix := &c.set.streams[d]
		if s.fp == nil {
			ix.plain.add(s)
			return
		}
		ix.fast.add(s)
	})
}

// packet places a rule with its payload in packets; tcp is false when TCP packets are looked at through the stream.
func (c *compiler) packet(s *sig, tcp bool) {
	for kind := range packetKinds {
		if kind == kindTCP && !tcp || kind == kindICMP && len(s.apps) > 0 {
			continue
		}
		switch s.l4 {
		case 0:
		case sensor.IPProtoTCP:
			if kind != kindTCP {
				continue
			}
		case sensor.IPProtoUDP:
			if kind != kindUDP {
				continue
			}
		case sensor.IPProtoICMP:
			if kind != kindICMP {
				continue
			}
		default:
			if kind != kindOther {
				continue
			}
		}
		s.dirs.each(func(d sensor.Dir) {
			ix := &c.set.packets[d][kind]
			if s.fp == nil {
				ix.plain.add(s)
				return
			}
			if s.headOnly() && (kind == kindTCP || kind == kindUDP) { // others are seldom longer
				ix.head.add(s)
				return
			}
			ix.fast.add(s)
		})
	}
}

func (c *compiler) tx(s *sig) {
	apps := s.apps
	if s.txBoth {
		for _, p := range apps {
			c.set.both[p] = append(c.set.both[p], s)
		}
		return
	}
	s.dirs.each(func(d sensor.Dir) {
		for _, p := range c.protosOf(s) {
			ix := &c.set.tx[d][p]
			switch {
			case s.fp != nil:
				l := s.fp.list
				if l.dirs&dirBit(d) == 0 {
					ix.plain = append(ix.plain, s)
					continue
				}
				g := c.group(groupKey{def: l.def, key: l.key, dirs: dirBit(d)}, l.transforms)
				if !slices.Contains(ix.groups, g) {
					ix.groups = append(ix.groups, g)
				}
				if len(g.rules) == 0 || !g.has(s) {
					g.add(s)
				}
			case len(s.events) > 0:
				if ix.events == nil {
					ix.events = map[string][]*sig{}
				}
				ix.events[s.events[0]] = append(ix.events[s.events[0]], s)
			default:
				ix.plain = append(ix.plain, s)
			}
		}
	})
}

// has reports whether the rule was the last to be added under its pattern.
func (g *group) has(s *sig) bool {
	key := "c" + string(s.fp.data)
	if s.fp.c.nocase {
		key = "i" + string(lowerCopy(s.fp.data))
	}
	i, ok := g.index[key]
	return ok && slices.Contains(g.rules[i], s)
}

// protosOf gives the protocols of a rule, every one for a rule that names none (a hook or event without protocol).
func (c *compiler) protosOf(s *sig) []sensor.Proto {
	if len(s.apps) > 0 {
		return s.apps
	}
	all := make([]sensor.Proto, protoCount)
	for i := range all {
		all[i] = sensor.Proto(i)
	}
	return all
}

// Len is the number of rules that were loaded.
func (s *Set) Len() int { return s.loaded }

// Rules lists the rules that were loaded, in the order of their files. The list is the caller's.
func (s *Set) Rules() []Rule {
	rules := make([]Rule, 0, s.loaded)
	for _, x := range s.sigs {
		if !x.swapped {
			rules = append(rules, *x.Rule)
		}
	}
	slices.SortStableFunc(rules, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return rules
}

// Off lists the rules that were read and are not inspected, because Options.Off names them. The list is not to be changed.
func (s *Set) Off() []Rule { return s.off }

// Skipped is the number of rules that do not apply to this engine by their own words (requires).
func (s *Set) Skipped() int { return s.skipped }

// Wants reports whether a rule asks for a buffer.
func (s *Set) Wants(b sensor.Buffer) bool { return s.wanted[b] }

// WantsProto reports whether a rule asks for a protocol.
func (s *Set) WantsProto(p sensor.Proto) bool { return s.protos[p] }

// Wanted returns the buffers and protocols that rules ask for.
func (s *Set) Wanted() ([]sensor.Buffer, []sensor.Proto) {
	var bs []sensor.Buffer
	for b := range s.wanted {
		bs = append(bs, b)
	}
	var ps []sensor.Proto
	for p := range s.protos {
		ps = append(ps, p)
	}
	slices.Sort(bs)
	slices.Sort(ps)
	return bs, ps
}

// Stats counts what was compiled.
type Stats struct {
	Rules, Skipped                             int
	IPOnly, Packet, Stream, Transaction, Proto int
	Prefilters, Literals, WithoutPattern       int
}

// Stats counts what was compiled.
func (s *Set) Stats() Stats {
	st := Stats{Rules: s.loaded, Skipped: s.skipped, Prefilters: len(s.literal)}
	for _, l := range s.literal {
		st.Literals += l.Len()
	}
	for _, x := range s.sigs {
		switch x.class {
		case classIPOnly:
			st.IPOnly++
		case classPacket:
			st.Packet++
		case classStream:
			st.Stream++
		case classTx, classFrame:
			st.Transaction++
		case classProtoApp:
			st.Proto++
		}
		if x.fp == nil {
			st.WithoutPattern++
		}
	}
	return st
}
