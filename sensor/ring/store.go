package ring

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Config says what is kept. Zero fields take the defaults.
type Config struct {
	Dir       string        // the folder, which is made where it is not there
	Quota     int64         // bytes of parts and indexes; 10 GiB when 0
	MaxAge    time.Duration // how long a part is kept after it was written; 0 for as long as Quota has room
	PartBytes int64         // size at which a part is closed; 64 MiB when 0, at most a quarter of Quota
	MinFree   int64         // bytes that others must find free on the file system, else nothing is stored; 512 MiB when 0
	Queue     int64         // bytes that wait for the disk; 32 MiB when 0
	// Plain and Encrypted are how many bytes of a flow are stored: of its whole, and of what follows once it is encrypted.
	// 10 MiB and 64 KiB when 0, all when negative. Packets with SYN, FIN or RST are stored in any case.
	Plain, Encrypted int64
}

// Limits of Config.
const (
	maxPart   = 1 << 30 // offsets in an index are 32-bit counts of four bytes, and a part without an index is read as a whole
	minPart   = 1 << 20
	batchSize = 256 << 10 // bytes that are handed to the writer at once
	minQueue  = 8 * batchSize
)

func (c Config) withDefaults() (Config, error) {
	set := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	set(&c.Quota, 10<<30)
	set(&c.PartBytes, min(64<<20, c.Quota/4))
	set(&c.MinFree, 512<<20)
	set(&c.Queue, 32<<20)
	set(&c.Plain, 10<<20)
	set(&c.Encrypted, 64<<10)
	switch {
	case c.Dir == "":
		return c, errors.New("ring: Dir is not set")
	case c.Quota < 4*minPart:
		return c, fmt.Errorf("ring: Quota %d: at least %d", c.Quota, 4*minPart)
	case c.PartBytes < minPart || c.PartBytes > maxPart || c.PartBytes > c.Quota/4:
		return c, fmt.Errorf("ring: PartBytes %d: from %d to %d and at most a quarter of Quota", c.PartBytes, minPart, maxPart)
	case c.Queue < minQueue:
		return c, fmt.Errorf("ring: Queue %d: at least %d", c.Queue, minQueue)
	case c.MaxAge < 0 || c.MinFree < 0:
		return c, errors.New("ring: MaxAge and MinFree must not be negative")
	}
	return c, nil
}

// Stats counts packets since the store was opened, and what lies in it now.
type Stats struct {
	Stored    uint64 `json:"stored"`     // packets
	Bytes     uint64 `json:"bytes"`      // of stored packets
	Cut       uint64 `json:"cut"`        // packets of flows of which enough was stored
	Dropped   uint64 `json:"dropped"`    // packets that the disk was too slow for
	Full      uint64 `json:"full"`       // packets that found no room on the disk, or that could not be written
	Parts     int    `json:"parts"`      // closed ones
	DiskBytes int64  `json:"disk_bytes"` // of parts and indexes
	Oldest    int64  `json:"oldest"`     // packet time of the oldest part's first packet, nanoseconds since 1970; 0 when empty
	Error     string `json:"error,omitempty"`
}

// Store writes packets. Safe for concurrent use; one process at a time may have a folder open.
type Store struct {
	cfg     Config
	in      chan *batch // as large as there are batches: sending never waits
	free    chan *batch
	done    chan struct{}
	writer  writer
	mu      sync.Mutex // guards what follows
	takers  []*Recorder
	gone    Stats // counts of recorders that were closed
	closed  bool
	written Stats // counts of the writer
}

// batch is packets of one interface as pcapng blocks, whose interface numbers the writer sets.
type batch struct {
	iface ifaceKey
	buf   []byte
	n     int
}

// Open opens a store. Parts that a killed process left are closed: what was written whole is kept.
func Open(cfg Config) (*Store, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("ring: %w", err)
	}
	n := int(cfg.Queue / batchSize)
	s := &Store{cfg: cfg, in: make(chan *batch, n), free: make(chan *batch, n), done: make(chan struct{})}
	for range n {
		s.free <- &batch{} // memory comes with the first use
	}
	s.writer = newWriter(cfg)
	if err := s.writer.recover(); err != nil {
		return nil, err
	}
	s.publish()
	go s.write()
	return s, nil
}

// tidyEvery is how often parts are looked at that have become too old, and the disk when it was full.
const tidyEvery = time.Second

// write is the writer's goroutine.
func (s *Store) write() {
	defer close(s.done)
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		select {
		case b, ok := <-s.in:
			if !ok {
				s.writer.seal()
				s.publish()
				return
			}
			s.writer.store(b)
			s.release(b)
		case now := <-tick.C:
			s.writer.tidy(now)
		}
		s.publish()
	}
}

func (s *Store) release(b *batch) {
	b.buf, b.n = b.buf[:0], 0
	s.free <- b
}

// publish shows the writer's counts to others.
func (s *Store) publish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = s.writer.stats
	if s.writer.f != nil {
		s.written.DiskBytes += s.writer.size
	}
}

// Stats returns the counts.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.written
	out.Cut, out.Dropped = s.gone.Cut, s.gone.Dropped
	for _, r := range s.takers {
		out.Cut += r.cut.Load()
		out.Dropped += r.dropped.Load()
	}
	return out
}

// Dir returns the folder, for Carve.
func (s *Store) Dir() string { return s.cfg.Dir }

// Recorder makes a recorder of the packets of an interface or capture. Close it before the store.
func (s *Store) Recorder(iface string) *Recorder {
	r := &Recorder{store: s, name: iface, secret: map[uint64]uint64{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takers = append(s.takers, r)
	return r
}

// Close writes what waits and closes the part. All recorders must be closed. The error is that of the last write.
func (s *Store) Close() error {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return nil
	}
	close(s.in)
	<-s.done
	return s.writer.err
}

// counter is a count that its owner adds to and others read.
type counter struct{ atomic.Uint64 }
