package api

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"khien/console/account"
	"khien/console/tune"
	"khien/detector"
	"khien/detector/store"
)

// previewRange is how far back a tune's preview looks.
const previewRange = 7 * 24 * time.Hour

// tuneRequest is a tune that somebody wants.
type tuneRequest struct {
	Rule   string `json:"rule"`
	Name   string `json:"name"`
	Src    string `json:"src"`
	Dst    string `json:"dst"`
	Host   string `json:"host"`
	Reason string `json:"reason"`
	Days   int    `json:"days"` // until it ends by itself

	Kind     string            `json:"kind"` // of package tune
	Count    int               `json:"count"`
	Hours    int               `json:"hours"`
	Severity detector.Severity `json:"severity"`
}

func (t *tuneRequest) tune(owner string, now time.Time) tune.Tune {
	return tune.Tune{Rule: t.Rule, Name: t.Name, Src: t.Src, Dst: t.Dst, Host: t.Host, Reason: t.Reason, Owner: owner, Kind: t.Kind, Count: t.Count, Hours: t.Hours, Severity: t.Severity,
		Expires: now.Add(time.Duration(min(max(t.Days, 0), 1000)) * 24 * time.Hour).UTC().Truncate(time.Second)}
}

func tuneProblem(err error) error {
	if errors.Is(err, tune.ErrInvalid) {
		return badRequest("tune", err.Error())
	}
	return storeProblem(err)
}

func (a *API) listTunes(w http.ResponseWriter, r *http.Request, who account.Account) error {
	list, err := a.tunes.List(r.Context())
	if err != nil {
		return storeProblem(err)
	}
	return answerPart(w, r, "tunes", list, func(t *tune.Tune) string { return t.ID })
}

// previewLookups bounds the groups whose findings a threshold's preview reads.
const previewLookups = 200

// reached reports whether a group has come to a threshold, by its findings of the preview's time.
func (a *API) reached(r *http.Request, t *tune.Tune, q store.Query, g *store.Group) (bool, error) {
	p, err := a.cfg.Store.Find(r.Context(), store.Query{Group: []string{g.Key}, From: q.From, Limit: 1000})
	if err != nil {
		return false, err
	}
	var times []time.Time
	for i := range p.Findings {
		for range max(1, p.Findings[i].Count) {
			times = append(times, p.Findings[i].Time)
		}
	}
	return t.Reached(times), nil
}

// previewTune tells what a tune would have closed in the last seven days, or what would have had another severity.
func (a *API) previewTune(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in tuneRequest
	if err := read(w, r, &in); err != nil {
		return err
	}
	now := a.cfg.Now()
	t := in.tune(who.Name, now)
	t.Reason = "preview"
	if err := t.Validate(now); err != nil {
		return tuneProblem(err)
	}
	q := t.Query()
	q.From = now.Add(-previewRange)
	out := struct {
		Groups     int         `json:"groups"`
		Findings   int         `json:"findings"`
		Severities [4]int      `json:"severities"` // findings, low to critical
		Decided    int         `json:"decided"`    // groups that people called true
		Sample     []groupView `json:"sample"`
		Partial    bool        `json:"partial"`
	}{Sample: []groupView{}}
	var failed error
	lookups := 0
	partial, err := a.eachGroup(r.Context(), q, func(g *store.Group) {
		if t.Kind == tune.Severity && g.Severity == t.Severity {
			return
		}
		if t.Kind == tune.Threshold && g.Count >= t.Count {
			if lookups++; lookups > previewLookups {
				return
			}
			open, err := a.reached(r, &t, q, g)
			if failed = errors.Join(failed, err); open || err != nil {
				return
			}
		}
		out.Groups++
		out.Findings += g.Count
		out.Severities[min(max(g.Severity, detector.Low), detector.Critical)-1] += g.Count
		if len(out.Sample) < 5 {
			out.Sample = append(out.Sample, viewGroup(g))
		}
		if g.Status == store.StatusClosed || g.Status == store.StatusEscalated {
			tr, err := a.cfg.Store.Triage(r.Context(), g.Key)
			failed = errors.Join(failed, err)
			if tr.Verdict == "true_positive" || g.Status == store.StatusEscalated {
				out.Decided++
			}
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return storeProblem(err)
	}
	out.Partial = partial || lookups > previewLookups
	return answer(w, out)
}

func (a *API) addTune(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in tuneRequest
	if err := read(w, r, &in); err != nil {
		return err
	}
	t := in.tune(who.Name, a.cfg.Now())
	if err := t.Validate(a.cfg.Now()); err != nil {
		return tuneProblem(err)
	}
	if err := a.log(r, who.Name, "tune.add", t.Rule, fmt.Sprintf("%ssrc:%s dst:%s host:%s until:%s reason:%s", kindWords(&t), t.Src, t.Dst, t.Host, t.Expires.Format(time.DateOnly), t.Reason)); err != nil {
		return err
	}
	out, err := a.tunes.Add(r.Context(), t)
	if err != nil {
		return tuneProblem(err)
	}
	return answer(w, out)
}

func (a *API) endTune(w http.ResponseWriter, r *http.Request, who account.Account) error {
	id := r.PathValue("id")
	if err := a.log(r, who.Name, "tune.end", id, ""); err != nil {
		return err
	}
	out, err := a.tunes.End(r.Context(), id)
	if err != nil {
		return tuneProblem(err)
	}
	return answer(w, out)
}

// kindWords is what the audit log says of a tune that does not simply close.
func kindWords(t *tune.Tune) string {
	switch t.Kind {
	case tune.Threshold:
		return fmt.Sprintf("threshold:%d/%dh ", t.Count, t.Hours)
	case tune.Severity:
		return fmt.Sprintf("severity:%s ", t.Severity)
	}
	return ""
}
