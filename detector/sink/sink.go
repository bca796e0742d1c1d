// Package sink takes what detection gives, keeps it on disk, and hands it on from there: to a store or to a hub, and to outputs.
// Records of detection come in; batches go out, each until its taker has it.
package sink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"khien/detector"
	"khien/detector/fraud"
	"khien/detector/output"
	"khien/detector/output/outlets"
	"khien/detector/spool"
	"khien/detector/trouble"
)

// Limits of the way from the spool into the store.
const (
	drainRecords = 1000             // that are stored at once
	drainBytes   = 8 << 20          // of records that are stored at once, beside drainRecords of them
	findingsWait = 10 * time.Second // at the end, for the store to take what is left
	eventsWait   = 2 * time.Second
	syncWait     = 30 * time.Second // for a disk that is slow or full
)

// Reader is the name of the spool's reader that empties it.
const Reader = "store"

// Writer takes what detection gives, keeps it in the spool and hands it on from there in batches: to a store, or to the
// bus. A finding waits when the spool is full of findings: detection then waits too, and the capture drops packets and
// counts them. Safe for concurrent use.
type Writer struct {
	spool   *spool.Spool
	outlets *outlets.Outlets
	sensor  string // name of this machine in what it reports
	stories bool
	stop    context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex
	err     error // the first of record
}

// Config says where a Writer keeps things and who takes them.
type Config struct {
	Dir         string // data folder
	Quota       int64  // bytes of the spool
	Outputs     []output.Spec
	OutputQuota int64 // bytes of the spool that only outputs have not taken yet
	Sensor      string
	Stderr      io.Writer
	Write       map[spool.Class]func(context.Context, []spool.Record) error // what a call returns nil for has arrived
	Trouble     *trouble.Teller
	// StoriesElsewhere leaves the stories out: cores tell them from the findings of all sensors.
	StoriesElsewhere bool
}

// New opens the spool and begins to hand on what is in it.
func New(c Config) (*Writer, error) {
	s := &Writer{sensor: c.Sensor, stories: !c.StoriesElsewhere}
	var err error
	s.spool, err = spool.Open(spool.Config{Dir: filepath.Join(c.Dir, "spool"), Quota: c.Quota,
		Readers:   map[spool.Class][]string{spool.Findings: {Reader}, spool.Telemetry: {Reader}},
		Followers: output.Followers(c.Outputs), FollowQuota: c.OutputQuota,
		Damaged: func(err error) { fmt.Fprintf(c.Stderr, "khien: %v\n", err) }})
	if err != nil {
		return nil, err
	}
	if s.outlets, err = outlets.Start(c.Outputs, s.spool, c.Dir, c.Sensor, c.Stderr); err != nil {
		return nil, errors.Join(err, s.spool.Close())
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	for class, write := range c.Write {
		r, err := s.spool.Reader(class, Reader)
		if err != nil {
			stop()
			return nil, errors.Join(err, s.outlets.Close(0), s.spool.Close())
		}
		s.running.Go(func() {
			defer r.Close()
			if err := r.Drain(ctx, drainRecords, drainBytes, write, c.Trouble.Tell); err != nil {
				s.keep(err)
			}
		})
	}
	return s, nil
}

// Record takes a record of the engine: a finding, or a line of telemetry.
func (s *Writer) Record(r detector.Record) {
	var err error
	switch f := r.Finding; {
	case f != nil && !s.stories && fraud.IsStory(f):
	case f != nil:
		if f.Sensor == "" {
			f.Sensor = s.sensor
		}
		var doc []byte
		if doc, err = json.Marshal(f); err == nil {
			err = s.spool.Put(spool.Findings, doc)
		}
	case r.EVE != nil:
		err = s.spool.Put(spool.Telemetry, r.EVE)
	}
	if err != nil {
		s.keep(err)
	}
}

func (s *Writer) keep(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// Close brings what is left to the disk, gives the store a moment to take it, and returns the first error. What the store
// did not take is stored when the program is started again.
func (s *Writer) Close() error {
	s.spool.Ending()
	err := s.Sync(context.Background())
	s.Await(findingsWait, func(st spool.Stats) bool { return st.Findings.Records == 0 })
	s.Await(eventsWait, func(st spool.Stats) bool { return st.Telemetry.Records == 0 })
	s.stop()
	s.running.Wait()
	err = errors.Join(err, s.outlets.Close(outlets.Wait))
	if st := s.spool.Stats(); st.Findings.Records > 0 {
		err = errors.Join(err, fmt.Errorf("%d findings wait in the spool for the next start", st.Findings.Records))
	}
	s.mu.Lock()
	err = errors.Join(s.err, err)
	s.mu.Unlock()
	return errors.Join(err, s.spool.Close())
}

// Await waits until done or the time is over.
func (s *Writer) Await(most time.Duration, done func(spool.Stats) bool) {
	s.AwaitOr(context.Background(), most, done)
}

// AwaitOr waits until done, ctx ends or the time is over.
func (s *Writer) AwaitOr(ctx context.Context, most time.Duration, done func(spool.Stats) bool) {
	for end := time.Now().Add(most); ctx.Err() == nil && time.Now().Before(end) && !done(s.spool.Stats()); {
		time.Sleep(10 * time.Millisecond)
	}
}

// Counts returns how many findings were handed on, and how many had to wait for room.
func (s *Writer) Counts() (stored, waited uint64) {
	st := s.spool.Stats().Findings
	return st.Acked, st.Waited
}

// Sync returns when what was recorded is on the disk, or with an error when that takes too long.
func (s *Writer) Sync(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, syncWait)
	defer cancel()
	return s.spool.Sync(ctx)
}

// Stats tells what waits in the spool.
func (s *Writer) Stats() spool.Stats { return s.spool.Stats() }

// Outputs tells how the outputs are doing; nil when there are none.
func (s *Writer) Outputs() []output.State { return s.outlets.States() }

// Ending says that the program is about to end: a detector that waits for room in the spool does so no longer.
func (s *Writer) Ending() { s.spool.Ending() }
