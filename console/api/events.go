package api

import (
	"encoding/json"
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

// hub passes messages to the open pages. The zero hub works; it is safe for concurrent use.
type hub struct {
	mu        sync.Mutex
	listeners map[chan []byte]bool
	closed    bool
}

func (h *hub) join() chan []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.listeners) >= listenersMax {
		return nil
	}
	if h.listeners == nil {
		h.listeners = map[chan []byte]bool{}
	}
	c := make(chan []byte, queueLen)
	h.listeners[c] = true
	return c
}

func (h *hub) leave(c chan []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listeners[c] {
		delete(h.listeners, c)
		close(c)
	}
}

// send queues a message everywhere. A page that does not read is let go; it comes back by itself and loads anew.
func (h *hub) send(event string, v any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.listeners) == 0 {
		return
	}
	b, err := json.Marshal(v)
	if err != nil {
		return // only plain values are sent
	}
	msg := fmt.Appendf(nil, "event: %s\ndata: %s\n\n", event, b)
	for c := range h.listeners {
		select {
		case c <- msg:
		default:
			delete(h.listeners, c)
			close(c)
		}
	}
}

func (h *hub) notify(findings []detector.Finding) {
	for len(findings) > 0 {
		n := min(len(findings), tellMax)
		out := make([]told, n)
		for i := range out {
			f := &findings[i]
			out[i] = told{store.GroupKey(f), f.ID, int(f.Severity), f.Rule.Name}
		}
		h.send("findings", out)
		findings = findings[n:]
	}
}

func (h *hub) changed(key, status, user string) {
	h.send("triage", map[string]string{"key": key, "status": status, "user": user})
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
		// The server's write timeout is for answers; this one never ends by itself. Not every writer has deadlines.
		rc.SetWriteDeadline(time.Now().Add(2 * heartbeat))
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
		case b, ok := <-c:
			if !ok || !put(b) {
				return nil
			}
		case <-tick.C:
			if !a.cfg.Accounts.Alive(a.token(r)) || !put([]byte(": \n\n")) {
				return nil
			}
		}
	}
}
