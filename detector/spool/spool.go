// Package spool keeps records on disk between the process that makes them and the places that take them: a store, a bus,
// an output. Records come in through Put and go out through a Reader for each place, in the order in which they came in;
// a record that was read but not acknowledged is read again after a restart, so that whoever takes them has to bear
// repeats (findings and events carry ids for that).
//
// There are two lanes. Findings are synced to the disk, many at once, before any reader sees them. Telemetry is written
// without a sync of its own and makes room when the quota is full: its oldest segment goes first, and what goes is counted.
// When only findings are left and the quota is still full, Put of a finding waits until readers have acknowledged some, and
// Put of telemetry drops it.
//
// Readers may also be followers: nobody waits for them. What only followers have not acknowledged has a quota of its own;
// when that is full, the oldest telemetry in it goes first, and only when there is none the oldest findings. What goes is
// counted for each follower that lacks it. Nothing else is ever dropped.
//
// A payload given to Put is copied; the payloads that Next returns belong to the caller.
package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Class says what a record is worth when there is no room.
type Class int

// The lanes of a spool.
const (
	Findings Class = iota
	Telemetry
	classes
)

func (c Class) String() string { return [...]string{"findings", "telemetry"}[c] }

// Limits.
const (
	RecordMax  = 8 << 20  // bytes of a payload
	bufferMax  = 16 << 20 // bytes of a lane that wait for the disk
	segmentMin = 4 << 10
)

// Errors that callers branch on.
var (
	ErrClosed  = errors.New("spool: closed")
	ErrTooLong = fmt.Errorf("spool: a record of more than %d bytes", RecordMax)
)

// Config says where a spool lies and how much it may take. Dir is required, and a reader for each lane that is used.
type Config struct {
	Dir          string
	Quota        int64 // bytes of all segments, 1 GiB when 0
	SegmentBytes int64 // after which a segment is closed, 16 MiB (at most an eighth of the quota) when 0
	// Readers are the names of those who read a lane. A record stays until all have acknowledged it. What a name that is no
	// longer here has not read is forgotten.
	Readers map[Class][]string
	// Followers are the names of readers that nobody waits for. FollowQuota is how many bytes of segments may wait for them
	// alone, beside Quota; 1 GiB when 0.
	Followers   map[Class][]string
	FollowQuota int64
	// Damaged is told of records that cannot be read, with file and offset; nil for nobody. It must not call the spool.
	Damaged func(error)
}

// Spool is safe for concurrent use.
type Spool struct {
	cfg     Config
	lock    *os.File
	mu      sync.Mutex
	changed *sync.Cond // a lane, a cursor, or the state of the spool
	lanes   [classes]*lane
	ending  bool
	closed  bool
	trouble error // of the latest write, nil when it went well
	done    chan struct{}
}

// Open opens or creates a spool. What a crash left half written at the end of a lane is cut off. A spool that another
// process has open is an error.
func Open(c Config) (*Spool, error) {
	if c.Quota <= 0 {
		c.Quota = 1 << 30
	}
	if c.FollowQuota <= 0 {
		c.FollowQuota = 1 << 30
	}
	if c.SegmentBytes <= 0 {
		c.SegmentBytes = min(16<<20, c.Quota/8)
		if len(c.Followers) > 0 {
			c.SegmentBytes = min(c.SegmentBytes, c.FollowQuota/8)
		}
	}
	c.SegmentBytes = max(c.SegmentBytes, segmentMin)
	if err := os.MkdirAll(c.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("spool: make directory: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(c.Dir, "lock"), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("spool: %s is used by another process: %w", c.Dir, err)
	}
	s := &Spool{cfg: c, lock: lock, done: make(chan struct{})}
	s.changed = sync.NewCond(&s.mu)
	for class := range classes {
		if s.lanes[class], err = openLane(class, filepath.Join(c.Dir, class.String()), c.Readers[class], c.Followers[class], s.damaged); err != nil {
			lock.Close()
			return nil, err
		}
	}
	go s.commit()
	return s, nil
}

func (s *Spool) damaged(err error) {
	if s.cfg.Damaged != nil {
		s.cfg.Damaged(err)
	}
}

// Put takes a record. It returns before the record is on the disk; Sync waits for that, and no reader sees it before. A
// finding waits for room, until Ending is called; telemetry for which there is none is dropped and counted.
func (s *Spool) Put(c Class, payload []byte) error {
	if len(payload) > RecordMax {
		return ErrTooLong
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lanes[c]
	need := int64(headerSize + len(payload))
	s.limitFollowers()
	for waited := false; ; waited = true {
		if s.closed {
			return ErrClosed
		}
		room := s.makeRoom(c, need)
		if room && len(l.buf)+int(need) <= bufferMax {
			break
		}
		// A disk that refuses writes must not hold detection for the sake of telemetry.
		if c == Telemetry && (!room || s.trouble != nil) {
			l.dropped++
			return nil
		}
		if !waited {
			l.waited++
		}
		s.changed.Wait()
	}
	l.ages.put(l.next, time.Now())
	l.buf = appendRecord(l.buf, l.next, payload)
	l.next++
	s.changed.Broadcast()
	return nil
}

// makeRoom reports whether need more bytes fit into the quota, and lets the oldest telemetry go if that helps.
func (s *Spool) makeRoom(c Class, need int64) bool {
	for {
		if s.bytes()+need <= s.cfg.Quota || c == Findings && s.ending {
			return true
		}
		if !s.lanes[Telemetry].dropOldest() {
			return false
		}
	}
}

// bytes is what counts against the quota.
func (s *Spool) bytes() int64 {
	var n int64
	for _, l := range s.lanes {
		all, behind := l.bytes()
		n += all - behind + int64(len(l.buf))
	}
	return n
}

// limitFollowers lets go what exceeds the followers' quota.
func (s *Spool) limitFollowers() {
	for len(s.cfg.Followers) > 0 {
		var n int64
		for _, l := range s.lanes {
			_, behind := l.bytes()
			n += behind
		}
		if n <= s.cfg.FollowQuota || !s.lanes[Telemetry].dropBehind() && !s.lanes[Findings].dropBehind() {
			return
		}
	}
}

// Sync returns when everything that was put before is on the disk. While the disk refuses writes it waits, until ctx ends.
func (s *Spool) Sync(ctx context.Context) error {
	stop := context.AfterFunc(ctx, s.wakeAll)
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	var want [classes]uint64
	for i, l := range s.lanes {
		want[i] = l.next
	}
	for i, l := range s.lanes {
		for l.readable < want[i] {
			switch {
			case s.closed:
				return ErrClosed
			case ctx.Err() != nil:
				return fmt.Errorf("spool: sync: %w", errors.Join(ctx.Err(), s.trouble))
			}
			s.changed.Wait()
		}
	}
	return nil
}

func (s *Spool) wakeAll() {
	s.mu.Lock()
	s.changed.Broadcast()
	s.mu.Unlock()
}

// Ending lifts the quota for findings: the process ends, and what it still has in hand must not wait for a store that is
// away.
func (s *Spool) Ending() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending = true
	s.changed.Broadcast()
}

// LaneStats are the counts of a lane.
type LaneStats struct {
	Records uint64 `json:"records"` // that the slowest reader has not acknowledged; followers do not count
	Bytes   int64  `json:"bytes"`   // on disk
	Acked   uint64 `json:"acked"`   // that all readers but followers have acknowledged, since the spool was opened
	Waited  uint64 `json:"waited"`  // that had to wait for room, since then
	Dropped uint64 `json:"dropped"` // since the spool was opened, for want of room
	Next    uint64 `json:"next"`    // number of the next record
	// Oldest is when the first record that is not acknowledged was put, to about a second; of one that an earlier process
	// put, the time of the last that is in the same segment. Zero when all are acknowledged.
	Oldest time.Time `json:"oldest,omitzero"`
}

// Stats tells how a spool is doing.
type Stats struct {
	Findings  LaneStats `json:"findings"`
	Telemetry LaneStats `json:"telemetry"`
	Trouble   string    `json:"trouble,omitempty"` // why the disk refuses writes
}

// Stats returns the counts.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{Findings: s.lanes[Findings].stats(), Telemetry: s.lanes[Telemetry].stats()}
	if s.trouble != nil {
		st.Trouble = s.trouble.Error()
	}
	return st
}

// ReaderStats are the counts of one reader.
type ReaderStats struct {
	Records uint64 `json:"records"` // that it has not acknowledged
	Acked   uint64 `json:"acked"`   // that it has acknowledged, since the spool was opened
	Dropped uint64 `json:"dropped"` // that it will not get for want of room, since then
}

// ReaderStats returns the counts of a reader or follower; zero for a name that is none.
func (s *Spool) ReaderStats(class Class, name string) ReaderStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lanes[class]
	for _, c := range l.cursors {
		if c.name == name {
			return ReaderStats{Records: l.next - c.began - c.acks - c.dropped, Acked: c.acks, Dropped: c.dropped}
		}
	}
	return ReaderStats{}
}

// Close writes what still waits, once, and closes the files. Readers and waiting calls return ErrClosed.
func (s *Spool) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	s.closed = true
	s.changed.Broadcast()
	s.mu.Unlock()
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.trouble
	for _, l := range s.lanes {
		err = errors.Join(err, l.close())
	}
	return errors.Join(err, s.lock.Close())
}
