package signature

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"khien/detector"
)

// limitKind is the type of a threshold.
type limitKind uint8

const (
	limitLimit limitKind = iota
	limitThreshold
	limitBoth
	limitBackoff
	limitFilter // detection_filter
	limitRate   // rate_filter
)

// track says what is counted together.
type track uint8

const (
	trackSrc track = iota
	trackDst
	trackBoth
	trackRule
	trackFlow
)

// limit is threshold and detection_filter.
type limit struct {
	kind    limitKind
	track   track
	count   uint32
	seconds int64
	mult    uint32

	gid, sid uint32 // rule that it belongs to, and which of its limits it is: counters outlive a change of rules
	n        uint8
}

// counter is how often a limit has been reached, and since when.
type counter struct {
	start int64 // nanoseconds
	count uint32
	next  uint32 // backoff
}

// pass counts one match and says whether it is told.
func (l *limit) pass(c *counter, now int64) bool {
	fresh := c.count == 0 && c.start == 0
	if l.kind == limitBackoff {
		if fresh {
			c.start, c.next = now|1, l.count
		}
		c.count++
		if c.count == c.next {
			c.next *= l.mult
			if c.next < c.count {
				c.next = ^uint32(0)
			}
			return true
		}
		return false
	}
	if fresh || now-c.start >= l.seconds*1e9 {
		c.start, c.count = now|1, 0
	}
	c.count++
	switch l.kind {
	case limitLimit:
		return c.count <= l.count
	case limitThreshold:
		if c.count >= l.count {
			c.count = 0
			return true
		}
		return false
	case limitBoth:
		return c.count == l.count
	}
	return c.count > l.count
}

// flowCounter is a counter of one flow.
type flowCounter struct {
	l limit
	counter
}

// passFlow counts in the flow.
func (l *limit) passFlow(st *flowState, now int64) bool {
	for i := range st.counters {
		if st.counters[i].l == *l {
			return l.pass(&st.counters[i].counter, now)
		}
	}
	if len(st.counters) == counterMax {
		return false
	}
	st.counters = append(st.counters, flowCounter{l: *l})
	return l.pass(&st.counters[len(st.counters)-1].counter, now)
}

// trackedMax limits how many addresses are counted at once; what is oldest is forgotten first.
const trackedMax = 1 << 16

type trackKey struct {
	l    limit
	a, b netip.Addr
}

// tracker counts over all flows. The sets that follow each other share one; the lock is for captures that are read at the
// same time, each with an engine of its own.
type tracker struct {
	mu       sync.Mutex
	counters map[trackKey]*counter
	order    []trackKey
	bits     map[bitKey]int64 // until when a cross-flow bit is set
}

func newTracker() *tracker {
	return &tracker{counters: map[trackKey]*counter{}, bits: map[bitKey]int64{}}
}

func (t *tracker) pass(l *limit, f *detector.Finding) bool {
	k := trackKey{l: *l}
	switch l.track {
	case trackSrc:
		k.a = f.SrcIP
	case trackDst:
		k.a = f.DstIP
	case trackBoth:
		k.a, k.b = f.SrcIP, f.DstIP
	}
	c := t.counters[k]
	if c == nil {
		if len(t.order) >= trackedMax {
			half := len(t.order) / 2
			for _, old := range t.order[:half] {
				delete(t.counters, old)
			}
			t.order = append(t.order[:0], t.order[half:]...)
		}
		c = &counter{}
		t.counters[k] = c
		t.order = append(t.order, k)
	}
	return l.pass(c, f.Time.UnixNano())
}

// gate is the last word over the findings of one rule.
type gate struct {
	t *tracker
	s *sig
}

// Pass implements detector.Post.
func (g *gate) Pass(f *detector.Finding) bool {
	g.t.mu.Lock()
	defer g.t.mu.Unlock()
	now := f.Time.UnixNano()
	for _, c := range g.s.cross {
		if g.t.isSet(c, f, now) != (c.op == "isset") {
			return false
		}
	}
	if g.s.filter != nil && g.s.filter.track != trackFlow && !g.t.pass(g.s.filter, f) {
		return false
	}
	for _, c := range g.s.crossSet {
		g.t.change(c, f, now)
	}
	for _, l := range g.s.limits {
		if l.track != trackFlow && !g.t.pass(l, f) {
			return false
		}
	}
	return !g.s.NoAlert
}

// gated reports whether the rule's findings have to be asked about.
func (s *sig) gated() bool {
	if len(s.cross)+len(s.crossSet) > 0 || s.filter != nil && s.filter.track != trackFlow {
		return true
	}
	for _, l := range s.limits {
		if l.track != trackFlow {
			return true
		}
	}
	return false
}

// bitKey is a cross-flow bit of an address or a pair.
type bitKey struct {
	name string
	a, b netip.Addr
}

// crossBit is one xbits or hostbits keyword.
type crossBit struct {
	op, name string
	track    track
	host     bool
	expire   int64 // seconds
}

func (c *crossBit) key(f *detector.Finding) bitKey {
	k := bitKey{name: c.name}
	if c.host {
		k.name = "host\x00" + c.name
	}
	switch c.track {
	case trackSrc:
		k.a = f.SrcIP
	case trackDst:
		k.a = f.DstIP
	case trackBoth:
		k.a, k.b = f.SrcIP, f.DstIP
		if k.b.Less(k.a) {
			k.a, k.b = k.b, k.a
		}
	}
	return k
}

func (t *tracker) isSet(c *crossBit, f *detector.Finding, now int64) bool {
	k := c.key(f)
	until, ok := t.bits[k]
	if ok && until < now {
		delete(t.bits, k)
		return false
	}
	return ok
}

func (t *tracker) change(c *crossBit, f *detector.Finding, now int64) {
	k := c.key(f)
	_, set := t.bits[k]
	switch {
	case c.op == "unset" || c.op == "toggle" && set:
		delete(t.bits, k)
	default:
		if len(t.bits) >= trackedMax {
			for old, until := range t.bits {
				if until < now {
					delete(t.bits, old)
				}
			}
			if len(t.bits) >= trackedMax {
				return
			}
		}
		t.bits[k] = now + c.expire*1e9
	}
}

// limitKeywords count matches or remember them beyond the flow.
func limitKeywords() []keyword {
	return []keyword{
		{"threshold", argNeed, func(b *builder, arg string) error {
			l, err := parseLimit(arg, false)
			if err == nil {
				b.s.limits = append(b.s.limits, l)
			}
			return err
		}},
		{"detection_filter", argNeed, func(b *builder, arg string) error {
			l, err := parseLimit(arg, true)
			b.s.filter = l
			return err
		}},
		{"xbits", argNeed, func(b *builder, arg string) error { return b.crossBit(arg, false) }},
		{"hostbits", argNeed, func(b *builder, arg string) error { return b.crossBit(arg, true) }},
	}
}

func parseLimit(arg string, filter bool) (*limit, error) {
	l := &limit{kind: limitFilter, mult: 2}
	seen := map[string]bool{}
	for _, o := range fields(arg) {
		w, v := split2(o)
		seen[w] = true
		switch w {
		case "type":
			k, ok := map[string]limitKind{"limit": limitLimit, "threshold": limitThreshold, "both": limitBoth, "backoff": limitBackoff}[v]
			if !ok || filter {
				return nil, fmt.Errorf("unknown type %q", v)
			}
			l.kind = k
		case "track":
			k, ok := map[string]track{"by_src": trackSrc, "by_dst": trackDst, "by_both": trackBoth, "by_rule": trackRule, "by_flow": trackFlow}[v]
			if !ok {
				return nil, fmt.Errorf("unknown track %q", v)
			}
			l.track = k
		case "count", "seconds", "multiplier":
			n, err := strconv.ParseUint(v, 10, 32)
			if err != nil || n == 0 && w != "seconds" {
				return nil, fmt.Errorf("bad %s %q", w, v)
			}
			switch w {
			case "count":
				l.count = uint32(n)
			case "seconds":
				l.seconds = int64(n)
			default:
				l.mult = uint32(n)
			}
		default:
			return nil, fmt.Errorf("unknown option %q", o)
		}
	}
	if !filter && !seen["type"] {
		return nil, fmt.Errorf("type is missing")
	}
	need := []string{"track", "count", "seconds"}
	if l.kind == limitBackoff {
		need = []string{"track", "count", "multiplier"}
	}
	for _, w := range need {
		if !seen[w] {
			return nil, fmt.Errorf("%s is missing", w)
		}
	}
	return l, nil
}

func (b *builder) crossBit(arg string, host bool) error {
	p := fields(arg)
	if p[0] == "noalert" && len(p) == 1 {
		b.s.NoAlert = true
		return nil
	}
	if len(p) < 2 {
		return fmt.Errorf("expected operation,name,track")
	}
	c := &crossBit{op: p[0], name: p[1], host: host, expire: 30}
	if host {
		c.expire = 300
	}
	tracked := host
	for i, o := range p[2:] {
		w, v := split2(o)
		if host && i == 1 && v == "" {
			w, v = "expire", w // hostbits:set,name,both,60
		}
		if host && (w == "src" || w == "dst" || w == "both") {
			w, v = "track", "ip_"+w
		}
		switch w {
		case "track":
			k, ok := map[string]track{"ip_src": trackSrc, "ip_dst": trackDst, "ip_pair": trackBoth, "ip_both": trackBoth}[v]
			if !ok {
				return unsupported("track "+v, "bits are kept for ip_src, ip_dst and ip_pair")
			}
			c.track, tracked = k, true
		case "expire":
			n, err := strconv.ParseInt(v, 10, 32)
			if err != nil || n < 1 {
				return fmt.Errorf("bad expire %q", v)
			}
			c.expire = n
		default:
			return fmt.Errorf("unknown option %q", o)
		}
	}
	if !tracked {
		return fmt.Errorf("track is missing")
	}
	switch c.op {
	case "isset", "isnotset":
		b.s.cross = append(b.s.cross, c)
	case "set", "unset", "toggle":
		b.s.crossSet = append(b.s.crossSet, c)
	default:
		return fmt.Errorf("unknown operation %q", c.op)
	}
	if strings.ContainsAny(c.name, " ") || c.name == "" {
		return fmt.Errorf("bad name %q", c.name)
	}
	return nil
}
