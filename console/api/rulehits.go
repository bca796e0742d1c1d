package api

import (
	"context"
	"time"

	"khien/console/account"
	"khien/detector"
	"khien/detector/store"
)

const (
	ruleHitsAge   = 30 * time.Second
	verdictsRange = 30 * 24 * time.Hour
	verdictsMax   = 500 // closed groups, the newest, whose verdicts are counted
)

// ruleHits are what signatures found and what people decided about that, by sid.
type ruleHits struct {
	byRule  map[string]*ruleHit
	partial bool
}

type ruleHit struct {
	day, week int // findings
	last      time.Time
	verdicts  map[string]int // closed groups
}

// countRuleHits counts what the store holds of the last 7 days.
func (a *API) countRuleHits(ctx context.Context, who account.Account) (*ruleHits, error) {
	now := a.cfg.Now()
	a.mu.Lock()
	cached := a.ruleHits[scopeKey(who)]
	a.mu.Unlock()
	if cached.fresh(now, ruleHitsAge) {
		return cached.value, nil
	}
	h := &ruleHits{byRule: map[string]*ruleHit{}}
	signatures := store.Query{Source: []string{string(detector.FromSignature)}, Descending: true}
	for days, n := range map[int]func(*ruleHit) *int{1: func(x *ruleHit) *int { return &x.day }, 7: func(x *ruleHit) *int { return &x.week }} {
		q := signatures
		q.From = now.Add(-time.Duration(days) * 24 * time.Hour)
		partial, err := a.eachGroup(ctx, q, func(g *store.Group) {
			x := h.of(g.Rule)
			*n(x) += g.Count
			if g.Last.After(x.last) {
				x.last = g.Last
			}
		})
		if err != nil {
			return nil, err
		}
		h.partial = h.partial || partial
	}
	if err := a.countVerdicts(ctx, h); err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.ruleHits = remember(a.ruleHits, scopeKey(who), aged[*ruleHits]{now, h})
	a.mu.Unlock()
	return h, nil
}

func (h *ruleHits) of(rule string) *ruleHit {
	x := h.byRule[rule]
	if x == nil {
		x = &ruleHit{verdicts: map[string]int{}}
		h.byRule[rule] = x
	}
	return x
}

// countVerdicts counts how people closed the groups of signatures of the last 30 days.
func (a *API) countVerdicts(ctx context.Context, h *ruleHits) error {
	p, err := a.cfg.Store.Groups(ctx, store.Query{Source: []string{string(detector.FromSignature)}, Status: []string{store.StatusClosed},
		From: a.cfg.Now().Add(-verdictsRange), Descending: true, Limit: verdictsMax})
	if err != nil {
		return err
	}
	for i := range p.Groups {
		t, err := a.cfg.Store.Triage(ctx, p.Groups[i].Key)
		if err != nil {
			return err
		}
		if t.Verdict != "" {
			h.of(p.Groups[i].Rule).verdicts[t.Verdict]++
		}
	}
	h.partial = h.partial || p.Next != ""
	return nil
}

// lastMatch is the newest finding of a signature; nil when the store holds none.
func (a *API) lastMatch(ctx context.Context, sid string) (*time.Time, string, error) {
	p, err := a.cfg.Store.Find(ctx, store.Query{Source: []string{string(detector.FromSignature)}, Rule: []string{sid}, Descending: true, Limit: 1})
	if err != nil || len(p.Findings) == 0 {
		return nil, "", err
	}
	return &p.Findings[0].Time, p.Findings[0].ID, nil
}
