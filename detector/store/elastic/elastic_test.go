package elastic

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
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
