package tune

import (
	"fmt"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// TestThreshold: a group stays closed until there are enough findings within the time, then it is open, and stays so.
func TestThreshold(t *testing.T) {
	b, _ := openBook(t)
	ctx := t.Context()
	if _, err := b.Add(ctx, Tune{Rule: "7", Kind: Threshold, Count: 3, Hours: 1, Reason: "một lần không đáng lo", Owner: "an", Expires: start.Add(24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	f := finding("7", "10.1.2.3", "a.example")
	key := store.GroupKey(&f)
	at := func(after time.Duration, want string, closed int) {
		t.Helper()
		f.Time = start.Add(after)
		f.Identify(fmt.Sprint(after))
		if err := b.store.Write(ctx, []detector.Finding{f}); err != nil {
			t.Fatal(err)
		}
		keys, err := b.Apply(ctx, []detector.Finding{f})
		tr, e := b.store.Triage(ctx, key)
		if err != nil || e != nil || tr.Status != want || len(keys) != closed {
			t.Errorf("after %s: %s (%v, %v), closed %d; want %s, %d", after, tr.Status, err, e, len(keys), want, closed)
		}
	}
	at(0, store.StatusClosed, 1)
	at(40*time.Minute, store.StatusClosed, 0)
	at(80*time.Minute, store.StatusClosed, 0) // two within the hour before
	at(90*time.Minute, store.StatusNew, 0)
	at(6*time.Hour, store.StatusNew, 0)
	tr, err := b.store.Triage(ctx, key)
	if err != nil || tr.Verdict != "" || tr.Reason != "" {
		t.Errorf("%+v, %v", tr, err)
	}
}

// TestChange: a severity is changed once, with who and why; what no tune speaks of stays.
func TestChange(t *testing.T) {
	b, _ := openBook(t)
	ctx := t.Context()
	if _, err := b.Add(ctx, Tune{Rule: "7", Kind: Severity, Severity: detector.Low, Src: "10.1.0.0/16", Reason: "mạng thử nghiệm", Owner: "an", Expires: start.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	fs := []detector.Finding{finding("7", "10.1.2.3", ""), finding("7", "10.9.2.3", ""), finding("8", "10.1.2.3", "")}
	for range 2 {
		if err := b.Change(ctx, fs); err != nil {
			t.Fatal(err)
		}
	}
	if fs[0].Severity != detector.Low || len(fs[0].Reasons) != 1 || fs[0].Reasons[0].VI != "mức độ do an đổi từ Trung bình thành Thấp: mạng thử nghiệm" {
		t.Errorf("%+v", fs[0])
	}
	for _, f := range fs[1:] {
		if f.Severity != detector.Medium || len(f.Reasons) != 0 {
			t.Errorf("%+v", f)
		}
	}
	if keys, err := b.Apply(ctx, fs); err != nil || len(keys) != 0 {
		t.Errorf("closed %v, %v", keys, err)
	}
	if list, err := b.List(ctx); err != nil || list[0].Hits != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestReached(t *testing.T) {
	tune := Tune{Kind: Threshold, Count: 2, Hours: 1}
	for want, times := range map[bool][]time.Time{false: {start, start.Add(61 * time.Minute)}, true: {start, start.Add(2 * time.Hour), start.Add(3 * time.Hour)}} {
		if tune.Reached(times) != want {
			t.Errorf("%v: not %v", times, want)
		}
	}
}

func TestKindRefused(t *testing.T) {
	for _, bad := range []Tune{{Kind: "x"}, {Kind: Threshold, Count: 1, Hours: 1}, {Kind: Threshold, Count: 2}, {Kind: Threshold, Count: countMax + 1, Hours: 1},
		{Kind: Severity}, {Kind: Severity, Severity: 5}, {Count: 3}, {Severity: detector.Low}} {
		bad.Rule, bad.Reason, bad.Expires = "7", "r", start.Add(time.Hour)
		if bad.Validate(start) == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
