// Package cases keeps cases: what people work on, with the findings that belong to it, who works on it, tasks, entities,
// notes, and its whole history. Cases go
// in and out as plain values; each is one document of a store.Store. Ids are numbers of the year: "SC-2026-0001".
package cases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"khien/detector/store"
)

// Kind is the kind of the documents that hold cases.
const Kind = "case"

// Limits of a case: what people and programs may add.
const (
	FindingsMax = 2000
	NotesMax    = 500
	TextMax     = 4000 // bytes of a title or a note
	historyMax  = 5000
	listPages   = 20 // of store.PageMax cases that a list looks at
)

// States of a case.
const (
	Open   = "open"
	Closed = "closed"
)

// Errors that callers branch on.
var (
	ErrNotFound = errors.New("cases: there is no such case")
	ErrClosed   = errors.New("cases: the case is closed")
	ErrInvalid  = errors.New("cases: not valid")
)

// Case is one case. Times are UTC.
type Case struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Unit     string    `json:"unit,omitempty"` // the organisation or place that it concerns
	Status   string    `json:"status"`
	Findings []string  `json:"findings"` // ids, in the order in which they were added
	Notes    []Note    `json:"notes,omitempty"`
	Owner    string    `json:"owner,omitempty"` // answers for it
	Members  []string  `json:"members,omitempty"`
	Tasks    []Task    `json:"tasks,omitempty"` // in the order in which they were added
	LastTask int       `json:"last_task,omitempty"`
	Entities []Entity  `json:"entities,omitempty"`
	Opened   time.Time `json:"opened"`
	Closed   time.Time `json:"closed,omitzero"`
	History  []Change  `json:"history"`
	Version  int64     `json:"version"`
}

// Note is what somebody wrote about a case.
type Note struct {
	Time time.Time `json:"time"`
	User string    `json:"user"`
	Text string    `json:"text"`
}

// Change is one entry of a case's history.
type Change struct {
	Time time.Time `json:"time"`
	User string    `json:"user"`
	What string    `json:"what"`
}

// Book reads and writes cases. Safe for concurrent use when its Store is.
type Book struct {
	Store store.Store
	Now   func() time.Time
}

// Create opens a case under the next free number of the year.
func (b *Book) Create(ctx context.Context, user, title, unit string, findings ...string) (Case, error) {
	now := b.Now().UTC().Truncate(time.Millisecond)
	c := Case{Title: strings.TrimSpace(title), Unit: strings.TrimSpace(unit), Status: Open, Findings: []string{}, Opened: now}
	if err := checkText("title", c.Title, 1); err != nil {
		return Case{}, err
	}
	if err := checkText("unit", c.Unit, 0); err != nil {
		return Case{}, err
	}
	if err := c.add(findings); err != nil {
		return Case{}, err
	}
	c.note(now, user, "created")
	year := now.In(time.FixedZone("", 7*60*60)).Year()
	next, err := b.lastNumber(ctx, year)
	for err == nil {
		next++
		c.ID = fmt.Sprintf("SC-%d-%04d", year, next)
		out, putErr := b.put(ctx, c)
		if errors.Is(putErr, store.ErrConflict) {
			continue // somebody else took the number
		}
		return out, putErr
	}
	return Case{}, err
}

func (b *Book) lastNumber(ctx context.Context, year int) (int, error) {
	last := 0
	err := b.each(ctx, []string{fmt.Sprint("year:", year)}, func(c Case) bool {
		n := 0
		if _, err := fmt.Sscanf(c.ID, fmt.Sprintf("SC-%d-%%d", year), &n); err == nil {
			last = max(last, n)
		}
		return true
	})
	return last, err
}

// Get returns a case.
func (b *Book) Get(ctx context.Context, id string) (Case, error) {
	d, err := b.Store.Document(ctx, Kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return Case{}, fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	if err != nil {
		return Case{}, fmt.Errorf("cases: read %s: %w", id, err)
	}
	return decode(d)
}

// List returns cases in the order of their ids; status "" means all.
func (b *Book) List(ctx context.Context, status string) ([]Case, error) {
	var tags []string
	if status != "" {
		tags = []string{"status:" + status}
	}
	out := []Case{}
	err := b.each(ctx, tags, func(c Case) bool {
		out = append(out, c)
		return true
	})
	return out, err
}

// OfFinding returns the newest case that holds a finding, or ErrNotFound.
func (b *Book) OfFinding(ctx context.Context, finding string) (Case, error) {
	found := Case{}
	err := b.each(ctx, nil, func(c Case) bool {
		if slices.Contains(c.Findings, finding) {
			found = c
		}
		return true
	})
	if err == nil && found.ID == "" {
		err = fmt.Errorf("%w with finding %q", ErrNotFound, finding)
	}
	return found, err
}

// AddFindings adds findings that the case does not hold yet.
func (b *Book) AddFindings(ctx context.Context, user, id string, findings ...string) (Case, error) {
	return b.change(ctx, id, func(c *Case, now time.Time) error {
		before := len(c.Findings)
		if err := c.add(findings); err != nil {
			return err
		}
		for _, f := range c.Findings[before:] {
			c.note(now, user, "finding:"+f)
		}
		return nil
	})
}

// AddNote adds a note.
func (b *Book) AddNote(ctx context.Context, user, id, text string) (Case, error) {
	text = strings.TrimSpace(text)
	if err := checkText("note", text, 1); err != nil {
		return Case{}, err
	}
	return b.change(ctx, id, func(c *Case, now time.Time) error {
		if len(c.Notes) >= NotesMax {
			return fmt.Errorf("%w: %s holds %d notes already", ErrInvalid, id, NotesMax)
		}
		c.Notes = append(c.Notes, Note{now, user, text})
		c.note(now, user, "note")
		return nil
	})
}

// Close ends a case; reason may be empty.
func (b *Book) Close(ctx context.Context, user, id, reason string) (Case, error) {
	if err := checkText("reason", reason, 0); err != nil {
		return Case{}, err
	}
	return b.change(ctx, id, func(c *Case, now time.Time) error {
		c.Status, c.Closed = Closed, now
		c.note(now, user, strings.TrimSuffix("closed: "+reason, ": "))
		return nil
	})
}

// change applies f to an open case and writes it, again when somebody else was faster.
func (b *Book) change(ctx context.Context, id string, f func(*Case, time.Time) error) (Case, error) {
	return b.write(ctx, id, func(c *Case, now time.Time) error {
		if c.Status == Closed {
			return fmt.Errorf("%w: %s", ErrClosed, id)
		}
		return f(c, now)
	})
}

// write applies f to a case, whatever its state.
func (b *Book) write(ctx context.Context, id string, f func(*Case, time.Time) error) (Case, error) {
	for {
		c, err := b.Get(ctx, id)
		if err != nil {
			return Case{}, err
		}
		if err := f(&c, b.Now().UTC().Truncate(time.Millisecond)); err != nil {
			return Case{}, err
		}
		out, err := b.put(ctx, c)
		if !errors.Is(err, store.ErrConflict) {
			return out, err
		}
	}
}

func (b *Book) put(ctx context.Context, c Case) (Case, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return Case{}, fmt.Errorf("cases: %w", err)
	}
	d, err := b.Store.PutDocument(ctx, store.Document{Kind: Kind, ID: c.ID, Version: c.Version, Updated: b.Now().UTC(), Body: body,
		Tags: []string{"status:" + c.Status, fmt.Sprint("year:", c.ID[3:7])}})
	if errors.Is(err, store.ErrDocument) {
		return Case{}, fmt.Errorf("%w: %s is full: %w", ErrInvalid, c.ID, err)
	}
	if err != nil {
		return Case{}, fmt.Errorf("cases: write %s: %w", c.ID, err)
	}
	c.Version = d.Version
	return c, nil
}

// each visits cases in the order of their ids until visit says no.
func (b *Book) each(ctx context.Context, tags []string, visit func(Case) bool) error {
	q := store.DocumentQuery{Kind: Kind, Tags: tags, Limit: store.PageMax}
	for range listPages {
		p, err := b.Store.Documents(ctx, q)
		if err != nil {
			return fmt.Errorf("cases: list: %w", err)
		}
		for _, d := range p.Documents {
			c, err := decode(d)
			if err != nil {
				return err
			}
			if !visit(c) {
				return nil
			}
		}
		if q.Cursor = p.Next; p.Next == "" {
			return nil
		}
	}
	return fmt.Errorf("cases: list: more than %d cases", listPages*store.PageMax)
}

func decode(d store.Document) (Case, error) {
	var c Case
	if err := json.Unmarshal(d.Body, &c); err != nil {
		return Case{}, fmt.Errorf("cases: decode %s: %w", d.ID, err)
	}
	c.Version = d.Version
	return c, nil
}

func (c *Case) add(findings []string) error {
	for _, f := range findings {
		if f == "" || len(f) > store.IDMax {
			return fmt.Errorf("%w: finding id %.40q", ErrInvalid, f)
		}
		if slices.Contains(c.Findings, f) {
			continue
		}
		if len(c.Findings) >= FindingsMax {
			return fmt.Errorf("%w: more than %d findings", ErrInvalid, FindingsMax)
		}
		c.Findings = append(c.Findings, f)
	}
	return nil
}

// note adds to the history; of a history that is full the first half of the middle goes, never the beginning.
func (c *Case) note(now time.Time, user, what string) {
	if len(c.History) >= historyMax {
		c.History = slices.Delete(c.History, 1, historyMax/2)
	}
	c.History = append(c.History, Change{now, user, what})
}

func checkText(name, s string, least int) error {
	switch {
	case len(s) < least:
		return fmt.Errorf("%w: the %s is empty", ErrInvalid, name)
	case len(s) > TextMax:
		return fmt.Errorf("%w: the %s has %d bytes, at most %d", ErrInvalid, name, len(s), TextMax)
	case !utf8.ValidString(s):
		return fmt.Errorf("%w: the %s is not UTF-8", ErrInvalid, name)
	}
	return nil
}
