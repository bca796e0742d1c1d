// Package takedown keeps the list of what is to be taken down: each target of an incident with its state, who was asked, and
// what probes saw. People move the states; only probes, which a person starts and which go through a proxy, say that a
// target is down or back.
package takedown

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"khien/console/report"
	"khien/console/report/exchange"
	"khien/console/wrong"
	"khien/detector/store"
)

// States of a target.
const (
	Queued       = "queued"
	Sent         = "sent"
	Acknowledged = "acknowledged"
	Down         = "down"
	Back         = "back" // was down and answers again
)

// next are the moves that a person or a probe may make.
var next = map[string][]string{
	Queued:       {Sent, Down},
	Sent:         {Acknowledged, Down},
	Acknowledged: {Down},
	Down:         {Back},
	Back:         {Sent, Down},
}

// Limits.
const (
	probesMax    = 1000 // kept with a target; the oldest go
	probesToDown = 3    // in a row that get no page
	probeWait    = 15 * time.Second
)

const kind = "takedown"

// Errors that callers branch on.
var (
	ErrMove    = errors.New("takedown: there is no such move")
	ErrNoProxy = errors.New("takedown: probes go through a proxy only: name one")
)

// Probe is one look at a target.
type Probe struct {
	At     time.Time `json:"at"`
	Up     bool      `json:"up"`
	Status int       `json:"status,omitempty"`
	Why    string    `json:"why,omitempty"`
}

// Move is a change of the state.
type Move struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	To   string    `json:"to"`
	Note string    `json:"note,omitempty"` // who was asked, number of the ticket
}

// Target is one thing to be taken down.
type Target struct {
	ID      string  `json:"id"`
	Case    string  `json:"case"`
	Kind    string  `json:"kind"`
	Value   string  `json:"value"`
	State   string  `json:"state"`
	Moves   []Move  `json:"moves"`
	Probes  []Probe `json:"probes,omitempty"`
	Version int64   `json:"version"`
}

// List keeps targets in a store.
type List struct {
	Store store.Store
	Now   func() time.Time
}

// Add puts the hostile pages, names and addresses of an incident on the list; what is there stays as it is.
func (l List) Add(ctx context.Context, user string, in *report.Incident) error {
	for _, i := range in.Hostile("") {
		if i.Kind == report.SHA256 {
			continue
		}
		t := Target{ID: exchange.UUID(exchange.Namespace, "takedown "+in.Case+" "+i.Kind+" "+i.Value), Case: in.Case, Kind: i.Kind, Value: i.Value,
			State: Queued, Moves: []Move{{At: l.Now().UTC(), By: user, To: Queued}}}
		if _, err := l.put(ctx, t); err != nil && !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return nil
}

// Targets returns the targets of a case, of all cases for "", in the order of their ids.
func (l List) Targets(ctx context.Context, id string) ([]Target, error) {
	q := store.DocumentQuery{Kind: kind, Limit: store.PageMax}
	if id != "" {
		q.Tags = []string{"case:" + id}
	}
	var out []Target
	for {
		p, err := l.Store.Documents(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("takedown: %w", err)
		}
		for _, d := range p.Documents {
			t, err := decode(d)
			if err != nil {
				return nil, err
			}
			out = append(out, t)
		}
		if q.Cursor = p.Next; p.Next == "" {
			return out, nil
		}
	}
}

// Get returns a target.
func (l List) Get(ctx context.Context, id string) (Target, error) {
	d, err := l.Store.Document(ctx, kind, id)
	if err != nil {
		return Target{}, fmt.Errorf("takedown: %.60q: %w", id, err)
	}
	return decode(d)
}

func decode(d store.Document) (Target, error) {
	var t Target
	if err := json.Unmarshal(d.Body, &t); err != nil {
		return t, fmt.Errorf("takedown: %s: %w", d.ID, err)
	}
	t.Version = d.Version
	return t, nil
}

func (l List) put(ctx context.Context, t Target) (Target, error) {
	body, err := json.Marshal(t)
	if err != nil {
		return t, fmt.Errorf("takedown: %w", err)
	}
	d, err := l.Store.PutDocument(ctx, store.Document{Kind: kind, ID: t.ID, Version: t.Version, Updated: l.Now(), Body: body,
		Tags: []string{"case:" + t.Case, "state:" + t.State}})
	if err != nil {
		return t, fmt.Errorf("takedown: %w", err)
	}
	t.Version = d.Version
	return t, nil
}

// Move sets the state that a person tells: sent or acknowledged.
func (l List) Move(ctx context.Context, user, id, to, note string) (Target, error) {
	t, err := l.Get(ctx, id)
	if err != nil {
		return t, err
	}
	text, why := report.CleanText(note)
	if why != "" {
		return t, &wrong.Input{Err: report.ErrFact, Name: "fact.text", Why: "note: " + why}
	}
	if to != Sent && to != Acknowledged || !slices.Contains(next[t.State], to) {
		return t, fmt.Errorf("%w: from %s to %.20q", ErrMove, t.State, to)
	}
	t.State = to
	t.Moves = append(t.Moves, Move{At: l.Now().UTC(), By: user, To: to, Note: text})
	return l.put(ctx, t)
}

// Client returns an HTTP client that goes through a proxy, follows no redirects and keeps nothing.
func Client(proxy string) (*http.Client, error) {
	if proxy == "" {
		return nil, ErrNoProxy
	}
	u, err := url.Parse(proxy)
	if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5"}, u.Scheme) {
		return nil, fmt.Errorf("%w: %.80q is not http://, https:// or socks5://HOST:PORT", ErrNoProxy, proxy)
	}
	return &http.Client{Timeout: probeWait, Transport: &http.Transport{Proxy: http.ProxyURL(u), DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

// Look probes a target once and keeps what it saw. A target is down after several probes in a row without a page; one that
// was down and answers is back.
func (l List) Look(ctx context.Context, client *http.Client, user, id string) (Target, error) {
	t, err := l.Get(ctx, id)
	if err != nil {
		return t, err
	}
	p := look(ctx, client, t, l.Now().UTC())
	t.Probes = append(t.Probes, p)
	if n := len(t.Probes) - probesMax; n > 0 {
		t.Probes = slices.Delete(t.Probes, 0, n)
	}
	last := t.Probes[max(0, len(t.Probes)-probesToDown):]
	allDown := len(last) == probesToDown && !slices.ContainsFunc(last, func(p Probe) bool { return p.Up })
	switch {
	case t.State == Down && p.Up:
		t.State = Back
	case t.State != Down && allDown:
		t.State = Down
	default:
		return l.put(ctx, t)
	}
	t.Moves = append(t.Moves, Move{At: p.At, By: user, To: t.State})
	return l.put(ctx, t)
}

func look(ctx context.Context, client *http.Client, t Target, at time.Time) Probe {
	target := t.Value
	if t.Kind != report.URL {
		host := t.Value
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		target = "http://" + host + "/"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return Probe{At: at, Why: "not an address"}
	}
	req.Header.Set("User-Agent", "Mozilla/5.0")
	res, err := client.Do(req)
	if err != nil {
		var timeout net.Error
		why := "no connection"
		if errors.As(err, &timeout) && timeout.Timeout() {
			why = "no answer in time"
		}
		return Probe{At: at, Why: why}
	}
	defer res.Body.Close()
	io.CopyN(io.Discard, res.Body, 1<<10) // whether there is a page is known from its status; what it says is not kept
	return Probe{At: at, Up: res.StatusCode < 400, Status: res.StatusCode}
}

// TimeToDown returns how long it took from the first request to the target being down; ok is false while it is not.
func (t Target) TimeToDown() (d time.Duration, ok bool) {
	var sent time.Time
	for _, m := range t.Moves {
		if m.To == Sent && sent.IsZero() {
			sent = m.At
		}
		if m.To == Down && !sent.IsZero() {
			return m.At.Sub(sent), true
		}
	}
	return 0, false
}
