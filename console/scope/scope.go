// Package scope limits what accounts see to organisation units. A Store stands between the handlers of requests and the
// store.Store of findings: each request carries who asks in its context, and whatever a handler asks the Store for is
// restricted to that account's units. A handler cannot leave the restriction out, because it has no other store, and a
// context in which nobody asks is refused. What lies outside is as if it did not exist: not found, and in no count.
//
// The list of units is a document of the store too, so that all consoles on a store share it.
package scope

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"khien/console/query"
	"khien/detector"
	"khien/detector/store"
)

const (
	unitsKind  = "units"
	refreshAge = 5 * time.Second // how old the list in memory may be: other consoles write to the same store
)

var (
	// ErrNobody is returned for contexts that do not say who asks.
	ErrNobody = errors.New("scope: the request does not say for whom")
	// ErrOutside is returned for a change that would reach beyond the units of who asks.
	ErrOutside = errors.New("scope: this reaches beyond the units of the account")
)

// asker is who a request is answered for.
type asker struct {
	user  string
	units []string // nil: all there is
}

type key struct{}

// With returns a context whose requests are answered for an account. No units means that it is not limited.
func With(ctx context.Context, user string, units []string) context.Context {
	return context.WithValue(ctx, key{}, asker{user, units})
}

// Whole returns a context for the program's own work, which is not limited.
func Whole(ctx context.Context) context.Context { return With(ctx, "", nil) }

// Store is a store.Store that answers each request within the units of who asks. Safe for concurrent use.
type Store struct {
	all store.Store
	now func() time.Time

	mu     sync.Mutex
	list   *list
	loaded time.Time
}

var _ store.Store = (*Store)(nil)

// New returns a Store on another one, which stays the caller's.
func New(all store.Store, now func() time.Time) *Store { return &Store{all: all, now: now} }

// units returns the list of units, at most refreshAge old.
func (s *Store) units(ctx context.Context) (*list, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.list != nil && now.Sub(s.loaded) < refreshAge {
		return s.list, nil
	}
	l := &list{}
	d, err := s.all.Document(ctx, unitsKind, unitsKind)
	if err == nil {
		var units []Unit
		if err := json.Unmarshal(d.Body, &units); err != nil {
			return nil, fmt.Errorf("scope: %w", err)
		}
		if l, err = read(units); err != nil {
			return nil, err
		}
		l.version = d.Version
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	s.list, s.loaded = l, now
	return l, nil
}

// view is what one request may see.
type view struct {
	asker
	list  *list
	area  store.Area      // of the asker's units
	cases map[string]bool // that have been looked at, whether the asker sees them
}

func (v *view) limited() bool { return v.asker.units != nil }

func (s *Store) view(ctx context.Context) (*view, error) {
	who, ok := ctx.Value(key{}).(asker)
	if !ok {
		return nil, ErrNobody
	}
	l, err := s.units(ctx)
	if err != nil {
		return nil, err
	}
	if len(who.units) == 0 {
		who.units = nil
	}
	return &view{who, l, l.joined(who.units), map[string]bool{}}, nil
}

// sees reports whether the asker may see a unit.
func (v *view) sees(id string) bool { return !v.limited() || slices.Contains(v.asker.units, id) }

// Units returns the units that who asks may see, and the version of the list for PutUnits.
func (s *Store) Units(ctx context.Context) ([]Unit, int64, error) {
	v, err := s.view(ctx)
	if err != nil {
		return nil, 0, err
	}
	out := []Unit{}
	for _, u := range v.list.units {
		if v.sees(u.ID) {
			out = append(out, u)
		}
	}
	return out, v.list.version, nil
}

// Areas returns the areas of the units that who asks may see, each with the unit's id as its name.
func (s *Store) Areas(ctx context.Context) ([]store.Area, error) {
	v, err := s.view(ctx)
	if err != nil {
		return nil, err
	}
	return v.areas(), nil
}

// areas are those of the units that the asker may see.
func (v *view) areas() []store.Area {
	return slices.DeleteFunc(slices.Clone(v.list.areas), func(a store.Area) bool { return !v.sees(a.Name) })
}

// PutUnits replaces the list of units, if version is still the stored one; otherwise store.ErrConflict.
func (s *Store) PutUnits(ctx context.Context, units []Unit, version int64) (int64, error) {
	v, err := s.view(ctx)
	if err != nil {
		return 0, err
	}
	if v.limited() {
		return 0, ErrOutside
	}
	l, err := read(units)
	if err != nil {
		return 0, err
	}
	body, err := json.Marshal(l.units)
	if err != nil {
		return 0, fmt.Errorf("scope: %w", err)
	}
	d, err := s.all.PutDocument(ctx, store.Document{Kind: unitsKind, ID: unitsKind, Version: version, Updated: s.now().UTC(), Body: body})
	if errors.Is(err, store.ErrDocument) {
		return 0, fmt.Errorf("%w: all of it together: %w", ErrUnits, err)
	}
	if err != nil {
		return 0, err
	}
	l.version = d.Version
	s.mu.Lock()
	s.list, s.loaded = l, s.now()
	s.mu.Unlock()
	return d.Version, nil
}

// UnitsOf returns the ids of the units that a finding touches and that who asks may see.
func (s *Store) UnitsOf(ctx context.Context, f *detector.Finding) ([]string, error) {
	v, err := s.view(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(v.list.touched(f), func(id string) bool { return !v.sees(id) }), nil
}

// Area returns the area of the units that who asks is limited to; nil without a limit.
func (s *Store) Area(ctx context.Context) (*store.Area, error) {
	v, err := s.view(ctx)
	if err != nil || !v.limited() {
		return nil, err
	}
	return &v.area, nil
}

// Sees reports whether who asks may see a finding.
func (s *Store) Sees(ctx context.Context, f *detector.Finding) (bool, error) {
	v, err := s.view(ctx)
	if err != nil {
		return false, err
	}
	return v.touches(f), nil
}

func (v *view) touches(f *detector.Finding) bool {
	return !v.limited() || v.area.Touches(f.SrcIP, f.DstIP, f.Sensor)
}

// veil takes out of a finding the addresses of other units that it names beside its own traffic: further victims.
func (v *view) veil(f *detector.Finding) {
	if !v.limited() {
		return
	}
	f.RelatedIPs = slices.DeleteFunc(f.RelatedIPs, func(s string) bool {
		ip, err := netip.ParseAddr(s)
		if err != nil || v.area.Holds(ip) || ip == f.SrcIP || ip == f.DstIP {
			return err != nil
		}
		return slices.ContainsFunc(v.list.areas, func(a store.Area) bool { return a.Holds(ip) })
	})
}

// query restricts a query to the asker's units, and fills in the units that it names.
func (v *view) query(q store.Query) store.Query {
	q.Within = v.named(q.Within)
	if q.Not != nil {
		not := *q.Not
		not.Within = v.named(not.Within)
		q.Not = &not
	}
	if v.limited() {
		q.Within = append(q.Within, v.area)
	}
	return q
}

// named fills in the areas of units that are named only, by ids with commas between them; query.AnyUnit names each. A unit that
// the asker may not see is none.
func (v *view) named(areas []store.Area) []store.Area {
	out := slices.Clone(areas)
	for i, a := range out {
		if len(a.Networks)+len(a.Sensors) == 0 {
			ids := strings.Split(a.Name, ",")
			if slices.Contains(ids, query.AnyUnit) {
				ids = v.list.ids()
			}
			ids = slices.DeleteFunc(ids, func(id string) bool { return !v.sees(id) })
			out[i] = v.list.joined(ids)
			out[i].Name = a.Name
		}
	}
	return out
}
