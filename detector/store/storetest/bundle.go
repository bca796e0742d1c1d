package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
)

func testBundles(t *testing.T, s store.Store) {
	ctx := context.Background()
	in := func(chain, brand string, sev detector.Severity) func(*detector.Finding) {
		return func(f *detector.Finding) {
			f.ChainID, f.Severity, f.Score, f.Fraud = chain, sev, float64(sev)/4, &detector.Fraud{Kind: "lookalike", Brand: brand}
		}
	}
	a := finding("1", 0, in("c-1", "vneid", detector.High), func(f *detector.Finding) { f.First, f.Last = base.Add(-time.Hour), base })
	b := finding("2", 5, in("c-1", "vneid", detector.Medium))
	c := finding("2", 9, in("c-2", "evn", detector.Medium))
	d := finding("2", 10, in("c-2", "vneid", detector.Medium))
	write(t, s, a, b, c, d, finding("3", 20))
	f := func(q store.Query, field, want string) store.BundleList {
		t.Helper()
		l, err := s.Bundles(ctx, q, field)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, b := range l.Bundles {
			got += fmt.Sprintf("%s:%d/%d ", b.Value, b.Findings, b.Groups)
		}
		if got != want || l.More {
			t.Errorf("%s of %+v: %q, want %q", field, q, got, want)
		}
		return l
	}
	l := f(store.Query{}, "chain", "c-1:2/2 c-2:2/1 ")
	if x := l.Bundles[0]; x.Severity != detector.High || x.Score != 0.75 || !x.First.Equal(base.Add(-time.Hour)) || !x.Last.Equal(b.Time) || x.Latest.ID != b.ID {
		t.Errorf("%+v", x)
	}
	f(store.Query{Descending: true}, "chain", "c-2:2/1 c-1:2/2 ")
	f(store.Query{}, "brand", "vneid:3/2 evn:1/1 ")
	f(store.Query{Brand: []string{"vneid"}, From: b.Time}, "chain", "c-2:1/1 c-1:1/1 ")
	f(store.Query{Rule: []string{"1"}}, "chain", "c-1:1/1 ")
	f(store.Query{}, "campaign", "")
	if _, err := s.PutTriage(ctx, store.Triage{Key: store.GroupKey(&a), Status: store.StatusClosed}); err != nil {
		t.Fatal(err)
	}
	f(store.Query{Status: []string{store.StatusNew}}, "chain", "c-2:2/1 c-1:1/1 ")
	if _, err := s.Bundles(ctx, store.Query{}, "time"); err == nil {
		t.Error("bundles by a field that is none")
	}
	var many []detector.Finding
	for i := range store.BundlesMax + 1 {
		many = append(many, finding(fmt.Sprint("m", i), i, func(f *detector.Finding) { f.Sensor = fmt.Sprint("s", i) }))
	}
	write(t, s, many...)
	if l, err := s.Bundles(ctx, store.Query{}, "sensor"); err != nil || len(l.Bundles) != store.BundlesMax || !l.More {
		t.Errorf("%d bundles, more %v, %v", len(l.Bundles), l.More, err)
	}
}
