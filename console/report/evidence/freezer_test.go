package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/detector/store"
	"khien/detector/store/elastic"
	"khien/detector/store/embedded"
)

// eachStore runs a test on both stores; Elasticsearch where the environment names a server.
func eachStore(t *testing.T, f func(t *testing.T, st store.Store)) {
	t.Run("embedded", func(t *testing.T) {
		st, err := embedded.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { st.Close() })
		f(t, st)
	})
	t.Run("elastic", func(t *testing.T) {
		url := os.Getenv("KHIEN_TEST_ELASTIC")
		if url == "" {
			t.Skip("no Elasticsearch: set KHIEN_TEST_ELASTIC")
		}
		st, err := elastic.Open(context.Background(), elastic.Config{URLs: []string{url}, Namespace: fmt.Sprint("freezer-", time.Now().UnixNano()), Refresh: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { st.Close() })
		f(t, st)
	})
}

func text(s string) func(io.Writer, *Frozen) error {
	return func(w io.Writer, _ *Frozen) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func TestFreezer(t *testing.T) {
	eachStore(t, func(t *testing.T, st store.Store) {
		ctx := t.Context()
		z := Freezer{Store: st, Dir: filepath.Join(t.TempDir(), "frozen"), Now: func() time.Time { return at }}
		if list, err := z.List(ctx, "SC-2026-0001"); err != nil || len(list) != 0 {
			t.Fatalf("%v, %v", list, err)
		}
		f := Frozen{Case: "SC-2026-0001", Of: OfPackets, Finding: "f1", Item: Item{Collector: "an", Source: "ring"}}
		got, known, err := z.Keep(ctx, f, text("packets"))
		if err != nil || known || got.SHA256 != Hash([]byte("packets")) || got.Size != 7 || !got.Acquired.Equal(at) {
			t.Fatalf("%+v, %v, %v", got, known, err)
		}
		if _, known, err = z.Keep(ctx, f, text("packets")); err != nil || !known {
			t.Errorf("again: %v, %v", known, err)
		}
		other := f
		other.Case = "SC-2026-0002"
		if _, known, err = z.Keep(ctx, other, text("packets")); err != nil || known {
			t.Errorf("the same in another case: %v, %v", known, err)
		}
		list, err := z.List(ctx, f.Case)
		if err != nil || len(list) != 1 || list[0].Finding != "f1" || !validPath(list[0].Path) {
			t.Fatalf("%+v, %v", list, err)
		}
		events, err := Custody{Store: st, Case: f.Case}.Events(ctx)
		if err != nil || len(events) != 1 || events[0].Evidence != got.SHA256 || events[0].Action != Collected || events[0].To.Name != "an" {
			t.Errorf("%+v, %v", events, err)
		}
		r, err := z.Open(got)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil || string(b) != "packets" {
			t.Errorf("%q, %v", b, err)
		}
		if used, limit, err := z.Used(); used != 7 || limit != FrozenMax || err != nil {
			t.Errorf("%d of %d, %v", used, limit, err)
		}
		// What changes a copy is seen, whatever its length.
		name := z.file(got.SHA256)
		for _, c := range []struct {
			do   func() error
			want State
		}{
			{func() error { return nil }, Whole},
			{func() error { return errors.Join(os.Chmod(name, 0o600), os.WriteFile(name, []byte("packetS"), 0o600)) }, Broken},
			{func() error { return os.WriteFile(name, []byte("packets and more"), 0o600) }, Broken},
			{func() error { return os.WriteFile(name, nil, 0o600) }, Broken},
			{func() error { return os.Remove(name) }, Missing},
			{func() error { _, _, err := z.Keep(ctx, f, text("packets")); return err }, Whole},
		} {
			if err := c.do(); err != nil {
				t.Fatal(err)
			}
			if s, err := z.Check(got); s != c.want || err != nil {
				t.Errorf("%s, %v, want %s", s, err, c.want)
			}
		}
	})
}

// TestFreezerRefuses: what fails leaves no copy, no document and no event behind.
func TestFreezerRefuses(t *testing.T) {
	st, err := embedded.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	z := Freezer{Store: st, Dir: filepath.Join(t.TempDir(), "frozen"), Max: 10, Now: func() time.Time { return at }}
	f := Frozen{Case: "SC-2026-0001", Of: OfFile}
	broken := errors.New("the disk")
	for _, c := range []struct {
		name  string
		f     Frozen
		write func(io.Writer, *Frozen) error
		want  error
	}{
		{"larger than the quota", f, text("01234567890"), ErrFull},
		{"larger, in pieces", f, func(w io.Writer, x *Frozen) error {
			for range 6 {
				io.WriteString(w, "ab") // who does not look at errors does not get around the quota
			}
			return nil
		}, ErrFull},
		{"unreadable", f, func(io.Writer, *Frozen) error { return broken }, broken},
		{"gone", f, func(io.Writer, *Frozen) error { return fmt.Errorf("x: %w", fs.ErrNotExist) }, fs.ErrNotExist},
		{"of nothing known", Frozen{Case: f.Case, Of: "mail"}, text("x"), nil},
		{"a case with a path", Frozen{Case: "../x", Of: OfFile}, text("x"), nil},
	} {
		if _, _, err := z.Keep(t.Context(), c.f, c.write); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if used, _, err := z.Used(); used != 0 || err != nil {
		t.Errorf("%d bytes are left, %v", used, err)
	}
	if list, err := z.List(t.Context(), f.Case); len(list) != 0 || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	if events, err := (Custody{Store: st, Case: f.Case}).Events(t.Context()); len(events) != 0 || err != nil {
		t.Errorf("%v, %v", events, err)
	}
	if _, _, err := z.Keep(t.Context(), f, text("0123456789")); err != nil {
		t.Errorf("what fits exactly: %v", err)
	}
	_, _, err = z.Keep(t.Context(), f, text("x"))
	if !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "10 of 10 bytes") {
		t.Errorf("a full quota says %v", err)
	}
}

// TestFreezerDocument: a document that names another hash than its id is one that was changed.
func TestFreezerDocument(t *testing.T) {
	st, err := embedded.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	z := Freezer{Store: st, Dir: t.TempDir(), Now: func() time.Time { return at }}
	f, _, err := z.Keep(t.Context(), Frozen{Case: "SC-2026-0001", Of: OfFile}, text("x"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := st.Document(t.Context(), frozenKind, f.Case+"."+f.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	d.Body = []byte(strings.Replace(string(d.Body), f.SHA256, Hash([]byte("y")), 1))
	if _, err := st.PutDocument(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if _, err := z.List(t.Context(), f.Case); !errors.Is(err, ErrBroken) {
		t.Errorf("%v", err)
	}
}
