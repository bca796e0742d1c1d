package gate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"khien/console/hook"
	"khien/console/hook/render"
	"khien/detector"
)

// Request is what an operator wants, on the command line or in the console. Which fields an operation reads stands in
// operations.
type Request struct {
	Op        string        `json:"op"`
	User      string        `json:"user"`
	ID        string        `json:"id,omitempty"`
	Value     string        `json:"value,omitempty"`
	Kind      hook.Kind     `json:"kind,omitempty"`
	Action    hook.Action   `json:"action,omitempty"`
	Scope     string        `json:"scope,omitempty"`
	Scopes    []string      `json:"scopes,omitempty"` // that a list is limited to
	TTL       time.Duration `json:"ttl,omitempty"`
	Reason    string        `json:"reason,omitempty"`
	ReasonEN  string        `json:"reason_en,omitempty"`
	Finding   string        `json:"finding,omitempty"`
	Emergency bool          `json:"emergency,omitempty"`
	State     []hook.State  `json:"state,omitempty"`
	Limit     int           `json:"limit,omitempty"`
	After     string        `json:"after,omitempty"`
	Version   uint64        `json:"version,omitempty"`
	Format    string        `json:"format,omitempty"`
	Contact   string        `json:"contact,omitempty"`
	Grant     bool          `json:"grant,omitempty"`
	Open      bool          `json:"open,omitempty"`
	Overlay   *hook.Overlay `json:"overlay,omitempty"`
	On        uint64        `json:"on,omitempty"` // the version of the policies that was seen
}

// Response answers a Request. Which fields are set depends on the operation.
type Response struct {
	Decision    *hook.Decision        `json:"decision,omitempty"`
	NeedsSecond bool                  `json:"needs_second,omitempty"` // the consent is kept; another person must approve
	Page        *hook.DecisionPage    `json:"page,omitempty"`
	Report      *hook.Report          `json:"report,omitempty"`
	Status      *hook.Status          `json:"status,omitempty"`
	Off         bool                  `json:"off,omitempty"` // of status: there is no hooks.yaml, so nothing is served
	Consumers   []hook.ConsumerStatus `json:"consumers,omitempty"`
	Text        string                `json:"text,omitempty"`
	ContentType string                `json:"content_type,omitempty"`
	Unblock     *hook.Unblock         `json:"unblock,omitempty"`
	Unblocks    []*hook.Unblock       `json:"unblocks,omitempty"`
	Policy      *hook.PolicyInForce   `json:"policy,omitempty"`
	Trial       *hook.TrialReport     `json:"trial,omitempty"`
}

// operations lists what operators can do.
func operations() map[string]func(g *Gate, ctx context.Context, r Request) (Response, error) {
	decision := func(d *hook.Decision, err error) (Response, error) { return Response{Decision: d}, err }
	report := func(r hook.Report, err error) (Response, error) { return Response{Report: &r}, err }
	unblock := func(u *hook.Unblock, err error) (Response, error) { return Response{Unblock: u}, err }
	return map[string]func(g *Gate, ctx context.Context, r Request) (Response, error){
		"status": func(g *Gate, _ context.Context, _ Request) (Response, error) {
			s := g.Book.Status()
			return Response{Status: &s, Off: !g.on, Consumers: g.Consumers.List()}, nil
		},
		"list": func(g *Gate, _ context.Context, r Request) (Response, error) {
			p := g.Book.Decisions(hook.Filter{State: r.State, Scope: r.Scopes, Kind: r.Kind, Text: r.Value, Limit: r.Limit, After: r.After})
			return Response{Page: &p}, nil
		},
		"get": func(g *Gate, _ context.Context, r Request) (Response, error) { return decision(g.Book.Decision(r.ID)) },
		"propose": func(g *Gate, ctx context.Context, r Request) (Response, error) {
			return decision(g.Book.Propose(ctx, hook.Proposal{Kind: r.Kind, Value: r.Value, Action: r.Action, Scope: r.Scope, TTL: r.TTL, User: r.User,
				Reason: detector.Text{VI: r.Reason, EN: r.ReasonEN}, Finding: r.Finding}))
		},
		"approve": func(g *Gate, ctx context.Context, r Request) (Response, error) {
			d, err := g.Book.Approve(ctx, r.ID, r.User, r.Emergency)
			if errors.Is(err, hook.ErrFourEyes) {
				return Response{Decision: d, NeedsSecond: true}, nil
			}
			return decision(d, err)
		},
		"revoke": func(g *Gate, ctx context.Context, r Request) (Response, error) {
			return decision(g.Book.Revoke(ctx, r.ID, r.User, r.Reason))
		},
		"renew": func(g *Gate, ctx context.Context, r Request) (Response, error) {
			return decision(g.Book.Renew(ctx, r.ID, r.User, r.TTL))
		},
		"why": func(g *Gate, _ context.Context, r Request) (Response, error) { return report(g.Book.Why(r.Value)) },
		"test": func(g *Gate, ctx context.Context, r Request) (Response, error) {
			return report(g.Book.Test(ctx, r.Value))
		},
		"kill": func(g *Gate, ctx context.Context, r Request) (Response, error) {
			return g.status(ctx, g.Book.Kill(ctx, r.User, r.Reason))
		},
		"resume": func(g *Gate, ctx context.Context, r Request) (Response, error) {
			return g.status(ctx, g.Book.Resume(ctx, r.User, r.Reason))
		},
		"rollback": func(g *Gate, ctx context.Context, r Request) (Response, error) {
			return g.status(ctx, g.Book.Rollback(ctx, r.Version, r.User, r.Reason))
		},
		"accept": func(g *Gate, ctx context.Context, r Request) (Response, error) {
			return g.status(ctx, g.Book.Accept(r.User))
		},
		"render": func(g *Gate, _ context.Context, r Request) (Response, error) {
			f, ok := render.Find(r.Format)
			if !ok {
				return Response{}, fmt.Errorf("%w: no format %q", hook.ErrInput, r.Format)
			}
			var b bytes.Buffer
			err := f.Write(&b, g.Book.View(f.Select(hook.Selection{})), render.Options{})
			return Response{Text: b.String(), ContentType: f.ContentType}, err
		},
		"unblock": func(g *Gate, ctx context.Context, r Request) (Response, error) {
			return unblock(g.Book.RequestUnblock(ctx, hook.Unblock{Value: r.Value, Contact: r.Contact, Text: r.Reason}))
		},
		"unblocks": func(g *Gate, ctx context.Context, r Request) (Response, error) {
			us, err := g.Book.Unblocks(ctx, r.Open)
			return Response{Unblocks: us}, err
		},
		"policy": func(g *Gate, ctx context.Context, _ Request) (Response, error) {
			p, err := g.Book.Policy(ctx)
			return Response{Policy: p, Off: !g.on}, err
		},
		"policy.try": func(g *Gate, ctx context.Context, r Request) (Response, error) { return g.try(ctx, r.Overlay) },
		"policy.set": func(g *Gate, ctx context.Context, r Request) (Response, error) {
			if r.Overlay == nil {
				return Response{}, fmt.Errorf("%w: no overlay", hook.ErrInput)
			}
			return g.policy(ctx, g.Book.SetPolicy(ctx, *r.Overlay, r.On, r.User, r.Reason))
		},
		"policy.restore": func(g *Gate, ctx context.Context, r Request) (Response, error) {
			return g.policy(ctx, g.Book.RestorePolicy(ctx, r.Version, r.On, r.User, r.Reason))
		},
		"answer": func(g *Gate, ctx context.Context, r Request) (Response, error) {
			return unblock(g.Book.AnswerUnblock(ctx, r.ID, r.User, r.Reason, r.Grant))
		},
	}
}

// Do does what an operator wants.
func (g *Gate) Do(ctx context.Context, r Request) (Response, error) {
	f, ok := operations()[r.Op]
	if !ok {
		return Response{}, fmt.Errorf("%w: no operation %q", hook.ErrInput, r.Op)
	}
	return f(g, ctx, r)
}

// status answers with how blocking stands after a change.
func (g *Gate) status(ctx context.Context, err error) (Response, error) {
	if err != nil {
		return Response{}, err
	}
	return g.Do(ctx, Request{Op: "status"})
}
