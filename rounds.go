package main

import (
	"errors"
	"slices"
	"sync"
)

// rounds lets all workers of a pipeline take other rules at the same place of the capture: the end of one round. A round
// ends at the same packet for all workers, but not at the same time; so an offer is for the first round that no worker has
// finished. Safe for concurrent use.
type rounds struct {
	mu     sync.Mutex
	done   []uint64 // rounds that each worker has finished
	offers []*offer // those that not all workers have taken, in order
	ended  bool
}

// offer is a detection that workers take when they have finished round at.
type offer struct {
	det   *detection
	at    uint64
	left  int // workers that have not taken it
	err   error
	taken chan struct{} // closed when all have, or the pipeline has ended
}

func newRounds(workers int) *rounds { return &rounds{done: make([]uint64, workers)} }

// offer makes the workers take d. They have when taken is closed; then err may be read.
func (r *rounds) offer(d *detection) *offer {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := &offer{det: d, at: slices.Max(r.done) + 1, left: len(r.done), taken: make(chan struct{})}
	if r.ended {
		close(o.taken)
		return o
	}
	r.offers = append(r.offers, o)
	return o
}

// roundDone is called on a worker's goroutine when it has finished a round. swap is called with what it has to take.
func (r *rounds) roundDone(worker int, swap func(*detection) error) {
	r.mu.Lock()
	r.done[worker]++
	var take []*offer // nil but for a few rounds in the life of a process
	for _, o := range r.offers {
		if o.at == r.done[worker] {
			take = append(take, o)
		}
	}
	r.mu.Unlock()
	for _, o := range take {
		err := swap(o.det)
		r.mu.Lock()
		o.err = errors.Join(o.err, err)
		if o.left--; o.left == 0 {
			r.offers = slices.DeleteFunc(r.offers, func(x *offer) bool { return x == o })
			close(o.taken)
		}
		r.mu.Unlock()
	}
}

// end tells that the workers have stopped: nobody waits for them.
func (r *rounds) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	for _, o := range r.offers {
		close(o.taken)
	}
	r.offers = nil
}
