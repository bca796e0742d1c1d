package issue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"khien/console/cases"
	"khien/detector"
	"khien/detector/store"
)

// storyRule is the rule of findings that tell the story of one victim.
const storyRule = "fraud.story"

// around is how long before and after a story its findings are looked for.
const around = 2 * time.Minute

// ErrNoStory is returned when the store holds no story.
var ErrNoStory = errors.New("issue: no fraud story has been found")

// Story returns the worst of the latest stories.
func (d *Desk) Story(ctx context.Context) (detector.Finding, error) {
	p, err := d.Store.Find(ctx, store.Query{Rule: []string{storyRule}, Descending: true, Limit: store.PageMax})
	if err != nil {
		return detector.Finding{}, fmt.Errorf("issue: %w", err)
	}
	if len(p.Findings) == 0 {
		return detector.Finding{}, ErrNoStory
	}
	return slices.MaxFunc(p.Findings, func(a, b detector.Finding) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(len(a.Steps), len(b.Steps)), a.Time.Compare(b.Time))
	}), nil
}

// Belonging returns the ids of the findings that tell of the same thing as one does: of a story, what was found at its
// victim from the first step to the last; of any other finding, itself.
func (d *Desk) Belonging(ctx context.Context, f detector.Finding) ([]string, error) {
	out := []string{f.ID}
	if f.Rule.ID != storyRule || len(f.Steps) == 0 || !f.SrcIP.IsValid() {
		return out, nil
	}
	from, to := f.Steps[0].Time, f.Steps[0].Time
	for _, s := range f.Steps {
		from, to = earlier(from, s.Time), later(to, s.Time)
	}
	q := store.Query{IP: []string{f.SrcIP.String()}, From: from.Add(-around), To: later(to, f.Last).Add(around), Limit: store.PageMax}
	for len(out) < cases.FindingsMax {
		p, err := d.Store.Find(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("issue: %w", err)
		}
		for i := range p.Findings {
			if id := p.Findings[i].ID; id != f.ID && len(out) < cases.FindingsMax {
				out = append(out, id)
			}
		}
		if q.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	return out, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Open returns the case of a finding, and opens one with what belongs to it when there is none.
func (d *Desk) Open(ctx context.Context, user string, f detector.Finding) (cases.Case, error) {
	c, err := d.Cases.OfFinding(ctx, f.ID)
	if !errors.Is(err, cases.ErrNotFound) {
		return c, err
	}
	ids, err := d.Belonging(ctx, f)
	if err != nil {
		return c, err
	}
	title := cmp.Or(f.Rule.Name, f.Rule.ID)
	switch {
	case f.Fraud != nil && f.Fraud.Brand != "":
		title = "Lừa đảo mạo danh " + f.Fraud.Brand
	case f.Summary.VI != "":
		title = f.Summary.VI
	}
	return d.Cases.Create(ctx, user, title, "", ids...)
}
