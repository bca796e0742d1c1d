package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"khien/console/account"
	"khien/console/scope"
	"khien/detector/store"
)

// limit is how a route serves accounts that are limited to units.
type limit int

const (
	whole    limit = iota // not at all: it tells of all units. What has no row in limits is of this kind
	byStore               // all it tells and changes goes through scope.Store
	personal              // it is about the caller's own account
	open                  // it tells everybody the same, and nothing of any unit
	checked               // its handler looks at the units itself
)

// limits are the rows of all routes.
func limits() map[string]limit {
	out := map[string]limit{}
	for l, list := range map[limit]string{
		personal: `POST logout; GET me; POST password; POST totp; POST totp/confirm; POST totp/off; GET sessions; DELETE sessions/{id}; GET tokens; POST tokens;
			DELETE tokens/{id}; GET keys; POST keys; POST keys/confirm; POST keys/{id}/remove`,
		open: `GET openapi.json; GET reports/forms; GET reports/packs/{id}`,
		byStore: `GET overview/waiting; GET groups; GET findings; GET findings/{id}; GET findings/{id}/packets; GET findings/{id}/transactions; GET findings/{id}/packets.pcapng; GET findings/{id}/file;
			GET findings/{id}/file.zip; GET triage; PUT triage; POST triage/bulk; POST triage/query/preview; POST triage/query; POST triage/undo;
			GET bundles; GET counts; GET findings.csv; GET entity; GET views; POST views; DELETE views/{id}; GET tunes; POST tunes;
			POST tunes/preview; DELETE tunes/{id}; GET cases; POST cases; GET cases/{id}; POST cases/{id}/findings; POST cases/{id}/notes;
			POST cases/{id}/close; POST cases/{id}/reopen; PUT cases/{id}/owner; PUT cases/{id}/members/{name};
			DELETE cases/{id}/members/{name}; POST cases/{id}/tasks; PUT cases/{id}/tasks/{task}; DELETE cases/{id}/tasks/{task};
			POST cases/{id}/entities; DELETE cases/{id}/entities; PUT cases/{id}/entities/watch; GET cases/{id}/entities/found;
			GET cases/{id}/timeline; POST cases/{id}/evidence; GET cases/{id}/evidence/{sha256}; GET handovers; GET handovers/{id};
			POST handovers/{id}/take; GET cases/{id}/incident; PUT cases/{id}/incident; POST cases/{id}/confirm; POST cases/{id}/sent;
			GET cases/{id}/clocks; GET cases/{id}/clocks.ics; GET cases/{id}/custody; GET cases/{id}/preview; GET cases/{id}/preview.pdf;
			GET reports; POST reports; GET reports/{id}/files/{name}; GET reports/clocks; GET reports/takedown; POST reports/takedown/{id};
			GET units; GET losses; GET reveals; POST reveals; POST reveals/{id}/agree; POST reveals/{id}/refuse; DELETE reveals/{id}`,
		checked: `GET cases/{id}/evidence; GET handover; POST handovers; GET accounts; GET events; GET overview; GET health; GET blocking; GET blocking/decisions; POST blocking/decisions;
			GET blocking/decisions/{id}; POST blocking/decisions/{id}/approve; POST blocking/decisions/{id}/renew;
			POST blocking/decisions/{id}/revoke`,
		whole: `POST accounts; PUT accounts/{name}; DELETE accounts/{name}; POST accounts/{name}/reset; GET audit; PUT units;
			PUT reports/packs/{id}; GET blocking/why; GET blocking/test; GET blocking/render/{format}; POST blocking/kill;
			POST blocking/resume; POST blocking/rollback; POST blocking/accept; GET blocking/requests; POST blocking/requests;
			POST blocking/requests/{id}/answer; GET blocking/policy; PUT blocking/policy; POST blocking/policy/preview;
			POST blocking/policy/restore; GET sensors; GET rules; GET rules/sets; GET rules/{id}; POST rules/{id}/off; POST rules/{id}/on;
			POST rules/measure; POST rules/check; POST rules/try; POST rules/try/capture; GET rules/own; PUT rules/own;
			GET rules/own/{version}`,
	} {
		for _, row := range strings.Split(list, ";") {
			method, path, _ := strings.Cut(strings.TrimSpace(row), " ")
			out[method+" /api/v1/"+path] = l
		}
	}
	return out
}

// admit refuses what a route does not serve to a limited account, as if there were no such route.
func (l limit) admit(who account.Account) error {
	if l == whole && len(who.Units) > 0 {
		return &problem{Status: http.StatusNotFound, Code: "not_found", Title: "No such page or method"}
	}
	return nil
}

// scopeKey tells apart what accounts of different units may see.
func scopeKey(who account.Account) string { return strings.Join(who.Units, ",") }

// scopesMax bounds what is remembered for scopes.
const scopesMax = 64

// aged is what was counted at a time.
type aged[T any] struct {
	at    time.Time
	value T
}

// fresh reports whether it was counted, and less than an age ago.
func (x aged[T]) fresh(now time.Time, age time.Duration) bool {
	return !x.at.IsZero() && now.Sub(x.at) < age
}

// remember keeps a value for a scope.
func remember[T any](m map[string]T, key string, v T) map[string]T {
	if m == nil || len(m) >= scopesMax {
		m = map[string]T{}
	}
	m[key] = v
	return m
}

// people are the accounts that one may know of: a limited account knows those that share a unit with it, and those without
// limits.
func (a *API) people(who account.Account) []account.Account {
	list := a.cfg.Accounts.List()
	if len(who.Units) == 0 {
		return list
	}
	return slices.DeleteFunc(list, func(x account.Account) bool {
		return len(x.Units) > 0 && !slices.ContainsFunc(x.Units, func(id string) bool { return slices.Contains(who.Units, id) })
	})
}

// unitRoutes are the rows of organisation units.
func (a *API) unitRoutes() []route {
	return []route{
		{"GET /api/v1/units", account.Viewer, a.getUnits},
		{"PUT /api/v1/units", account.Admin, a.putUnits},
	}
}

func (a *API) getUnits(w http.ResponseWriter, r *http.Request, who account.Account) error {
	units, version, err := a.cfg.Store.Units(r.Context())
	if err != nil {
		return storeProblem(err)
	}
	return answer(w, map[string]any{"units": units, "version": version})
}

// putUnits replaces the list of units.
func (a *API) putUnits(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Units   []scope.Unit `json:"units"`
		Version int64        `json:"version"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	var ids []string
	for _, u := range in.Units {
		ids = append(ids, fmt.Sprintf("%s (%d networks, %d sensors)", u.ID, len(u.Networks), len(u.Sensors)))
	}
	if err := a.log(r, who.Name, "units.edit", "", strings.Join(ids, ", ")); err != nil {
		return err
	}
	_, err := a.cfg.Store.PutUnits(r.Context(), in.Units, in.Version)
	switch {
	case errors.Is(err, scope.ErrUnits):
		return badInput("units", err)
	case errors.Is(err, store.ErrConflict):
		return &problem{Status: http.StatusConflict, Code: "conflict", Title: "Somebody else was faster: read it again"}
	case err != nil:
		return storeProblem(err)
	}
	a.forgetOverview()
	return a.getUnits(w, r, who)
}

// knownUnits refuses ids that are no unit.
func (a *API) knownUnits(r *http.Request, ids []string) error {
	units, _, err := a.cfg.Store.Units(r.Context())
	if err != nil {
		return storeProblem(err)
	}
	for _, id := range ids {
		if !slices.ContainsFunc(units, func(u scope.Unit) bool { return u.ID == id }) {
			return badRequest("units", fmt.Sprintf("there is no unit %.40q", id))
		}
	}
	return nil
}

// roleAndUnits is what the audit log says of an account.
func roleAndUnits(role account.Role, units []string) string {
	if len(units) == 0 {
		return string(role) + ", all units"
	}
	return string(role) + ", units: " + strings.Join(units, " ")
}
