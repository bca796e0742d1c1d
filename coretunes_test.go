package main

import (
	"io"
	"net/netip"
	"testing"
	"time"

	"khien/console/tune"
	"khien/detector"
	"khien/detector/store"
	"khien/detector/store/intake"
	"khien/detector/store/teststore"
	"khien/detector/trouble"
)

// TestCoreAppliesTunes: what people decide in a console holds for what a core stores, where no console is beside it.
func TestCoreAppliesTunes(t *testing.T) {
	st, err := teststore.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	now := time.Now().UTC().Truncate(time.Millisecond)
	made := tune.New(st, time.Now)
	for _, x := range []tune.Tune{{Rule: "7"}, {Rule: "8", Kind: tune.Severity, Severity: detector.Low}} {
		x.Owner, x.Reason, x.Expires = "an", "máy thử", now.Add(time.Hour)
		if _, err := made.Add(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	teller := &trouble.Teller{Stderr: io.Discard}
	w := intake.New(st, t.TempDir(), teller)
	applyTunes(t.Context(), st, w, teller)
	var fs []detector.Finding
	for _, rule := range []string{"7", "8", "9"} {
		f := detector.Finding{Time: now, Source: detector.FromSignature, Severity: detector.High, Rule: detector.Rule{ID: rule}, SrcIP: netip.MustParseAddr("10.1.2.3"), Count: 1}
		f.Identify()
		fs = append(fs, f)
	}
	if err := w.Findings(t.Context(), fs); err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		status   string
		severity detector.Severity
	}{{store.StatusClosed, detector.High}, {store.StatusNew, detector.Low}, {store.StatusNew, detector.High}} {
		tr, err := st.Triage(t.Context(), store.GroupKey(&fs[i]))
		f, e := st.Get(t.Context(), fs[i].ID)
		if err != nil || e != nil || tr.Status != want.status || f.Severity != want.severity {
			t.Errorf("rule %s: %s, %s (%v, %v), want %+v", fs[i].Rule.ID, tr.Status, f.Severity, err, e, want)
		}
	}
}
