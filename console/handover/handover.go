// Package handover keeps how shifts were handed over: what the shift that leaves signed with its words, the sheet that it
// saw when it did, and who took over. Handovers go in and out as plain values; each is two documents of a store.Store. Ids
// are numbers of the day: "BG-2026-11-29-1".
package handover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"khien/console/report"
	"khien/console/report/evidence"
	"khien/console/wrong"
	"khien/detector/store"
)

// Kinds of the documents: the signatures, and the sheet, which is large and read alone.
const (
	kind      = "handover"
	sheetKind = "handover_sheet"
)

// Limits.
const (
	TextMax  = 4000               // bytes of what a person writes
	ShiftMax = 7 * 24 * time.Hour // a long holiday
	dayMax   = 50                 // handovers of a day
)

// Errors that callers branch on.
var (
	ErrNotFound = errors.New("handover: there is no such handover")
	ErrInvalid  = errors.New("handover: not valid")
	ErrSame     = errors.New("handover: who takes over is another person than who leaves")
	ErrTaken    = errors.New("handover: somebody has taken over already")
)

// Handover is one shift that was handed over.
type Handover struct {
	ID      string    `json:"id"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Leaving Signature `json:"leaving"`
	Taking  Signature `json:"taking,omitzero"` // the zero Signature until somebody takes over
	Sheet   string    `json:"sheet"`           // SHA-256 of the sheet that was signed
	version int64
}

// Signature is a person's word.
type Signature struct {
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text,omitempty"`
}

// Book reads and writes handovers. Safe for concurrent use when its Store is.
type Book struct {
	Store store.Store
	Now   func() time.Time
}

// Sign hands a shift over as its sheet shows it.
func (b *Book) Sign(ctx context.Context, user, text string, from, to time.Time, sheet []byte) (Handover, error) {
	text, err := clean(text, 1)
	if err != nil {
		return Handover{}, err
	}
	if err := CheckShift(from, to); err != nil {
		return Handover{}, err
	}
	now := b.Now().UTC().Truncate(time.Millisecond)
	h := Handover{From: from.UTC(), To: to.UTC(), Leaving: Signature{user, now, text}, Sheet: evidence.Hash(sheet)}
	for n := 1; n <= dayMax; n++ {
		h.ID = fmt.Sprintf("BG-%s-%d", now.In(report.Zone).Format(time.DateOnly), n)
		// The sheet takes the number: one without signatures is a number that is not used.
		_, err := b.Store.PutDocument(ctx, store.Document{Kind: sheetKind, ID: h.ID, Updated: now, Body: sheet})
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return Handover{}, fmt.Errorf("handover: write %s: %w", h.ID, err)
		}
		return b.put(ctx, h)
	}
	return Handover{}, fmt.Errorf("%w: %d handovers on one day", ErrInvalid, dayMax)
}

// CheckShift says what is wrong with the time of a shift.
func CheckShift(from, to time.Time) error {
	if from.IsZero() || !from.Before(to) || to.Sub(from) > ShiftMax || from.Year() < 2000 || to.Year() > 2999 {
		return &wrong.Input{Err: ErrInvalid, Name: "handover.span", Why: fmt.Sprintf("a shift lasts up to %d days and begins before it ends", ShiftMax/(24*time.Hour))}
	}
	return nil
}

// Take takes a shift over. Only one person can, and not the one who leaves.
func (b *Book) Take(ctx context.Context, user, id, text string) (Handover, error) {
	text, err := clean(text, 0)
	if err != nil {
		return Handover{}, err
	}
	h, err := b.Get(ctx, id)
	switch {
	case err != nil:
		return h, err
	case h.Taking.By != "":
		return h, fmt.Errorf("%w: %s by %s", ErrTaken, id, h.Taking.By)
	case h.Leaving.By == user:
		return h, fmt.Errorf("%w: %s", ErrSame, user)
	}
	h.Taking = Signature{user, b.Now().UTC().Truncate(time.Millisecond), text}
	out, err := b.put(ctx, h)
	if errors.Is(err, store.ErrConflict) {
		return h, fmt.Errorf("%w: %s", ErrTaken, id)
	}
	return out, err
}

// Get returns a handover.
func (b *Book) Get(ctx context.Context, id string) (Handover, error) {
	d, err := b.document(ctx, kind, id)
	if err != nil {
		return Handover{}, err
	}
	return decode(d)
}

// SheetOf returns the sheet that was signed.
func (b *Book) SheetOf(ctx context.Context, id string) (json.RawMessage, error) {
	d, err := b.document(ctx, sheetKind, id)
	return d.Body, err
}

func (b *Book) document(ctx context.Context, kind, id string) (store.Document, error) {
	d, err := b.Store.Document(ctx, kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return d, fmt.Errorf("%w: %.60q", ErrNotFound, id)
	}
	if err != nil {
		return d, fmt.Errorf("handover: read %.60q: %w", id, err)
	}
	return d, nil
}

// Month returns what was handed over in the month of a time, the latest first.
func (b *Book) Month(ctx context.Context, at time.Time) ([]Handover, error) {
	out := []Handover{}
	q := store.DocumentQuery{Kind: kind, Tags: []string{monthTag(at)}, Limit: store.PageMax}
	for {
		p, err := b.Store.Documents(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("handover: list: %w", err)
		}
		for _, d := range p.Documents {
			h, err := decode(d)
			if err != nil {
				return nil, err
			}
			out = append(out, h)
		}
		if q.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	slices.SortStableFunc(out, func(x, y Handover) int { return y.Leaving.At.Compare(x.Leaving.At) })
	return out, nil
}

func monthTag(at time.Time) string { return "month:" + at.In(report.Zone).Format("2006-01") }

func (b *Book) put(ctx context.Context, h Handover) (Handover, error) {
	body, err := json.Marshal(h)
	if err != nil {
		return h, fmt.Errorf("handover: %w", err)
	}
	d, err := b.Store.PutDocument(ctx, store.Document{Kind: kind, ID: h.ID, Version: h.version, Updated: b.Now().UTC(), Tags: []string{monthTag(h.Leaving.At)}, Body: body})
	if err != nil {
		return h, fmt.Errorf("handover: write %s: %w", h.ID, err)
	}
	h.version = d.Version
	return h, nil
}

func decode(d store.Document) (Handover, error) {
	h := Handover{}
	if err := json.Unmarshal(d.Body, &h); err != nil {
		return h, fmt.Errorf("handover: decode %s: %w", d.ID, err)
	}
	h.version = d.Version
	return h, nil
}

func clean(s string, least int) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) < least || len(s) > TextMax || !utf8.ValidString(s) {
		return s, fmt.Errorf("%w: a text of %d bytes: %d to %d, as UTF-8", ErrInvalid, len(s), least, TextMax)
	}
	return s, nil
}

// Whole says whether a sheet is the one that was signed.
func Whole(h Handover, sheet []byte) bool { return evidence.Hash(sheet) == h.Sheet }
