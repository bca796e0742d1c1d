package main

import (
	"context"
	"sync"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// sinkDelay is how long a finding may wait for others before it is stored and shown.
const sinkDelay = 200 * time.Millisecond

// sinkWriter stores findings in batches and tells the console about them once they are durable. Safe for concurrent use.
type sinkWriter struct {
	store  store.Store
	notify func([]detector.Finding)
	mu     sync.Mutex
	room   *sync.Cond // signalled when the queue has been taken
	queue  []detector.Finding
	wake   chan struct{}
	done   chan struct{}
	err    error // of the latest write
	ended  bool
	stored uint64 // findings written
	waited uint64 // findings that had to wait for room
}

// retryDelay is the pause after a store has refused a write.
const retryDelay = time.Second

// queueMax is how many findings may wait; a store that is slower than detection slows detection down, and loses nothing.
const queueMax = 20_000

func newSinkWriter(st store.Store, notify func([]detector.Finding)) *sinkWriter {
	s := &sinkWriter{store: st, notify: notify, wake: make(chan struct{}, 1), done: make(chan struct{})}
	s.room = sync.NewCond(&s.mu)
	go s.loop()
	return s
}

// record takes a record of the engine.
func (s *sinkWriter) record(r detector.Record) {
	if r.Finding == nil {
		return
	}
	s.mu.Lock()
	if len(s.queue) >= queueMax && !s.ended {
		s.waited++
	}
	for len(s.queue) >= queueMax && !s.ended {
		s.room.Wait()
	}
	s.queue = append(s.queue, *r.Finding)
	n := len(s.queue)
	s.mu.Unlock()
	if n >= storeBatch {
		s.poke()
	}
}

// counts returns how many findings were stored, and for how many detection had to wait.
func (s *sinkWriter) counts() (stored, waited uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stored, s.waited
}

func (s *sinkWriter) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *sinkWriter) loop() {
	defer close(s.done)
	tick := time.NewTicker(sinkDelay)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.wake:
		}
		s.mu.Lock()
		batch, ended := s.queue, s.ended
		s.queue = nil
		if len(batch) > 0 {
			s.room.Broadcast()
		}
		s.mu.Unlock()
		err := s.write(batch)
		if err != nil && !ended {
			time.Sleep(retryDelay) // a full disk may be emptied; meanwhile the queue fills and detection waits
		}
		if ended {
			return
		}
	}
}

// write stores a batch and puts what could not be stored back.
func (s *sinkWriter) write(batch []detector.Finding) error {
	for len(batch) > 0 {
		n := min(len(batch), storeBatch)
		if err := s.store.Write(context.Background(), batch[:n]); err != nil {
			s.mu.Lock()
			s.queue = append(batch, s.queue...)
			s.err = err
			s.mu.Unlock()
			return err
		}
		s.mu.Lock()
		s.stored += uint64(n)
		s.mu.Unlock()
		s.notify(batch[:n])
		batch = batch[n:]
	}
	s.mu.Lock()
	s.err = nil
	s.mu.Unlock()
	return nil
}

// close stores what is left and returns the error of the last write.
func (s *sinkWriter) close() error {
	s.mu.Lock()
	s.ended = true
	s.room.Broadcast()
	s.mu.Unlock()
	s.poke()
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
