package elastic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
	"khien/detector/store/archive"
	"khien/detector/store/embedded"
	"khien/detector/store/storetest"
)

// open connects to the server that the environment names, with a namespace of its own.
func open(t *testing.T) *Store {
	t.Helper()
	url := os.Getenv("KHIEN_TEST_ELASTIC")
	if url == "" {
		t.Skip("no Elasticsearch: run deploy/elasticsearch/server start DIR and set KHIEN_TEST_ELASTIC=http://127.0.0.1:9200")
	}
	name := strings.ToLower(strings.NewReplacer("/", "-", "#", "-").Replace(t.Name()))
	ns := fmt.Sprintf("%s-%d", name, time.Now().UnixNano())
	s, err := Open(context.Background(), Config{URLs: []string{url}, Namespace: ns, Refresh: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func finding(n int) detector.Finding {
	at := time.Date(2026, 11, 21, 7, 29, n, 0, time.UTC)
	f := detector.Finding{Time: at, First: at, Last: at, Source: detector.FromSignature, Severity: detector.Medium,
		Rule:  detector.Rule{ID: "1000001", GID: 1, Rev: 1, Name: "Web shell"},
		SrcIP: netip.MustParseAddr("10.20.3.14"), DstIP: netip.MustParseAddr("203.0.113.9"), Domain: "shop.example",
		Count: 1, FlowID: uint64(n)}
	f.Identify()
	return f
}

func TestRepeatsChangeNothingAndGrowthIsKept(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	a, b := finding(1), finding(2)
	for range 2 {
		if err := s.Write(ctx, []detector.Finding{a, b}); err != nil {
			t.Fatal(err)
		}
	}
	page, err := s.Find(ctx, store.Query{})
	if err != nil || len(page.Findings) != 2 {
		t.Fatalf("found %d, %v; want 2", len(page.Findings), err)
	}
	a.Count, a.Last = 7, a.Last.Add(time.Hour)
	if err := s.Write(ctx, []detector.Finding{a}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Get(ctx, a.ID)
	if err != nil || got.Count != 7 || !got.Last.Equal(a.Last) {
		t.Fatalf("got count %d, last %v, %v", got.Count, got.Last, err)
	}
	groups, err := s.Groups(ctx, store.Query{})
	if err != nil || len(groups.Groups) != 1 || groups.Total != 1 || groups.Groups[0].Count != 2 {
		t.Fatalf("groups: %+v, %v", groups, err)
	}
	g := groups.Groups[0]
	if g.Rule != "1000001" || !g.Last.Equal(a.Last) || g.Status != "new" {
		t.Errorf("group: %+v", g)
	}
}

func TestTriageOfTwoPeopleConflicts(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	f := finding(1)
	if err := s.Write(ctx, []detector.Finding{f}); err != nil {
		t.Fatal(err)
	}
	key := store.GroupKey(&f)
	first, err := s.Triage(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	second := first
	first.Status = "closed"
	if first, err = s.PutTriage(ctx, first); err != nil || first.Version != 1 {
		t.Fatalf("version %d, %v", first.Version, err)
	}
	second.Status = "seen"
	if _, err := s.PutTriage(ctx, second); err != store.ErrConflict {
		t.Fatalf("got %v, want a conflict", err)
	}
	for status, want := range map[string]int{"closed": 1, "new": 0} {
		g, err := s.Groups(ctx, store.Query{Status: []string{status}})
		if err != nil || len(g.Groups) != want {
			t.Errorf("%s: %d groups, %v; want %d", status, len(g.Groups), err, want)
		}
	}
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t) })
}

func TestRejectedDocumentsHoldNothingUp(t *testing.T) {
	s := open(t)
	bad := finding(2)
	bad.Time = time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC) // beyond what the server's nanosecond dates reach
	bad.Identify()
	err := s.Write(context.Background(), []detector.Finding{finding(1), bad, finding(3)})
	var r *store.RejectedError
	if !errors.As(err, &r) || len(r.Documents) != 1 || r.Documents[0].ID != bad.ID || !strings.Contains(r.Documents[0].Reason, "@timestamp") {
		t.Fatalf("%v", err)
	}
	if page, err := s.Find(context.Background(), store.Query{}); err != nil || len(page.Findings) != 2 {
		t.Errorf("%d findings, %v; want 2", len(page.Findings), err)
	}
}

// TestNothingTwiceOverGenerations: a repeat is known in the older indices of a data stream too, and migrate keeps triage.
func TestNothingTwiceOverGenerations(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	fs := []detector.Finding{finding(1), finding(2)}
	event := store.Event{Time: fs[0].Time, Type: "dns", Body: []byte(`{}`)}
	if err := errors.Join(s.Write(ctx, fs), s.WriteEvents(ctx, []store.Event{event})); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutTriage(ctx, store.Triage{Key: store.GroupKey(&fs[0]), Status: store.StatusClosed}); err != nil {
		t.Fatal(err)
	}
	if done, err := s.Migrate(ctx); err != nil || len(done) != 0 {
		t.Fatalf("nothing is old, and yet: %v, %v", done, err)
	}
	// As an earlier version of the program left it: no versions, an index in the alias's place.
	for _, stream := range []string{s.stream, s.eventStream("dns")} {
		if err := s.put(ctx, "/"+stream+"/_mapping", m{"_meta": m{"version": 1}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.put(ctx, "/"+indexName(s.triage)+"/_mapping", m{"_meta": m{"version": 1}}); err != nil {
		t.Fatal(err)
	}
	old := s.triage + "-old"
	for _, step := range []func() error{
		func() error { return s.put(ctx, "/"+indexName(s.triage)+"/_settings", m{"index.blocks.write": true}) },
		func() error { return s.do(ctx, "POST", "/"+indexName(s.triage)+"/_clone/"+old, nil, nil) },
		func() error { return s.put(ctx, "/"+old+"/_settings", m{"index.blocks.write": nil}) },
		func() error { return s.do(ctx, "DELETE", "/"+indexName(s.triage), nil, nil) },
		func() error { return s.put(ctx, "/"+old+"/_alias/"+s.triage, m{}) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	done, err := s.Migrate(ctx)
	if err != nil || len(done) != 3 {
		t.Fatalf("%q, %v", done, err)
	}
	if tr, err := s.Triage(ctx, store.GroupKey(&fs[0])); err != nil || tr.Status != store.StatusClosed {
		t.Errorf("%+v, %v", tr, err)
	}
	fs[1].Count = 5
	if err := errors.Join(s.Write(ctx, append(fs, finding(3))), s.WriteEvents(ctx, []store.Event{event})); err != nil {
		t.Fatal(err)
	}
	page, err := s.Find(ctx, store.Query{})
	if err != nil || len(page.Findings) != 3 || page.Findings[1].Count != 5 {
		t.Errorf("%d findings, %v; want 3", len(page.Findings), err)
	}
	if p, err := s.Events(ctx, store.EventQuery{}); err != nil || len(p.Events) != 1 {
		t.Errorf("%d events, %v; want 1", len(p.Events), err)
	}
}

// TestArchive: what goes from here into an embedded store and back is the same.
func TestArchive(t *testing.T) {
	from, to := open(t), open(t)
	ctx := context.Background()
	f := finding(1)
	f.Sensor, f.Sequence = "a", []uint64{1}
	err := errors.Join(from.Write(ctx, []detector.Finding{f, finding(2)}),
		from.WriteEvents(ctx, []store.Event{{Time: f.Time, Type: "flow", Body: []byte(`{ "a" : 1.50 }`)}}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := from.PutTriage(ctx, store.Triage{Key: store.GroupKey(&f), Status: store.StatusClosed}); err != nil {
		t.Fatal(err)
	}
	if _, err := from.PutDocument(ctx, store.Document{Kind: "case", ID: "1", Updated: f.Time, Body: []byte(`[ 1 ]`)}); err != nil {
		t.Fatal(err)
	}
	between, err := embedded.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer between.Close()
	var texts [3]bytes.Buffer
	for i, s := range []archive.Source{from, between, to} {
		if i > 0 {
			if _, err := archive.Import(ctx, s, bytes.NewReader(texts[0].Bytes())); err != nil {
				t.Fatal(err)
			}
		}
		n, err := archive.Export(ctx, s, &texts[i])
		if want := (archive.Counts{Findings: 2, Events: 1, Triage: 1, Documents: 1}); err != nil || n != want {
			t.Errorf("%d: %+v, %v", i, n, err)
		}
		if !bytes.Equal(texts[i].Bytes(), texts[0].Bytes()) {
			t.Errorf("copy %d differs:\n%s\n%s", i, &texts[i], &texts[0])
		}
	}
	if got, err := archive.Verify(ctx, from, nil); err != nil || len(got) != 2 || got[1].Last != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}
