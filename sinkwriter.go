package main

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
	"khien/detector/output"
	"khien/detector/spool"
)

// Limits of the way from the spool into the store.
const (
	drainBytes   = 8 << 20          // of records that are stored at once, beside storeBatch of them
	findingsWait = 10 * time.Second // at the end, for the store to take what is left
	eventsWait   = 2 * time.Second
	syncWait     = 30 * time.Second // for a disk that is slow or full
)

// placeReader is the name of the spool's reader that empties it.
const placeReader = "store"

// writeFunc takes records of the spool. What it returns nil for has arrived.
type writeFunc func(context.Context, []spool.Record) error

// sinkWriter takes what detection gives, keeps it in the spool and hands it on from there in batches: to a store, or to the
// bus. A finding waits when the spool is full of findings: detection then waits too, and the capture drops packets and
// counts them. Safe for concurrent use.
type sinkWriter struct {
	spool   *spool.Spool
	outlets *outlets
	sensor  string // name of this machine in what it reports
	stories bool
	stop    context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex
	err     error // the first of record
}

// sinkConfig says where a sinkWriter keeps things and who takes them.
type sinkConfig struct {
	dir     string // data folder
	quota   int64  // bytes of the spool
	out     outletOptions
	sensor  string
	stderr  io.Writer
	write   map[spool.Class]writeFunc
	trouble *troubles
	// storiesElsewhere leaves the stories out: cores tell them from the findings of all sensors.
	storiesElsewhere bool
}

func newSinkWriter(c sinkConfig) (*sinkWriter, error) {
	s := &sinkWriter{sensor: c.sensor, stories: !c.storiesElsewhere}
	var err error
	s.spool, err = spool.Open(spool.Config{Dir: filepath.Join(c.dir, "spool"), Quota: c.quota,
		Readers:   map[spool.Class][]string{spool.Findings: {placeReader}, spool.Telemetry: {placeReader}},
		Followers: output.Followers(c.out.specs), FollowQuota: c.out.mb << 20,
		Damaged: func(err error) { fmt.Fprintf(c.stderr, "khien: %v\n", err) }})
	if err != nil {
		return nil, err
	}
	if s.outlets, err = startOutlets(c.out.specs, s.spool, c.dir, c.sensor, c.stderr); err != nil {
		return nil, errors.Join(err, s.spool.Close())
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	for class, write := range c.write {
		r, err := s.spool.Reader(class, placeReader)
		if err != nil {
			stop()
			return nil, errors.Join(err, s.outlets.close(0), s.spool.Close())
		}
		s.running.Go(func() {
			defer r.Close()
			if err := r.Drain(ctx, storeBatch, drainBytes, write, c.trouble.tell); err != nil {
				s.keep(err)
			}
		})
	}
	return s, nil
}

// record takes a record of the engine: a finding, or a line of telemetry.
func (s *sinkWriter) record(r detector.Record) {
	var err error
	switch f := r.Finding; {
	case f != nil && !s.stories && isStory(f):
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

func (s *sinkWriter) keep(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// close brings what is left to the disk, gives the store a moment to take it, and returns the first error. What the store
// did not take is stored when the program is started again.
func (s *sinkWriter) close() error {
	s.spool.Ending()
	ctx, cancel := context.WithTimeout(context.Background(), syncWait)
	defer cancel()
	err := s.spool.Sync(ctx)
	s.await(findingsWait, func(st spool.Stats) bool { return st.Findings.Records == 0 })
	s.await(eventsWait, func(st spool.Stats) bool { return st.Telemetry.Records == 0 })
	s.stop()
	s.running.Wait()
	err = errors.Join(err, s.outlets.close(outletWait))
	if st := s.spool.Stats(); st.Findings.Records > 0 {
		err = errors.Join(err, fmt.Errorf("%d findings wait in the spool for the next start", st.Findings.Records))
	}
	s.mu.Lock()
	err = errors.Join(s.err, err)
	s.mu.Unlock()
	return errors.Join(err, s.spool.Close())
}

// await waits until done or the time is over.
func (s *sinkWriter) await(most time.Duration, done func(spool.Stats) bool) {
	s.awaitOr(context.Background(), most, done)
}

// awaitOr waits until done, ctx ends or the time is over.
func (s *sinkWriter) awaitOr(ctx context.Context, most time.Duration, done func(spool.Stats) bool) {
	for end := time.Now().Add(most); ctx.Err() == nil && time.Now().Before(end) && !done(s.spool.Stats()); {
		time.Sleep(10 * time.Millisecond)
	}
}

// counts returns how many findings were handed on, and how many had to wait for room.
func (s *sinkWriter) counts() (stored, waited uint64) {
	st := s.spool.Stats().Findings
	return st.Acked, st.Waited
}
