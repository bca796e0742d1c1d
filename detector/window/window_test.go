package window

import (
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	m := New[string, int](10, time.Minute)
	add := func(key string, at time.Duration, want int) {
		t.Helper()
		e := m.At(key, int64(at))
		if e.Value++; e.Value != want {
			t.Errorf("%s at %v: %d, want %d", key, at, e.Value, want)
		}
	}
	add("a", 0, 1)
	add("a", time.Minute, 2)
	add("b", time.Minute, 1)
	add("a", time.Minute+1, 1) // a minute is over
	add("a", time.Minute, 2)   // a little late
	m.At("b", int64(time.Minute)).Held = true
	add("b", 2*time.Minute, 2)
	add("b", 3*time.Minute, 3) // held: less than a minute since the last
	add("b", 4*time.Minute+1, 1)
}

func TestLimit(t *testing.T) {
	m := New[int, int](100, 0)
	for i := range 100_000 {
		if e := m.At(-1, 0); e.Value != i {
			t.Fatalf("the key in use is forgotten at %d", i)
		} else {
			e.Value++
		}
		m.At(i, 0)
		if m.Len() > 100 {
			t.Fatalf("%d keys", m.Len())
		}
	}
}
