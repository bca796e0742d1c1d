package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"khien/console/account"
	"khien/detector/store"
)

const (
	textMax    = 4000 // bytes of a comment or reason
	entriesMax = 1000 // comments, and changes, of a group; the oldest changes go
	bulkMax    = 500
	keyMax     = 2048
)

// triageView is a store.Triage for the pages, with empty lists instead of none.
type triageView struct {
	store.Triage
	Comments []store.Comment `json:"comments"`
	History  []store.Change  `json:"history"`
}

func viewTriage(t store.Triage) *triageView {
	v := &triageView{t, t.Comments, t.History}
	if v.Comments == nil {
		v.Comments = []store.Comment{}
	}
	if v.History == nil {
		v.History = []store.Change{}
	}
	return v
}

// change is what somebody wants to be different about a group. Fields that are not given stay.
type change struct {
	Key      string  `json:"key"`
	Version  int64   `json:"version"` // the state that the change was decided on
	Status   *string `json:"status"`
	Verdict  *string `json:"verdict"`
	Reason   *string `json:"reason"`
	Assignee *string `json:"assignee"` // "" for nobody
	Comment  string  `json:"comment"`
}

var (
	statuses = []string{store.StatusNew, store.StatusSeen, store.StatusEscalated, store.StatusClosed}
	verdicts = []string{"true_positive", "false_positive", "benign", "duplicate"}
)

func (a *API) check(c *change, who account.Account) error {
	switch {
	case c.Key == "" || len(c.Key) > keyMax:
		return badRequest("key", "key names no group")
	case c.Status != nil && !slices.Contains(statuses, *c.Status):
		return badRequest("status", "status is new, seen, escalated or closed")
	case c.Verdict != nil && *c.Verdict != "" && !slices.Contains(verdicts, *c.Verdict):
		return badRequest("verdict", "verdict is true_positive, false_positive, benign or duplicate")
	case c.Status != nil && *c.Status == store.StatusClosed && (c.Verdict == nil || *c.Verdict == ""):
		return badRequest("verdict", "closing needs a verdict")
	case len(c.Comment) > textMax || c.Reason != nil && len(*c.Reason) > textMax:
		return badRequest("comment", "the text is too long")
	case c.Assignee != nil && *c.Assignee != "" && !slices.ContainsFunc(a.people(who), func(x account.Account) bool { return x.Name == *c.Assignee }):
		return badRequest("assignee", "there is no such account")
	}
	return nil
}

// apply changes a group's triage and writes who did it into its history.
func (c *change) apply(t *store.Triage, user string, now time.Time) error {
	now = now.UTC().Truncate(time.Millisecond)
	set := func(name string, to *string, v *string) {
		if v == nil || *v == *to {
			return
		}
		*to = *v
		t.History = append(t.History, store.Change{Time: now, User: user, What: name + ":" + *v})
	}
	if c.Status != nil && *c.Status != store.StatusClosed {
		// A group that is open again has no verdict.
		none := ""
		set("verdict", &t.Verdict, &none)
		t.Reason = ""
	}
	set("status", &t.Status, c.Status)
	set("verdict", &t.Verdict, c.Verdict)
	set("assignee", &t.Assignee, c.Assignee)
	if c.Reason != nil {
		t.Reason = *c.Reason
	}
	if c.Comment != "" {
		if len(t.Comments) >= entriesMax {
			return badRequest("comment", "the group has too many comments")
		}
		t.Comments = append(t.Comments, store.Comment{Time: now, User: user, Text: c.Comment})
	}
	if n := len(t.History); n > entriesMax {
		t.History = t.History[n-entriesMax:]
	}
	return nil
}

// what describes a change for the audit log.
func (c *change) what() string {
	out := ""
	for _, p := range []struct {
		name string
		v    *string
	}{{"status", c.Status}, {"verdict", c.Verdict}, {"assignee", c.Assignee}, {"reason", c.Reason}} {
		if p.v != nil {
			out += p.name + ":" + *p.v + " "
		}
	}
	if c.Comment != "" {
		out += "comment"
	}
	return out
}

func (a *API) decide(ctx context.Context, c *change, user string) (store.Triage, error) {
	t, err := a.cfg.Store.Triage(ctx, c.Key)
	if err != nil {
		return t, storeProblem(err)
	}
	if t.Version != c.Version {
		return t, conflict(t)
	}
	if err := c.apply(&t, user, a.cfg.Now()); err != nil {
		return t, err
	}
	out, err := a.cfg.Store.PutTriage(ctx, t)
	if errors.Is(err, store.ErrConflict) {
		if t, err = a.cfg.Store.Triage(ctx, c.Key); err != nil {
			return t, storeProblem(err)
		}
		return t, conflict(t)
	}
	return out, storeProblem(err)
}

func conflict(t store.Triage) error {
	p := &problem{Status: http.StatusConflict, Code: "conflict", Title: "Somebody else has changed this group", Current: viewTriage(t)}
	var last time.Time
	for _, h := range t.History {
		if !h.Time.Before(last) {
			last, p.ChangedBy = h.Time, h.User
		}
	}
	for _, c := range t.Comments {
		if c.Time.After(last) {
			last, p.ChangedBy = c.Time, c.User
		}
	}
	return p
}

func (a *API) getTriage(w http.ResponseWriter, r *http.Request, who account.Account) error {
	t, err := a.cfg.Store.Triage(r.Context(), r.URL.Query().Get("key"))
	if err != nil {
		return storeProblem(err)
	}
	return answer(w, viewTriage(t))
}

func (a *API) putTriage(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var c change
	if err := read(w, r, &c); err != nil {
		return err
	}
	if err := a.check(&c, who); err != nil {
		return err
	}
	if err := a.log(r, who.Name, "triage", c.Key, c.what()); err != nil {
		return err
	}
	t, err := a.decide(r.Context(), &c, who.Name)
	if err != nil {
		return err
	}
	a.forgetOverview()
	a.hub.changed(t.Key, t.Status, who.Name)
	return answer(w, viewTriage(t))
}

// bulkTriage applies one decision to many groups, whatever state they are in, and returns what they were, for undo.
func (a *API) bulkTriage(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Changes []change `json:"changes"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if len(in.Changes) == 0 || len(in.Changes) > bulkMax {
		return badRequest("changes", "from 1 to 500 changes at once")
	}
	for i := range in.Changes {
		if err := a.check(&in.Changes[i], who); err != nil {
			return err
		}
	}
	type result struct {
		Key     string      `json:"key"`
		Triage  *triageView `json:"triage,omitempty"`
		Problem *problem    `json:"problem,omitempty"`
	}
	out := make([]result, 0, len(in.Changes))
	for i := range in.Changes {
		c := &in.Changes[i]
		if err := a.log(r, who.Name, "triage", c.Key, c.what()); err != nil {
			return err
		}
		t, err := a.decide(r.Context(), c, who.Name)
		var p *problem
		switch {
		case errors.As(err, &p):
			out = append(out, result{Key: c.Key, Problem: p})
		case err != nil:
			return err
		default:
			out = append(out, result{Key: c.Key, Triage: viewTriage(t)})
			a.hub.changed(t.Key, t.Status, who.Name)
		}
	}
	a.forgetOverview()
	return answer(w, map[string]any{"results": out})
}
