package signature

import (
	"slices"
	"sync"

	"khien/detector/prefilter"
)

// Rules are swapped while traffic goes on. Each set has a generation, one more than that of the set whose place it takes.
// What is remembered of flows and transactions says to which generation it refers and is brought up to date when it is
// next looked at: no walk over all flows holds up the packets, and nothing that is remembered holds a whole set. A rule is
// the same in both sets when its ids, its revision and its text are.

// ident names a rule in any set; swapped is the second half of a rule for both directions.
type ident struct {
	gid, sid uint32
	swapped  bool
}

func (s *sig) ident() ident { return ident{s.GID, s.SID, s.swapped} }

// lineage is where a set comes from.
type lineage struct {
	once sync.Once
	byID map[ident]*sig
}

// Follow prepares a set for taking the place of old: limits, cross-flow bits and datasets that rules change go on, and
// rules that stay are known as the same. It has to be called before any Matcher has s, and can be called while others
// use old. Further calls do nothing: a set takes the place of one other set, once.
func (s *Set) Follow(old *Set) {
	if s == old {
		return
	}
	s.lineage.once.Do(func() { s.follow(old) })
}

func (s *Set) follow(old *Set) {
	s.gen = old.gen + 1
	s.tracker = old.tracker
	for _, g := range s.gates {
		g.t = s.tracker
	}
	s.lineage.byID = make(map[ident]*sig, len(s.sigs))
	for _, x := range s.sigs {
		x.born = s.gen
		s.lineage.byID[x.ident()] = x
	}
	for _, o := range old.sigs {
		if x := s.same(o); x != nil {
			x.born = o.born
		}
	}
	for name, d := range s.sets.byName {
		if o := old.sets.byName[name]; o != nil && o.change && d.change && o.kind == d.kind {
			d.inherit(o)
		}
	}
}

// same returns the set's rule that is the same as one of an earlier set, nil when there is none.
func (s *Set) same(o *sig) *sig {
	x := s.lineage.byID[o.ident()]
	if x == nil || x.Rev != o.Rev || x.Text != o.Text {
		return nil
	}
	return x
}

// Swap goes on with other rules. It may be called between packets, by the goroutine that owns the Matcher. Flow bits, flow
// numbers and limits stay; transactions in flight go on, and of them a rule that stays tells once what it has matched.
// The earlier set's memory goes with its last Matcher.
func (m *Matcher) Swap(set *Set) {
	if set == m.set {
		return
	}
	set.Follow(m.set)
	m.use(set)
	// What was used and given back still points to the earlier rules.
	clear(m.cands[:cap(m.cands)])
	clear(m.values[:cap(m.values)])
	clear(m.held[:cap(m.held)])
	clear(m.hits[:cap(m.hits)])
	clear(m.scan.marks[:cap(m.scan.marks)])
	m.free, m.freeTx = nil, nil
}

func (m *Matcher) use(set *Set) {
	scratch, err := prefilter.NewScratch(set.literal)
	if err != nil {
		panic(err) // out of memory
	}
	m.set, m.scratch = set, scratch
	if m.costs != nil {
		m.Measure()
	}
}

// Set returns the rules that the Matcher goes by.
func (m *Matcher) Set() *Set { return m.set }

// follow brings what is remembered of a flow up to date.
func (st *flowState) follow(set *Set) {
	st.gen = set.gen
	st.once = set.sameAll(st.once)
	st.plain = [2][]*sig{}
	clear(st.sifts[:])
	for d := range st.win {
		waits := st.pending[d][:0]
		for _, p := range st.pending[d] {
			if s := set.same(p.s); s != nil {
				waits = append(waits, held{s: s})
			}
		}
		clear(st.pending[d][len(waits):])
		st.pending[d] = waits
		w := &st.win[d]
		kept := w.done[:0]
		for _, x := range w.done {
			if x.s = set.same(x.s); x.s != nil {
				kept = append(kept, x)
			}
		}
		clear(w.done[len(kept):])
		w.done = kept
	}
}

// follow brings what is remembered of a transaction up to date: what rules wait for and what they have told stays, and
// the buffers that are there are looked through again, for the rules that are new.
func (t *txState) follow(set *Set) {
	old := *t
	*t = txState{gen: set.gen, passed: old.passed, both: set.samePending(old.both)}
	for d := range t.done {
		t.done[d] = set.sameAll(old.done[d])
		t.pending[d] = set.samePending(old.pending[d])
	}
}

// sameAll replaces rules of an earlier set in place and leaves out those that are gone.
func (s *Set) sameAll(old []*sig) []*sig {
	kept := old[:0]
	for _, o := range old {
		if x := s.same(o); x != nil {
			kept = append(kept, x)
		}
	}
	clear(old[len(kept):])
	return kept
}

func (s *Set) samePending(old []pending) []pending {
	kept := old[:0]
	for _, p := range old {
		if p.s = s.same(p.s); p.s != nil {
			kept = append(kept, p)
		}
	}
	clear(old[len(kept):])
	return kept
}

// addressRules collects the rules on addresses alone. They are inspected once for a flow and direction; after a swap those
// that are new are.
func (m *Matcher) addressRules(st *flowState) {
	n := len(m.cands)
	m.cands = m.set.ipOnly.append(m.cands, m.seg.Src, m.seg.Dst)
	if st == nil {
		return
	}
	if was := st.ipGen[m.dir]; was != 0 {
		fresh := slices.DeleteFunc(m.cands[n:], func(s *sig) bool { return s.born <= was })
		m.cands = m.cands[:n+len(fresh)]
	}
	st.ipGen[m.dir] = m.set.gen
}

// nameLimits marks the rule's limits as its own.
func (s *sig) nameLimits() {
	for i, l := range s.limits {
		l.gid, l.sid, l.n = s.GID, s.SID, uint8(i)+1
	}
	if s.filter != nil {
		s.filter.gid, s.filter.sid = s.GID, s.SID
	}
}

// inherit goes on with the values of the dataset whose place d takes; those that d was loaded with are added. Both share
// values and lock, since some workers use the earlier one still.
func (d *dataset) inherit(o *dataset) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for k, v := range d.values {
		if _, ok := o.values[k]; !ok && len(o.values) < d.max {
			o.values[k] = v
		}
	}
	d.values, d.mu = o.values, o.mu
}
