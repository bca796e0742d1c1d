package hook

import (
	"slices"
	"strings"
	"time"
)

// Filter selects decisions. The zero Filter selects all.
type Filter struct {
	State []State
	Scope []string // of units; nil for decisions of any and of none
	Kind  Kind
	Text  string // a part of the value
	Limit int    // 1 to 1,000; 0 means 100
	After string // Next of the page before
}

// DecisionPage is a part of an answer.
type DecisionPage struct {
	Decisions []*Decision `json:"decisions"` // newest first
	Total     int         `json:"total"`
	Next      string      `json:"next"` // "" at the end
}

// Decisions returns decisions, newest first.
func (b *Book) Decisions(f Filter) DecisionPage {
	b.mu.Lock()
	var all []*Decision
	for _, d := range b.decisions {
		if (len(f.State) == 0 || slices.Contains(f.State, d.State)) && (f.Kind == "" || f.Kind == d.Kind) && strings.Contains(d.Value, f.Text) &&
			(f.Scope == nil || slices.Contains(f.Scope, d.Scope)) {
			all = append(all, d) // replaced, never changed, by later writes
		}
	}
	b.mu.Unlock()
	slices.SortFunc(all, newestFirst)
	p := DecisionPage{Decisions: []*Decision{}, Total: len(all)}
	start := 0
	if f.After != "" {
		start = slices.IndexFunc(all, func(d *Decision) bool { return d.ID == f.After }) + 1
	}
	n := f.Limit
	if n <= 0 || n > 1000 {
		n = 100
	}
	end := min(start+n, len(all))
	for _, d := range all[start:end] {
		p.Decisions = append(p.Decisions, d.clone())
	}
	if end < len(all) {
		p.Next = all[end-1].ID
	}
	return p
}

// Decision returns one decision.
func (b *Book) Decision(id string) (*Decision, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.find(id)
}

// Status is how blocking stands.
type Status struct {
	Time     time.Time     `json:"time"`
	Mode     Mode          `json:"mode"`
	Killed   bool          `json:"killed"`
	Held     bool          `json:"held"`  // a list that would shrink waits for a person
	Ready    bool          `json:"ready"` // the store has answered since the start
	Version  uint64        `json:"version"`
	Changed  time.Time     `json:"changed"`
	Entries  int           `json:"entries"` // that are served
	States   map[State]int `json:"states"`
	Alarms   []Alarm       `json:"alarms"`
	Versions []Version     `json:"versions"` // that can be rolled back to, newest first
}

// Version describes a kept list.
type Version struct {
	Version uint64    `json:"version"`
	Time    time.Time `json:"time"`
	Cause   string    `json:"cause"`
	Entries int       `json:"entries"`
}

// Status returns how blocking stands.
func (b *Book) Status() Status {
	v := b.View(Selection{Canary: true})
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Status{Time: v.Time, Mode: b.rules().config.Mode, Killed: v.Killed, Held: b.held, Ready: b.loaded, Version: v.Version, Changed: v.Changed,
		Entries: v.Len(), States: map[State]int{}, Alarms: []Alarm{}, Versions: []Version{}}
	for _, d := range b.decisions {
		s.States[d.State]++
	}
	for _, a := range b.alarms {
		s.Alarms = append(s.Alarms, a)
	}
	slices.SortFunc(s.Alarms, func(a, b Alarm) int { return strings.Compare(a.Key, b.Key) })
	for _, l := range slices.Backward(b.journal.versions) {
		s.Versions = append(s.Versions, Version{l.Version, l.Time, l.Cause, len(l.Entries)})
	}
	return s
}
