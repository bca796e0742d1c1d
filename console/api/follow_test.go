package api

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"khien/console/scope"
	"khien/console/tune"
	"khien/detector"
	"khien/detector/store"
	"khien/detector/store/teststore"
)

// TestFollow: what others store is told once, what a tune has closed is not, and nobody asks while no page is open.
func TestFollow(t *testing.T) {
	st, err := teststore.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	scoped := scope.New(st, time.Now)
	a := &API{cfg: Config{Store: scoped, Now: time.Now}, tunes: tune.New(scoped, time.Now)}
	now := time.Now().UTC()
	write := func(n int) detector.Finding {
		t.Helper()
		f := detector.Finding{Time: now.Add(time.Duration(n) * time.Second), Source: detector.FromSignature, Severity: detector.High, Count: 1,
			Rule: detector.Rule{ID: fmt.Sprint("r", n)}, SrcIP: netip.MustParseAddr("10.1.2.3")}
		f.Identify()
		if err := st.Write(t.Context(), []detector.Finding{f}); err != nil {
			t.Fatal(err)
		}
		return f
	}
	ctx, stop := context.WithCancel(t.Context())
	tick := make(chan time.Time)
	done := make(chan struct{})
	go func() { defer close(done); a.follow(ctx, tick) }()
	round := func() { tick <- now } // the round before is over when this one is taken
	write(1)
	round()
	page := a.hub.join()
	round()
	write(2)
	own := write(4) // stored and told by this process
	a.Notify([]detector.Finding{own})
	closed := write(3)
	if _, err := st.PutTriage(t.Context(), store.Triage{Key: store.GroupKey(&closed), Status: store.StatusClosed}); err != nil {
		t.Fatal(err)
	}
	round()
	round()
	stop()
	<-done
	a.hub.close()
	var told []string
	for m := range page {
		for _, f := range m.findings {
			told = append(told, f.Rule.ID)
		}
	}
	if fmt.Sprint(told) != "[r4 r2]" {
		t.Errorf("told %v, want r4 and r2, each once", told)
	}
}

// TestIDs: the latest are known, and not more than can be kept.
func TestIDs(t *testing.T) {
	var x ids
	const n = 10 * followMax
	for i := range n {
		x.add([]detector.Finding{{ID: fmt.Sprint(i)}})
		if x.latest.Len() > 3*followMax {
			t.Fatalf("%d are kept", x.latest.Len())
		}
	}
	for i := n - followMax; i < n; i++ {
		if !x.has(fmt.Sprint(i)) {
			t.Fatalf("%d is not known", i)
		}
	}
	if x.has("0") || new(ids).has("0") {
		t.Error("what came long ago is known")
	}
}
