package detector

import (
	"slices"
	"sync"
)

// Engine puts the output of all workers into one order, applies what needs memory beyond a flow, and hands the rest on.
// The same capture gives the same output with any number of workers.
type Engine struct {
	workers []*Recorder
	queues  [][][]Record // rounds of each worker that wait for the others
	mu      *sync.Mutex
	after   []func(*Finding) []*Finding
	watch   []func(note any) []*Finding
	out     func(Record)
	passed  uint64
	dropped uint64
}

// NewEngine makes an engine for n workers. Each record that passes is given to out, in order and never concurrently.
// A stage of after sees every finding that passed and may return further ones, which are given to out behind it.
func NewEngine(n int, out func(Record), after ...func(*Finding) []*Finding) *Engine {
	e := &Engine{out: out, after: after, mu: new(sync.Mutex), queues: make([][][]Record, n)}
	for range n {
		e.workers = append(e.workers, &Recorder{})
	}
	return e
}

// Watch gives f every note, in order and never concurrently; what it returns is handled as if a worker had found it there.
// It has to be called before the first RoundDone.
func (e *Engine) Watch(f func(note any) []*Finding) { e.watch = append(e.watch, f) }

// ShareLock makes e and o hand on records one at a time, not only each by itself: what their findings' Post and their
// stages remember may then be common to both. It has to be called before the first RoundDone.
func (e *Engine) ShareLock(o *Engine) { e.mu = o.mu }

// Recorder returns the recorder of a worker.
func (e *Engine) Recorder(worker int) *Recorder { return e.workers[worker] }

// RoundDone takes what a worker has recorded in a round. When all have delivered theirs it is put in order and handed on.
func (e *Engine) RoundDone(worker int) {
	recs := e.workers[worker].Take()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queues[worker] = append(e.queues[worker], recs)
	for e.complete() {
		var all []Record
		for i, q := range e.queues {
			all = append(all, q[0]...)
			q[0] = nil
			e.queues[i] = q[1:]
		}
		if len(e.queues) > 1 {
			slices.SortStableFunc(all, compareRecords)
		}
		for i := range all {
			e.hand(all[i])
		}
	}
}

func (e *Engine) complete() bool {
	for _, q := range e.queues {
		if len(q) == 0 {
			return false
		}
	}
	return true
}

func (e *Engine) hand(r Record) {
	if r.Note != nil {
		for _, w := range e.watch {
			for _, f := range w(r.Note) {
				e.hand(Record{Order: r.Order, Finding: f})
			}
		}
		return
	}
	f := r.Finding
	if f == nil {
		e.out(r)
		return
	}
	if f.Post != nil && !f.Post.Pass(f) {
		e.dropped++
		return
	}
	e.passed++
	e.out(r)
	for _, stage := range e.after {
		for _, g := range stage(f) {
			e.out(Record{Order: r.Order, Finding: g})
		}
	}
}

// Counts returns how many findings were handed on and how many a Post held back.
func (e *Engine) Counts() (passed, held uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.passed, e.dropped
}
