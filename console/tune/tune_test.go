package tune

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
	"khien/detector/store/teststore"
)

var start = time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)

func openBook(t *testing.T) (*Book, *time.Time) {
	t.Helper()
	st, err := teststore.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	now := start
	return New(st, func() time.Time { return now }), &now
}

func finding(rule, src, host string) detector.Finding {
	f := detector.Finding{Time: start, Source: detector.FromSignature, Severity: detector.Medium, Rule: detector.Rule{ID: rule},
		SrcIP: netip.MustParseAddr(src), DstIP: netip.MustParseAddr("198.51.100.7"), Domain: host, Count: 1}
	f.Identify()
	return f
}

func TestCovers(t *testing.T) {
	f := finding("7", "10.1.2.3", "cdn.shop.example")
	check := func(tune Tune, want bool) {
		t.Helper()
		tune.Rule = "7"
		if tune.covers(&f) != want {
			t.Errorf("%+v: covers is %v", tune, !want)
		}
	}
	check(Tune{}, true)
	check(Tune{Src: "10.1.0.0/16"}, true)
	check(Tune{Src: "10.2.0.0/16"}, false)
	check(Tune{Src: "10.1.2.3", Dst: "198.51.100.7", Host: "CDN.shop.example"}, true)
	check(Tune{Src: "10.1.2.3", Dst: "198.51.100.8"}, false)
	check(Tune{Host: "*.shop.example"}, true)
	check(Tune{Host: "*.example.shop"}, false)
	check(Tune{Host: "shop.example"}, false)
}

func TestAddRefuses(t *testing.T) {
	b, _ := openBook(t)
	good := Tune{Rule: "7", Reason: "máy thử", Owner: "an", Expires: start.Add(time.Hour)}
	if _, err := b.Add(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*Tune){
		func(t *Tune) { t.Rule = "" }, func(t *Tune) { t.Reason = " " }, func(t *Tune) { t.Src = "10.0.0.0/99" },
		func(t *Tune) { t.Dst = "nowhere" }, func(t *Tune) { t.Expires = start }, func(t *Tune) { t.Expires = start.AddDate(1, 0, 0) },
	} {
		bad := good
		change(&bad)
		if _, err := b.Add(t.Context(), bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v, want ErrInvalid", bad, err)
		}
	}
}

// TestApply: what a tune covers is closed once, with who and why; what people decide stays; an ended tune closes nothing.
func TestApply(t *testing.T) {
	b, now := openBook(t)
	ctx := context.Background()
	made, err := b.Add(ctx, Tune{Rule: "7", Src: "10.1.0.0/16", Reason: "máy quét của phòng", Owner: "an", Expires: start.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	in, out, other := finding("7", "10.1.2.3", "a.example"), finding("7", "10.9.2.3", "a.example"), finding("8", "10.1.2.3", "a.example")
	apply := func(want int) {
		t.Helper()
		if err := b.store.Write(ctx, []detector.Finding{in, out, other}); err != nil {
			t.Fatal(err)
		}
		keys, err := b.Apply(ctx, []detector.Finding{in, in, out, other})
		if err != nil || len(keys) != want {
			t.Errorf("closed %v, %v; want %d", keys, err, want)
		}
	}
	apply(1)
	tr, err := b.store.Triage(ctx, store.GroupKey(&in))
	if err != nil || tr.Status != store.StatusClosed || tr.Reason != "máy quét của phòng" || tr.History[0].What != "tune:"+made.ID {
		t.Errorf("%+v, %v", tr, err)
	}
	apply(0)
	list, err := b.List(ctx)
	if err != nil || len(list) != 1 || list[0].Hits != 1 || !list[0].LastHit.Equal(start) {
		t.Errorf("%+v, %v", list, err)
	}
	// Opened again by a person: it stays open.
	tr.Status, tr.Verdict = store.StatusNew, ""
	tr.History = append(tr.History, store.Change{Time: start, User: "binh", What: "status:new"})
	if _, err := b.store.PutTriage(ctx, tr); err != nil {
		t.Fatal(err)
	}
	apply(0)
	*now = start.Add(2 * time.Hour)
	in = finding("7", "10.1.7.7", "a.example")
	apply(0)
	if _, err := b.End(ctx, made.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.End(ctx, made.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("ended twice: %v", err)
	}
}
