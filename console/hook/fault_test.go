package hook_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"khien/console/hook"
	"khien/console/hook/hooktest"
	"khien/detector"
)

func alarmed(d *hooktest.Desk, key string) bool {
	return slices.ContainsFunc(d.Status().Alarms, func(a hook.Alarm) bool { return a.Key == key })
}

// TestStoreDown: lists go on as they are and end as they must; nothing can be changed, except that all can be let go.
func TestStoreDown(t *testing.T) {
	d := hooktest.New(t, "")
	d.MustBlock("a.example", time.Hour)
	d.MustBlock("b.example", 2*time.Hour)
	d.Shelf.SetDown(true)
	if _, err := d.Propose(t.Context(), hook.Proposal{Value: "c.example", User: "an", Reason: detector.Text{VI: "x"}}); !errors.Is(err, hooktest.ErrDown) {
		t.Errorf("propose: %v", err)
	}
	wantValues(t, d, "a.example", "b.example")
	d.Restart() // still down
	wantValues(t, d, "a.example", "b.example")
	if !alarmed(d, "store") {
		t.Error("no alarm")
	}
	d.Clock.Pass(time.Hour)
	wantValues(t, d, "b.example")
	if err := d.Tick(t.Context()); !errors.Is(err, hooktest.ErrDown) {
		t.Errorf("tick: %v", err)
	}
	if err := d.Kill(t.Context(), "an", "x"); !errors.Is(err, hooktest.ErrDown) {
		t.Errorf("kill says that it could not be kept: %v", err)
	}
	wantValues(t, d)
	d.Shelf.SetDown(false)
	if err := d.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantValues(t, d, "b.example") // the switch was never kept: what the store says counts again
	if alarmed(d, "store") || d.Status().States[hook.Expired] != 1 {
		t.Errorf("%+v", d.Status())
	}
}

// TestStoreLosesDecisions: what is in force is restored from the list, with an alarm.
func TestStoreLosesDecisions(t *testing.T) {
	for _, lose := range []int{3, 10} {
		d := hooktest.New(t, "")
		for i := range 10 {
			d.MustBlock(fmt.Sprintf("n%d.example", i), time.Hour)
		}
		if n := d.Shelf.Lose("decision", lose); n != lose {
			t.Fatal(n)
		}
		d.Restart()
		if got := d.Values(all); len(got) != 10 || !alarmed(d, "lost") {
			t.Errorf("lost %d: %d served, alarms %+v", lose, len(got), d.Status().Alarms)
		}
		d.Clock.Pass(time.Hour)
		wantValues(t, d)
	}
}

func TestBrokenJournal(t *testing.T) {
	d := hooktest.New(t, "")
	d.MustBlock("a.example", time.Hour)
	d.MustBlock("b.example", time.Hour)
	path := filepath.Join(d.Dir, "lists.jsonl")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range [][]byte{b[:len(b)-10], b[:5], nil, []byte("{}\nnull\n"), []byte(`{"version":1,"added":[null]}` + "\n")} {
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		d.Restart()
		wantValues(t, d, "a.example", "b.example")
	}
}

// TestRestartInTheMiddle: a process that ends between any two writes to the store leaves a decision whole, before or after
// its change, and a history that says so.
func TestRestartInTheMiddle(t *testing.T) {
	d := hooktest.New(t, "")
	x := d.MustPropose("a.example", time.Hour)
	h := d.Hist
	h.Close() // the document can be written, its event cannot
	if _, err := d.Approve(t.Context(), x.ID, "binh", false); err == nil {
		t.Fatal("approved without a history")
	}
	d.Restart()
	wantValues(t, d, "a.example")
	events, _, err := d.Hist.Read(hook.Cursor{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(events, func(e hook.Event) bool { return e.Object == x.ID && e.Type == "decision.active" }) {
		t.Errorf("%+v", events)
	}
}

// TestClockJump: a clock that is set wrong neither ends nor prolongs anything.
func TestClockJump(t *testing.T) {
	for _, jump := range []time.Duration{365 * 24 * time.Hour, -365 * 24 * time.Hour, 3 * time.Minute, -3 * time.Minute} {
		d := hooktest.New(t, "")
		d.MustBlock("a.example", time.Hour)
		d.MustBlock("b.example", 3*time.Hour)
		d.Clock.Pass(30 * time.Minute)
		d.Clock.Jump(jump)
		if err := d.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantValues(t, d, "a.example", "b.example")
		if !alarmed(d, "clock") {
			t.Errorf("%v: no alarm", jump)
		}
		d.Clock.Pass(30 * time.Minute)
		if err := d.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantValues(t, d, "b.example")
		d.Clock.Jump(-jump)
		if err := d.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantValues(t, d, "b.example")
		if alarmed(d, "clock") {
			t.Errorf("%v: still alarmed", jump)
		}
		// Time does not go back over a restart either.
		d.Clock.Jump(-24 * time.Hour)
		d.Restart()
		d.Clock.Pass(2 * time.Hour)
		wantValues(t, d)
	}
}

// TestShrinkIsHeld: a list that loses what nobody ended is not served until a person accepts it.
func TestShrinkIsHeld(t *testing.T) {
	d := hooktest.New(t, "")
	for i := range 10 {
		d.MustBlock(fmt.Sprintf("n%d.example", i), time.Hour)
	}
	d.LoseActive(4)
	d.MustBlock("new.example", time.Hour)
	if got := d.Values(all); len(got) != 10 || !alarmed(d, "shrink") || !d.Status().Held {
		t.Errorf("%d served, %+v", len(got), d.Status().Alarms)
	}
	if err := d.Accept("an"); err != nil {
		t.Fatal(err)
	}
	if got := d.Values(all); len(got) != 7 || alarmed(d, "shrink") {
		t.Errorf("accepted: %v", got)
	}
	if err := d.Accept("an"); !errors.Is(err, hook.ErrState) {
		t.Errorf("twice: %v", err)
	}
}

// TestManyDecisions: 100,000 decisions open, serve, restart and end.
func TestManyDecisions(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 100,000 decisions: run without -short")
	}
	const n = 100_000
	d := hooktest.New(t, "")
	d.Fill(n, time.Hour)
	if got := d.Status(); got.Entries != n || len(got.Alarms) != 0 {
		t.Fatalf("%+v", got)
	}
	start := time.Now()
	d.MustBlock("one-more.example", time.Hour)
	took := time.Since(start)
	d.Restart()
	if got := d.Status().Entries; got != n+1 {
		t.Fatalf("after a restart: %d", got)
	}
	t.Logf("%d decisions: one more took %v", n, took)
	d.Clock.Pass(time.Hour)
	if got := d.Values(all); len(got) != 0 {
		t.Errorf("%d entries outlive their end", len(got))
	}
	for range 3 {
		if err := d.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.Status().States[hook.Expired]; got != 3000 {
		t.Errorf("%d written down in three ticks", got)
	}
}
