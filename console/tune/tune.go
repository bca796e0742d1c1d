// Package tune keeps what analysts have decided not to be shown again: a rule, within a scope, for a time, with a reason
// and an owner. Findings come in as they are stored; the groups that a tune covers are closed in the store's triage, where
// they can be seen and opened again: nothing is thrown away. Others wait until there are many findings, or only change how
// bad they are said to be. Tunes are documents of the store.
package tune

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"khien/detector"
	"khien/detector/store"
)

const (
	kind       = "tune"
	user       = "khien" // who closes, in the group's history
	textMax    = 1000
	tunesMax   = 2000
	longest    = 180 * 24 * time.Hour
	refreshAge = 5 * time.Second // how old the list in memory may be: other consoles write to the same store
)

// ErrInvalid is wrapped by what Add refuses; the text names the field.
var ErrInvalid = errors.New("tune: not valid")

// Tune is one decision. Empty scopes mean everything; several must all fit.
type Tune struct {
	ID      string    `json:"id"`
	Rule    string    `json:"rule"`
	Kind    string    `json:"kind,omitempty"` // Hide, Threshold or Severity
	Name    string    `json:"name,omitempty"` // of the rule, for people
	Src     string    `json:"src,omitempty"`  // address or prefix
	Dst     string    `json:"dst,omitempty"`
	Host    string    `json:"host,omitempty"` // name, or "*.name" for those below it
	Owner   string    `json:"owner"`
	Reason  string    `json:"reason"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Hits    int       `json:"hits"` // groups that it has closed
	LastHit time.Time `json:"last_hit,omitzero"`

	Count    int               `json:"count,omitempty"` // of a threshold
	Hours    int               `json:"hours,omitempty"`
	Severity detector.Severity `json:"severity,omitempty"`
}

// Query selects the findings that the tune covers.
func (t *Tune) Query() store.Query {
	q := store.Query{Rule: []string{t.Rule}}
	for _, s := range []struct {
		v  string
		to *[]string
	}{{t.Src, &q.Src}, {t.Dst, &q.Dst}, {t.Host, &q.Host}} {
		if s.v != "" {
			*s.to = []string{s.v}
		}
	}
	return q
}

// covers reports whether the tune speaks of a finding.
func (t *Tune) covers(f *detector.Finding) bool {
	return t.Rule == f.Rule.ID && within(t.Src, f.SrcIP) && within(t.Dst, f.DstIP) && named(t.Host, f)
}

func within(scope string, a netip.Addr) bool {
	if scope == "" {
		return true
	}
	p, err := prefix(scope)
	return err == nil && p.Contains(a.Unmap())
}

// prefix reads an address or a prefix.
func prefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

func named(scope string, f *detector.Finding) bool {
	if scope == "" {
		return true
	}
	below, wild := strings.CutPrefix(strings.ToLower(scope), "*.")
	for _, h := range append([]string{f.Domain}, f.RelatedHosts...) {
		h = strings.ToLower(h)
		if wild && strings.HasSuffix(h, "."+below) || !wild && h == below {
			return true
		}
	}
	return false
}

// Validate says which field is wrong.
func (t *Tune) Validate(now time.Time) error {
	wrong := func(field, why string) error { return fmt.Errorf("%w: %s: %s", ErrInvalid, field, why) }
	for field, s := range map[string]string{"src": t.Src, "dst": t.Dst} {
		if s != "" {
			if _, err := prefix(s); err != nil {
				return wrong(field, "not an address or prefix")
			}
		}
	}
	if field, why := t.validateKind(); field != "" {
		return wrong(field, why)
	}
	switch {
	case t.Rule == "" || len(t.Rule) > textMax:
		return wrong("rule", "is required")
	case strings.TrimSpace(t.Reason) == "" || len(t.Reason) > textMax:
		return wrong("reason", "is required, at most 1000 bytes")
	case len(t.Host) > 255:
		return wrong("host", "too long")
	case !t.Expires.After(now) || t.Expires.After(now.Add(longest)):
		return wrong("expires", "within the next 180 days")
	}
	return nil
}

// Book is the tunes of a store. Safe for concurrent use.
type Book struct {
	store store.Store
	now   func() time.Time

	mu     sync.Mutex
	list   []entry
	loaded time.Time
}

type entry struct {
	Tune
	version int64
}

// New returns the tunes of a store.
func New(st store.Store, now func() time.Time) *Book { return &Book{store: st, now: now} }

// List returns all tunes, also those that have ended by themselves, newest first.
func (b *Book) List(ctx context.Context) ([]Tune, error) {
	list, err := b.read(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Tune, 0, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		out = append(out, list[i].Tune)
	}
	return out, nil
}

// read returns the tunes that the context's reader may see.
func (b *Book) read(ctx context.Context) ([]entry, error) {
	q := store.DocumentQuery{Kind: kind, Limit: store.PageMax}
	var list []entry
	for len(list) <= tunesMax {
		p, err := b.store.Documents(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("tune: %w", err)
		}
		for i := range p.Documents {
			e := entry{version: p.Documents[i].Version}
			if err := json.Unmarshal(p.Documents[i].Body, &e.Tune); err != nil {
				return nil, fmt.Errorf("tune: %s: %w", p.Documents[i].ID, err)
			}
			list = append(list, e)
		}
		if q.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	return list, nil
}

// Add keeps a tune and returns it with its id.
func (b *Book) Add(ctx context.Context, t Tune) (Tune, error) {
	now := b.now().UTC().Truncate(time.Millisecond)
	if err := t.Validate(now); err != nil {
		return Tune{}, err
	}
	list, err := b.read(ctx)
	if err != nil {
		return Tune{}, err
	}
	if len(list) >= tunesMax {
		return Tune{}, fmt.Errorf("%w: id: there are %d tunes; end some first", ErrInvalid, tunesMax)
	}
	// Ids grow with time, so that the list is in the order of making.
	t.ID, t.Created, t.Hits, t.LastHit = fmt.Sprintf("%013x-%s", now.UnixMilli(), rand.Text()[:8]), now, 0, time.Time{}
	if err := b.put(ctx, &entry{Tune: t}); err != nil {
		return Tune{}, err
	}
	b.mu.Lock()
	b.loaded = time.Time{} // Apply reads them again
	b.mu.Unlock()
	return t, nil
}

func (b *Book) put(ctx context.Context, e *entry) error {
	body, err := json.Marshal(e.Tune)
	if err != nil {
		return fmt.Errorf("tune: %w", err)
	}
	d, err := b.store.PutDocument(ctx, store.Document{Kind: kind, ID: e.ID, Version: e.version, Updated: b.now().UTC(), Tags: []string{"rule:" + e.Rule[:min(len(e.Rule), 200)]}, Body: body})
	if err != nil {
		return fmt.Errorf("tune: %w", err)
	}
	e.version = d.Version
	return nil
}

// End removes a tune. What it has closed stays as it is.
func (b *Book) End(ctx context.Context, id string) (Tune, error) {
	b.mu.Lock() // Apply counts hits in the same documents
	defer b.mu.Unlock()
	list, err := b.read(ctx)
	if err != nil {
		return Tune{}, err
	}
	for i := range list {
		if e := &list[i]; e.ID == id {
			if err := b.store.DeleteDocument(ctx, kind, id, e.version); err != nil {
				return Tune{}, fmt.Errorf("tune: %w", err)
			}
			b.loaded = time.Time{}
			return e.Tune, nil
		}
	}
	return Tune{}, store.ErrNotFound
}

// Apply closes the groups of findings that have just been stored and that a tune covers, unless somebody has decided
// about them. It returns the keys of those that it closed.
func (b *Book) Apply(ctx context.Context, findings []detector.Finding) ([]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if err := b.refresh(ctx, now); err != nil {
		return nil, err
	}
	var closed []string
	var failed error
	asked := map[string]bool{}
	for i := range findings {
		f := &findings[i]
		e := b.covering(f, now, func(t *Tune) bool { return t.Kind != Severity })
		if e == nil {
			e = b.covering(f, now, changes)
		}
		if e == nil {
			continue
		}
		key := store.GroupKey(f)
		if asked[key] {
			continue
		}
		asked[key] = true
		done, err := b.decide(ctx, key, e, f, now)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if done {
			if e.Kind != Severity {
				closed = append(closed, key)
			}
			e.Hits++
			e.LastHit = now.UTC().Truncate(time.Millisecond)
			failed = errors.Join(failed, b.put(ctx, e))
		}
	}
	return closed, failed
}

// refresh reads the tunes again when they are old.
func (b *Book) refresh(ctx context.Context, now time.Time) error {
	if now.Sub(b.loaded) <= refreshAge {
		return nil
	}
	list, err := b.read(ctx)
	if err == nil {
		b.list, b.loaded = list, now
	}
	return err
}

// covering is the oldest tune that speaks of a finding, of those that are wanted.
func (b *Book) covering(f *detector.Finding, now time.Time, wanted func(*Tune) bool) *entry {
	for i := range b.list {
		if e := &b.list[i]; e.Expires.After(now) && wanted(&e.Tune) && e.covers(f) {
			return e
		}
	}
	return nil
}

// decide does with a group what a tune says, and tells whether that counts as a hit.
func (b *Book) decide(ctx context.Context, key string, e *entry, f *detector.Finding, now time.Time) (bool, error) {
	if e.Kind == Severity {
		return f.Severity == e.Severity, nil // Change has done it
	}
	if e.Kind == Threshold {
		switch reached, err := b.reached(ctx, &e.Tune, key, f); {
		case err != nil:
			return false, err
		case reached:
			return false, b.open(ctx, key, e, now)
		}
	}
	return b.close(ctx, key, e, now)
}

// open takes back that a tune has closed a group, unless a person has decided since.
func (b *Book) open(ctx context.Context, key string, e *entry, now time.Time) error {
	t, err := b.store.Triage(ctx, key)
	if err != nil || t.Status != store.StatusClosed || slices.ContainsFunc(t.History, func(h store.Change) bool { return h.User != user }) {
		return err
	}
	at := now.UTC().Truncate(time.Millisecond)
	t.Status, t.Verdict, t.Reason = store.StatusNew, "", ""
	t.History = append(t.History, store.Change{Time: at, User: user, What: "reached:" + e.ID}, store.Change{Time: at, User: user, What: "status:" + store.StatusNew})
	if _, err = b.store.PutTriage(ctx, t); errors.Is(err, store.ErrConflict) {
		return nil // a person was faster
	}
	return err
}

func (b *Book) close(ctx context.Context, key string, e *entry, now time.Time) (bool, error) {
	t, err := b.store.Triage(ctx, key)
	if err != nil || t.Status != store.StatusNew {
		return false, err
	}
	for _, h := range t.History {
		if h.User != user || h.What == "status:"+store.StatusNew {
			return false, nil // somebody has opened it again, or it has come to its threshold: that is newer than the tune
		}
	}
	at := now.UTC().Truncate(time.Millisecond)
	t.Status, t.Verdict, t.Reason = store.StatusClosed, "benign", e.Reason
	t.History = append(t.History, store.Change{Time: at, User: user, What: "tune:" + e.ID}, store.Change{Time: at, User: user, What: "status:" + store.StatusClosed})
	_, err = b.store.PutTriage(ctx, t)
	if errors.Is(err, store.ErrConflict) {
		return false, nil // a person was faster
	}
	return err == nil, err
}
