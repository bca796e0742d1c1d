package sealed

import (
	"context"

	"khien/detector/store"
)

// A decision is kept under the sealed key of its group. A group that has findings from before addresses were sealed has its
// own key behind, and perhaps a decision from then: that one is true until the first new one, and follows those from then
// on, so that both groups have the same state. The version that a caller sees is the sum of both: it grows with each write.

// decision is what is kept about a group.
type decision struct {
	key    string       // the caller's
	sealed store.Triage // under the sealed key
	before store.Triage // under the caller's key, where that is another
}

func (s *Store) decision(ctx context.Context, key string) (d decision, err error) {
	d.key = key
	sealed := s.key(key)
	if d.sealed, err = s.inner.Triage(ctx, sealed); err == nil && sealed != key {
		d.before, err = s.inner.Triage(ctx, key)
	}
	return d, err
}

// Triage returns what people decided about a group.
func (s *Store) Triage(ctx context.Context, key string) (store.Triage, error) {
	d, err := s.decision(ctx, key)
	if err != nil {
		return store.Triage{}, err
	}
	t := d.sealed
	if t.Version == 0 && d.before.Version > 0 {
		t = d.before
	}
	t.Version = d.sealed.Version + d.before.Version
	return s.opening().triage(t), nil
}

// PutTriage writes a decision.
func (s *Store) PutTriage(ctx context.Context, t store.Triage) (store.Triage, error) {
	d, err := s.decision(ctx, t.Key)
	if err != nil {
		return store.Triage{}, err
	}
	if t.Version != d.sealed.Version+d.before.Version {
		return store.Triage{}, store.ErrConflict
	}
	out := s.sealing().triage(t)
	sealed := out
	sealed.Version = d.sealed.Version
	if sealed, err = s.inner.PutTriage(ctx, sealed); err != nil {
		return store.Triage{}, err
	}
	out.Version, out.Status = sealed.Version+d.before.Version, sealed.Status
	follows := d.before.Version > 0
	if !follows && sealed.Key != t.Key {
		p, err := s.inner.Groups(ctx, store.Query{Group: []string{t.Key}, Limit: 1})
		if err != nil {
			return store.Triage{}, err
		}
		follows = p.Total > 0
	}
	if follows {
		before := sealed
		before.Key, before.Version = t.Key, d.before.Version
		if before, err = s.inner.PutTriage(ctx, before); err != nil {
			return store.Triage{}, err
		}
		out.Version = sealed.Version + before.Version
	}
	return s.opening().triage(out), nil
}

// triage returns a decision in other words.
func (w words) triage(t store.Triage) store.Triage {
	t.Key = turnKey(t.Key, w)
	for _, field := range []*string{&t.Verdict, &t.Reason, &t.Assignee} {
		*field = w.text(*field)
	}
	t.Comments = each(t.Comments, func(c store.Comment) store.Comment {
		c.User, c.Text = w.text(c.User), w.text(c.Text)
		return c
	})
	t.History = each(t.History, func(c store.Change) store.Change {
		c.User, c.What = w.text(c.User), w.text(c.What)
		return c
	})
	return t
}

// Triages returns what was decided about groups. They come in the order of the keys behind.
func (s *Store) Triages(ctx context.Context, cursor string) (list []store.Triage, next string, err error) {
	l, ok := s.inner.(store.Lister)
	if !ok {
		return nil, "", errNoLister
	}
	all, next, err := l.Triages(ctx, cursor)
	if err != nil {
		return nil, "", err
	}
	for _, t := range all {
		out := s.opening().triage(t)
		if sealed := s.key(out.Key); sealed != out.Key {
			d, err := s.decision(ctx, out.Key)
			if err != nil {
				return nil, "", err
			}
			if t.Key != sealed && d.sealed.Version > 0 {
				continue // it follows the other
			}
			out.Version = d.sealed.Version + d.before.Version
		}
		list = append(list, out)
	}
	return list, next, nil
}
