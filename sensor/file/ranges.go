package file

import (
	"cmp"
	"slices"

	"khien/sensor"
)

// Limits of joining. A peer can ask for ranges of as many files as it likes and never finish one.
const (
	rangesFile  = 32 << 20 // bytes of a file that is joined
	rangesAll   = 64 << 20 // bytes of all pieces of a worker
	rangesFiles = 1024     // files that are not complete
	rangesParts = 4096     // pieces of one file
)

// RangeOf names the file that a range is of.
type RangeOf struct {
	Client string // address of who asked: others' pieces do not get into its file
	Host   string
	Name   string
	Total  uint64
}

// Ranges joins files that were transferred in ranges (RFC 9110, 14), in any order and over any number of flows of a
// worker. The zero value is ready for use.
type Ranges struct {
	open  map[*sensor.File]*piece
	files map[RangeOf]*ranges
	bytes int
	clock uint64
}

// piece is one range. data is what was transferred so far.
type piece struct {
	start uint64
	data  []byte
}

// ranges is what is there of a file: pieces in order of their starts.
type ranges struct {
	pieces []piece
	used   uint64 // clock of the latest piece
	bytes  int
}

// Reset forgets everything.
func (r *Ranges) Reset() { *r = Ranges{} }

// wanted reports whether a file is a piece of one that can be joined.
func wanted(f *sensor.File) bool {
	n := f.End - f.Start + 1
	return f.Total > 0 && f.Total <= rangesFile && f.Start <= f.End && f.End < f.Total && n < f.Total
}

// Write takes bytes of an open file.
func (r *Ranges) Write(f *sensor.File, data []byte) {
	if !wanted(f) {
		return
	}
	p := r.open[f]
	if p == nil {
		if r.open == nil {
			r.open = map[*sensor.File]*piece{}
		}
		p = &piece{start: f.Start}
		r.open[f] = p
	}
	if uint64(len(p.data)+len(data)) > f.End-f.Start+1 || !r.room(len(data)) {
		r.drop(f) // more than was announced, or too much of all: its beginning is of no use
		return
	}
	r.bytes += len(data)
	p.data = append(p.data, data...)
}

// drop forgets an open piece and takes no more of it.
func (r *Ranges) drop(f *sensor.File) {
	r.bytes -= len(r.open[f].data)
	delete(r.open, f)
	f.Total = 0
}

// room makes room for n bytes: the files that have waited longest for another piece go first.
func (r *Ranges) room(n int) bool {
	for r.bytes+n > rangesAll && len(r.files) > 0 {
		r.forgetOldest()
	}
	return r.bytes+n <= rangesAll
}

func (r *Ranges) forgetOldest() {
	var oldest RangeOf
	var at *ranges
	for k, x := range r.files {
		if at == nil || x.used < at.used {
			oldest, at = k, x
		}
	}
	r.bytes -= at.bytes
	delete(r.files, oldest)
}

// Close ends a piece. When it was the last that was missing, the whole file is returned.
func (r *Ranges) Close(f *sensor.File, of RangeOf) []byte {
	p := r.open[f]
	if p == nil {
		return nil
	}
	delete(r.open, f)
	x := r.files[of]
	if f.State != sensor.FileClosed || uint64(len(p.data)) != f.End-f.Start+1 ||
		x != nil && (len(x.pieces) >= rangesParts || x.covers(f.Start, f.End)) {
		r.bytes -= len(p.data)
		return nil
	}
	if x == nil {
		if r.files == nil {
			r.files = map[RangeOf]*ranges{}
		}
		if len(r.files) >= rangesFiles {
			r.forgetOldest()
		}
		x = &ranges{}
		r.files[of] = x
	}
	r.clock++
	x.used = r.clock
	x.bytes += len(p.data)
	at, _ := slices.BinarySearchFunc(x.pieces, p.start, func(q piece, start uint64) int { return cmp.Compare(q.start, start) })
	for at < len(x.pieces) && x.pieces[at].start == p.start {
		at++ // what came first counts where pieces overlap
	}
	x.pieces = slices.Insert(x.pieces, at, *p)
	whole := x.join(of.Total)
	if whole != nil {
		r.bytes -= x.bytes
		delete(r.files, of)
	}
	return whole
}

// covers reports whether the bytes from start to end are there.
func (x *ranges) covers(start, end uint64) bool {
	for _, p := range x.pieces {
		if p.start > start {
			return false
		}
		if start = max(start, p.start+uint64(len(p.data))); start > end {
			return true
		}
	}
	return false
}

// join returns the file when its pieces leave no gap.
func (x *ranges) join(total uint64) []byte {
	end := uint64(0)
	for _, p := range x.pieces {
		if p.start > end {
			return nil
		}
		end = max(end, p.start+uint64(len(p.data)))
	}
	if end < total {
		return nil
	}
	out := make([]byte, 0, total)
	for _, p := range x.pieces {
		if have := uint64(len(out)); p.start+uint64(len(p.data)) > have {
			out = append(out, p.data[have-p.start:]...)
		}
	}
	return out
}
