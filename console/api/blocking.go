package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"khien/console/account"
	"khien/console/hook"
	"khien/console/hook/gate"
	"khien/console/wrong"
)

// Blocking is what the console needs of gate.Gate.
type Blocking interface {
	Do(ctx context.Context, r gate.Request) (gate.Response, error)
}

// blockingRoutes are the rows of blocking: analysts propose and take back, leads approve and turn the switch.
func (a *API) blockingRoutes() []route {
	return []route{
		{"GET /api/v1/blocking", account.Viewer, a.blocking("status", nil)},
		{"GET /api/v1/blocking/decisions", account.Viewer, a.blocking("list", readFilter)},
		{"POST /api/v1/blocking/decisions", account.Analyst, a.blocking("propose", readProposal)},
		{"GET /api/v1/blocking/decisions/{id}", account.Viewer, a.blocking("get", nil)},
		{"POST /api/v1/blocking/decisions/{id}/approve", account.Lead, a.blocking("approve", readProposal)},
		{"POST /api/v1/blocking/decisions/{id}/renew", account.Lead, a.blocking("renew", readProposal)},
		{"POST /api/v1/blocking/decisions/{id}/revoke", account.Analyst, a.blocking("revoke", readProposal)},
		{"GET /api/v1/blocking/why", account.Viewer, a.blocking("why", readFilter)},
		{"GET /api/v1/blocking/test", account.Analyst, a.blocking("test", readFilter)},
		{"GET /api/v1/blocking/render/{format}", account.Analyst, a.blocking("render", nil)},
		{"POST /api/v1/blocking/kill", account.Lead, a.blocking("kill", readProposal)},
		{"POST /api/v1/blocking/resume", account.Lead, a.blocking("resume", readProposal)},
		{"POST /api/v1/blocking/rollback", account.Lead, a.blocking("rollback", readProposal)},
		{"POST /api/v1/blocking/accept", account.Lead, a.blocking("accept", readProposal)},
		{"GET /api/v1/blocking/policy", account.Viewer, a.blocking("policy", nil)},
		{"PUT /api/v1/blocking/policy", account.Lead, a.blocking("policy.set", readOverlay)},
		{"POST /api/v1/blocking/policy/preview", account.Lead, a.blocking("policy.try", readOverlay)},
		{"POST /api/v1/blocking/policy/restore", account.Lead, a.blocking("policy.restore", readRestore)},
		{"GET /api/v1/blocking/requests", account.Analyst, a.blocking("unblocks", readFilter)},
		{"POST /api/v1/blocking/requests", account.Analyst, a.blocking("unblock", readProposal)},
		{"POST /api/v1/blocking/requests/{id}/answer", account.Analyst, a.blocking("answer", readProposal)},
	}
}

// blocking returns a handler of one of the gate's operations. Changes stand in the audit log before they are made.
func (a *API) blocking(op string, fill func(http.ResponseWriter, *http.Request, *gate.Request) error) func(http.ResponseWriter, *http.Request, account.Account) error {
	return func(w http.ResponseWriter, r *http.Request, who account.Account) error {
		if a.cfg.Blocking == nil {
			return &problem{Status: http.StatusNotFound, Code: "blocking_off", Title: "Blocking is not part of this process"}
		}
		var q gate.Request
		if fill != nil {
			if err := fill(w, r, &q); err != nil {
				return err
			}
		}
		q.Op, q.User, q.Format = op, who.Name, r.PathValue("format")
		if id := r.PathValue("id"); id != "" {
			q.ID = id
		}
		if err := a.withinUnits(r.Context(), who, &q); err != nil {
			return err
		}
		if r.Method != http.MethodGet {
			if err := a.log(r, who.Name, "blocking."+op, strings.TrimSpace(q.ID+" "+q.Value), q.Reason); err != nil {
				return err
			}
		}
		out, err := a.cfg.Blocking.Do(r.Context(), q)
		if err != nil {
			return blockingProblem(err)
		}
		if err := a.veil(r.Context(), who, &out); err != nil {
			return err
		}
		if op == "unblocks" {
			return answerPart(w, r, op, out.Unblocks, func(u **hook.Unblock) string { return (*u).ID })
		}
		return answer(w, out)
	}
}

// blockingProblem turns what the gate says into a problem.
func blockingProblem(err error) error {
	p := &problem{Code: gate.Code(err), Detail: err.Error(), Token: hook.FieldOf(err), Title: "This cannot be done"}
	if name, value, ok := wrong.Named(err); ok {
		p.Token, p.Hint = name, value
	}
	switch p.Code {
	case "":
		return err
	case "not_found":
		p.Status, p.Title = http.StatusNotFound, "There is no such decision or request"
	case "bad_request", "bad_value":
		p.Status, p.Title = http.StatusBadRequest, "The request is wrong"
	case "never":
		p.Status, p.Title = http.StatusConflict, "This is never blocked"
	case "brake":
		p.Status, p.Title = http.StatusConflict, "A brake holds this"
	default:
		p.Status = http.StatusConflict
	}
	return p
}

// readFilter reads value, state, kind, q, open, limit and cursor from a request's address.
func readFilter(_ http.ResponseWriter, r *http.Request, q *gate.Request) error {
	v := r.URL.Query()
	q.Value, q.Kind, q.After, q.Open = v.Get("value")+v.Get("q"), hook.Kind(v.Get("kind")), v.Get("cursor"), v.Get("open") == "true"
	for _, s := range v["state"] {
		q.State = append(q.State, hook.State(s))
	}
	if s := v.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 1000 {
			return badRequest("limit", "limit is not a number from 1 to 1000")
		}
		q.Limit = n
	}
	return nil
}

// readProposal reads a request's body.
func readProposal(w http.ResponseWriter, r *http.Request, q *gate.Request) error {
	var in struct {
		Value     string      `json:"value"`
		Kind      hook.Kind   `json:"kind"`
		Action    hook.Action `json:"action"`
		Scope     string      `json:"scope"`
		TTL       string      `json:"ttl"` // 24h, 90m
		Reason    string      `json:"reason"`
		ReasonEN  string      `json:"reason_en"`
		Finding   string      `json:"finding"`
		Emergency bool        `json:"emergency"`
		Version   uint64      `json:"version"`
		Contact   string      `json:"contact"`
		Grant     bool        `json:"grant"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if in.TTL != "" {
		d, err := time.ParseDuration(in.TTL)
		if err != nil {
			return badRequest("ttl", "ttl is a time such as 24h or 90m")
		}
		q.TTL = d
	}
	q.Value, q.Kind, q.Action, q.Scope, q.Reason, q.ReasonEN = in.Value, in.Kind, in.Action, in.Scope, in.Reason, in.ReasonEN
	q.Emergency, q.Version, q.Contact, q.Grant, q.Finding = in.Emergency, in.Version, in.Contact, in.Grant, in.Finding
	return nil
}

// overlayMax is how many bytes a change of the policies has: its never-block list may be long, and it has to fit a document.
const overlayMax = 512 << 10

// readOverlay reads a change of the policies.
func readOverlay(w http.ResponseWriter, r *http.Request, q *gate.Request) error {
	var in struct {
		Overlay hook.Overlay `json:"overlay"`
		On      uint64       `json:"on"`
		Reason  string       `json:"reason"`
	}
	if err := readMax(w, r, &in, overlayMax); err != nil {
		return err
	}
	q.Overlay, q.On, q.Reason = &in.Overlay, in.On, in.Reason
	return nil
}

// readRestore reads which version of the policies is to be taken back.
func readRestore(w http.ResponseWriter, r *http.Request, q *gate.Request) error {
	var in struct {
		Version uint64 `json:"version"`
		On      uint64 `json:"on"`
		Reason  string `json:"reason"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	q.Version, q.On, q.Reason = in.Version, in.On, in.Reason
	return nil
}
