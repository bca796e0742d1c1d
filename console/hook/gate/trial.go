package gate

import (
	"context"
	"fmt"
	"time"

	"khien/console/hook"
	"khien/detector/store"
)

// Of the findings that a trial looks at.
const (
	trialAge = 7 * 24 * time.Hour
	trialMax = 50_000 // the newest
)

// try says what an overlay would have proposed of the findings of the last days.
func (g *Gate) try(ctx context.Context, o *hook.Overlay) (Response, error) {
	if o == nil {
		return Response{}, fmt.Errorf("%w: no overlay", hook.ErrInput)
	}
	q := store.Query{From: g.Book.Now().Add(-trialAge), Limit: store.PageMax, Descending: true}
	t, err := g.Book.Try(*o, q.From)
	if err != nil {
		return Response{}, err
	}
	n := 0
	for {
		p, err := g.cfg.Store.Find(ctx, q)
		if err != nil {
			return Response{}, err
		}
		for i := range p.Findings {
			t.Add(&p.Findings[i])
		}
		n += len(p.Findings)
		q.Cursor = p.Next
		if p.Next == "" || n >= trialMax {
			r := t.Report(p.Next != "")
			return Response{Trial: &r}, nil
		}
	}
}

// policy answers with the policies after a change.
func (g *Gate) policy(ctx context.Context, err error) (Response, error) {
	if err != nil {
		return Response{}, err
	}
	return g.Do(ctx, Request{Op: "policy"})
}
