package scope

import (
	"context"
	"net/netip"
	"strings"

	"khien/detector"
	"khien/detector/store"
)

// Write stores findings. Only the program does.
func (s *Store) Write(ctx context.Context, findings []detector.Finding) error {
	if v, err := s.view(ctx); err != nil || v.limited() {
		return outside(err)
	}
	return s.all.Write(ctx, findings)
}

func outside(err error) error {
	if err == nil {
		return ErrOutside
	}
	return err
}

// Get returns one finding, when it touches the units of who asks.
func (s *Store) Get(ctx context.Context, id string) (detector.Finding, error) {
	v, err := s.view(ctx)
	if err != nil {
		return detector.Finding{}, err
	}
	f, err := s.all.Get(ctx, id)
	if err != nil {
		return f, err
	}
	if !v.touches(&f) {
		return detector.Finding{}, store.ErrNotFound
	}
	v.veil(&f)
	return f, nil
}

// Find returns a page of the findings that touch the units of who asks.
func (s *Store) Find(ctx context.Context, q store.Query) (store.Page, error) {
	v, err := s.view(ctx)
	if err != nil {
		return store.Page{}, err
	}
	p, err := s.all.Find(ctx, v.query(q))
	for i := range p.Findings {
		v.veil(&p.Findings[i])
	}
	return p, err
}

// Groups answers the inbox of who asks.
func (s *Store) Groups(ctx context.Context, q store.Query) (store.GroupPage, error) {
	v, err := s.view(ctx)
	if err != nil {
		return store.GroupPage{}, err
	}
	return s.all.Groups(ctx, v.query(q))
}

// Count counts what who asks may see.
func (s *Store) Count(ctx context.Context, q store.Query, parts int) (store.Counts, error) {
	v, err := s.view(ctx)
	if err != nil {
		return store.Counts{}, err
	}
	return s.all.Count(ctx, v.query(q), parts)
}

// Bundles puts together what who asks may see. By unit it tells apart the units of the list that who asks may see.
func (s *Store) Bundles(ctx context.Context, q store.Query, field string) (store.BundleList, error) {
	v, err := s.view(ctx)
	if err != nil {
		return store.BundleList{}, err
	}
	q = v.query(q)
	if field == store.ByUnit {
		q.Areas = v.areas()
	}
	l, err := s.all.Bundles(ctx, q, field)
	for i := range l.Bundles {
		v.veil(&l.Bundles[i].Latest)
	}
	return l, err
}

// Triage returns what was decided about a group, when that touches the units of who asks.
func (s *Store) Triage(ctx context.Context, key string) (store.Triage, error) {
	if err := s.group(ctx, key); err != nil {
		return store.Triage{}, err
	}
	return s.all.Triage(ctx, key)
}

// PutTriage writes what was decided about a group, when that touches the units of who asks.
func (s *Store) PutTriage(ctx context.Context, t store.Triage) (store.Triage, error) {
	if err := s.group(ctx, t.Key); err != nil {
		return store.Triage{}, err
	}
	return s.all.PutTriage(ctx, t)
}

// group returns an error unless who asks may see a group.
func (s *Store) group(ctx context.Context, key string) error {
	v, err := s.view(ctx)
	if err != nil || !v.limited() {
		return err
	}
	// The ends of a key are those of each finding of its group (store.GroupKey).
	rest, dst := lastPart(key)
	_, src := lastPart(rest)
	if v.area.Holds(src) || v.area.Holds(dst) {
		return nil
	}
	if len(v.area.Sensors) == 0 {
		return store.ErrNotFound
	}
	p, err := s.all.Groups(ctx, v.query(store.Query{Group: []string{key}, Limit: 1}))
	if err == nil && p.Total == 0 {
		err = store.ErrNotFound
	}
	return err
}

func lastPart(key string) (rest string, a netip.Addr) {
	i := strings.LastIndexByte(key, '|')
	if i < 0 {
		return "", a
	}
	a, _ = netip.ParseAddr(key[i+1:]) // a group without an address has none in its key
	return key[:i], a
}

// WriteEvents stores telemetry. Only the program does.
func (s *Store) WriteEvents(ctx context.Context, events []store.Event) error {
	if v, err := s.view(ctx); err != nil || v.limited() {
		return outside(err)
	}
	return s.all.WriteEvents(ctx, events)
}

// eventPages bounds how many pages one answer reads to find events of the asker's units. A page may then be short while
// there are more.
const eventPages = 20

// Events returns a page of the telemetry that touches the units of who asks.
func (s *Store) Events(ctx context.Context, q store.EventQuery) (store.EventPage, error) {
	v, err := s.view(ctx)
	if err != nil {
		return store.EventPage{}, err
	}
	if !v.limited() {
		return s.all.Events(ctx, q)
	}
	var out store.EventPage
	want := q.Limit
	if want <= 0 {
		want = 100
	}
	for range eventPages {
		q.Limit = want - len(out.Events)
		p, err := s.all.Events(ctx, q)
		if err != nil {
			return store.EventPage{}, err
		}
		for _, e := range p.Events {
			if v.area.Touches(e.Src.Addr(), e.Dst.Addr(), e.Sensor) {
				out.Events = append(out.Events, e)
			}
		}
		out.Next, q.Cursor = p.Next, p.Next
		if p.Next == "" || len(out.Events) >= want {
			break
		}
	}
	return out, nil
}

// Close does nothing: the store belongs to who made it.
func (s *Store) Close() error { return nil }
