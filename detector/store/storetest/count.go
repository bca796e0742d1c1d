package storetest

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
)

func testCount(t *testing.T, s store.Store) {
	count := func(q store.Query, parts int) store.Counts {
		t.Helper()
		c, err := s.Count(context.Background(), q, parts)
		if err != nil {
			t.Fatalf("Count(%+v): %v", q, err)
		}
		return c
	}
	if c := count(store.Query{}, 4); c.Total != 0 || c.Parts != nil || len(c.Top) != 0 || c.Counted != 0 {
		t.Errorf("of an empty store: %+v", c)
	}
	var fs []detector.Finding
	for i := range 20 {
		fs = append(fs, finding(fmt.Sprint("r", i%20/5%3), i, func(f *detector.Finding) { // r0 10 times, r1 and r2 5 times
			f.SrcIP = netip.AddrFrom4([4]byte{10, 1, 0, byte(max(i, 1))})
			f.Domain, f.RelatedHosts = "www.x.example", []string{fmt.Sprint("h", i%2, ".example")}
			if i < 3 {
				f.Severity, f.Sensor, f.ChainID, f.Fraud = detector.High, "hà nội", "c-1", &detector.Fraud{Kind: "lookalike", Brand: "vneid"}
				f.Techniques = []detector.Technique{{ID: "T1"}, {ID: "T2"}}
			}
		}))
	}
	write(t, s, fs...)
	c := count(store.Query{From: base, To: base.Add(20 * time.Minute)}, 4)
	if c.Total != 20 || c.Counted != 20 || !slices.Equal(c.Parts, []int{5, 5, 5, 5}) || !c.From.Equal(base) || !c.To.Equal(base.Add(20*time.Minute)) {
		t.Errorf("%+v", c)
	}
	for field, want := range map[string]string{
		"severity": "[{2 17} {3 3}]", "rule": "[{r0 10} {r1 5} {r2 5}]", "source": "[{signature 20}]", "dst": "[{198.51.100.7 20}]",
		"host": "[{www.x.example 20} {h0.example 10} {h1.example 10}]", "brand": "[{vneid 3}]", "sensor": "[{hà nội 3}]", "chain": "[{c-1 3}]",
		"technique": "[{T1 3} {T2 3}]", "campaign": "[]", "sha256": "[]",
	} {
		if got := fmt.Sprint(c.Top[field]); got != want {
			t.Errorf("top values of %s: %s, want %s", field, got, want)
		}
	}
	if src := c.Top["src"]; len(src) != store.TopMax || src[0] != (store.ValueCount{Value: "10.1.0.1", Count: 2}) {
		t.Errorf("top values of src: %v", src)
	}
	c = count(store.Query{Rule: []string{"r1"}}, 2) // open ends: from the first to the last
	if c.Total != 5 || c.Parts[0]+c.Parts[1] != 5 || !c.From.Equal(fs[5].Time) || !c.To.After(fs[9].Time) || c.To.After(fs[9].Time.Add(time.Second)) {
		t.Errorf("%+v", c)
	}
	c = count(store.Query{From: base.Add(-time.Hour), To: base}, 3)
	if c.Total != 0 {
		t.Errorf("before everything: %+v", c)
	}
	if c = count(store.Query{}, 100_000); len(c.Parts) != store.PartsMax {
		t.Errorf("%d parts", len(c.Parts))
	}
}
