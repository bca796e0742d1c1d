// Package reveal keeps who may see the address behind a pseudonym: who asked, for what purpose, who agreed, until when. A
// Policy says which addresses are hidden; requests go in and out as plain values and are documents of a store.Store, which
// hold pseudonyms and no addresses.
package reveal

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"khien/console/wrong"
	"khien/detector/store"
)

// Kind is the kind of the documents.
const Kind = "reveal"

// What can be asked for: one address, those of a finding, or those of a case and its evidence.
const (
	OfAddress = "address"
	OfFinding = "finding"
	OfCase    = "case"
)

// States of a request.
const (
	Waiting = "waiting" // for the second person
	Open    = "open"
	Refused = "refused"
	Ended   = "ended" // taken back, or its time is over
)

// Limits.
const (
	PurposeMin = 10   // characters
	PurposeMax = 1000 // bytes
	NamesMax   = 1000 // pseudonyms of one request
	waitMax    = 7 * 24 * time.Hour
	keepFor    = 90 * 24 * time.Hour // how long a request is listed
	refreshAge = 2 * time.Second     // how old the requests in memory may be: other consoles write to the same store
)

// Errors that callers branch on.
var (
	ErrInvalid  = errors.New("reveal: not valid")
	ErrNotFound = errors.New("reveal: there is no such request")
	ErrSame     = errors.New("reveal: who agrees is another person than who asks")
	ErrAnswered = errors.New("reveal: this has been answered already")
)

// Request is one wish to see addresses.
type Request struct {
	ID       string    `json:"id"`
	Of       string    `json:"of"`      // address, finding, case
	Subject  string    `json:"subject"` // the pseudonym, or the id of the finding or case
	Names    []string  `json:"names"`   // pseudonyms that it opens
	By       string    `json:"by"`
	Purpose  string    `json:"purpose"`
	Asked    time.Time `json:"asked"`
	State    string    `json:"state"`
	Answered string    `json:"answered,omitempty"` // by whom; "" when nobody else had to agree
	At       time.Time `json:"at,omitzero"`        // of the answer
	Until    time.Time `json:"until,omitzero"`
	version  int64
}

// Book reads and writes requests. Safe for concurrent use when its Store is. All fields are required.
type Book struct {
	Store  store.Store
	Policy *Policy
	Now    func() time.Time

	mu     sync.Mutex
	loaded map[string]shown // by account
}

// shown is what an account may see at a time.
type shown struct {
	at        time.Time
	addresses map[netip.Addr]time.Time // until when
	subjects  map[string]time.Time     // "case SC-2026-0001"
}

// Ask writes a request down. It is open at once where the policy wants no second person. The same that is open or waits
// already is returned as it is.
func (b *Book) Ask(ctx context.Context, user, of, subject, purpose string, addresses []netip.Addr) (Request, error) {
	purpose = strings.TrimSpace(purpose)
	switch {
	case utf8.RuneCountInString(purpose) < PurposeMin || len(purpose) > PurposeMax || !utf8.ValidString(purpose):
		return Request{}, fmt.Errorf("%w: purpose: %d characters to %d bytes", ErrInvalid, PurposeMin, PurposeMax)
	case len(addresses) == 0:
		return Request{}, &wrong.Input{Err: ErrInvalid, Name: "reveal.subject", Why: "subject: no address of it is hidden"}
	case len(addresses) > NamesMax:
		return Request{}, fmt.Errorf("%w: subject: %d addresses, at most %d: ask for some of its findings", ErrInvalid, len(addresses), NamesMax)
	}
	list, err := b.Of(ctx, user)
	if err != nil {
		return Request{}, err
	}
	r := Request{ID: rand.Text(), Of: of, Subject: subject, By: user, Purpose: purpose, Asked: b.Now().UTC().Truncate(time.Millisecond), State: Waiting}
	for _, ip := range addresses {
		r.Names = append(r.Names, b.Policy.names.Name(ip))
	}
	r.Names = slices.Compact(slices.Sorted(slices.Values(r.Names)))
	for _, old := range list {
		if (old.State == Waiting || old.State == Open) && old.Of == of && old.Subject == subject && slices.Equal(old.Names, r.Names) {
			return old, nil
		}
	}
	if !b.Policy.Second {
		r.State, r.At, r.Until = Open, r.Asked, r.Asked.Add(b.Policy.Duration())
	}
	return b.put(ctx, r)
}

// Answer agrees to a request of another person, or refuses it.
func (b *Book) Answer(ctx context.Context, user, id string, agree bool) (Request, error) {
	r, err := b.Get(ctx, id)
	switch {
	case err != nil:
		return r, err
	case r.State != Waiting:
		return r, fmt.Errorf("%w: %s is %s", ErrAnswered, id, r.State)
	case r.By == user:
		return r, fmt.Errorf("%w: %s", ErrSame, user)
	}
	r.State, r.Answered, r.At = Refused, user, b.Now().UTC().Truncate(time.Millisecond)
	if agree {
		r.State, r.Until = Open, r.At.Add(b.Policy.Duration())
	}
	return b.put(ctx, r)
}

// End ends a request before its time.
func (b *Book) End(ctx context.Context, id string) (Request, error) {
	r, err := b.Get(ctx, id)
	switch {
	case err != nil:
		return r, err
	case r.State != Waiting && r.State != Open:
		return r, fmt.Errorf("%w: %s is %s", ErrAnswered, id, r.State)
	}
	r.State, r.Until = Ended, b.Now().UTC().Truncate(time.Millisecond)
	return b.put(ctx, r)
}

// Get returns a request.
func (b *Book) Get(ctx context.Context, id string) (Request, error) {
	d, err := b.Store.Document(ctx, Kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return Request{}, fmt.Errorf("%w: %.60q", ErrNotFound, id)
	}
	if err != nil {
		return Request{}, fmt.Errorf("reveal: read %.60q: %w", id, err)
	}
	return b.decode(d)
}

// Of returns the requests of an account of the last months, the latest first.
func (b *Book) Of(ctx context.Context, user string) ([]Request, error) {
	return b.list(ctx, "by:"+user)
}

// Waiting returns the requests that wait for a second person, the latest first.
func (b *Book) Waiting(ctx context.Context) ([]Request, error) {
	list, err := b.list(ctx, "state:"+Waiting)
	return slices.DeleteFunc(list, func(r Request) bool { return r.State != Waiting }), err
}

func (b *Book) list(ctx context.Context, tag string) ([]Request, error) {
	out := []Request{}
	for q := (store.DocumentQuery{Kind: Kind, Tags: []string{tag}, Limit: store.PageMax}); ; {
		p, err := b.Store.Documents(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("reveal: list: %w", err)
		}
		for _, d := range p.Documents {
			r, err := b.decode(d)
			if err != nil {
				return nil, err
			}
			if b.Now().Sub(r.Asked) < keepFor {
				out = append(out, r)
			}
		}
		if q.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	slices.SortStableFunc(out, func(x, y Request) int { return y.Asked.Compare(x.Asked) })
	return out, nil
}

// Shown is what an account may see now: a function for its addresses and one for its subjects.
func (b *Book) Shown(ctx context.Context, user string) (address func(netip.Addr) bool, subject func(of, id string) bool, err error) {
	b.mu.Lock()
	s, ok := b.loaded[user]
	b.mu.Unlock()
	now := b.Now()
	if !ok || now.Sub(s.at) >= refreshAge || now.Before(s.at) {
		list, err := b.Of(ctx, user)
		if err != nil {
			return nil, nil, err
		}
		s = shown{now, map[netip.Addr]time.Time{}, map[string]time.Time{}}
		for _, r := range list {
			if r.State == Open {
				b.open(&s, &r)
			}
		}
		b.mu.Lock()
		if b.loaded == nil || len(b.loaded) > 1000 {
			b.loaded = map[string]shown{}
		}
		b.loaded[user] = s
		b.mu.Unlock()
	}
	return func(ip netip.Addr) bool { return now.Before(s.addresses[ip]) },
		func(of, id string) bool { return now.Before(s.subjects[of+" "+id]) }, nil
}

// open adds what a request shows. A pseudonym of another key shows nothing.
func (b *Book) open(s *shown, r *Request) {
	later := func(t time.Time) time.Time {
		if r.Until.After(t) {
			return r.Until
		}
		return t
	}
	s.subjects[r.Of+" "+r.Subject] = later(s.subjects[r.Of+" "+r.Subject])
	for _, name := range r.Names {
		if ip, err := b.Policy.names.Address(name); err == nil {
			s.addresses[ip] = later(s.addresses[ip])
		}
	}
}

func (b *Book) put(ctx context.Context, r Request) (Request, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return r, fmt.Errorf("reveal: %w", err)
	}
	d, err := b.Store.PutDocument(ctx, store.Document{Kind: Kind, ID: r.ID, Version: r.version, Updated: b.Now().UTC(), Tags: []string{"by:" + r.By, "state:" + r.State}, Body: body})
	if errors.Is(err, store.ErrConflict) {
		return r, fmt.Errorf("%w: %s", ErrAnswered, r.ID)
	}
	if err != nil {
		return r, fmt.Errorf("reveal: write %s: %w", r.ID, err)
	}
	r.version = d.Version
	b.mu.Lock()
	delete(b.loaded, r.By)
	b.mu.Unlock()
	return r, nil
}

// decode reads a request; one whose time is over has ended.
func (b *Book) decode(d store.Document) (Request, error) {
	r := Request{}
	if err := json.Unmarshal(d.Body, &r); err != nil {
		return r, fmt.Errorf("reveal: decode %s: %w", d.ID, err)
	}
	r.version = d.Version
	now := b.Now()
	if r.State == Open && !now.Before(r.Until) || r.State == Waiting && now.Sub(r.Asked) > waitMax {
		r.State = Ended
	}
	return r, nil
}
