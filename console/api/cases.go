package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"khien/console/account"
	"khien/console/cases"
	"khien/console/handover"
	"khien/console/report"
	"khien/console/report/evidence"
	"khien/console/report/form"
	"khien/console/report/issue"
	"khien/console/report/legal"
	"khien/console/report/takedown"
	"khien/detector/store"
)

func (a *API) caseRoutes() []route {
	return []route{
		{"GET /api/v1/cases", account.Viewer, a.listCases},
		{"POST /api/v1/cases", account.Analyst, a.createCase},
		{"GET /api/v1/cases/{id}", account.Viewer, a.getCase},
		{"POST /api/v1/cases/{id}/findings", account.Analyst, a.addFindings},
		{"POST /api/v1/cases/{id}/notes", account.Analyst, a.addNote},
		{"POST /api/v1/cases/{id}/close", account.Analyst, a.closeCase},
		{"GET /api/v1/cases/{id}/incident", account.Analyst, a.incident},
		{"PUT /api/v1/cases/{id}/incident", account.Analyst, a.editIncident},
		{"POST /api/v1/cases/{id}/confirm", account.Analyst, a.confirm},
		{"POST /api/v1/cases/{id}/sent", account.Analyst, a.sent},
		{"GET /api/v1/cases/{id}/clocks", account.Viewer, a.clocks},
		{"GET /api/v1/cases/{id}/clocks.ics", account.Viewer, a.clocksICS},
		{"GET /api/v1/cases/{id}/custody", account.Analyst, a.custody},
		{"GET /api/v1/cases/{id}/preview", account.Analyst, a.preview},
		{"GET /api/v1/cases/{id}/preview.pdf", account.Analyst, a.previewPDF},
	}
}

// reportProblem turns what cases and reports say into a problem.
func reportProblem(err error) error {
	is := func(list ...error) bool {
		return slices.ContainsFunc(list, func(e error) bool { return errors.Is(err, e) })
	}
	switch {
	case err == nil:
		return nil
	case is(cases.ErrNotFound, form.ErrUnknown, store.ErrNotFound, handover.ErrNotFound):
		return &problem{Status: http.StatusNotFound, Code: "not_found", Title: "There is no such thing", Detail: err.Error()}
	case is(issue.ErrConflict, store.ErrConflict):
		return &problem{Status: http.StatusConflict, Code: "conflict", Title: "Somebody else was faster: read it again"}
	case is(cases.ErrClosed):
		return &problem{Status: http.StatusConflict, Code: "case_closed", Title: "The case is closed"}
	case is(handover.ErrSame):
		return &problem{Status: http.StatusConflict, Code: "same_person", Title: "Another person has to take over"}
	case is(handover.ErrTaken):
		return &problem{Status: http.StatusConflict, Code: "taken", Title: "Somebody has taken over already"}
	case is(issue.ErrMissing):
		return &problem{Status: http.StatusUnprocessableEntity, Code: "missing_fields", Title: "Required fields are empty", Detail: err.Error()}
	case is(issue.ErrUnconfirmed):
		return &problem{Status: http.StatusUnprocessableEntity, Code: "unconfirmed", Title: "A person has to confirm the severity first"}
	case is(report.ErrFact, cases.ErrInvalid, form.ErrValue, takedown.ErrMove, legal.ErrPack, handover.ErrInvalid):
		return badInput("value", err)
	}
	return err
}

func (a *API) listCases(w http.ResponseWriter, r *http.Request, who account.Account) error {
	list, err := a.cfg.Reports.Cases.List(r.Context(), r.URL.Query().Get("status"))
	if err != nil {
		return reportProblem(err)
	}
	return answerPart(w, r, "cases", list, func(c *cases.Case) string { return c.ID })
}

func (a *API) createCase(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Title    string   `json:"title"`
		Unit     string   `json:"unit"`
		Findings []string `json:"findings"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	return a.changed(w, r, who, "case.create", in.Title, func() (cases.Case, error) {
		return a.cfg.Reports.Cases.Create(r.Context(), who.Name, in.Title, in.Unit, in.Findings...)
	})
}

// changed writes the audit entry, makes a change and answers with the case.
func (a *API) changed(w http.ResponseWriter, r *http.Request, who account.Account, action, object string, change func() (cases.Case, error)) error {
	if err := a.log(r, who.Name, action, object, ""); err != nil {
		return err
	}
	c, err := change()
	if err != nil {
		return reportProblem(err)
	}
	return answer(w, c)
}

func (a *API) getCase(w http.ResponseWriter, r *http.Request, who account.Account) error {
	return a.changed(w, r, who, "case.view", r.PathValue("id"), func() (cases.Case, error) {
		return a.cfg.Reports.Cases.Get(r.Context(), r.PathValue("id"))
	})
}

func (a *API) addFindings(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Findings []string `json:"findings"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	return a.changed(w, r, who, "case.findings", r.PathValue("id"), func() (cases.Case, error) {
		return a.cfg.Reports.Cases.AddFindings(r.Context(), who.Name, r.PathValue("id"), in.Findings...)
	})
}

func (a *API) addNote(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Text string `json:"text"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	return a.changed(w, r, who, "case.note", r.PathValue("id"), func() (cases.Case, error) {
		return a.cfg.Reports.Cases.AddNote(r.Context(), who.Name, r.PathValue("id"), in.Text)
	})
}

func (a *API) closeCase(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Reason string `json:"reason"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	return a.changed(w, r, who, "case.close", r.PathValue("id"), func() (cases.Case, error) {
		return a.cfg.Reports.Cases.Close(r.Context(), who.Name, r.PathValue("id"), in.Reason)
	})
}

func (a *API) custody(w http.ResponseWriter, r *http.Request, who account.Account) error {
	id := r.PathValue("id")
	if _, err := a.cfg.Reports.Cases.Get(r.Context(), id); err != nil {
		return reportProblem(err)
	}
	if err := a.log(r, who.Name, "custody.view", id, ""); err != nil {
		return err
	}
	events, err := evidence.Custody{Store: a.cfg.Store, Case: id}.Events(r.Context())
	if errors.Is(err, evidence.ErrBroken) {
		return &problem{Status: http.StatusConflict, Code: "custody_broken", Title: "The custody log was changed", Detail: err.Error()}
	}
	if err != nil {
		return err
	}
	return answerPart(w, r, "events", events, func(e *evidence.Event) string { return strconv.FormatUint(e.Number, 10) })
}

// packOf returns the legal pack that a request names.
func (a *API) packOf(ctx context.Context, name string) (*legal.Pack, error) {
	if name == "" {
		name = legal.Default
	}
	p, err := a.cfg.Reports.Pack(ctx, name)
	if err != nil {
		return nil, badRequest("pack", fmt.Sprint(err))
	}
	return p, nil
}
