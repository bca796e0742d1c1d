package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"khien/detector/store"
)

// Kinds of what is done to evidence.
const (
	Collected = "thu thập"
	Sealed    = "niêm phong"
	HandedOn  = "chuyển giao"
	Accessed  = "truy cập"
	Copied    = "sao chép"
	Examined  = "phân tích trên bản sao"
	Returned  = "trả lại"
	Destroyed = "hủy"
)

var actions = []string{Collected, Sealed, HandedOn, Accessed, Copied, Examined, Returned, Destroyed}

// Person is somebody who holds or gets evidence.
type Person struct {
	Name  string `json:"name,omitempty"`
	Title string `json:"title,omitempty"`
	Unit  string `json:"unit,omitempty"`
}

// Event is one act on evidence. Number, Previous and Hash are set by Append.
type Event struct {
	Number   uint64    `json:"seq"` // from 1 in each case
	Case     string    `json:"case"`
	Evidence string    `json:"evidence"` // SHA-256 of the pack or file
	Action   string    `json:"action"`
	At       time.Time `json:"at"`
	From     Person    `json:"from"`
	To       Person    `json:"to"`
	Purpose  string    `json:"purpose"`
	Place    string    `json:"place,omitempty"`
	Seal     string    `json:"seal_no,omitempty"`
	Witness  string    `json:"witness,omitempty"`
	Previous string    `json:"prev_hash"`
	Hash     string    `json:"hash"`
}

// custodyKind is the kind of the documents that hold events.
const custodyKind = "custody"

// eventsMax is how many events a case may have.
const eventsMax = 100_000

// Custody is the log of a case: it only grows, and each event holds the hash of the one before.
type Custody struct {
	Store store.Store
	Case  string
}

// ErrBroken is wrapped by errors about a log that was changed.
var ErrBroken = errors.New("evidence: the custody log was changed")

// Append adds an event and returns it as it was written.
func (c Custody) Append(ctx context.Context, e Event) (Event, error) {
	ok := false
	for _, a := range actions {
		ok = ok || a == e.Action
	}
	if !ok {
		return e, fmt.Errorf("evidence: custody: action %.40q: %s", e.Action, strings.Join(actions, ", "))
	}
	for {
		all, err := c.Events(ctx)
		if err != nil {
			return e, err
		}
		if len(all) >= eventsMax {
			return e, fmt.Errorf("evidence: custody: %s has %d events, the most there may be", c.Case, eventsMax)
		}
		e.Case, e.Number, e.Previous, e.Hash, e.At = c.Case, uint64(len(all)+1), "", "", e.At.UTC()
		if len(all) > 0 {
			e.Previous = all[len(all)-1].Hash
		}
		plain, err := Canonical(e)
		if err != nil {
			return e, err
		}
		e.Hash = Hash(plain)
		body, err := Canonical(e)
		if err != nil {
			return e, err
		}
		_, err = c.Store.PutDocument(ctx, store.Document{Kind: custodyKind, ID: fmt.Sprintf("%s.%08d", c.Case, e.Number),
			Updated: e.At, Tags: []string{"case:" + c.Case}, Body: body})
		if errors.Is(err, store.ErrConflict) {
			continue // somebody else was faster
		}
		if err != nil {
			return e, fmt.Errorf("evidence: custody: %w", err)
		}
		return e, nil
	}
}

// Events returns the log and checks its chain.
func (c Custody) Events(ctx context.Context) ([]Event, error) {
	var out []Event
	q := store.DocumentQuery{Kind: custodyKind, Tags: []string{"case:" + c.Case}, Limit: store.PageMax}
	for len(out) <= eventsMax {
		p, err := c.Store.Documents(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("evidence: custody: %w", err)
		}
		for _, d := range p.Documents {
			var e Event
			if err := json.Unmarshal(d.Body, &e); err != nil {
				return nil, fmt.Errorf("%w: %s: %w", ErrBroken, d.ID, err)
			}
			out = append(out, e)
		}
		if q.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	return out, CheckEvents(out)
}

// CheckEvents names the first event that does not follow the one before it.
func CheckEvents(events []Event) error {
	previous := ""
	for i, e := range events {
		h := e.Hash
		e.Hash = ""
		plain, err := Canonical(e)
		if err != nil {
			return err
		}
		if e.Number != uint64(i+1) || e.Previous != previous || Hash(plain) != h {
			return fmt.Errorf("%w at event %d", ErrBroken, i+1)
		}
		previous = h
	}
	return nil
}

// Lines returns events as JSON lines, for a pack.
func Lines(events []Event) ([]byte, error) {
	var b bytes.Buffer
	for _, e := range events {
		line, err := Canonical(e)
		if err != nil {
			return nil, err
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes(), nil
}
