package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"khien/detector/store"
)

func note(id, body string, tags ...string) store.Document {
	return store.Document{Kind: "note", ID: id, Updated: base, Tags: tags, Body: json.RawMessage(body)}
}

func putDocument(t *testing.T, s store.Store, d store.Document) store.Document {
	t.Helper()
	out, err := s.PutDocument(t.Context(), d)
	if err != nil {
		t.Fatalf("PutDocument(%s): %v", d.ID, err)
	}
	return out
}

func testDocuments(t *testing.T, s store.Store) {
	ctx := t.Context()
	if _, err := s.Document(ctx, "note", "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a document that was never written: %v, want ErrNotFound", err)
	}
	const body = `{"b":1.50, "a":["Đ", 12345678901234567890]}`
	first := putDocument(t, s, note("a", body, "z", "case:1", "z"))
	got, err := s.Document(ctx, "note", "a")
	if err != nil || got.Version != 1 || first.Version != 1 || string(got.Body) != body || !got.Updated.Equal(base) || !slices.Equal(got.Tags, []string{"case:1", "z"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := s.PutDocument(ctx, note("a", `{}`)); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a write that does not know the first: %v, want ErrConflict", err)
	}
	first.Body, first.Tags = json.RawMessage(`null`), nil
	second := putDocument(t, s, first)
	if got, err := s.Document(ctx, "note", "a"); err != nil || got.Version != 2 || string(got.Body) != "null" || len(got.Tags) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	if p, err := s.Documents(ctx, store.DocumentQuery{Kind: "note", Tags: []string{"z"}}); err != nil || len(p.Documents) != 0 {
		t.Errorf("a tag that was taken away still finds %+v, %v", p, err)
	}
	other := note("a", `1`)
	other.Kind = "other"
	putDocument(t, s, other)
	if err := s.DeleteDocument(ctx, "note", "a", 1); !errors.Is(err, store.ErrConflict) {
		t.Errorf("removing an old version: %v, want ErrConflict", err)
	}
	if err := s.DeleteDocument(ctx, "note", "a", 2); err != nil {
		t.Error(err)
	}
	if err := s.DeleteDocument(ctx, "note", "a", 2); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("removing twice: %v, want ErrNotFound", err)
	}
	if _, err := s.PutDocument(ctx, second); !errors.Is(err, store.ErrConflict) {
		t.Errorf("changing what was removed: %v, want ErrConflict", err)
	}
	if got, err := s.Document(ctx, "other", "a"); err != nil || string(got.Body) != "1" {
		t.Errorf("the document of another kind: %+v, %v", got, err)
	}
	for _, bad := range []store.Document{note("", `{}`), note("a b", `{}`), note("a", `{`), note("a", ``), note("a", `{}`, ""),
		note("a", `{}`, strings.Repeat("x", store.TagMax+1)), note("a", `"`+strings.Repeat("x", store.DocumentMax)+`"`),
		{Kind: "Note", ID: "a", Body: json.RawMessage(`{}`)}} {
		if _, err := s.PutDocument(ctx, bad); !errors.Is(err, store.ErrDocument) {
			t.Errorf("%.20s %.20s: %v, want ErrDocument", bad.ID, bad.Body, err)
		}
	}
}

func testDocumentPages(t *testing.T, s store.Store) {
	for i := range 25 {
		putDocument(t, s, note(fmt.Sprintf("n%02d", 24-i), `{}`, fmt.Sprint("mod:", i%2), fmt.Sprint("third:", i%3)))
	}
	list := func(q store.DocumentQuery) (ids []string) {
		t.Helper()
		q.Kind = "note"
		for range 100 {
			p, err := s.Documents(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Documents) > q.Limit {
				t.Fatalf("a page of %d, limit %d", len(p.Documents), q.Limit)
			}
			for _, d := range p.Documents {
				ids = append(ids, d.ID)
			}
			if q.Cursor = p.Next; p.Next == "" {
				return ids
			}
		}
		t.Fatal("pages without end")
		return nil
	}
	for _, n := range []int{1, 5, 24, 25, 26} {
		if ids := list(store.DocumentQuery{Limit: n}); len(ids) != 25 || !slices.IsSorted(ids) || len(slices.Compact(ids)) != 25 {
			t.Errorf("limit %d: %v", n, ids)
		}
	}
	if ids := list(store.DocumentQuery{Limit: 2, Tags: []string{"mod:0", "third:0"}}); !slices.Equal(ids, []string{"n00", "n06", "n12", "n18", "n24"}) {
		t.Errorf("both tags: %v", ids)
	}
	if ids := list(store.DocumentQuery{Limit: 5, Tags: []string{"' OR 1=1 --"}}); ids != nil {
		t.Errorf("a tag that nobody has: %v", ids)
	}
}

// testDocumentRace: of those who change one version, one wins.
func testDocumentRace(t *testing.T, s store.Store) {
	d := putDocument(t, s, note("a", `0`))
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			switch _, err := s.PutDocument(t.Context(), d); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, store.ErrConflict):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, err := s.Document(t.Context(), "note", "a"); err != nil || won.Load() != 1 || got.Version != 2 {
		t.Errorf("%d won, version %d, %v", won.Load(), got.Version, err)
	}
}
