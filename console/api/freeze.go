package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"khien/console/account"
	"khien/console/report/evidence"
	"khien/console/report/issue"
	"khien/detector"
	transfer "khien/sensor/file"
)

// freezeTime is how long one action freezes; what is left is asked for again.
const freezeTime = 30 * time.Second

func (a *API) evidenceRoutes() []route {
	return []route{
		{"GET /api/v1/cases/{id}/evidence", account.Analyst, a.frozen},
		{"POST /api/v1/cases/{id}/evidence", account.Analyst, a.freeze},
		{"GET /api/v1/cases/{id}/evidence/{sha256}", account.Analyst, a.frozenZip},
	}
}

// frozenView is a copy, and whether it is still what was frozen.
type frozenView struct {
	evidence.Frozen
	State evidence.State `json:"state"`
}

// turn waits for one of the places of those who read much from the disk.
func (a *API) turn(ctx context.Context) (end func(), err error) {
	select {
	case a.carving <- struct{}{}:
		return func() { <-a.carving }, nil
	case <-ctx.Done():
		return nil, storeProblem(ctx.Err())
	}
}

func (a *API) frozen(w http.ResponseWriter, r *http.Request, who account.Account) error {
	id := r.PathValue("id")
	if _, err := a.cfg.Reports.Cases.Get(r.Context(), id); err != nil {
		return reportProblem(err)
	}
	if err := a.log(r, who.Name, "evidence.view", id, ""); err != nil {
		return err
	}
	z := a.cfg.Reports.Freezer()
	list, err := z.List(r.Context(), id)
	if err != nil {
		return freezeProblem(err)
	}
	end, err := a.turn(r.Context())
	if err != nil {
		return err
	}
	defer end()
	out := []frozenView{}
	for _, f := range list {
		state, err := z.Check(f)
		if err != nil {
			return err
		}
		out = append(out, frozenView{f, state})
	}
	used, limit, err := z.Used()
	if err != nil {
		return err
	}
	if len(who.Units) > 0 {
		used, limit = 0, 0 // they tell of all units
	}
	return answer(w, map[string]any{"frozen": out, "used": used, "max": limit, "case_max": int64(evidence.CaseMax), "password": filePassword})
}

// freeze copies what findings are about into a case: those that are named, which then belong to it, or all of the case.
func (a *API) freeze(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Findings []string `json:"findings"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	id, ctx := r.PathValue("id"), r.Context()
	book := a.cfg.Reports.Cases
	c, err := book.Get(ctx, id)
	if err != nil {
		return reportProblem(err)
	}
	for _, f := range in.Findings {
		if _, err := a.cfg.Store.Get(ctx, f); err != nil {
			return storeProblem(err)
		}
	}
	if err := a.log(r, who.Name, "evidence.freeze", id, strings.Join(in.Findings, " ")); err != nil {
		return err
	}
	if c, err = book.AddFindings(ctx, who.Name, id, in.Findings...); err != nil { // refuses a closed case
		return reportProblem(err)
	}
	if len(in.Findings) == 0 {
		in.Findings = c.Findings
	}
	end, err := a.turn(ctx)
	if err != nil {
		return err
	}
	defer end()
	done, err := a.cfg.Reports.Freeze(ctx, who.Name, id, in.Findings, a.originals(ctx), a.cfg.Now().Add(freezeTime))
	if err != nil {
		return freezeProblem(err)
	}
	return answer(w, done)
}

// originals are the packets and files that are kept here.
func (a *API) originals(ctx context.Context) (out issue.Originals) {
	if a.cfg.Packets != nil {
		out.Packets = func(w io.Writer, f *detector.Finding) (bool, error) {
			n, err := a.cfg.Packets(ctx, writeWhile{ctx, w}, f, packetsMax)
			err = original(err)
			switch {
			case errors.Is(err, ErrNoFlow):
				err = issue.ErrNoFlow
			case err == nil && n.Packets == 0:
				err = fmt.Errorf("api: packets of the flow: %w", fs.ErrNotExist)
			}
			return n.More || n.Damaged, err
		}
	}
	if a.cfg.Files != nil {
		out.File = func(f *detector.Finding) (io.ReadCloser, error) {
			r, err := a.cfg.Files.Open(ctx, f)
			return r, original(err)
		}
	}
	return out
}

// original turns why something cannot be copied into what the case is told.
func original(err error) error {
	var u *Unavailable
	switch {
	case errors.As(err, &u):
		return fmt.Errorf("%w: %w", issue.ErrAway, err)
	case errors.Is(err, ErrNotKept):
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	return err
}

func freezeProblem(err error) error {
	var changed *evidence.Changed
	switch {
	case errors.Is(err, evidence.ErrFull):
		return &problem{Status: http.StatusInsufficientStorage, Code: "evidence_full", Title: "There is no room for more frozen copies", Detail: err.Error()}
	case errors.Is(err, evidence.ErrBroken):
		return &problem{Status: http.StatusConflict, Code: "custody_broken", Title: "The custody log was changed", Detail: err.Error()}
	case errors.As(err, &changed):
		return &problem{Status: http.StatusConflict, Code: "evidence_broken", Title: "The copy is not what was frozen", Detail: err.Error()}
	case errors.Is(err, fs.ErrNotExist):
		return &problem{Status: http.StatusNotFound, Code: "evidence_missing", Title: "The copy is gone"}
	}
	return storeProblem(err)
}

// frozenZip gives a copy in an encrypted zip, after it has been checked, and notes that in the custody log.
func (a *API) frozenZip(w http.ResponseWriter, r *http.Request, who account.Account) error {
	id, sum := r.PathValue("id"), r.PathValue("sha256")
	z := a.cfg.Reports.Freezer()
	list, err := z.List(r.Context(), id)
	if err != nil {
		return freezeProblem(err)
	}
	i := slices.IndexFunc(list, func(f evidence.Frozen) bool { return f.SHA256 == sum })
	if i < 0 {
		return &problem{Status: http.StatusNotFound, Code: "not_found", Title: "There is no such copy"}
	}
	f := list[i]
	if err := a.log(r, who.Name, "evidence.download", sum, id); err != nil {
		return err
	}
	end, err := a.turn(r.Context())
	if err != nil {
		return err
	}
	defer end()
	copied, err := z.Open(f)
	if err != nil {
		return freezeProblem(err)
	}
	defer copied.Close() // was only read
	_, err = evidence.Custody{Store: a.cfg.Store, Case: id}.Append(r.Context(), evidence.Event{Evidence: sum, Action: evidence.Copied, At: a.cfg.Now(),
		To: evidence.Person{Name: who.Name}, Purpose: "tải bản sao: " + f.Path})
	if err != nil {
		return freezeProblem(err)
	}
	attachment(w, "application/zip", id+"-"+path.Base(f.Path)+".zip")
	out := &started{ResponseWriter: w}
	err = transfer.Encrypt(out, path.Base(f.Path), copied, f.Size, f.Acquired, filePassword)
	if err != nil && out.begun {
		panic(http.ErrAbortHandler) // half a zip must not look like a whole one
	}
	return err
}
