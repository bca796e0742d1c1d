package api

import (
	"fmt"
	"net/http"
	"time"

	"khien/console/account"
	"khien/console/report"
	"khien/console/report/clock"
	"khien/console/report/document"
	"khien/console/report/form"
	"khien/console/report/issue"
	"khien/console/report/legal"
)

// subject is what most requests about reports work on.
type subject struct {
	in      *report.Incident
	pack    *legal.Pack
	profile *report.Profile
}

// subject reads the incident of the case in the request's path under a pack.
func (a *API) subject(r *http.Request, pack string) (s subject, err error) {
	if s.pack, err = a.packOf(r.Context(), pack); err != nil {
		return s, err
	}
	if s.profile, err = a.cfg.Reports.Profile(); err != nil {
		return s, err
	}
	s.in, err = a.cfg.Reports.Incident(r.Context(), r.PathValue("id"), s.pack.ID, s.profile)
	return s, reportProblem(err)
}

// view is an incident with its deadlines.
func (a *API) view(s subject) map[string]any {
	clocks := a.cfg.Reports.Clocks(s.in, s.pack, s.profile)
	if clocks == nil {
		clocks = []clock.Clock{}
	}
	return map[string]any{"incident": s.in, "clocks": clocks}
}

func (a *API) incident(w http.ResponseWriter, r *http.Request, who account.Account) error {
	s, err := a.subject(r, r.URL.Query().Get("pack"))
	if err != nil {
		return err
	}
	if err := a.log(r, who.Name, "incident.view", s.in.Case, ""); err != nil {
		return err
	}
	return answer(w, a.view(s))
}

// fact is a value that somebody typed.
type fact struct {
	Key    string     `json:"key"`
	Values []string   `json:"values"`
	Rows   [][]string `json:"rows"`
}

func (a *API) editIncident(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Pack    string `json:"pack"`
		Version int64  `json:"version"`
		Facts   []fact `json:"facts"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	keys := ""
	for _, f := range in.Facts {
		keys += f.Key + " "
	}
	return a.edit(w, r, who, in.Pack, in.Version, "incident.edit", keys, func(s subject) error {
		for _, f := range in.Facts {
			if err := issue.Edit(s.in, who.Name, a.cfg.Now(), f.Key, report.Fact{Values: f.Values, Rows: f.Rows}); err != nil {
				return err
			}
		}
		return nil
	})
}

// edit applies a change to the version of an incident that it was decided on, writes the audit entry and keeps it.
func (a *API) edit(w http.ResponseWriter, r *http.Request, who account.Account, pack string, version int64, action, detail string, change func(subject) error) error {
	s, err := a.subject(r, pack)
	if err != nil {
		return err
	}
	if s.in.Version != version {
		return reportProblem(issue.ErrConflict)
	}
	if err := change(s); err != nil {
		return reportProblem(err)
	}
	if err := a.log(r, who.Name, action, s.in.Case, detail); err != nil {
		return err
	}
	if err := a.cfg.Reports.Put(r.Context(), s.in); err != nil {
		return reportProblem(err)
	}
	return answer(w, a.view(s))
}

func (a *API) confirm(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Pack    string `json:"pack"`
		Version int64  `json:"version"`
		What    string `json:"what"`
		Reason  string `json:"reason"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	return a.edit(w, r, who, in.Pack, in.Version, "incident.confirm", in.What, func(s subject) error {
		return issue.Confirm(s.in, s.pack, who.Name, a.cfg.Now(), in.What, in.Reason)
	})
}

func (a *API) sent(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Pack    string    `json:"pack"`
		Version int64     `json:"version"`
		Duty    string    `json:"duty"`
		At      time.Time `json:"at"`
		Via     string    `json:"via"`
		Receipt string    `json:"receipt"`
		Late    string    `json:"late_reason"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if in.At.IsZero() {
		in.At = a.cfg.Now()
	}
	if in.Via == "" || len(in.Via)+len(in.Receipt)+len(in.Late) > textMax {
		return badRequest("via", "via says how it was sent; the texts are short")
	}
	return a.edit(w, r, who, in.Pack, in.Version, "incident.sent", in.Duty, func(s subject) error {
		return issue.MarkSent(s.in, s.pack, in.Duty, report.Sent{At: in.At.UTC(), By: who.Name, Via: in.Via, Receipt: in.Receipt, Late: in.Late})
	})
}

func (a *API) clocks(w http.ResponseWriter, r *http.Request, who account.Account) error {
	s, err := a.subject(r, r.URL.Query().Get("pack"))
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"detected": s.in.Detected, "clocks": a.view(s)["clocks"]})
}

func (a *API) clocksICS(w http.ResponseWriter, r *http.Request, who account.Account) error {
	s, err := a.subject(r, r.URL.Query().Get("pack"))
	if err != nil {
		return err
	}
	return file(w, "text/calendar; charset=utf-8", s.in.Case+".ics", clock.ICS(s.in.Case, a.cfg.Reports.Clocks(s.in, s.pack, s.profile), a.cfg.Now()))
}

// file answers with a file that a browser keeps and does not show.
func file(w http.ResponseWriter, kind, name string, data []byte) error {
	return send(w, "attachment", kind, name, data)
}

func send(w http.ResponseWriter, disposition, kind, name string, data []byte) error {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", fmt.Sprintf("%s; filename=%q", disposition, name))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, err := w.Write(data)
	return err
}

// filled fills the form that a request names.
func (a *API) filled(r *http.Request) (subject, *form.Filled, error) {
	q := r.URL.Query()
	s, err := a.subject(r, q.Get("pack"))
	if err != nil {
		return s, nil, err
	}
	f, err := form.Find(s.pack, q.Get("form"), q.Get("version"))
	if err != nil {
		return s, nil, reportProblem(err)
	}
	out, err := form.Fill(f, s.pack, s.in)
	return s, out, reportProblem(err)
}

func (a *API) preview(w http.ResponseWriter, r *http.Request, who account.Account) error {
	_, f, err := a.filled(r)
	if err != nil {
		return err
	}
	return answer(w, f)
}

func (a *API) previewPDF(w http.ResponseWriter, r *http.Request, who account.Account) error {
	s, f, err := a.filled(r)
	if err != nil {
		return err
	}
	if err := a.log(r, who.Name, "report.preview", s.in.Case, f.ID); err != nil {
		return err
	}
	pdf, err := document.Render(document.New(f, s.profile, s.pack, document.Options{Draft: true}), document.Official(), a.cfg.Now())
	if err != nil {
		return err
	}
	// Shown, not kept: a draft is read in the browser. The program drew it, so nothing in it runs.
	return send(w, "inline", "application/pdf", s.in.Case+"-"+f.ID+".pdf", pdf)
}
