package spool

import (
	"testing"
	"time"
)

func TestAges(t *testing.T) {
	start := time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)
	var a ages
	if !a.oldest(1).IsZero() {
		t.Error("nothing has an age")
	}
	for i := range 100 { // ten a second
		a.put(uint64(1+i), start.Add(time.Duration(i)*100*time.Millisecond))
	}
	if len(a) != 10 {
		t.Errorf("%d marks of ten seconds", len(a))
	}
	for _, acked := range []uint64{1, 5, 11, 12, 37, 100} {
		want := start.Add(time.Duration(acked-1) * 100 * time.Millisecond).Truncate(time.Second)
		if got := a.oldest(acked); !got.Equal(want) {
			t.Errorf("record %d is of %v, want %v", acked, got, want)
		}
	}
	a = nil
	for i := range 10 * marksMax { // a backlog of hours
		a.put(uint64(1+i), start.Add(time.Duration(i)*markEvery))
		if len(a) > marksMax {
			t.Fatalf("%d marks", len(a))
		}
	}
	if got := a.oldest(1); !got.Equal(start) {
		t.Errorf("the oldest is of %v, want %v", got, start)
	}
	a = ages{{1, start}}
	a.put(2, start.Add(-time.Hour)) // the clock was put back
	if got := a.oldest(2); !got.Equal(start.Add(-time.Hour)) {
		t.Errorf("after the clock was put back: %v", got)
	}
}

// TestOldestOutlivesARestart: what an earlier process left has an age too.
func TestOldestOutlivesARestart(t *testing.T) {
	c := Config{Dir: t.TempDir(), Readers: map[Class][]string{Findings: {"store"}, Telemetry: {"store"}}}
	for i := range 2 {
		s, err := Open(c)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if o := s.Stats().Findings.Oldest; !o.IsZero() {
				t.Errorf("an empty spool is of %v", o)
			}
			if err := s.Put(Findings, []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		if age := time.Since(s.Stats().Findings.Oldest); age < -2*time.Second || age > time.Minute {
			t.Errorf("start %d: the record is %v old", i, age)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
