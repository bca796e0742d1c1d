package hook

import (
	"cmp"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"khien/detector"
)

// Entry is an active decision as lists have it. It does not change: a renewed decision has a new Entry.
type Entry struct {
	ID         string        `json:"id"`
	Kind       Kind          `json:"kind"`
	Value      string        `json:"value"`
	Action     Action        `json:"action"`
	Scope      string        `json:"scope,omitempty"`
	Reason     detector.Text `json:"reason"`
	Rule       string        `json:"rule,omitempty"`
	Confidence float64       `json:"confidence"`
	Activated  time.Time     `json:"activated"`
	Expires    time.Time     `json:"expires"`

	passed atomic.Pointer[Never] // the never-block list that has let it pass: asking it again gives the same
}

func (d *Decision) entry() *Entry {
	return &Entry{ID: d.ID, Kind: d.Kind, Value: d.Value, Action: d.Action, Scope: d.Scope, Reason: d.Reason, Rule: d.Rule,
		Confidence: d.Confidence, Activated: d.Activated, Expires: d.Expires}
}

// less is the order of lists: by kind and value, so that the same entries give the same bytes.
func less(a, b *Entry) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Scope, b.Scope))
}

// List is a version of what is to be enforced. It does not change.
type List struct {
	Version uint64    `json:"version"` // grows by at least 1 with each change, also over restarts
	Time    time.Time `json:"time"`
	Cause   string    `json:"cause"`
	Killed  bool      `json:"killed,omitempty"` // empty by intent
	Entries []*Entry  `json:"entries"`
}

// Selection says which entries a consumer gets.
type Selection struct {
	Kinds  []Kind   // all when empty
	Scopes []string // of units, beside what is for all; all when empty
	Max    int      // the entries of the highest confidence are kept; 0 for no limit
	Canary bool     // entries come without the delay
}

// View is what one consumer may be told now. Only Book.View makes one, and it holds no entry that has ended or that the
// never-block list protects. The zero View is empty.
type View struct {
	Version uint64
	Time    time.Time // of the view: remaining times count from here
	Changed time.Time // of the list
	Killed  bool
	Cut     int // entries that Max left out
	entries []*Entry
}

// Len returns the number of entries.
func (v *View) Len() int { return len(v.entries) }

// All yields the entries in the order of lists. They must not be changed.
func (v *View) All() iter.Seq[*Entry] { return slices.Values(v.entries) }

// Left returns how long an entry is still to be enforced, at least a second.
func (v *View) Left(e *Entry) time.Duration { return max(e.Expires.Sub(v.Time), time.Second) }

// view filters a list. Every entry is asked about, whatever was decided before.
func (l *List) view(now time.Time, never *Never, hold time.Duration, s Selection) View {
	v := View{Version: l.Version, Time: now, Changed: l.Time, Killed: l.Killed}
	if l.Killed {
		return v
	}
	for _, e := range l.Entries {
		switch {
		case len(s.Kinds) > 0 && !slices.Contains(s.Kinds, e.Kind),
			len(s.Scopes) > 0 && e.Scope != "" && !slices.Contains(s.Scopes, e.Scope),
			!now.Before(e.Expires), e.Action == Monitor,
			hold > 0 && !s.Canary && now.Before(e.Activated.Add(hold)),
			!e.allowed(never):
			continue
		}
		v.entries = append(v.entries, e)
	}
	if s.Max > 0 && len(v.entries) > s.Max {
		v.Cut = len(v.entries) - s.Max
		slices.SortStableFunc(v.entries, func(a, b *Entry) int {
			return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), b.Activated.Compare(a.Activated))
		})
		v.entries = v.entries[:s.Max]
		slices.SortFunc(v.entries, less)
	}
	return v
}

// allowed says that the never-block list does not protect an entry's value.
func (e *Entry) allowed(never *Never) bool {
	if e.passed.Load() == never {
		return true
	}
	if never.Check(e.Kind, e.Value) != nil {
		return false
	}
	e.passed.Store(never)
	return true
}
