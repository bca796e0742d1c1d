package api

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"khien/console/account"
	"khien/console/query"
	"khien/detector/store"
)

const (
	viewsMax    = 200 // of one account
	viewNameMax = 80
)

// savedView is a search that somebody comes back to, alone or with all.
type savedView struct {
	ID     string `json:"id"`
	Owner  string `json:"owner"`
	Name   string `json:"name"`
	Q      string `json:"q"`
	Range  string `json:"range"`
	Sort   string `json:"sort"`
	Shared bool   `json:"shared"`
}

// views lists an account's own views and those that others share.
func (a *API) views(w http.ResponseWriter, r *http.Request, who account.Account) error {
	out := []savedView{}
	for _, tag := range []string{"owner:" + who.Name, "shared"} {
		p, err := a.cfg.Store.Documents(r.Context(), store.DocumentQuery{Kind: "view", Tags: []string{tag}, Limit: store.PageMax})
		if err != nil {
			return storeProblem(err)
		}
		for i := range p.Documents {
			var v savedView
			if err := json.Unmarshal(p.Documents[i].Body, &v); err != nil {
				return err
			}
			if tag != "shared" || v.Owner != who.Name {
				out = append(out, v)
			}
		}
	}
	return answerPart(w, r, "views", out, func(v *savedView) string { return v.ID })
}

func (a *API) saveView(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var v savedView
	if err := read(w, r, &v); err != nil {
		return err
	}
	v.Name = strings.TrimSpace(v.Name)
	if v.Name == "" || len(v.Name) > viewNameMax {
		return badRequest("name", "a name has 1 to 80 bytes")
	}
	var bad *query.Error
	if _, err := query.Parse(v.Q); errors.As(err, &bad) {
		return badRequest("q", bad.Error())
	}
	if _, ok := ranges[v.Range]; !ok && v.Range != "all" {
		return badRequest("range", "range is 1h, 24h, 7d, 30d or all")
	}
	if v.Sort != "worst" && v.Sort != "newest" {
		return badRequest("sort", "sort is worst or newest")
	}
	mine, err := a.cfg.Store.Documents(r.Context(), store.DocumentQuery{Kind: "view", Tags: []string{"owner:" + who.Name}, Limit: viewsMax})
	if err != nil {
		return storeProblem(err)
	}
	if len(mine.Documents) >= viewsMax {
		return badRequest("name", "there are 200 views already; remove some first")
	}
	v.ID, v.Owner = strings.ToLower(rand.Text()), who.Name
	tags := []string{"owner:" + who.Name}
	if v.Shared {
		tags = append(tags, "shared")
	}
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := a.cfg.Store.PutDocument(r.Context(), store.Document{Kind: "view", ID: v.ID, Updated: a.cfg.Now().UTC().Truncate(time.Millisecond), Tags: tags, Body: body}); err != nil {
		return storeProblem(err)
	}
	return answer(w, v)
}

// dropView removes a view: the owner may, and an admin.
func (a *API) dropView(w http.ResponseWriter, r *http.Request, who account.Account) error {
	d, err := a.cfg.Store.Document(r.Context(), "view", r.PathValue("id"))
	if err != nil {
		return storeProblem(err)
	}
	var v savedView
	if err := json.Unmarshal(d.Body, &v); err != nil {
		return err
	}
	if v.Owner != who.Name && !who.Role.May(account.Admin) {
		return &problem{Status: http.StatusNotFound, Code: "not_found", Title: "There is no such view"}
	}
	if err := a.cfg.Store.DeleteDocument(r.Context(), "view", v.ID, d.Version); err != nil {
		return storeProblem(err)
	}
	return answer(w, v)
}
