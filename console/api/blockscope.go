package api

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"khien/console/account"
	"khien/console/hook"
	"khien/console/hook/gate"
	"khien/detector/store"
)

// withinUnits restricts what a limited account asks the gate: it sees and changes the decisions of its own units, which are
// enforced there only.
func (a *API) withinUnits(ctx context.Context, who account.Account, q *gate.Request) error {
	if len(who.Units) == 0 {
		return nil
	}
	none := blockingProblem(fmt.Errorf("%w: %.40q", hook.ErrNotFound, q.ID))
	q.Scopes = who.Units
	switch q.Op {
	case "list", "status":
	case "propose":
		if q.Scope == "" && len(who.Units) == 1 {
			q.Scope = who.Units[0]
		}
		if !slices.Contains(who.Units, q.Scope) {
			return badRequest("scope", "scope is one of the units of the account")
		}
		if q.Finding != "" {
			_, err := a.cfg.Store.Get(ctx, q.Finding)
			return storeProblem(err)
		}
	case "get", "approve", "renew", "revoke":
		out, err := a.cfg.Blocking.Do(ctx, gate.Request{Op: "get", ID: q.ID})
		if err != nil {
			return blockingProblem(err)
		}
		if !slices.Contains(who.Units, out.Decision.Scope) {
			return none
		}
	default:
		return none
	}
	return nil
}

// veil takes out of an answer of the gate what it tells a limited account of other units.
func (a *API) veil(ctx context.Context, who account.Account, out *gate.Response) error {
	if len(who.Units) == 0 {
		return nil
	}
	decisions := []*hook.Decision{}
	if out.Decision != nil {
		decisions = append(decisions, out.Decision)
	}
	if out.Page != nil {
		decisions = append(decisions, out.Page.Decisions...)
	}
	for _, d := range decisions {
		d.Impact = nil // a dry run looks at the traffic of all units
		var seen []hook.Evidence
		for _, e := range d.Evidence {
			switch _, err := a.cfg.Store.Get(ctx, e.Finding); {
			case err == nil:
				seen = append(seen, e)
			case !errors.Is(err, store.ErrNotFound):
				return storeProblem(err)
			}
		}
		d.Evidence = seen
	}
	if s := out.Status; s != nil {
		s.States, s.Alarms, s.Versions, s.Entries = map[hook.State]int{}, []hook.Alarm{}, []hook.Version{}, 0
		for _, state := range []hook.State{hook.Proposed, hook.DryRun, hook.Approved, hook.Active, hook.Expired, hook.Revoked} {
			l, err := a.cfg.Blocking.Do(ctx, gate.Request{Op: "list", Scopes: who.Units, State: []hook.State{state}, Limit: 1})
			if err != nil {
				return blockingProblem(err)
			}
			if l.Page.Total > 0 {
				s.States[state] = l.Page.Total
			}
		}
		s.Entries = s.States[hook.Active]
		out.Consumers = []hook.ConsumerStatus{}
	}
	return nil
}
