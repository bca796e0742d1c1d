package hook

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// ConsumerStatus is what is known of a consumer: when it was heard of, what it was given, and what it really enforces where
// that can be read back.
type ConsumerStatus struct {
	Name     string    `json:"name"`
	Kind     string    `json:"kind"`
	Canary   bool      `json:"canary,omitempty"`
	Since    time.Time `json:"since"`              // of the start
	Seen     time.Time `json:"seen,omitzero"`      // its latest sign of life
	Version  uint64    `json:"version"`            // of the list that it was given last
	Given    int       `json:"given"`              // entries of it
	Cut      int       `json:"cut,omitempty"`      // that its limit left out
	ReadBack time.Time `json:"read_back,omitzero"` // when what it enforces was read
	Enforced int       `json:"enforced"`           // entries that it enforces, as read back
	Missing  int       `json:"missing"`            // of those given
	Extra    int       `json:"extra"`              // not of those given
	Behind   uint64    `json:"behind,omitempty"`   // events that wait to be sent
	Sent     uint64    `json:"sent,omitempty"`
	Skipped  uint64    `json:"skipped,omitempty"` // events that were no longer true when their turn came
	Error    string    `json:"error,omitempty"`
}

// Consumers keeps what is known of all consumers. The zero value works. Safe for concurrent use.
type Consumers struct {
	mu sync.Mutex
	m  map[string]*ConsumerStatus
}

// Update changes what is known of a consumer.
func (c *Consumers) Update(name string, f func(*ConsumerStatus)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = map[string]*ConsumerStatus{}
	}
	s := c.m[name]
	if s == nil {
		s = &ConsumerStatus{Name: name}
		c.m[name] = s
	}
	f(s)
}

// List returns what is known of all, by name.
func (c *Consumers) List() []ConsumerStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]ConsumerStatus, 0, len(c.m))
	for _, s := range c.m {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b ConsumerStatus) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Gone returns what a consumer that was out of touch may still enforce and must not: what was revoked before its end, and
// what is active but not served.
func (b *Book) Gone(s Selection) []*Entry {
	v := b.View(s)
	served := make(map[string]bool, v.Len())
	for e := range v.All() {
		served[string(e.Kind)+e.Value] = true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []*Entry
	for _, d := range b.decisions {
		if (d.State == Revoked || d.State == Active) && !d.Activated.IsZero() && v.Time.Before(d.Expires) && !served[string(d.Kind)+d.Value] &&
			(len(s.Kinds) == 0 || slices.Contains(s.Kinds, d.Kind)) {
			out = append(out, d.entry())
		}
	}
	slices.SortFunc(out, less)
	return out
}
