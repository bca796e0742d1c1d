package detector

import (
	"slices"

	"khien/sensor"
)

// Record is one piece of output with its place among all output of a capture: a finding, an event line, a finding with
// its event line, or a note.
type Record struct {
	Order   sensor.Order
	Finding *Finding // nil for telemetry
	EVE     []byte   // one line of EVE JSON without line end; nil when events are not written
	Note    any      // for the engine's watchers; never given to out
}

// Recorder collects what one worker's detectors find during a round. It is their Sink.
type Recorder struct {
	// Alert renders the EVE line of a finding; nil when events are not written, a nil result when it has none.
	Alert   func(dst []byte, f *Finding, e *sensor.Event) []byte
	records []Record
	arena   []byte
}

// arenaSize is how much text a recorder takes from the allocator at once.
const arenaSize = 256 << 10

// Found takes a finding.
func (r *Recorder) Found(f *Finding, e *sensor.Event) {
	rec := Record{Finding: f}
	if e != nil {
		rec.Order = e.Order
		if r.Alert != nil {
			rec.EVE = r.line(func(dst []byte) []byte { return r.Alert(dst, f, e) })
		}
	}
	r.records = append(r.records, rec)
}

// Note takes a fact that says something only beside others: a connection that failed, a name that was looked up. The engine
// gives those of all workers to its watchers, in order. A note owns its memory.
func (r *Recorder) Note(o sensor.Order, note any) {
	r.records = append(r.records, Record{Order: o, Note: note})
}

// Line takes an event line that render appends.
func (r *Recorder) Line(o sensor.Order, render func(dst []byte) []byte) {
	if line := r.line(render); line != nil {
		r.records = append(r.records, Record{Order: o, EVE: line})
	}
}

// line renders into the arena, so that a line costs no allocation of its own.
func (r *Recorder) line(render func([]byte) []byte) []byte {
	n := len(r.arena)
	out := render(r.arena)
	if len(out) <= n {
		return nil
	}
	if cap(out) != cap(r.arena) || cap(out)-len(out) < arenaSize/8 {
		// The arena was outgrown or is nearly full: leave it to the lines that point into it.
		line := out[n:len(out):len(out)]
		r.arena = make([]byte, 0, arenaSize)
		return line
	}
	r.arena = out
	return out[n:len(out):len(out)]
}

// Take returns what was collected and begins anew. The records are in order.
func (r *Recorder) Take() []Record {
	recs := r.records
	r.records = nil
	if !slices.IsSortedFunc(recs, compareRecords) {
		slices.SortStableFunc(recs, compareRecords)
	}
	return recs
}

func compareRecords(a, b Record) int { return a.Order.Compare(b.Order) }
