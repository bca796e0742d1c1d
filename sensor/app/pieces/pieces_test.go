package pieces

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"khien/sensor"
	"khien/sensor/app/apptest"
)

// open begins a file of a flow.
func open() (*apptest.Log, *Content) {
	l := apptest.NewLog(6, 445)
	return l, &Content{File: l.OpenFile(nil, sensor.ToServer, []byte("a"))}
}

// TestAnyOrder: pieces in any order, some of them twice and overlapping, give the file.
func TestAnyOrder(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		want := make([]byte, 1+r.IntN(4000))
		for i := range want {
			want[i] = byte(i >> 3)
		}
		var cuts [][2]int
		for at := 0; at < len(want); {
			end := min(len(want), at+1+r.IntN(200))
			cuts = append(cuts, [2]int{max(0, at-r.IntN(20)), end})
			at = end
		}
		for i := range cuts { // no farther from its place than may wait
			j := min(len(cuts)-1, i+r.IntN(Max/2))
			cuts[i], cuts[j] = cuts[j], cuts[i]
		}
		l, c := open()
		grew := false
		for _, cut := range cuts {
			grew = c.Write(l, uint64(cut[0]), want[cut[0]:cut[1]]) || grew
		}
		c.Close(l)
		if got := l.Contents[c.File]; !bytes.Equal(got, want) || c.Gaps || !grew {
			t.Fatalf("seed %d: %d of %d bytes, gaps %v", seed, len(got), len(want), c.Gaps)
		}
	}
}

// TestFirstBytesCount: what comes again changes nothing.
func TestFirstBytesCount(t *testing.T) {
	l, c := open()
	for _, w := range []struct {
		offset uint64
		data   string
		grew   bool
	}{{0, "abc", true}, {1, "XXX", true}, {0, "XXXX", false}, {2, "", false}, {1<<64 - 2, "abc", false}, {4, "e", true}} {
		if grew := c.Write(l, w.offset, []byte(w.data)); grew != w.grew {
			t.Errorf("%q at %d: grew %v", w.data, w.offset, grew)
		}
	}
	if got := string(l.Contents[c.File]); got != "abcXe" {
		t.Errorf("%q", got)
	}
}

// TestLimits: what waits stays within the limits, and what is missing is told.
func TestLimits(t *testing.T) {
	for _, x := range [][2]int{{1, 500}, {Bytes / 4, 20}, {Bytes + 1, 5}} {
		size, n := x[0], x[1]
		l, c := open()
		data := make([]byte, size)
		for i := range uint64(n) {
			c.Write(l, 5000+2*i*uint64(size), data)
			if len(c.waiting) > Max || c.held > Bytes {
				t.Fatalf("%d pieces, %d bytes wait", len(c.waiting), c.held)
			}
		}
		c.Close(l)
		if c.held != 0 || !c.Gaps || len(l.Contents[c.File]) != n*size {
			t.Errorf("%d bytes of pieces of %d, %d held, gaps %v", len(l.Contents[c.File]), size, c.held, c.Gaps)
		}
	}
}
