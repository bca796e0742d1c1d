package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"khien/console/account"
	"khien/console/cases"
	"khien/console/report/evidence"
	"khien/console/report/issue"
	"khien/detector"
)

// momentsMax is how many moments of a case are shown, the latest.
const momentsMax = 2000

// Kinds of moments.
const (
	momentOpened   = "opened"
	momentStep     = "step"
	momentFinding  = "finding"
	momentNote     = "note"
	momentTask     = "task"
	momentDone     = "task_done"
	momentEvidence = "evidence"
	momentIssued   = "issued"
	momentClosed   = "closed"
	momentReopened = "reopened"
)

// moment is one thing that happened, in the traffic or in the work on it.
type moment struct {
	At         time.Time      `json:"at,omitzero"` // none for what was reported without a time
	Kind       string         `json:"kind"`
	Visibility string         `json:"visibility,omitempty"` // of the traffic: seen, inferred, reported
	Stage      string         `json:"stage,omitempty"`
	What       *detector.Text `json:"what,omitempty"` // of the traffic
	Text       string         `json:"text,omitempty"` // of people
	By         string         `json:"by,omitempty"`
	Finding    string         `json:"finding,omitempty"`
	Count      int            `json:"count,omitempty"` // copies that were frozen together
}

func (a *API) timelineRoutes() []route {
	return []route{{"GET /api/v1/cases/{id}/timeline", account.Viewer, a.timeline}}
}

func (a *API) timeline(w http.ResponseWriter, r *http.Request, who account.Account) error {
	ctx := r.Context()
	c, err := a.cfg.Reports.Cases.Get(ctx, r.PathValue("id"))
	if err != nil {
		return reportProblem(err)
	}
	list, err := a.moments(ctx, c)
	if err != nil {
		return reportProblem(err)
	}
	more := len(list) > momentsMax
	return answer(w, map[string]any{"moments": list[max(0, len(list)-momentsMax):], "more": more})
}

// moments returns what happened in the order of time; what was reported without a time comes last.
func (a *API) moments(ctx context.Context, c cases.Case) ([]moment, error) {
	findings, err := a.cfg.Reports.Findings(ctx, c)
	if err != nil {
		return nil, err
	}
	frozen, err := a.cfg.Reports.Freezer().List(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	issued, err := a.cfg.Reports.IssuedOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	out := slices.Concat(ofFindings(findings), ofWork(c), ofEvidence(frozen), ofReports(issued))
	slices.SortStableFunc(out, func(x, y moment) int {
		if x.At.IsZero() != y.At.IsZero() {
			if x.At.IsZero() {
				return 1
			}
			return -1
		}
		return x.At.Compare(y.At)
	})
	return out, nil
}

// ofFindings lists the steps of findings, each once, and findings that are no step of another.
func ofFindings(findings []detector.Finding) []moment {
	out := []moment{}
	told := map[string]bool{} // steps, and findings that are the evidence of one
	for i := range findings {
		f := &findings[i]
		for _, s := range f.Steps {
			key := fmt.Sprint(s.Time.UnixNano(), s.Stage, s.What)
			if told[key] {
				continue
			}
			told[key] = true
			if s.Evidence != f.ID {
				told[s.Evidence] = true
			}
			out = append(out, moment{At: s.Time.UTC(), Kind: momentStep, Visibility: s.Visibility, Stage: s.Stage, What: &s.What, Finding: f.ID})
		}
	}
	for i := range findings {
		f := &findings[i]
		if len(f.Steps) > 0 || told[f.ID] {
			continue
		}
		m := moment{At: f.Time.UTC(), Kind: momentFinding, Visibility: "seen", What: &f.Summary, Finding: f.ID}
		if f.Summary == (detector.Text{}) {
			m.What = &detector.Text{VI: f.Rule.Name, EN: f.Rule.Name}
		}
		if !f.First.IsZero() && f.First.Before(f.Time) {
			m.At = f.First.UTC()
		}
		if f.Fraud != nil {
			m.Visibility, m.Stage = f.Fraud.Visibility, f.Fraud.Stage
		}
		out = append(out, m)
	}
	return out
}

func ofWork(c cases.Case) []moment {
	var out []moment
	for _, h := range c.History {
		m := moment{At: h.Time, By: h.User}
		switch {
		case h.What == "created":
			m.Kind = momentOpened
		case strings.HasPrefix(h.What, "closed"):
			m.Kind, m.Text = momentClosed, strings.TrimPrefix(strings.TrimPrefix(h.What, "closed"), ": ")
		case strings.HasPrefix(h.What, "reopened: "):
			m.Kind, m.Text = momentReopened, strings.TrimPrefix(h.What, "reopened: ")
		default:
			continue
		}
		out = append(out, m)
	}
	for _, n := range c.Notes {
		out = append(out, moment{At: n.Time, Kind: momentNote, By: n.User, Text: n.Text})
	}
	for _, t := range c.Tasks {
		out = append(out, moment{At: t.Time, Kind: momentTask, By: t.By, Text: t.Text})
		if !t.Done.IsZero() {
			out = append(out, moment{At: t.Done, Kind: momentDone, By: t.DoneBy, Text: t.Text})
		}
	}
	return out
}

// ofEvidence puts copies together that one person froze in one minute.
func ofEvidence(list []evidence.Frozen) []moment {
	var out []moment
	for _, f := range list {
		at := f.Acquired.Truncate(time.Minute)
		if n := len(out) - 1; n >= 0 && out[n].By == f.Collector && out[n].At.Truncate(time.Minute).Equal(at) {
			out[n].Count++
			continue
		}
		out = append(out, moment{At: f.Acquired, Kind: momentEvidence, By: f.Collector, Count: 1})
	}
	return out
}

func ofReports(list []issue.Issued) []moment {
	var out []moment
	for _, i := range list {
		out = append(out, moment{At: i.At, Kind: momentIssued, By: i.By, Text: i.Printed + " " + i.Title})
	}
	return out
}
