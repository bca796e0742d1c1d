package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"khien/detector/store"
)

// Shelf is the part of a store.Store that decisions are kept in.
type Shelf interface {
	Document(ctx context.Context, kind, id string) (store.Document, error)
	PutDocument(ctx context.Context, d store.Document) (store.Document, error)
	DeleteDocument(ctx context.Context, kind, id string, version int64) error
	Documents(ctx context.Context, q store.DocumentQuery) (store.DocumentPage, error)
}

// Kinds of documents.
const (
	kindDecision = "decision"
	kindUnblock  = "unblock"
	kindPolicy   = "policy"   // versions of the Overlay
	kindBlocking = "blocking" // the switch, the cursors of consumers
)

// put writes a value as a document and returns its next version.
func put(ctx context.Context, s Shelf, kind, id string, version int64, now time.Time, v any, tags ...string) (int64, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return 0, fmt.Errorf("hook: %w", err)
	}
	d, err := s.PutDocument(ctx, store.Document{Kind: kind, ID: id, Version: version, Updated: now, Tags: tags, Body: body})
	return d.Version, err
}

// get reads a document into v and returns its version, 0 when there is none.
func get(ctx context.Context, s Shelf, kind, id string, v any) (int64, error) {
	d, err := s.Document(ctx, kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(d.Body, v); err != nil {
		return 0, fmt.Errorf("hook: document %s %s: %w", kind, id, err)
	}
	return d.Version, nil
}

// each calls f for all documents of a kind that have all tags.
func each(ctx context.Context, s Shelf, kind string, tags []string, f func(store.Document) error) error {
	q := store.DocumentQuery{Kind: kind, Tags: tags, Limit: store.PageMax}
	for {
		p, err := s.Documents(ctx, q)
		if err != nil {
			return err
		}
		for _, d := range p.Documents {
			if err := f(d); err != nil {
				return err
			}
		}
		if p.Next == "" {
			return nil
		}
		q.Cursor = p.Next
	}
}
