package scope

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
	"khien/detector/store/teststore"
)

func open(t *testing.T) (s *Store, all store.Store) {
	t.Helper()
	all, err := teststore.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { all.Close() })
	s = New(all, time.Now)
	units := []Unit{{ID: "b", Name: detector.Text{VI: "B"}, Networks: []string{"10.2.0.0/16"}, Sensors: []string{" sb "}},
		{ID: "a", Name: detector.Text{VI: "A"}, Networks: []string{"10.1.2.3/16", "10.9.0.1"}}}
	if _, err := s.PutUnits(Whole(t.Context()), units, 0); err != nil {
		t.Fatal(err)
	}
	return s, all
}

// TestNobody: without somebody who asks there is no answer, whatever is asked.
func TestNobody(t *testing.T) {
	s, _ := open(t)
	ctx := t.Context()
	for name, f := range map[string]func() error{
		"Write":     func() error { return s.Write(ctx, nil) },
		"Get":       func() error { _, err := s.Get(ctx, "x"); return err },
		"Find":      func() error { _, err := s.Find(ctx, store.Query{}); return err },
		"Groups":    func() error { _, err := s.Groups(ctx, store.Query{}); return err },
		"Count":     func() error { _, err := s.Count(ctx, store.Query{}, 1); return err },
		"Bundles":   func() error { _, err := s.Bundles(ctx, store.Query{}, "sensor"); return err },
		"Triage":    func() error { _, err := s.Triage(ctx, "k"); return err },
		"PutTriage": func() error { _, err := s.PutTriage(ctx, store.Triage{Key: "k"}); return err },
		"Document":  func() error { _, err := s.Document(ctx, "case", "x"); return err },
		"PutDocument": func() error {
			_, err := s.PutDocument(ctx, store.Document{Kind: "case", ID: "x", Body: json.RawMessage(`{}`)})
			return err
		},
		"DeleteDocument": func() error { return s.DeleteDocument(ctx, "case", "x", 1) },
		"Documents":      func() error { _, err := s.Documents(ctx, store.DocumentQuery{Kind: "case"}); return err },
		"WriteEvents":    func() error { return s.WriteEvents(ctx, nil) },
		"Events":         func() error { _, err := s.Events(ctx, store.EventQuery{}); return err },
		"Units":          func() error { _, _, err := s.Units(ctx); return err },
		"Sees":           func() error { _, err := s.Sees(ctx, &detector.Finding{}); return err },
		"UnitsOf":        func() error { _, err := s.UnitsOf(ctx, &detector.Finding{}); return err },
		"Area":           func() error { _, err := s.Area(ctx); return err },
		"Areas":          func() error { _, err := s.Areas(ctx); return err },
		"PutUnits":       func() error { _, err := s.PutUnits(ctx, nil, 1); return err },
	} {
		if err := f(); !errors.Is(err, ErrNobody) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLimitedWrites: a limited account writes nothing that is the program's or everybody's.
func TestLimitedWrites(t *testing.T) {
	s, _ := open(t)
	ctx := With(t.Context(), "an", []string{"a"})
	put := func(kind string, version int64) error {
		_, err := s.PutDocument(ctx, store.Document{Kind: kind, ID: "x", Version: version, Body: json.RawMessage(`{}`)})
		return err
	}
	for name, err := range map[string]error{"findings": s.Write(ctx, nil), "events": s.WriteEvents(ctx, nil), "packs": put("legalpack", 0), "profile": put("profile", 0),
		"decisions": put("decision", 0), "units": put("units", 1), "what nobody knows": put("other", 0), "of no case": put("incident", 0), "everywhere": put("tune", 0)} {
		if !errors.Is(err, ErrOutside) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.PutUnits(ctx, nil, 1); !errors.Is(err, ErrOutside) {
		t.Errorf("units: %v", err)
	}
	if _, err := s.Document(ctx, "units", "units"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the list of units: %v", err)
	}
	if us, _, err := s.Units(ctx); err != nil || len(us) != 1 || us[0].ID != "a" || us[0].Networks[0] != "10.1.0.0/16" || us[0].Networks[1] != "10.9.0.1/32" {
		t.Errorf("%+v, %v", us, err)
	}
	if p, err := s.Find(With(t.Context(), "x", []string{"gone"}), store.Query{}); err != nil || len(p.Findings) != 0 {
		t.Errorf("a unit that is no more: %+v, %v", p, err)
	}
}

// TestPages: pages of documents and events are full although others lie between.
func TestPages(t *testing.T) {
	s, all := open(t)
	limited := With(t.Context(), "an", []string{"a"})
	var events []store.Event
	for i := range 300 {
		who, src := Whole(t.Context()), "10.2.0.1"
		if i%10 == 0 {
			who, src = limited, "10.1.0.1"
		}
		if _, err := s.PutDocument(who, store.Document{Kind: "case", ID: fmt.Sprintf("c%03d", i), Body: json.RawMessage(`{}`)}); err != nil {
			t.Fatal(err)
		}
		events = append(events, store.Event{Time: time.Now().Add(time.Duration(i) * time.Second), Type: "dns", Src: netip.AddrPortFrom(netip.MustParseAddr(src), 1),
			Body: json.RawMessage(fmt.Sprintf(`{"n":%d}`, i))})
	}
	if err := all.WriteEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	documents, q := 0, store.DocumentQuery{Kind: "case", Limit: 7}
	for {
		p, err := s.Documents(limited, q)
		if err != nil {
			t.Fatal(err)
		}
		documents += len(p.Documents)
		if p.Next == "" {
			break
		}
		if q.Cursor = p.Next; len(p.Documents) != 7 {
			t.Fatalf("a page of %d", len(p.Documents))
		}
	}
	seen, e := 0, store.EventQuery{Limit: 9}
	for {
		p, err := s.Events(limited, e)
		if err != nil {
			t.Fatal(err)
		}
		seen += len(p.Events)
		if e.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	if documents != 30 || seen != 30 {
		t.Errorf("%d documents, %d events, want 30 of each", documents, seen)
	}
}

// TestCaseTags: a case is for who has a unit of each of its findings; what lies in no unit, or in too many, hides it.
func TestCaseTags(t *testing.T) {
	s, all := open(t)
	finding := func(src, dst string) string {
		f := detector.Finding{Time: time.Now(), Rule: detector.Rule{ID: src + dst}, SrcIP: netip.MustParseAddr(src), DstIP: netip.MustParseAddr(dst), Count: 1}
		f.Identify()
		if err := all.Write(t.Context(), []detector.Finding{f}); err != nil {
			t.Fatal(err)
		}
		return f.ID
	}
	a, b, both, none := finding("10.1.0.1", "192.0.2.1"), finding("10.2.0.1", "192.0.2.1"), finding("10.1.0.1", "10.2.0.1"), finding("192.0.2.1", "192.0.2.2")
	version := int64(0)
	f := func(seesA, seesB bool, ids ...string) {
		t.Helper()
		body, err := json.Marshal(map[string]any{"findings": ids})
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.PutDocument(Whole(t.Context()), store.Document{Kind: "case", ID: "c", Version: version, Tags: []string{"status:open"}, Body: body})
		if err != nil {
			t.Fatal(err)
		}
		version = d.Version
		for unit, sees := range map[string]bool{"a": seesA, "b": seesB} {
			if _, err := s.Document(With(t.Context(), "x", []string{unit}), "case", "c"); (err == nil) != sees || err != nil && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("findings %v, unit %s: %v", ids, unit, err)
			}
		}
		if _, err := s.Document(With(t.Context(), "x", []string{"a", "b"}), "case", "c"); (err == nil) != (seesA || seesB || len(ids) == 3) {
			t.Errorf("findings %v, both units: %v", ids, err)
		}
	}
	f(true, true, both)
	f(true, false, both, a)
	f(false, false, both, a, b)
	f(false, false, both, a, b, none)
	if _, err := s.PutDocument(With(t.Context(), "x", []string{"a"}), store.Document{Kind: "case", ID: "c", Version: version, Body: json.RawMessage(`{}`)}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a write to a case that is hidden: %v", err)
	}
	if _, err := s.PutDocument(Whole(t.Context()), store.Document{Kind: "case", ID: "gone", Version: 3, Body: json.RawMessage(`{}`)}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a write to a case that is gone: %v", err)
	}
}

// TestLimitsOfUnits: lists that are too large are refused.
func TestLimitsOfUnits(t *testing.T) {
	s, _ := open(t)
	many := make([]string, NetworksMax+1)
	for i := range many {
		many[i] = fmt.Sprintf("10.%d.%d.0/24", i>>8, i&255)
	}
	name := detector.Text{VI: "X"}
	for what, units := range map[string][]Unit{"units": make([]Unit, UnitsMax+1), "networks": {{ID: "x", Name: name, Networks: many}},
		"sensors": {{ID: "x", Name: name, Sensors: many[:SensorsMax+1]}}, "twice": {{ID: "x", Name: name}, {ID: "x", Name: name}}} {
		if _, err := s.PutUnits(Whole(context.Background()), units, 1); !errors.Is(err, ErrUnits) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
