package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"khien/console/account"
	"khien/detector"
	"khien/detector/store"
)

const (
	queryGroupsMax = 1000             // groups that one decision changes
	undoTime       = time.Minute      // longer than the pages offer it
	undosMax       = 16               // that wait, of all users
	sampleRows     = 5                // groups that a preview names
	decisionTime   = 30 * time.Second // beyond it the rest is left as it is
)

// queryChange is a decision about all groups of a query.
type queryChange struct {
	Q      string  `json:"q"`
	Range  string  `json:"range"`
	From   string  `json:"from"`
	To     string  `json:"to"`
	Change *change `json:"change"` // without key and version; nil for a preview
	Expect int     `json:"expect"` // groups that the preview told
}

// undo is what a decision about a query has changed.
type undo struct {
	id, user string
	until    time.Time
	before   []store.Triage
	versions []int64 // that the decision wrote
}

// readQueryChange reads the request and collects the groups that it is about. Its time range ends when the preview was made, so
// that what comes in between is not decided about unseen.
func (a *API) readQueryChange(w http.ResponseWriter, r *http.Request) (in queryChange, q store.Query, groups []store.Group, err error) {
	if err := read(w, r, &in); err != nil {
		return in, q, nil, err
	}
	u := *r
	u.URL = &url.URL{RawQuery: url.Values{"q": {in.Q}, "range": {in.Range}, "from": {in.From}, "to": {in.To}}.Encode()}
	if q, err = a.readQuery(&u); err != nil {
		return in, q, nil, err
	}
	if q.To.IsZero() {
		q.To = a.cfg.Now()
	}
	page := q
	for page.Limit = 1000; ; {
		p, err := a.cfg.Store.Groups(r.Context(), page)
		if err != nil {
			return in, q, nil, storeProblem(err)
		}
		if p.Total > queryGroupsMax {
			return in, q, nil, &problem{Status: http.StatusBadRequest, Code: "too_many_groups", Title: "The query selects too many groups for one decision",
				Detail: fmt.Sprint(p.Total), Hint: fmt.Sprint(queryGroupsMax)}
		}
		groups = append(groups, p.Groups...)
		if page.Cursor = p.Next; p.Next == "" || len(groups) > queryGroupsMax {
			return in, q, groups, nil
		}
	}
}

// previewQuery tells what a decision about a query would be about.
func (a *API) previewQuery(w http.ResponseWriter, r *http.Request, who account.Account) error {
	_, q, groups, err := a.readQueryChange(w, r)
	if err != nil {
		return err
	}
	out := struct {
		Groups     int            `json:"groups"`
		Findings   int            `json:"findings"`
		Severities [4]int         `json:"severities"` // groups, low to critical
		Statuses   map[string]int `json:"statuses"`   // groups
		Sample     []groupView    `json:"sample"`
		From       *time.Time     `json:"from"` // nil: from the beginning
		To         time.Time      `json:"to"`   // what came later is not meant
	}{Groups: len(groups), Statuses: map[string]int{}, Sample: []groupView{}, To: q.To}
	if !q.From.IsZero() {
		out.From = &q.From
	}
	for i := range groups {
		g := &groups[i]
		out.Findings += g.Count
		out.Severities[min(max(g.Severity, detector.Low), detector.Critical)-1]++
		out.Statuses[g.Status]++
		if len(out.Sample) < sampleRows {
			out.Sample = append(out.Sample, viewGroup(g))
		}
	}
	return answer(w, out)
}

// decideQuery applies one decision to every group of a query.
func (a *API) decideQuery(w http.ResponseWriter, r *http.Request, who account.Account) error {
	in, _, groups, err := a.readQueryChange(w, r)
	switch {
	case err != nil:
		return err
	case in.Change == nil:
		return badRequest("change", "change is missing")
	case in.To == "":
		return badRequest("to", "to is what the preview told")
	case len(groups) != in.Expect:
		return &problem{Status: http.StatusConflict, Code: "preview_old", Title: "The query no longer selects what the preview told", Detail: fmt.Sprint(len(groups))}
	case len(groups) == 0:
		return badRequest("q", "the query selects no group")
	}
	in.Change.Key = groups[0].Key
	if err := a.check(in.Change, who); err != nil {
		return err
	}
	if err := a.log(r, who.Name, "triage.query", in.Q, fmt.Sprintf("%s; %d groups until %s", in.Change.what(), len(groups), in.To)); err != nil {
		return err
	}
	// The browser may leave: what has begun is finished, as far as the time reaches.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), decisionTime)
	defer cancel()
	u := undo{id: rand.Text(), user: who.Name, until: a.cfg.Now().Add(undoTime)}
	conflicts := 0
	for i := range groups {
		before, err := a.cfg.Store.Triage(ctx, groups[i].Key)
		var after store.Triage
		if err == nil {
			c := *in.Change
			c.Key, c.Version = before.Key, before.Version
			after, err = a.decide(ctx, &c, who.Name)
		}
		var p *problem
		switch {
		case errors.As(err, &p):
			conflicts++
		case errors.Is(err, context.DeadlineExceeded):
			conflicts += len(groups) - i
		case err != nil:
			a.keepUndo(u)
			return storeProblem(err)
		default:
			u.before, u.versions = append(u.before, before), append(u.versions, after.Version)
		}
		if ctx.Err() != nil {
			break
		}
	}
	a.keepUndo(u)
	a.forgetOverview()
	a.hub.changed("", *statusOr(in.Change), who.Name)
	return answer(w, map[string]any{"done": len(u.before), "left": conflicts, "undo": u.id})
}

// statusOr is the status that a change sets, or "".
func statusOr(c *change) *string {
	if c.Status != nil {
		return c.Status
	}
	return new(string)
}

// keepUndo remembers what can be taken back. The oldest goes when there are too many.
func (a *API) keepUndo(u undo) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.undos = append(a.undos, u)
	if n := len(a.undos); n > undosMax {
		a.undos = a.undos[n-undosMax:]
	}
}

// takeUndo returns what a user may take back, once.
func (a *API) takeUndo(id, user string) (undo, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, u := range a.undos {
		if u.id == id && u.user == user && a.cfg.Now().Before(u.until) {
			a.undos = append(a.undos[:i:i], a.undos[i+1:]...)
			return u, true
		}
	}
	return undo{}, false
}

// undoQuery gives the groups of a decision back what they were. What somebody has changed since stays.
func (a *API) undoQuery(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Undo string `json:"undo"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	u, ok := a.takeUndo(in.Undo, who.Name)
	if !ok {
		return &problem{Status: http.StatusNotFound, Code: "undo_gone", Title: "This can no longer be taken back"}
	}
	if err := a.log(r, who.Name, "triage.undo", in.Undo, fmt.Sprint(len(u.before), " groups")); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), decisionTime)
	defer cancel()
	done := 0
	for i := range u.before {
		b := &u.before[i]
		back := change{Key: b.Key, Version: u.versions[i], Status: &b.Status, Verdict: &b.Verdict, Reason: &b.Reason, Assignee: &b.Assignee}
		_, err := a.decide(ctx, &back, who.Name)
		var p *problem
		switch {
		case err == nil:
			done++
		case !errors.As(err, &p) && !errors.Is(err, context.DeadlineExceeded):
			return storeProblem(err)
		}
	}
	a.forgetOverview()
	a.hub.changed("", "", who.Name)
	return answer(w, map[string]any{"done": done, "left": len(u.before) - done})
}
