package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"khien/console/account"
	"khien/console/cases"
	"khien/detector"
)

// workRoutes are the rows of who does what about a case.
func (a *API) workRoutes() []route {
	return []route{
		{"POST /api/v1/cases/{id}/reopen", account.Analyst, a.reopenCase},
		{"PUT /api/v1/cases/{id}/owner", account.Analyst, a.setOwner},
		{"PUT /api/v1/cases/{id}/members/{name}", account.Analyst, a.joinCase},
		{"DELETE /api/v1/cases/{id}/members/{name}", account.Analyst, a.leaveCase},
		{"POST /api/v1/cases/{id}/tasks", account.Analyst, a.addTask},
		{"PUT /api/v1/cases/{id}/tasks/{task}", account.Analyst, a.setTask},
		{"DELETE /api/v1/cases/{id}/tasks/{task}", account.Analyst, a.dropTask},
		{"POST /api/v1/cases/{id}/entities", account.Analyst, a.addEntity},
		{"DELETE /api/v1/cases/{id}/entities", account.Analyst, a.dropEntity},
		{"PUT /api/v1/cases/{id}/entities/watch", account.Analyst, a.watchEntity},
		{"GET /api/v1/cases/{id}/entities/found", account.Viewer, a.foundEntities},
	}
}

// person says what is wrong with the name of somebody who is to do something.
func (a *API) person(who account.Account, name string) error {
	if !slices.ContainsFunc(a.people(who), func(x account.Account) bool { return x.Name == name }) {
		return badRequest("name", "there is no such account")
	}
	return nil
}

func (a *API) reopenCase(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Reason string `json:"reason"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	return a.changed(w, r, who, "case.reopen", r.PathValue("id"), func() (cases.Case, error) {
		return a.cfg.Reports.Cases.Reopen(r.Context(), who.Name, r.PathValue("id"), in.Reason)
	})
}

func (a *API) setOwner(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Owner string `json:"owner"` // "" for nobody
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if in.Owner != "" {
		if err := a.person(who, in.Owner); err != nil {
			return err
		}
	}
	return a.changed(w, r, who, "case.owner", r.PathValue("id"), func() (cases.Case, error) {
		return a.cfg.Reports.Cases.SetOwner(r.Context(), who.Name, r.PathValue("id"), in.Owner)
	})
}

func (a *API) joinCase(w http.ResponseWriter, r *http.Request, who account.Account) error {
	if err := a.person(who, r.PathValue("name")); err != nil {
		return err
	}
	return a.changed(w, r, who, "case.join", r.PathValue("id"), func() (cases.Case, error) {
		return a.cfg.Reports.Cases.Join(r.Context(), who.Name, r.PathValue("id"), r.PathValue("name"))
	})
}

func (a *API) leaveCase(w http.ResponseWriter, r *http.Request, who account.Account) error {
	return a.changed(w, r, who, "case.leave", r.PathValue("id"), func() (cases.Case, error) {
		return a.cfg.Reports.Cases.Leave(r.Context(), who.Name, r.PathValue("id"), r.PathValue("name"))
	})
}

// want reads what a task is to be.
func (a *API) want(w http.ResponseWriter, r *http.Request, who account.Account) (in cases.Want, err error) {
	if err := read(w, r, &in); err != nil {
		return in, err
	}
	if in.Assignee != "" {
		return in, a.person(who, in.Assignee)
	}
	return in, nil
}

func (a *API) addTask(w http.ResponseWriter, r *http.Request, who account.Account) error {
	in, err := a.want(w, r, who)
	if err != nil {
		return err
	}
	return a.changed(w, r, who, "case.task", r.PathValue("id"), func() (cases.Case, error) {
		return a.cfg.Reports.Cases.AddTask(r.Context(), who.Name, r.PathValue("id"), in)
	})
}

func (a *API) setTask(w http.ResponseWriter, r *http.Request, who account.Account) error {
	in, err := a.want(w, r, who)
	if err != nil {
		return err
	}
	return a.onTask(w, r, who, func(n int) (cases.Case, error) {
		return a.cfg.Reports.Cases.SetTask(r.Context(), who.Name, r.PathValue("id"), n, in)
	})
}

func (a *API) dropTask(w http.ResponseWriter, r *http.Request, who account.Account) error {
	return a.onTask(w, r, who, func(n int) (cases.Case, error) {
		return a.cfg.Reports.Cases.DropTask(r.Context(), who.Name, r.PathValue("id"), n)
	})
}

func (a *API) onTask(w http.ResponseWriter, r *http.Request, who account.Account, change func(task int) (cases.Case, error)) error {
	n, err := strconv.Atoi(r.PathValue("task"))
	if err != nil || n < 1 {
		return badRequest("task", "a task has a number")
	}
	return a.changed(w, r, who, "case.task", r.PathValue("id"), func() (cases.Case, error) { return change(n) })
}

func (a *API) addEntity(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Kind  string `json:"kind"`
		Value string `json:"value"`
		Note  string `json:"note"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	return a.changed(w, r, who, "case.entity", r.PathValue("id"), func() (cases.Case, error) {
		return a.cfg.Reports.Cases.AddEntity(r.Context(), who.Name, r.PathValue("id"), in.Kind, in.Value, in.Note)
	})
}

func (a *API) dropEntity(w http.ResponseWriter, r *http.Request, who account.Account) error {
	q := r.URL.Query()
	return a.changed(w, r, who, "case.entity.drop", r.PathValue("id"), func() (cases.Case, error) {
		return a.cfg.Reports.Cases.DropEntity(r.Context(), who.Name, r.PathValue("id"), q.Get("kind"), q.Get("value"))
	})
}

func (a *API) watchEntity(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Kind  string    `json:"kind"`
		Value string    `json:"value"`
		Note  string    `json:"note"`
		Until time.Time `json:"until"` // none: no longer
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	return a.changed(w, r, who, "case.watch", r.PathValue("id"), func() (cases.Case, error) {
		return a.cfg.Reports.Cases.SetWatch(r.Context(), who.Name, r.PathValue("id"), in.Kind, in.Value, in.Note, in.Until)
	})
}

// foundMax is how many entities of findings are offered.
const foundMax = 100

// found is a value of a case's findings that is no entity of the case yet.
type found struct {
	Kind     string `json:"kind"`
	Value    string `json:"value"`
	Findings int    `json:"findings"`
}

func (a *API) foundEntities(w http.ResponseWriter, r *http.Request, who account.Account) error {
	c, err := a.cfg.Reports.Cases.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return reportProblem(err)
	}
	list, err := a.found(r.Context(), c)
	if err != nil {
		return reportProblem(err)
	}
	return answer(w, map[string]any{"entities": list})
}

// found returns what the findings of a case name, the most frequent first.
func (a *API) found(ctx context.Context, c cases.Case) ([]found, error) {
	findings, err := a.cfg.Reports.Findings(ctx, c)
	if err != nil {
		return nil, err
	}
	type key struct{ kind, value string }
	count := map[key]int{}
	for i := range findings {
		seen := map[key]bool{}
		for _, k := range entitiesOf(&findings[i]) {
			value, err := cases.Normal(k[0], k[1])
			if at := (key{k[0], value}); err == nil && !seen[at] { // what has no normal form is no entity
				seen[at] = true
				count[at]++
			}
		}
	}
	for _, e := range c.Entities {
		delete(count, key{e.Kind, e.Value})
	}
	out := make([]found, 0, len(count))
	for k, n := range count {
		out = append(out, found{k.kind, k.value, n})
	}
	slices.SortFunc(out, func(x, y found) int {
		return cmp.Or(cmp.Compare(y.Findings, x.Findings), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Value, y.Value))
	})
	return out[:min(len(out), foundMax)], nil
}

// entitiesOf lists kinds and values that a finding names.
func entitiesOf(f *detector.Finding) [][2]string {
	out := [][2]string{{cases.Host, f.Domain}, {cases.File, f.SHA256}, {cases.Client, f.JA4}, {cases.Cert, f.Certificate.Fingerprint}}
	if f.SrcIP.IsValid() {
		out = append(out, [2]string{cases.Address, f.SrcIP.String()})
	}
	if f.DstIP.IsValid() {
		out = append(out, [2]string{cases.Address, f.DstIP.String()})
	}
	return out
}
