package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"khien/console/account"
	"khien/console/handover"
)

// shiftLength is how long a shift is when nobody says another time.
const shiftLength = 12 * time.Hour

func (a *API) handoverRoutes() []route {
	return []route{
		{"GET /api/v1/handover", account.Viewer, a.shiftSheet},
		{"GET /api/v1/handovers", account.Viewer, a.handovers},
		{"POST /api/v1/handovers", account.Analyst, a.signHandover},
		{"GET /api/v1/handovers/{id}", account.Viewer, a.handover},
		{"POST /api/v1/handovers/{id}/take", account.Analyst, a.takeHandover},
	}
}

func (a *API) handoverBook() *handover.Book {
	return &handover.Book{Store: a.cfg.Store, Now: a.cfg.Now}
}

// shift completes the time of a shift: the last twelve hours when it is not said.
func (a *API) shift(from, to time.Time) (time.Time, time.Time, error) {
	if to.IsZero() {
		to = a.cfg.Now().UTC().Truncate(time.Second)
	}
	if from.IsZero() {
		from = to.Add(-shiftLength)
	}
	return from.UTC(), to.UTC(), handover.CheckShift(from, to)
}

// timeOf reads a time of a request's address, the zero time where there is none.
func timeOf(r *http.Request, name string) (t time.Time, err error) {
	if s := r.URL.Query().Get(name); s != "" {
		if t, err = time.Parse(time.RFC3339, s); err != nil {
			return t, badRequest(name, fmt.Sprintf("%s is a time such as 2026-11-29T19:00:00+07:00", name))
		}
	}
	return t, nil
}

func (a *API) shiftSheet(w http.ResponseWriter, r *http.Request, who account.Account) error {
	from, err := timeOf(r, "from")
	if err != nil {
		return err
	}
	to, err := timeOf(r, "to")
	if err != nil {
		return err
	}
	if from, to, err = a.shift(from, to); err != nil {
		return reportProblem(err)
	}
	if err := a.log(r, who.Name, "handover.view", from.Format(time.RFC3339), to.Format(time.RFC3339)); err != nil {
		return err
	}
	s, err := a.sheet(r, who, from, to)
	if err != nil {
		return reportProblem(err)
	}
	return answer(w, s)
}

func (a *API) signHandover(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		From time.Time `json:"from"`
		To   time.Time `json:"to"`
		Text string    `json:"text"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	from, to, err := a.shift(in.From, in.To)
	if err != nil {
		return reportProblem(err)
	}
	s, err := a.sheet(r, who, from, to)
	if err != nil {
		return reportProblem(err)
	}
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("api: handover: %w", err)
	}
	if err := a.log(r, who.Name, "handover.sign", from.Format(time.RFC3339), to.Format(time.RFC3339)); err != nil {
		return err
	}
	h, err := a.handoverBook().Sign(r.Context(), who.Name, in.Text, from, to, body)
	if err != nil {
		return reportProblem(err)
	}
	return answer(w, h)
}

func (a *API) takeHandover(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Text string `json:"text"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if err := a.log(r, who.Name, "handover.take", r.PathValue("id"), ""); err != nil {
		return err
	}
	h, err := a.handoverBook().Take(r.Context(), who.Name, r.PathValue("id"), in.Text)
	if err != nil {
		return reportProblem(err)
	}
	return answer(w, h)
}

// handovers lists those of a month: of the time "month", or of now and the month before.
func (a *API) handovers(w http.ResponseWriter, r *http.Request, who account.Account) error {
	at, err := timeOf(r, "month")
	if err != nil {
		return err
	}
	months := []time.Time{at}
	if at.IsZero() {
		now := a.cfg.Now().In(localTime)
		months = []time.Time{now, now.AddDate(0, 0, -now.Day())}
	}
	list := []handover.Handover{}
	for _, m := range months {
		of, err := a.handoverBook().Month(r.Context(), m)
		if err != nil {
			return reportProblem(err)
		}
		list = append(list, of...)
	}
	return answer(w, map[string]any{"handovers": list})
}

func (a *API) handover(w http.ResponseWriter, r *http.Request, who account.Account) error {
	book, id := a.handoverBook(), r.PathValue("id")
	h, err := book.Get(r.Context(), id)
	if err != nil {
		return reportProblem(err)
	}
	body, err := book.SheetOf(r.Context(), id)
	if err != nil {
		return reportProblem(err)
	}
	if err := a.log(r, who.Name, "handover.view", id, ""); err != nil {
		return err
	}
	return answer(w, map[string]any{"handover": h, "sheet": body, "whole": handover.Whole(h, body)})
}
