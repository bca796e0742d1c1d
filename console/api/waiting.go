package api

import (
	"context"
	"net/http"

	"khien/console/account"
	"khien/detector"
	"khien/detector/store"
)

// getWaiting answers the head of every page, which asks all the time: with one query, and not with all those of the overview.
func (a *API) getWaiting(w http.ResponseWriter, r *http.Request, who account.Account) error {
	a.mu.Lock()
	cached, decisions := a.waiting[scopeKey(who)], a.decisions
	a.mu.Unlock()
	now := a.cfg.Now()
	if !cached.fresh(now, overviewAge) {
		n, err := a.countWaiting(r.Context())
		if err != nil {
			return storeProblem(err)
		}
		cached = aged[int]{now, n}
		a.mu.Lock()
		if a.decisions == decisions {
			a.waiting = remember(a.waiting, scopeKey(who), cached)
		}
		a.mu.Unlock()
	}
	return answer(w, map[string]int{"waiting": cached.value})
}

// countWaiting counts the groups that nobody has decided about, of all days, high or critical.
func (a *API) countWaiting(ctx context.Context) (int, error) {
	p, err := a.cfg.Store.Groups(ctx, store.Query{Status: []string{store.StatusNew}, MinSeverity: detector.High, Limit: 1})
	return p.Total, err
}
