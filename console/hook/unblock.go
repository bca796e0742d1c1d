package hook

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"khien/console/wrong"
	"khien/detector/store"
)

// Unblock is a citizen's or operator's request to unblock a value, with a time by which it is to be answered.
type Unblock struct {
	ID       string    `json:"id"`
	Value    string    `json:"value"`
	Decision string    `json:"decision,omitempty"` // that blocks it
	Contact  string    `json:"contact"`            // personal data: shown to those who answer, in no log
	From     string    `json:"from,omitempty"`     // FromPage, "" when staff wrote it down
	Text     string    `json:"text"`
	Created  time.Time `json:"created"`
	Due      time.Time `json:"due"`
	State    string    `json:"state"` // open, granted, refused
	Answer   string    `json:"answer,omitempty"`
	By       string    `json:"by,omitempty"`
	Answered time.Time `json:"answered,omitzero"`

	version int64
}

// FromPage marks a request that somebody sent from the page for citizens.
const FromPage = "page"

// Limits of requests: anybody can send them.
const (
	unblockMax     = 1000 // open ones
	unblockPage    = 500  // of them from the page: what staff write down always has room beside them
	unblockText    = 2400 // bytes: 600 characters of four
	unblockContact = 700
)

// RequestUnblock keeps a request, of which Value, Contact, Text and From count. An open one is returned instead of a second:
// for the same value when staff wrote it down, from the same person when it came from the page, where somebody else's
// number would tell that others ask, too. What is open is never dropped: a request too many is refused with ErrBrake.
func (b *Book) RequestUnblock(ctx context.Context, ask Unblock) (*Unblock, error) {
	kind, v, err := Guess(ask.Value)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(ask.Text) == "" || len(ask.Text) > unblockText || len(ask.Contact) > unblockContact {
		return nil, fmt.Errorf("%w: a text of 1 to %d bytes and a contact of at most %d are expected", ErrInput, unblockText, unblockContact)
	}
	b.asking.Lock()
	defer b.asking.Unlock()
	why, err := b.Why(v)
	if err != nil {
		return nil, err
	}
	open, err := b.Unblocks(ctx, true)
	if err != nil {
		return nil, err
	}
	fromPage := 0
	for _, u := range open {
		if u.Value == v && u.From == ask.From && (ask.From == "" || u.Contact == ask.Contact) {
			return u, nil
		}
		if u.From == FromPage {
			fromPage++
		}
	}
	if len(open) >= unblockMax || ask.From == FromPage && fromPage >= unblockPage {
		return nil, &wrong.Input{Err: ErrBrake, Name: "block.requests", Value: strconv.Itoa(len(open)), Why: fmt.Sprintf("%d requests are open", len(open))}
	}
	now := b.clock.now()
	u := &Unblock{ID: rand.Text()[:16], Value: v, Contact: ask.Contact, Text: ask.Text, From: ask.From, Created: now, Due: now.Add(b.rules().config.Unblock), State: "open"}
	for _, d := range why.Decisions {
		if d.State == Active {
			u.Decision = d.ID
		}
	}
	if u.version, err = put(ctx, b.cfg.Shelf, kindUnblock, u.ID, 0, now, u, "state:open"); err != nil {
		return nil, fmt.Errorf("hook: keep the request: %w", err)
	}
	return u, b.cfg.History.append("citizen", "unblock.requested", u.ID, told(kind, v))
}

// told is what of a value events may tell: the query of an address may hold what its visitor typed.
func told(kind Kind, value string) string {
	if name, at := hostOf(kind, value); kind == URL && name != "" {
		return name
	} else if kind == URL {
		return at.Addr().String()
	}
	return value
}

// Unblocks returns the requests, the most urgent first.
func (b *Book) Unblocks(ctx context.Context, openOnly bool) ([]*Unblock, error) {
	out := []*Unblock{}
	var tags []string
	if openOnly {
		tags = []string{"state:open"}
	}
	err := each(ctx, b.cfg.Shelf, kindUnblock, tags, func(d store.Document) error {
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
	if err := checkWords("an answer", answer); err != nil {
		return nil, err
	}
	u := &Unblock{}
	version, err := get(ctx, b.cfg.Shelf, kindUnblock, id, u)
	switch {
	case err != nil:
		return nil, err
	case version == 0:
		return nil, fmt.Errorf("%w: %.40q", ErrNotFound, id)
	case u.State != "open":
		return nil, &wrong.Input{Err: ErrState, Name: "block.answered", Why: "it is " + u.State}
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
				// Not the answer: it is for who asked, and what is revoked is told to others.
				if _, err := b.Revoke(ctx, d.ID, user, "theo yêu cầu gỡ chặn / request to unblock "+u.ID); err != nil {
					return nil, err
				}
			}
		}
	}
	if _, err = put(ctx, b.cfg.Shelf, kindUnblock, u.ID, version, u.Answered, u, "state:"+u.State); err != nil {
		return nil, fmt.Errorf("hook: keep the answer: %w", err)
	}
	kind, value, err := Guess(u.Value)
	if err != nil {
		return u, err
	}
	return u, b.cfg.History.append(user, "unblock."+u.State, u.ID, told(kind, value))
}
