package abuse

import (
	"bytes"
	"strings"
	"time"

	"khien/detector"
	"khien/sensor"
)

// message is a SIP message that begins, answers or ends a call.
type message struct {
	place
	id       uint64 // hash of Call-ID
	method   string // of a request
	status   int    // of a response
	from, to string // numbers as dialled, digits alone
	isCaller bool   // the message comes from the side that opened the flow
}

// call is a call that has begun.
type call struct {
	from, to     string
	rang, answer time.Time
	place        place
}

// ended is a call that is over.
type ended struct {
	call
	at        time.Time
	cancelled bool // the caller hung up before it was answered
	talked    time.Duration
}

// Patterns over beginnings and ends of calls.
var (
	beginPatterns = [...]func(*call, *Memory) *detector.Finding{spoofing, tollFraud}
	endPatterns   = [...]func(*ended, *Memory) *detector.Finding{massCalls, wangiri}
)

// call reads a SIP message.
func (d *Detector) call(e *sensor.Event) {
	id, ok := e.Tx.Buffer(sensor.SIPCallID, e.Dir, 0)
	if !ok {
		return
	}
	x := &message{place: d.place(e), id: hash(id)}
	if m, ok := e.Tx.Buffer(sensor.SIPMethod, e.Dir, 0); ok {
		x.method = string(m[:min(len(m), 16)])
		if x.method != "INVITE" && x.method != "BYE" && x.method != "CANCEL" {
			return
		}
		x.client, _, x.server, x.port = e.Flow.Endpoints(e.Dir)
	} else if n, ok := e.Tx.Number(sensor.SIPStatCode, e.Dir, 0); ok && n < 1000 {
		x.status = int(n)
	}
	from, _ := e.Tx.Buffer(sensor.SIPFrom, e.Dir, 0)
	to, _ := e.Tx.Buffer(sensor.SIPTo, e.Dir, 0)
	x.from, x.to = party(from), party(to)
	d.rec.Note(e.Order, x)
}

// party returns the user of a From or To header: "Bank" <sip:+84241234567@host>;tag=1 gives +84241234567.
func party(h []byte) string {
	_, h, ok := bytes.Cut(h, []byte(":"))
	if !ok {
		return ""
	}
	user, _, ok := bytes.Cut(h, []byte("@"))
	if !ok || len(user) > 64 {
		return ""
	}
	user, _, _ = bytes.Cut(user, []byte(";"))
	return strings.NewReplacer("-", "", ".", "", " ", "", "%2B", "+").Replace(string(user))
}

// isNumber reports whether a party is a telephone number rather than a name.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "+")
	return len(s) >= 3 && strings.Trim(s, "0123456789") == ""
}

// learn follows the call.
func (x *message) learn() (out []*detector.Finding) {
	m := x.mem
	m.mu.Lock()
	defer m.mu.Unlock()
	c, known := m.calls.Get(x.id)
	switch {
	case x.method == "INVITE":
		if known || !isNumber(x.to) {
			return nil // asked again, or changed while it lasts
		}
		c = &call{from: x.from, to: x.to, rang: x.at, place: x.place}
		m.calls.Set(x.id, c)
		for _, p := range beginPatterns {
			out = told(out, p(c, m))
		}
	case !known:
	case x.status >= 200 && x.status < 300:
		if c.answer.IsZero() {
			c.answer = x.at
		}
	case x.method == "BYE", x.method == "CANCEL", x.status >= 300:
		if x.status == 401 || x.status == 407 {
			return nil // asked for credentials, and goes on
		}
		m.calls.Delete(x.id)
		e := &ended{call: *c, at: x.at, cancelled: x.method == "CANCEL"}
		if !c.answer.IsZero() {
			e.talked = x.at.Sub(c.answer)
		}
		for _, p := range endPatterns {
			out = told(out, p(e, m))
		}
	}
	return out
}

func told(out []*detector.Finding, f *detector.Finding) []*detector.Finding {
	if f == nil {
		return out
	}
	return append(out, f)
}
