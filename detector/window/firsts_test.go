package window

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"
)

func TestFirsts(t *testing.T) {
	f := NewFirsts(1)
	defer f.Close()
	key := []byte("vneid.example")
	if _, ok := f.Lookup(key); ok {
		t.Error("an empty memory knows a key")
	}
	f.See(key, 1, 1000)
	f.See(key, 1, 1060)
	if got, want := f.See(key, 2, 900), (Seen{First: 900, Last: 1060, Peers: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for p := range uint64(100) {
		f.See(key, p, 1000)
	}
	if got, _ := f.Lookup(key); got.Peers != MaxPeers {
		t.Errorf("%d peers, want %d", got.Peers, MaxPeers)
	}
	dir := filepath.Join(t.TempDir(), "firsts")
	if err := f.Save(dir); err != nil {
		t.Fatal(err)
	}
	again := OpenFirsts(dir, 1)
	defer again.Close()
	a, _ := f.Lookup(key)
	if b, ok := again.Lookup(key); !ok || a != b {
		t.Errorf("read back %+v, want %+v", b, a)
	}
}

// TestFirstsConcurrent: no sighting is lost when many see the same keys, and order does not matter.
func TestFirstsConcurrent(t *testing.T) {
	f := NewFirsts(1)
	defer f.Close()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				f.See(fmt.Appendf(nil, "name%d", i%100), uint64(g), int64(1000+i*4+g))
			}
		})
	}
	wg.Wait()
	for i := range 100 {
		if s, ok := f.Lookup(fmt.Appendf(nil, "name%d", i)); !ok || s.Peers != 4 || s.First != int64(1000+i*4) || s.Last != int64(1000+(i+1900)*4+3) {
			t.Fatalf("name%d: %+v, %v", i, s, ok)
		}
	}
}

func TestFirstsForgetWhenFull(t *testing.T) {
	f := NewFirsts(1)
	defer f.Close()
	const n = 1_000_000 // about 45 MB of records in 32 MiB
	for i := range n {
		f.See(fmt.Appendf(nil, "name%020d", i), 1, 1000)
	}
	if _, ok := f.Lookup(fmt.Appendf(nil, "name%020d", 0)); ok {
		t.Error("the oldest of so many names is still there: is the memory bounded?")
	}
	if _, ok := f.Lookup(fmt.Appendf(nil, "name%020d", n-1)); !ok {
		t.Error("the latest name was forgotten")
	}
	if got := testing.AllocsPerRun(1000, func() { f.See([]byte("name"), 1, 1000) }); got != 0 {
		t.Errorf("%v allocations a sighting", got)
	}
}

func TestGetAndSet(t *testing.T) {
	r := New[int, string](100, 0)
	for i := range 1000 {
		r.Set(i, "x")
		r.Get(0)
		if r.Len() > 100 {
			t.Fatalf("%d keys after %d", r.Len(), i)
		}
	}
	if _, ok := r.Get(0); !ok {
		t.Error("a key that is asked for all the time was forgotten")
	}
	if _, ok := r.Get(1); ok {
		t.Error("an old key is still there")
	}
	n := 0
	r.All(func(int, string) { n++ })
	if n != r.Len() {
		t.Errorf("All gives %d of %d", n, r.Len())
	}
	r.Delete(999)
	if _, ok := r.Get(999); ok {
		t.Error("a deleted key is there")
	}
}

func TestCounter(t *testing.T) {
	c := Counter{Width: int64(time.Minute)}
	at := func(s int) int64 { return int64(s) * int64(time.Second) }
	f := func(s int, value uint64, count, distinct int) {
		t.Helper()
		if n, d := c.Add(at(s), value); n != count || d != distinct {
			t.Errorf("at %d s: %d and %d, want %d and %d", s, n, d, count, distinct)
		}
	}
	f(1000, 1, 1, 1)
	f(1001, 1, 2, 1)
	f(1030, 2, 3, 2)
	f(1010, 2, 4, 2) // late, still in the window
	text, err := json.Marshal(&c)
	if err != nil {
		t.Fatal(err)
	}
	var back Counter
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, c) {
		t.Errorf("read back %+v, %v; want %+v", back, err, c)
	}
	f(1080, 3, 2, 2) // the first three are over
	f(9000, 4, 1, 1)
	for i := range uint64(1000) {
		c.Add(at(9001), i)
	}
	if n, d := c.Add(at(9001), 5); n != 1002 || d != MaxDistinct {
		t.Errorf("%d and %d, want 1002 and %d", n, d, MaxDistinct)
	}
	c.Clear()
	f(9002, 1, 1, 1)
}
