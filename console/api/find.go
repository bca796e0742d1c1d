package api

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"khien/console/account"
	"khien/console/query"
	"khien/detector"
	"khien/detector/store"
)

// groupView is a group as the pages read it.
type groupView struct {
	Key      string          `json:"key"`
	Rule     string          `json:"rule"`
	RuleName string          `json:"rule_name"`
	Summary  detector.Text   `json:"summary"`
	Source   detector.Source `json:"source"`
	Severity int             `json:"severity"`
	Score    float64         `json:"score"`
	SrcIP    string          `json:"src_ip"`
	DstIP    string          `json:"dst_ip"`
	Domain   string          `json:"domain"`
	Brand    string          `json:"brand"`
	Stage    string          `json:"stage"`
	Count    int             `json:"count"`
	First    time.Time       `json:"first"`
	Last     time.Time       `json:"last"`
	Status   string          `json:"status"`
	Spark    []int           `json:"spark"`
	LatestID string          `json:"latest_id"`
}

func viewGroup(g *store.Group) groupView {
	return groupView{g.Key, g.Rule, g.RuleName, g.Summary, g.Source, int(g.Severity), g.Score, g.SrcIP, g.DstIP, g.Domain, g.Brand,
		g.Stage, g.Count, g.First, g.Last, g.Status, g.Spark, g.LatestID}
}

// ranges are the time ranges that the pages offer.
var ranges = map[string]time.Duration{"1h": time.Hour, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour}

// readQuery reads q, range, from, to, group, sort, limit and cursor from a request's address.
func (a *API) readQuery(r *http.Request) (store.Query, error) {
	v := r.URL.Query()
	q, err := query.Parse(v.Get("q"))
	var bad *query.Error
	if errors.As(err, &bad) {
		return q, &problem{Status: http.StatusBadRequest, Code: "query", Title: "The query cannot be read", Detail: bad.Error(),
			Reason: bad.Code, Offset: &bad.Offset, Length: &bad.Length, Token: bad.Token, Hint: bad.Hint}
	}
	if s := v.Get("range"); s != "" && s != "all" {
		d, ok := ranges[s]
		if !ok {
			return q, badRequest("range", fmt.Sprintf("range %q: 1h, 24h, 7d, 30d or all", s))
		}
		q.From = a.cfg.Now().Add(-d)
	}
	for name, t := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if s := v.Get(name); s != "" {
			if *t, err = time.Parse(time.RFC3339, s); err != nil {
				return q, badRequest(name, name+" is not a time of RFC 3339")
			}
		}
	}
	if s := v.Get("limit"); s != "" {
		if q.Limit, err = strconv.Atoi(s); err != nil || q.Limit < 1 || q.Limit > 1000 {
			return q, badRequest("limit", "limit is not a number from 1 to 1000")
		}
	}
	switch s := v.Get("sort"); s {
	case "", "worst":
	case "newest":
		q.Descending = true
	default:
		return q, badRequest("sort", "sort is worst or newest")
	}
	if q.Cursor = v.Get("cursor"); v.Get("group") != "" {
		q.Group = []string{v.Get("group")}
	}
	return q, nil
}

// auditSearch logs a query that somebody typed, once for each change of it.
func (a *API) auditSearch(r *http.Request, who account.Account) error {
	text := r.URL.Query().Get("q")
	a.mu.Lock()
	same := a.searched[who.Name] == text
	a.searched[who.Name] = text
	a.mu.Unlock()
	if same || text == "" {
		return nil
	}
	return a.log(r, who.Name, "search", text, "")
}

func (a *API) groups(w http.ResponseWriter, r *http.Request, who account.Account) error {
	q, err := a.readQuery(r)
	if err != nil {
		return err
	}
	if err := a.auditSearch(r, who); err != nil {
		return err
	}
	p, err := a.cfg.Store.Groups(r.Context(), q)
	if err != nil {
		return storeProblem(err)
	}
	out := struct {
		Groups []groupView `json:"groups"`
		Total  int         `json:"total"`
		Next   string      `json:"next"`
		Empty  bool        `json:"empty"` // the store holds nothing at all
	}{Groups: []groupView{}, Total: p.Total, Next: p.Next}
	for i := range p.Groups {
		out.Groups = append(out.Groups, viewGroup(&p.Groups[i]))
	}
	if p.Total == 0 {
		any, err := a.cfg.Store.Find(r.Context(), store.Query{Limit: 1})
		if err != nil {
			return storeProblem(err)
		}
		out.Empty = len(any.Findings) == 0
	}
	return answer(w, out)
}

func (a *API) findings(w http.ResponseWriter, r *http.Request, who account.Account) error {
	q, err := a.readQuery(r)
	if err != nil {
		return err
	}
	q.Descending = true
	p, err := a.cfg.Store.Find(r.Context(), q)
	if err != nil {
		return storeProblem(err)
	}
	object := "query " + r.URL.Query().Get("q")
	if len(q.Group) > 0 {
		object = "group " + q.Group[0]
	}
	if err := a.log(r, who.Name, "finding.list", object, fmt.Sprint(len(p.Findings), " findings")); err != nil {
		return err
	}
	if p.Findings == nil {
		p.Findings = []detector.Finding{}
	}
	return answer(w, map[string]any{"findings": p.Findings, "next": p.Next})
}

func (a *API) finding(w http.ResponseWriter, r *http.Request, who account.Account) error {
	id := r.PathValue("id")
	f, err := a.cfg.Store.Get(r.Context(), id)
	if err != nil {
		return storeProblem(err)
	}
	if err := a.log(r, who.Name, "finding.view", id, ""); err != nil {
		return err
	}
	key := store.GroupKey(&f)
	t, err := a.cfg.Store.Triage(r.Context(), key)
	if err != nil {
		return storeProblem(err)
	}
	units, err := a.cfg.Store.UnitsOf(r.Context(), &f)
	if err != nil {
		return storeProblem(err)
	}
	if units == nil {
		units = []string{}
	}
	m, err := a.machineAt(r, who, f.SrcIP, f.Time)
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"finding": f, "group": key, "triage": viewTriage(t), "units": units, "machine": m})
}
