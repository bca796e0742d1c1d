package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"khien/detector/store"
)

const (
	responseAge    = time.Minute // how old the times may be: they need a look at each decision
	responseGroups = 200         // decided groups that are looked at, the newest
	responseRange  = 24 * time.Hour
)

// responses are how fast people were, as medians: one that lay over a weekend does not hide the others.
type responses struct {
	Taken  *duration `json:"taken"`  // from the first finding to the first decision of a person; nil without any
	Closed *duration `json:"closed"` // from the first finding to the closing
}

type duration struct {
	Seconds int `json:"seconds"`
	Groups  int `json:"groups"` // that it was counted from
}

// responseTimes looks at the groups of the last day that somebody has decided about.
func (a *API) responseTimes(ctx context.Context, now time.Time) (responses, error) {
	p, err := a.cfg.Store.Groups(ctx, store.Query{From: now.Add(-responseRange), Descending: true, Limit: responseGroups,
		Status: []string{store.StatusSeen, store.StatusEscalated, store.StatusClosed}})
	if err != nil {
		return responses{}, err
	}
	var taken, closed []time.Duration
	for i := range p.Groups {
		t, err := a.cfg.Store.Triage(ctx, p.Groups[i].Key)
		if err != nil {
			return responses{}, err
		}
		first, end := decided(t.History)
		if d := first.Sub(p.Groups[i].First); !first.IsZero() && d >= 0 {
			taken = append(taken, d)
		}
		if d := end.Sub(p.Groups[i].First); t.Status == store.StatusClosed && !end.IsZero() && d >= 0 {
			closed = append(closed, d)
		}
	}
	return responses{median(taken), median(closed)}, nil
}

// decided returns when a person did something first, and when one closed the group last. What a tune closes is nobody's work.
func decided(history []store.Change) (first, closed time.Time) {
	byTune := slices.ContainsFunc(history, func(c store.Change) bool { return strings.HasPrefix(c.What, "tune:") })
	for _, c := range history {
		if byTune {
			return first, closed
		}
		if first.IsZero() || c.Time.Before(first) {
			first = c.Time
		}
		if c.What == "status:"+store.StatusClosed && c.Time.After(closed) {
			closed = c.Time
		}
	}
	return first, closed
}

func median(list []time.Duration) *duration {
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return &duration{int(list[len(list)/2].Seconds()), len(list)}
}
