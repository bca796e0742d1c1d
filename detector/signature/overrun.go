package signature

import (
	"cmp"
	"slices"
	"sync"
)

// Overrun names a rule that was given up on because it reached a limit: of attempts, of bytes searched or of an expression's
// steps. It did not match there, whatever the buffer holds. The limits count work and not time, so that the same capture
// gives the same findings on any machine.
type Overrun struct {
	GID, SID uint32
	Msg      string
	Count    uint64
}

// overrunsMax limits the rules that are named.
const overrunsMax = 1024

// overruns counts them. Workers share it; it is hardly ever asked for.
type overruns struct {
	mu     sync.Mutex
	counts map[*Rule]uint64
}

func (o *overruns) add(s *sig) {
	if s == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts == nil {
		o.counts = map[*Rule]uint64{}
	}
	if _, ok := o.counts[s.Rule]; ok || len(o.counts) < overrunsMax {
		o.counts[s.Rule]++
	}
}

// Overruns lists the rules that were given up on, in the order of their ids. It is safe for concurrent use.
func (s *Set) Overruns() []Overrun {
	s.overruns.mu.Lock()
	defer s.overruns.mu.Unlock()
	var out []Overrun
	for r, n := range s.overruns.counts {
		out = append(out, Overrun{r.GID, r.SID, r.Msg, n})
	}
	slices.SortFunc(out, func(a, b Overrun) int { return cmp.Or(cmp.Compare(a.GID, b.GID), cmp.Compare(a.SID, b.SID)) })
	return out
}
