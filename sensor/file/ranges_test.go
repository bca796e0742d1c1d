package file

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"khien/sensor"
)

// rangeOf transfers bytes start to end of whole, in steps, and returns what was joined.
func rangeOf(r *Ranges, whole []byte, start, end int, of RangeOf) []byte {
	f := &sensor.File{Start: uint64(start), End: uint64(end), Total: uint64(len(whole)), State: sensor.FileClosed}
	step := max(300, (end-start)/4)
	for at := start; at <= end; at += step {
		r.Write(f, whole[at:min(at+step, end+1)])
	}
	return r.Close(f, of)
}

// TestRanges joins pieces in any order, with overlaps and repetitions, against the file that they are of.
func TestRanges(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		whole := make([]byte, 1+rnd.IntN(3000))
		for i := range whole {
			whole[i] = byte(rnd.Uint32())
		}
		var r Ranges
		of := RangeOf{Client: "c", Host: "h", Name: "n", Total: uint64(len(whole))}
		have := make([]bool, len(whole))
		missing := len(whole)
		for range 10_000 {
			if missing == 0 {
				break
			}
			start := rnd.IntN(len(whole))
			end := start + rnd.IntN(min(len(whole)-start, 1500))
			if end-start+1 == len(whole) {
				break // a file of its own
			}
			got := rangeOf(&r, whole, start, end, of)
			for i := start; i <= end; i++ {
				if !have[i] {
					have[i], missing = true, missing-1
				}
			}
			if (missing == 0) != (got != nil) || got != nil && !bytes.Equal(got, whole) {
				t.Fatalf("round %d: %d bytes with %d missing", round, len(got), missing)
			}
		}
		if missing == 0 && (r.bytes != 0 || len(r.files) != 0 || len(r.open) != 0) {
			t.Fatalf("round %d: %d bytes are kept", round, r.bytes)
		}
	}
}

func TestRangesApart(t *testing.T) {
	var r Ranges
	whole := []byte("0123456789")
	one := RangeOf{Client: "a", Host: "h", Name: "n", Total: 10}
	other := one
	other.Client = "b"
	if rangeOf(&r, whole, 0, 4, one) != nil || rangeOf(&r, whole, 5, 9, other) != nil {
		t.Error("pieces of two clients were joined")
	}
	if got := rangeOf(&r, whole, 5, 9, one); string(got) != "0123456789" {
		t.Errorf("joined %q", got)
	}
	// What is not a piece of a file that can be joined.
	f := func(what string, x *sensor.File, data string) {
		t.Helper()
		before := r.bytes
		x.State = sensor.FileClosed
		r.Write(x, []byte(data))
		if got := r.Close(x, one); got != nil || r.bytes != before {
			t.Errorf("%s: %q, %d bytes kept", what, got, r.bytes-before)
		}
	}
	f("no range", &sensor.File{}, "abc")
	f("a whole file", &sensor.File{End: 9, Total: 10}, "0123456789")
	f("more than announced", &sensor.File{Start: 2, End: 3, Total: 10}, "abcdef")
	f("less than announced", &sensor.File{Start: 2, End: 7, Total: 10}, "ab")
	f("behind the end", &sensor.File{Start: 2, End: 12, Total: 10}, "0123456789a")
	f("too large", &sensor.File{Start: 0, End: 2, Total: rangesFile + 1}, "abc")
}

// TestRangesLimits reaches every limit.
func TestRangesLimits(t *testing.T) {
	var r Ranges
	small := []byte("0123456789")
	for i := range 2 * rangesFiles {
		rangeOf(&r, small, 0, 4, RangeOf{Name: fmt.Sprint(i), Total: 10})
	}
	if len(r.files) > rangesFiles || r.bytes > 5*rangesFiles {
		t.Errorf("%d files, %d bytes", len(r.files), r.bytes)
	}
	sparse := make([]byte, 3*rangesParts)
	x := RangeOf{Name: "x", Total: uint64(len(sparse))}
	for i := range rangesParts + 10 {
		rangeOf(&r, sparse, 2*i, 2*i, x)
	}
	if n := len(r.files[x].pieces); n != rangesParts {
		t.Errorf("%d pieces", n)
	}
	large := make([]byte, rangesFile)
	for i := range 5 {
		rangeOf(&r, large, 0, len(large)-2, RangeOf{Name: fmt.Sprint("large", i), Total: uint64(len(large))})
		if r.bytes > rangesAll {
			t.Fatalf("%d bytes", r.bytes)
		}
	}
	var open []*sensor.File
	for range 5 { // that never end
		f := &sensor.File{Start: 1, End: uint64(len(large)) - 1, Total: uint64(len(large))}
		r.Write(f, large[1:])
		open = append(open, f)
	}
	if r.bytes > rangesAll {
		t.Errorf("%d bytes", r.bytes)
	}
	for _, f := range open {
		r.Close(f, RangeOf{})
	}
	for _, x := range r.files {
		r.bytes -= x.bytes
	}
	if r.bytes != 0 {
		t.Errorf("%d bytes are counted that are not there", r.bytes)
	}
}
