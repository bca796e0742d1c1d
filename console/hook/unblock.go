package hook

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"khien/detector/store"
)

// Unblock is a citizen's or operator's request to unblock a value, with a time by which it is to be answered.
type Unblock struct {
	ID       string    `json:"id"`
	Value    string    `json:"value"`
	Decision string    `json:"decision,omitempty"` // that blocks it
	Contact  string    `json:"contact"`            // personal data: shown to those who answer, in no log
	Text     string    `json:"text"`
	Created  time.Time `json:"created"`
	Due      time.Time `json:"due"`
	State    string    `json:"state"` // open, granted, refused
	Answer   string    `json:"answer,omitempty"`
	By       string    `json:"by,omitempty"`
	Answered time.Time `json:"answered,omitzero"`

	version int64
}

// Limits of requests: anybody can send them.
const (
	unblockMax     = 1000 // open ones
	unblockText    = 2000 // bytes
	unblockContact = 200
)

// RequestUnblock keeps a request. One that is open for the same value is returned instead of a second.
func (b *Book) RequestUnblock(ctx context.Context, value, contact, text string) (*Unblock, error) {
	_, v, err := Guess(value)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(text) == "" || len(text) > unblockText || len(contact) > unblockContact {
		return nil, fmt.Errorf("%w: a text of 1 to %d bytes and a contact of at most %d are expected", ErrInput, unblockText, unblockContact)
	}
	why, err := b.Why(v)
	if err != nil {
		return nil, err
	}
	open, err := b.Unblocks(ctx, true)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(open, func(u *Unblock) bool { return u.Value == v }); i >= 0 {
		return open[i], nil
	}
	if len(open) >= unblockMax {
		return nil, fmt.Errorf("%w: %d requests are open", ErrBrake, unblockMax)
	}
	now := b.clock.now()
	u := &Unblock{ID: rand.Text()[:16], Value: v, Contact: contact, Text: text, Created: now, Due: now.Add(b.cfg.Config.Unblock), State: "open"}
	for _, d := range why.Decisions {
		if d.State == Active {
			u.Decision = d.ID
		}
	}
	if u.version, err = put(ctx, b.cfg.Shelf, kindUnblock, u.ID, 0, now, u, "state:open"); err != nil {
		return nil, fmt.Errorf("hook: keep the request: %w", err)
	}
	return u, b.cfg.History.append("citizen", "unblock.requested", u.ID, v)
}

// Unblocks returns the requests, the most urgent first.
func (b *Book) Unblocks(ctx context.Context, openOnly bool) ([]*Unblock, error) {
	out := []*Unblock{}
	err := each(ctx, b.cfg.Shelf, kindUnblock, func(d store.Document) error {
		u := &Unblock{}
		if err := json.Unmarshal(d.Body, u); err != nil {
			return fmt.Errorf("hook: request %s: %w", d.ID, err)
		}
		u.version = d.Version
		if !openOnly || u.State == "open" {
			out = append(out, u)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b *Unblock) int {
		if c := a.Due.Compare(b.Due); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out, err
}

// AnswerUnblock grants a request, which revokes the decision, or refuses it. Both need words.
func (b *Book) AnswerUnblock(ctx context.Context, id, user, answer string, grant bool) (*Unblock, error) {
	if strings.TrimSpace(answer) == "" || len(answer) > reasonMax {
		return nil, fmt.Errorf("%w: an answer of 1 to %d bytes is needed", ErrInput, reasonMax)
	}
	u := &Unblock{}
	version, err := get(ctx, b.cfg.Shelf, kindUnblock, id, u)
	switch {
	case err != nil:
		return nil, err
	case version == 0:
		return nil, fmt.Errorf("%w: %.40q", ErrNotFound, id)
	case u.State != "open":
		return nil, fmt.Errorf("%w: it is %s", ErrState, u.State)
	}
	u.State, u.Answer, u.By, u.Answered = "refused", answer, user, b.clock.now()
	if grant {
		u.State = "granted"
		why, err := b.Why(u.Value)
		if err != nil {
			return nil, err
		}
		for _, d := range why.Decisions {
			if d.State.Open() {
				if _, err := b.Revoke(ctx, d.ID, user, answer); err != nil {
					return nil, err
				}
			}
		}
	}
	if _, err = put(ctx, b.cfg.Shelf, kindUnblock, u.ID, version, u.Answered, u, "state:"+u.State); err != nil {
		return nil, fmt.Errorf("hook: keep the answer: %w", err)
	}
	return u, b.cfg.History.append(user, "unblock."+u.State, u.ID, u.Value)
}
