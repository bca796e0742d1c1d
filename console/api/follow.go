package api

import (
	"context"
	"sync"
	"time"

	"khien/console/scope"
	"khien/detector"
	"khien/detector/store"
	"khien/detector/window"
)

const (
	followEvery = 5 * time.Second
	followMax   = 500 // of the newest findings that are looked at
)

// Follow tells the open pages of findings that others store, until ctx ends: a console beside no core is notified of none, one
// beside a core only of what that core stores. What comes late, with a time before that of followMax others, is not told; it
// is there when a page is loaded.
func (a *API) Follow(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	a.follow(ctx, tick.C)
}

func (a *API) follow(ctx context.Context, tick <-chan time.Time) {
	var known map[string]bool // nil as long as nobody looks
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
		if !a.hub.watched() {
			known = nil
			continue
		}
		// Without an answer of the store the pages are told with the next; they say themselves what does not work.
		p, err := a.cfg.Store.Find(scope.Whole(ctx), store.Query{Descending: true, Limit: followMax})
		if err != nil {
			continue
		}
		now := make(map[string]bool, len(p.Findings))
		var fresh []detector.Finding
		for i := range p.Findings {
			f := &p.Findings[i]
			now[f.ID] = true
			if known != nil && !known[f.ID] && !a.notified.has(f.ID) && a.waits(ctx, f) {
				fresh = append(fresh, *f)
			}
		}
		if known = now; len(fresh) > 0 {
			a.tell(fresh)
		}
	}
}

// waits reports whether nobody, and no tune, has decided about a finding's group.
func (a *API) waits(ctx context.Context, f *detector.Finding) bool {
	t, err := a.cfg.Store.Triage(scope.Whole(ctx), store.GroupKey(f))
	return err != nil || t.Status != store.StatusClosed
}

// ids are the latest ids that came in, followMax of them at least. The zero value is ready for use.
type ids struct {
	mu     sync.Mutex
	latest *window.Map[string, struct{}]
}

func (x *ids) add(findings []detector.Finding) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.latest == nil {
		x.latest = window.New[string, struct{}](2*followMax, 0) // when it is full it forgets one half
	}
	for i := range findings {
		x.latest.Set(findings[i].ID, struct{}{})
	}
}

func (x *ids) has(id string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.latest == nil {
		return false
	}
	_, ok := x.latest.Get(id)
	return ok
}
