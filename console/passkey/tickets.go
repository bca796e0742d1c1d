package passkey

import (
	"crypto/rand"
	"crypto/subtle"
	"maps"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
)

const (
	ofAccount = 4    // that one account is asked at once
	ofNobody  = 2000 // for whom it is not known yet who they are; an address may ask 60 times a minute
)

// purpose is what an answer is for.
type purpose int

const (
	add    purpose = iota + 1 // a new key of who is logged in
	second                    // a login whose password was right
	alone                     // a login without a password
)

// asked is a challenge that was given out.
type asked struct {
	purpose purpose
	name    string // of the account; "" when nobody has said yet who they are
	binding string // what else the answer must come with
	session webauthn.SessionData
	at      time.Time
	number  int // of all that were given out: of two at the same time one is older
}

// tickets are the challenges that wait for an answer.
type tickets struct {
	now   func() time.Time
	mu    sync.Mutex
	asked map[string]asked
	given int
}

// put keeps a challenge and returns its ticket. Behind the limit of an account its oldest goes, which touches nobody else.
func (t *tickets) put(a asked) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.given++
	a.at, a.number = t.now(), t.given
	maps.DeleteFunc(t.asked, func(_ string, x asked) bool { return t.over(x) })
	most := ofAccount
	if a.name == "" {
		most = ofNobody
	}
	n, oldest := 0, ""
	for k, x := range t.asked {
		if x.name != a.name {
			continue
		}
		n++
		if oldest == "" || x.number < t.asked[oldest].number {
			oldest = k
		}
	}
	if n >= most {
		delete(t.asked, oldest)
	}
	ticket := rand.Text()
	t.asked[ticket] = a
	return ticket
}

// take returns what was asked under a ticket, for the last time.
func (t *tickets) take(ticket, binding string, of ...purpose) (asked, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, ok := t.asked[ticket]
	delete(t.asked, ticket)
	if !ok || t.over(a) || subtle.ConstantTimeCompare([]byte(a.binding), []byte(binding)) != 1 {
		return asked{}, ErrTicket
	}
	for _, p := range of {
		if a.purpose == p {
			return a, nil
		}
	}
	return asked{}, ErrTicket
}

func (t *tickets) over(a asked) bool { return t.now().Sub(a.at) > Life }

func (t *tickets) forget(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.asked, func(_ string, a asked) bool { return a.name == name })
}

// whose is the account that a login's ticket is for, "" where that is not known.
func (t *tickets) whose(ticket string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked[ticket].name
}
