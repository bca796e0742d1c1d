package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"khien/console/account"
	"khien/detector"
	"khien/detector/store"
)

const (
	listenersMax = 256
	queueLen     = 64  // messages that a slow page may lag behind
	tellMax      = 200 // findings in one message
	heartbeat    = 20 * time.Second
)

// told is what a message says about a finding.
type told struct {
	Key      string `json:"key"`
	ID       string `json:"id"`
	Severity int    `json:"severity"`
	Rule     string `json:"rule_name"`
}

// message is what the pages are told: of findings, or of a group that somebody has decided about. Each listener takes out
// what its account may not see.
type message struct {
	findings          []detector.Finding
	key, status, user string
}

// hub passes messages to the open pages. The zero hub works; it is safe for concurrent use.
type hub struct {
	mu        sync.Mutex
	listeners map[chan message]bool
	closed    bool
}

func (h *hub) join() chan message {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.listeners) >= listenersMax {
		return nil
	}
	if h.listeners == nil {
		h.listeners = map[chan message]bool{}
	}
	c := make(chan message, queueLen)
	h.listeners[c] = true
	return c
}

// watched reports whether any page listens.
func (h *hub) watched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.listeners) > 0
}

func (h *hub) leave(c chan message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listeners[c] {
		delete(h.listeners, c)
		close(c)
	}
}

// send queues a message everywhere. A page that does not read is let go; it comes back by itself and loads anew.
func (h *hub) send(m message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.listeners {
		select {
		case c <- m:
		default:
			delete(h.listeners, c)
			close(c)
		}
	}
}

func (h *hub) notify(findings []detector.Finding) {
	for len(findings) > 0 {
		n := min(len(findings), tellMax)
		h.send(message{findings: findings[:n:n]})
		findings = findings[n:]
	}
}

func (h *hub) changed(key, status, user string) {
	h.send(message{key: key, status: status, user: user})
}

// line is what a message tells the account of a context; nil when that is nothing.
func (a *API) line(ctx context.Context, m *message) ([]byte, error) {
	event, value := "triage", any(map[string]string{"key": m.key, "status": m.status, "user": m.user})
	if m.findings == nil {
		if m.key != "" { // none: groups of a query; pages load anew
			if _, err := a.cfg.Store.Triage(ctx, m.key); errors.Is(err, store.ErrNotFound) {
				return nil, nil
			} else if err != nil {
				return nil, err
			}
		}
	} else {
		list := []told{}
		for i := range m.findings {
			f := &m.findings[i]
			sees, err := a.cfg.Store.Sees(ctx, f)
			if err != nil {
				return nil, err
			}
			if sees {
				list = append(list, told{store.GroupKey(f), f.ID, int(f.Severity), f.Rule.Name})
			}
		}
		if len(list) == 0 {
			return nil, nil
		}
		event, value = "findings", list
	}
	b, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", event, b), nil
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for c := range h.listeners {
		delete(h.listeners, c)
		close(c)
	}
}

// alive says whether the session or the token of a stream is still good for what it tells. That is no use of a session; a
// change of an account's units ends its sessions.
func (a *API) alive(r *http.Request, who account.Account) bool {
	if text := bearer(r); text != "" {
		now, err := a.cfg.Accounts.Program(text)
		return err == nil && scopeKey(now) == scopeKey(who)
	}
	return a.cfg.Accounts.Alive(a.token(r))
}

// events streams messages for as long as the page is open and its session good.
func (a *API) events(w http.ResponseWriter, r *http.Request, who account.Account) error {
	c := a.hub.join()
	if c == nil {
		return &problem{Status: http.StatusServiceUnavailable, Code: "too_many", Title: "Too many pages are open", RetryAfter: 30}
	}
	defer a.hub.leave(c)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy that buffers would hold findings back
	rc := http.NewResponseController(w)
	put := func(b []byte) bool {
		if _, err := w.Write(b); err != nil {
			return false
		}
		return rc.Flush() == nil
	}
	if !put([]byte("retry: 3000\nevent: hello\ndata: {}\n\n")) {
		return nil
	}
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-r.Context().Done():
			return nil
		case m, ok := <-c:
			if !ok || !a.alive(r, who) {
				return nil
			}
			b, err := a.line(r.Context(), &m)
			if err != nil || b != nil && !put(b) {
				return nil // the page comes back by itself
			}
		case <-tick.C:
			if !a.alive(r, who) || !put([]byte(": \n\n")) {
				return nil
			}
		}
	}
}
