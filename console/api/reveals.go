package api

import (
	"errors"
	"net/http"
	"net/netip"
	"time"

	"khien/console/account"
	"khien/console/reveal"
	"khien/detector/store"
)

func (a *API) revealRoutes() []route {
	return []route{
		{"GET /api/v1/reveals", account.Analyst, a.reveals},
		{"POST /api/v1/reveals", account.Analyst, a.askReveal},
		{"POST /api/v1/reveals/{id}/agree", account.Analyst, a.agreeReveal},
		{"POST /api/v1/reveals/{id}/refuse", account.Analyst, a.refuseReveal},
		{"DELETE /api/v1/reveals/{id}", account.Analyst, a.endReveal},
	}
}

// revealView is a request as the pages read it.
type revealView struct {
	ID       string    `json:"id"`
	Of       string    `json:"of"`
	Subject  string    `json:"subject"`
	Count    int       `json:"addresses"`
	By       string    `json:"by"`
	Purpose  string    `json:"purpose"`
	Asked    time.Time `json:"asked"`
	State    string    `json:"state"`
	Answered string    `json:"answered,omitempty"`
	Until    time.Time `json:"until,omitzero"`
	Own      bool      `json:"own"`
}

func viewReveal(r *reveal.Request, who account.Account) revealView {
	return revealView{r.ID, r.Of, r.Subject, len(r.Names), r.By, r.Purpose, r.Asked, r.State, r.Answered, r.Until, r.By == who.Name}
}

// policyView is what the pages must know of the policy.
type policyView struct {
	Role   account.Role `json:"role"`
	Second bool         `json:"second_person"`
	Hours  int          `json:"hours"`
}

func (a *API) policy() *policyView {
	if a.cfg.Reveals == nil {
		return nil
	}
	p := a.cfg.Reveals.Policy
	return &policyView{p.Role, p.Second, p.Hours}
}

// revealing refuses who may not ask, and everybody where nothing is hidden.
func (a *API) revealing(r *http.Request, who account.Account) error {
	if a.cfg.Reveals == nil {
		return &problem{Status: http.StatusNotFound, Code: "pseudonyms_off", Title: "No addresses are hidden here"}
	}
	if need := a.cfg.Reveals.Policy.Role; !who.Role.May(need) {
		if err := a.log(r, who.Name, "denied", r.Method+" "+r.URL.Path, ""); err != nil {
			return err
		}
		return &problem{Status: http.StatusForbidden, Code: "role", Title: "Your role does not allow this", Detail: string(need)}
	}
	return nil
}

func revealProblem(err error) error {
	switch {
	case errors.Is(err, reveal.ErrInvalid):
		return badInput("value", err)
	case errors.Is(err, reveal.ErrNotFound):
		return &problem{Status: http.StatusNotFound, Code: "not_found", Title: "There is no such request"}
	case errors.Is(err, reveal.ErrSame):
		return &problem{Status: http.StatusConflict, Code: "reveal_same", Title: "Another person has to agree"}
	case errors.Is(err, reveal.ErrAnswered):
		return &problem{Status: http.StatusConflict, Code: "reveal_answered", Title: "This has been answered already"}
	}
	return storeProblem(err)
}

// reveals lists the caller's requests, and those of others that wait for an answer.
func (a *API) reveals(w http.ResponseWriter, r *http.Request, who account.Account) error {
	if err := a.revealing(r, who); err != nil {
		return err
	}
	own, err := a.cfg.Reveals.Of(r.Context(), who.Name)
	if err != nil {
		return revealProblem(err)
	}
	waiting, err := a.cfg.Reveals.Waiting(r.Context())
	if err != nil {
		return revealProblem(err)
	}
	list := []revealView{}
	for i := range waiting {
		if waiting[i].By != who.Name {
			list = append(list, viewReveal(&waiting[i], who))
		}
	}
	for i := range own {
		list = append(list, viewReveal(&own[i], who))
	}
	return answerPart(w, r, "reveals", list, func(v *revealView) string { return v.ID })
}

func (a *API) askReveal(w http.ResponseWriter, r *http.Request, who account.Account) error {
	if err := a.revealing(r, who); err != nil {
		return err
	}
	var in struct {
		Of      string `json:"of"`
		Subject string `json:"subject"`
		Purpose string `json:"purpose"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	addresses, err := a.addressesOf(r, in.Of, in.Subject)
	if err != nil {
		return err
	}
	if err := a.log(r, who.Name, "reveal.ask", in.Of+" "+in.Subject, in.Purpose); err != nil {
		return err
	}
	subject := in.Subject
	if in.Of == reveal.OfAddress {
		subject = a.cfg.Reveals.Policy.Names().Name(addresses[0])
	}
	v, err := a.cfg.Reveals.Ask(r.Context(), who.Name, in.Of, subject, in.Purpose, addresses)
	if err != nil {
		return revealProblem(err)
	}
	return answer(w, viewReveal(&v, who))
}

// addressesOf returns the hidden addresses of what a request names, which must be something that the caller may see.
func (a *API) addressesOf(r *http.Request, of, subject string) ([]netip.Addr, error) {
	ids := []string{subject}
	switch of {
	case reveal.OfAddress:
		ip, err := netip.ParseAddr(subject)
		if err != nil || !a.cfg.Reveals.Policy.Names().Hides(ip) {
			return nil, badRequest("subject", "the subject is no pseudonym")
		}
		p, err := a.cfg.Store.Find(r.Context(), store.Query{IP: []string{ip.String()}, Limit: 1})
		if err == nil && len(p.Findings) == 0 {
			err = store.ErrNotFound
		}
		return []netip.Addr{ip.Unmap()}, storeProblem(err)
	case reveal.OfCase:
		c, err := a.cfg.Reports.Cases.Get(r.Context(), subject)
		if err != nil {
			return nil, reportProblem(err)
		}
		ids = c.Findings
	}
	var out []netip.Addr
	for _, id := range ids {
		f, err := a.cfg.Store.Get(r.Context(), id)
		if errors.Is(err, store.ErrNotFound) && of == reveal.OfCase {
			continue // its index has been removed
		}
		if err != nil {
			return nil, storeProblem(err)
		}
		out = append(out, a.hidden(&f)...)
	}
	return out, nil
}

func (a *API) agreeReveal(w http.ResponseWriter, r *http.Request, who account.Account) error {
	return a.answerReveal(w, r, who, "reveal.agree", func(id string) (reveal.Request, error) {
		return a.cfg.Reveals.Answer(r.Context(), who.Name, id, true)
	})
}

func (a *API) refuseReveal(w http.ResponseWriter, r *http.Request, who account.Account) error {
	return a.answerReveal(w, r, who, "reveal.refuse", func(id string) (reveal.Request, error) {
		return a.cfg.Reveals.Answer(r.Context(), who.Name, id, false)
	})
}

func (a *API) endReveal(w http.ResponseWriter, r *http.Request, who account.Account) error {
	return a.answerReveal(w, r, who, "reveal.end", func(id string) (reveal.Request, error) {
		return a.cfg.Reveals.End(r.Context(), id)
	})
}

// answerReveal changes a request, once that stands in the audit log.
func (a *API) answerReveal(w http.ResponseWriter, r *http.Request, who account.Account, action string, change func(id string) (reveal.Request, error)) error {
	if err := a.revealing(r, who); err != nil {
		return err
	}
	v, err := a.cfg.Reveals.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return revealProblem(err)
	}
	if err := a.log(r, who.Name, action, v.Of+" "+v.Subject, "of "+v.By); err != nil {
		return err
	}
	if v, err = change(v.ID); err != nil {
		return revealProblem(err)
	}
	return answer(w, viewReveal(&v, who))
}
