package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"khien/console/account"
	"khien/console/cases"
	"khien/console/report/clock"
	"khien/console/report/form"
	"khien/console/report/issue"
	"khien/console/report/legal"
	"khien/console/report/takedown"
)

func (a *API) reportRoutes() []route {
	return []route{
		{"GET /api/v1/reports", account.Viewer, a.issued},
		{"POST /api/v1/reports", account.Analyst, a.issue},
		{"GET /api/v1/reports/{id}/files/{name}", account.Analyst, a.issuedFile},
		{"GET /api/v1/reports/forms", account.Viewer, a.forms},
		{"GET /api/v1/reports/clocks", account.Viewer, a.allClocks},
		{"GET /api/v1/reports/packs/{id}", account.Viewer, a.pack},
		{"PUT /api/v1/reports/packs/{id}", account.Admin, a.editPack},
		{"GET /api/v1/reports/takedown", account.Viewer, a.takedowns},
		{"POST /api/v1/reports/takedown/{id}", account.Analyst, a.moveTakedown},
	}
}

func (a *API) issued(w http.ResponseWriter, r *http.Request, who account.Account) error {
	list, err := a.cfg.Reports.IssuedOf(r.Context(), r.URL.Query().Get("case"))
	if err != nil {
		return reportProblem(err)
	}
	for i := range list {
		list[i].Shared = nil
	}
	return answerPart(w, r, "reports", list, func(i *issue.Issued) string { return i.ID })
}

func (a *API) issue(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Case    string `json:"case"`
		Pack    string `json:"pack"`
		Form    string `json:"form"`
		Version string `json:"form_version"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	r.SetPathValue("id", in.Case)
	s, err := a.subject(r, in.Pack)
	if err != nil {
		return err
	}
	if err := a.log(r, who.Name, "report.issue", in.Case, in.Form); err != nil {
		return err
	}
	// The incident is kept as it was issued.
	if err := a.cfg.Reports.Put(r.Context(), s.in); err != nil {
		return reportProblem(err)
	}
	within, err := a.cfg.Store.Area(r.Context())
	if err != nil {
		return storeProblem(err)
	}
	files, err := a.cfg.Reports.Collect(r.Context(), s.in, issue.Sources{User: who.Name, Within: within})
	if err != nil {
		return reportProblem(err)
	}
	out, err := a.cfg.Reports.Issue(r.Context(), issue.Request{Incident: s.in, Pack: s.pack, Profile: s.profile, Form: in.Form, Version: in.Version,
		User: who.Name, Evidence: files})
	if err != nil {
		return reportProblem(err)
	}
	out.Shared = nil
	return answer(w, out)
}

// issuedOf returns the issued report whose file a request names.
func (a *API) issuedOf(r *http.Request) (*issue.Issued, error) {
	list, err := a.cfg.Reports.IssuedOf(r.Context(), "")
	if err != nil {
		return nil, reportProblem(err)
	}
	i := slices.IndexFunc(list, func(x issue.Issued) bool { return x.ID == r.PathValue("id") })
	if i < 0 || !slices.ContainsFunc(list[i].Set.Files, func(o issue.Out) bool { return o.Name == r.PathValue("name") }) {
		return nil, &problem{Status: http.StatusNotFound, Code: "not_found", Title: "There is no such report or file"}
	}
	return &list[i], nil
}

func (a *API) issuedFile(w http.ResponseWriter, r *http.Request, who account.Account) error {
	id, name := r.PathValue("id"), r.PathValue("name")
	x, err := a.issuedOf(r)
	if err != nil {
		return err
	}
	if err := a.log(r, who.Name, "report.file", id, name); err != nil {
		return err
	}
	set, err := a.cfg.Reports.Files(r.Context(), x, who.Name, "console: "+name)
	if err != nil {
		return reportProblem(err)
	}
	k := slices.IndexFunc(set.Files, func(o issue.Out) bool { return o.Name == name })
	return file(w, "application/octet-stream", id+"-"+name, set.Files[k].Data)
}

func (a *API) forms(w http.ResponseWriter, r *http.Request, who account.Account) error {
	packs := []any{}
	for _, id := range legal.Shipped() {
		p, err := a.cfg.Reports.Pack(r.Context(), id)
		if err != nil {
			return err
		}
		list, err := form.Load(p)
		if err != nil {
			return err
		}
		packs = append(packs, map[string]any{"pack": p, "forms": list})
	}
	return answer(w, map[string]any{"packs": packs})
}

// line is a deadline with the case that it belongs to, none for one that comes round by itself.
type line struct {
	Case  string `json:"case,omitempty"`
	Title string `json:"title,omitempty"`
	clock.Clock
}

// allClocks answers with the deadlines of every open case, and those that come round by themselves.
func (a *API) allClocks(w http.ResponseWriter, r *http.Request, who account.Account) error {
	open, err := a.cfg.Reports.Cases.List(r.Context(), cases.Open)
	if err != nil {
		return reportProblem(err)
	}
	out, err := a.deadlines(r.Context(), r.URL.Query().Get("pack"), open)
	if err != nil {
		return err
	}
	return answerPart(w, r, "clocks", out, func(l *line) string { return l.Case + " " + l.Duty + " " + l.Due.UTC().Format(time.RFC3339Nano) })
}

// deadlines returns what has not been sent yet, in the order of when it is due.
func (a *API) deadlines(ctx context.Context, pack string, open []cases.Case) ([]line, error) {
	p, err := a.packOf(ctx, pack)
	if err != nil {
		return nil, err
	}
	pr, err := a.cfg.Reports.Profile()
	if err != nil {
		return nil, err
	}
	out := []line{}
	for _, c := range open {
		in, err := a.cfg.Reports.Incident(ctx, c.ID, p.ID, pr)
		if err != nil {
			return nil, reportProblem(err)
		}
		for _, k := range a.cfg.Reports.Clocks(in, p, pr) {
			if k.Sent == nil {
				out = append(out, line{c.ID, c.Title, k})
			}
		}
	}
	for _, k := range p.CalendarClocks(pr.Traits, a.cfg.Now()) {
		out = append(out, line{Clock: k})
	}
	slices.SortStableFunc(out, func(x, y line) int { return x.Due.Compare(y.Due) })
	return out, nil
}

func (a *API) pack(w http.ResponseWriter, r *http.Request, who account.Account) error {
	text, version, err := a.cfg.Reports.PackText(r.Context(), r.PathValue("id"))
	if err != nil {
		return &problem{Status: http.StatusNotFound, Code: "not_found", Title: "There is no such pack"}
	}
	return answer(w, map[string]any{"text": text, "version": version})
}

func (a *API) editPack(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Text    string `json:"text"`
		Version int64  `json:"version"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	id := r.PathValue("id")
	if !slices.Contains(legal.Shipped(), id) {
		return &problem{Status: http.StatusNotFound, Code: "not_found", Title: "There is no such pack"}
	}
	if err := a.log(r, who.Name, "pack.edit", id, ""); err != nil {
		return err
	}
	version, err := a.cfg.Reports.EditPack(r.Context(), id, in.Text, in.Version)
	if err != nil {
		return reportProblem(err)
	}
	return answer(w, map[string]any{"version": version})
}

func (a *API) takedowns(w http.ResponseWriter, r *http.Request, who account.Account) error {
	list, err := takedown.List{Store: a.cfg.Store, Now: a.cfg.Now}.Targets(r.Context(), r.URL.Query().Get("case"))
	if err != nil {
		return reportProblem(err)
	}
	return answerPart(w, r, "targets", list, func(t *takedown.Target) string { return t.ID })
}

func (a *API) moveTakedown(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		To   string `json:"to"`
		Note string `json:"note"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if err := a.log(r, who.Name, "takedown", r.PathValue("id"), in.To); err != nil {
		return err
	}
	t, err := takedown.List{Store: a.cfg.Store, Now: a.cfg.Now}.Move(r.Context(), who.Name, r.PathValue("id"), in.To, in.Note)
	if err != nil {
		return reportProblem(err)
	}
	return answer(w, t)
}
