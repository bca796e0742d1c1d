package cases

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"khien/detector/store/teststore"
)

func book(t *testing.T) *Book {
	t.Helper()
	st, err := teststore.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return &Book{Store: st, Now: func() time.Time { return time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC) }}
}

func TestCase(t *testing.T) {
	b, ctx := book(t), t.Context()
	c, err := b.Create(ctx, "an", " Giả mạo VNeID ", "Sở A", "f1", "f1")
	if err != nil || c.ID != "SC-2026-0001" || c.Title != "Giả mạo VNeID" || len(c.Findings) != 1 {
		t.Fatalf("%+v, %v", c, err)
	}
	if c, err = b.AddFindings(ctx, "binh", c.ID, "f2", "f1"); err != nil || strings.Join(c.Findings, " ") != "f1 f2" {
		t.Errorf("%v, %v", c.Findings, err)
	}
	if got, err := b.OfFinding(ctx, "f2"); err != nil || got.ID != c.ID {
		t.Errorf("OfFinding: %v, %v", got.ID, err)
	}
	if _, err := b.OfFinding(ctx, "f3"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a finding of no case: %v", err)
	}
	if _, err = b.AddNote(ctx, "an", c.ID, "đã gọi cho đơn vị"); err != nil {
		t.Error(err)
	}
	if c, err = b.Close(ctx, "an", c.ID, "đã xử lý"); err != nil || c.Status != Closed || c.Closed.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := b.AddNote(ctx, "an", c.ID, "x"); !errors.Is(err, ErrClosed) {
		t.Errorf("a note on a closed case: %v", err)
	}
	what := ""
	for _, h := range c.History {
		what += h.User + " " + h.What + "; "
	}
	if want := "an created; binh finding:f2; an note; an closed: đã xử lý; "; what != want {
		t.Errorf("history %q, want %q", what, want)
	}
	if open, err := b.List(ctx, Open); err != nil || len(open) != 0 {
		t.Errorf("open cases: %v, %v", open, err)
	}
}

func TestRefused(t *testing.T) {
	b, ctx := book(t), t.Context()
	for _, title := range []string{"", " ", strings.Repeat("x", TextMax+1), "a\xff"} {
		if _, err := b.Create(ctx, "an", title, ""); !errors.Is(err, ErrInvalid) {
			t.Errorf("title %.10q: %v", title, err)
		}
	}
	c, err := b.Create(ctx, "an", "x", "")
	if err != nil {
		t.Fatal(err)
	}
	many := make([]string, FindingsMax+1)
	for i := range many {
		many[i] = strings.Repeat("f", 1+i%60) + time.Unix(int64(i), 0).UTC().Format("150405")
	}
	if _, err := b.AddFindings(ctx, "an", c.ID, many...); !errors.Is(err, ErrInvalid) {
		t.Errorf("too many findings: %v", err)
	}
	if c, err := b.Get(ctx, c.ID); err != nil || len(c.Findings) != 0 {
		t.Errorf("a refused change left %d findings, %v", len(c.Findings), err)
	}
}

// TestNumbers: cases that are opened at the same time get different numbers.
func TestNumbers(t *testing.T) {
	b := book(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := b.Create(t.Context(), "an", "x", ""); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, err := b.List(t.Context(), "")
	if err != nil || len(all) != 8 || all[7].ID != "SC-2026-0008" {
		t.Errorf("%d cases, %v", len(all), err)
	}
}

// TestHistory: a history that is full keeps its beginning and its end.
func TestHistory(t *testing.T) {
	var c Case
	for i := range historyMax + 1 {
		c.note(time.Unix(int64(i), 0), "an", "x")
	}
	if n := len(c.History); n > historyMax || c.History[0].Time.Unix() != 0 || c.History[n-1].Time.Unix() != historyMax {
		t.Errorf("%d entries, from %v to %v", n, c.History[0].Time, c.History[n-1].Time)
	}
}
