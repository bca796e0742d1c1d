package handover

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"khien/console/report/evidence"
	"khien/detector/store/embedded"
)

var end = time.Date(2026, 11, 30, 17, 30, 0, 0, time.UTC) // 00:30 of December 1st in Vietnam

func book(t *testing.T) *Book {
	t.Helper()
	st, err := embedded.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return &Book{Store: st, Now: func() time.Time { return end }}
}

func TestHandover(t *testing.T) {
	b, ctx := book(t), t.Context()
	sheet := []byte(`{"cases":[]}`)
	h, err := b.Sign(ctx, "an", " Theo dõi máy chủ X. ", end.Add(-12*time.Hour), end, sheet)
	if err != nil || h.ID != "BG-2026-12-01-1" || h.Leaving.Text != "Theo dõi máy chủ X." || h.Sheet != evidence.Hash(sheet) {
		t.Fatalf("%+v, %v", h, err)
	}
	if got, err := b.SheetOf(ctx, h.ID); err != nil || string(got) != string(sheet) {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := b.Take(ctx, "an", h.ID, ""); !errors.Is(err, ErrSame) {
		t.Errorf("taken by who leaves: %v", err)
	}
	if h, err = b.Take(ctx, "binh", h.ID, "Đã nhận."); err != nil || h.Taking.By != "binh" || h.Taking.At.IsZero() {
		t.Errorf("%+v, %v", h, err)
	}
	if _, err := b.Take(ctx, "chi", h.ID, ""); !errors.Is(err, ErrTaken) {
		t.Errorf("taken twice: %v", err)
	}
	if _, err := b.Take(ctx, "chi", "BG-1999-01-01-1", ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such handover: %v", err)
	}
	for at, want := range map[time.Time]int{end: 1, end.Add(-time.Hour): 0} { // December and November in Vietnam
		if list, err := b.Month(ctx, at); err != nil || len(list) != want {
			t.Errorf("%v: %v, %v", at, list, err)
		}
	}
}

func TestRefused(t *testing.T) {
	b, ctx := book(t), t.Context()
	for _, c := range []struct {
		name, text string
		from, to   time.Time
	}{
		{"no text", " ", end.Add(-time.Hour), end},
		{"a long text", strings.Repeat("x", TextMax+1), end.Add(-time.Hour), end},
		{"no UTF-8", "\xff", end.Add(-time.Hour), end},
		{"backwards", "x", end, end.Add(-time.Hour)},
		{"no time", "x", time.Time{}, end},
		{"too long", "x", end.Add(-ShiftMax - 1), end},
	} {
		if _, err := b.Sign(ctx, "an", c.text, c.from, c.to, []byte("{}")); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestAtOnce: handovers that are signed at the same time get numbers of their own, and one is taken once.
func TestAtOnce(t *testing.T) {
	b := book(t)
	var wg sync.WaitGroup
	ids := make([]string, 6)
	for i := range ids {
		wg.Go(func() {
			h, err := b.Sign(t.Context(), "an", "x", end.Add(-time.Hour), end, []byte("{}"))
			if err != nil {
				t.Error(err)
			}
			ids[i] = h.ID
		})
	}
	wg.Wait()
	if list, err := b.Month(t.Context(), end); err != nil || len(list) != len(ids) {
		t.Errorf("%d handovers, %v", len(list), err)
	}
	taken := make([]error, 4)
	for i := range taken {
		wg.Go(func() { _, taken[i] = b.Take(t.Context(), "binh", ids[0], "") })
	}
	wg.Wait()
	good := 0
	for _, err := range taken {
		if err == nil {
			good++
		} else if !errors.Is(err, ErrTaken) {
			t.Error(err)
		}
	}
	if good != 1 {
		t.Errorf("taken %d times", good)
	}
	for range dayMax - len(ids) {
		if _, err := b.Sign(t.Context(), "an", "x", end.Add(-time.Hour), end, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Sign(t.Context(), "an", "x", end.Add(-time.Hour), end, []byte("{}")); !errors.Is(err, ErrInvalid) {
		t.Errorf("more than a day has: %v", err)
	}
}
