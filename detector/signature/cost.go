package signature

import (
	"slices"
	"time"
)

// Cost is what looking at a rule has cost a Matcher, beside the search for fast patterns, which all rules share.
type Cost struct {
	Rule    Rule
	Checks  uint64 // times that it was looked at, because its fast pattern occurred or it has none
	Matches uint64 // times that all of it matched, before limits and pass rules
	Last    int64  // time of the last match in nanoseconds, the packet's; 0 for none
	Time    time.Duration
}

// cost is what is counted of a rule.
type cost struct {
	checks, matches uint64
	last            int64
	time            time.Duration
}

// Measure makes the Matcher count what its rules cost. That itself costs: two looks at the clock for each rule that is
// looked at.
func (m *Matcher) Measure() { m.costs = make([]cost, len(m.set.sigs)) }

// Costs returns what has been counted since Measure or the last Swap, for the rules that were looked at, in the order of
// their ids. A rule for both directions is one.
func (m *Matcher) Costs() []Cost {
	var out []Cost
	for _, s := range m.set.sigs {
		if m.costs == nil {
			break
		}
		c := m.costs[s.num]
		if c.checks == 0 {
			continue
		}
		out = append(out, Cost{Rule: *s.Rule, Checks: c.checks, Matches: c.matches, Last: c.last, Time: c.time})
	}
	return MergeCosts(out)
}

// MergeCosts adds up what several Matchers of one Set have counted.
func MergeCosts(lists ...[]Cost) []Cost {
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(a, b Cost) int { return compareIDs(&a.Rule, &b.Rule) })
	out := all[:0]
	for _, c := range all {
		if n := len(out); n > 0 && compareIDs(&out[n-1].Rule, &c.Rule) == 0 {
			o := &out[n-1]
			o.Checks, o.Matches, o.Time, o.Last = o.Checks+c.Checks, o.Matches+c.Matches, o.Time+c.Time, max(o.Last, c.Last)
			continue
		}
		out = append(out, c)
	}
	return out
}

// began is the start of looking at a rule.
func (m *Matcher) began() time.Time {
	if m.costs == nil {
		return time.Time{}
	}
	return time.Now()
}

// ended counts the end of looking at a rule.
func (m *Matcher) ended(s *sig, began time.Time) {
	if m.costs == nil {
		return
	}
	c := &m.costs[s.num]
	c.checks++
	c.time += time.Since(began)
}
