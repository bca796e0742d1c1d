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
	"khien/detector/spool"
	"khien/detector/store"
)

// storeWriter writes into a store, and what the store will never take into a file. The console hears of findings once
// they are stored. Safe for concurrent use.
type storeWriter struct {
	store   store.Store
	prepare func(context.Context, []detector.Finding) error // before they are stored; nil does nothing
	notify  func([]detector.Finding)
	letters *spool.DeadLetters
	trouble *troubles
}

// newStoreWriter returns a writer that keeps rejected documents in a data folder.
func newStoreWriter(st store.Store, notify func([]detector.Finding), dir string, t *troubles) *storeWriter {
	return &storeWriter{store: st, notify: notify, letters: spool.NewDeadLetters(filepath.Join(dir, "rejected.jsonl")), trouble: t}
}

// functions are what empties the spool of a sensor into the store.
func (s *storeWriter) functions(sensor string) map[spool.Class]writeFunc {
	return map[spool.Class]writeFunc{
		spool.Findings: s.records,
		spool.Telemetry: func(ctx context.Context, recs []spool.Record) error {
			lines := make([][]byte, len(recs))
			for i, r := range recs {
				lines[i] = r.Payload
			}
			return s.lines(ctx, sensor, lines)
		},
	}
}

// records stores findings as the spool has them. A number of the spool is a finding's sequence number.
func (s *storeWriter) records(ctx context.Context, recs []spool.Record) error {
	fs := make([]detector.Finding, 0, len(recs))
	for _, r := range recs {
		var f detector.Finding
		if err := json.Unmarshal(r.Payload, &f); err != nil {
			return err // this program wrote it, and its checksum is right
		}
		f.Sequence = []uint64{r.Seq}
		fs = append(fs, f)
	}
	return s.findings(ctx, fs)
}

func (s *storeWriter) findings(ctx context.Context, fs []detector.Finding) error {
	if s.prepare != nil {
		if err := s.prepare(ctx, fs); err != nil {
			s.trouble.tell(err) // better stored as the sensor found it than not at all
		}
	}
	err := s.setAside(s.store.Write(ctx, fs))
	if err == nil {
		s.notify(fs)
	}
	return err
}

// lines stores telemetry. A line that is none is set aside.
func (s *storeWriter) lines(ctx context.Context, sensor string, lines [][]byte) error {
	es := make([]store.Event, 0, len(lines))
	for _, line := range lines {
		e, ok, err := store.EventFromEVE(line, sensor)
		if err != nil {
			if err := s.unreadable(sensor, line, err); err != nil {
				return err
			}
			continue
		}
		if ok {
			es = append(es, e)
		}
	}
	if len(es) == 0 {
		return nil
	}
	return s.setAside(s.store.WriteEvents(ctx, es))
}

// unreadable sets bytes aside that nobody can read.
func (s *storeWriter) unreadable(from string, data []byte, reason error) error {
	doc, err := json.Marshal(data)
	if err != nil {
		return err
	}
	s.trouble.tell(fmt.Errorf("%s: %w: set aside", from, reason))
	return s.letters.Append([]spool.DeadLetter{{Time: time.Now().UTC(), Place: from, Reason: reason.Error(), Document: doc}})
}

// setAside keeps what the store will never take; then err is nil.
func (s *storeWriter) setAside(err error) error {
	var r *store.RejectedError
	if !errors.As(err, &r) {
		return err
	}
	var letters []spool.DeadLetter
	for _, d := range r.Documents {
		letters = append(letters, spool.DeadLetter{Time: time.Now().UTC(), Place: "store", ID: d.ID, Reason: d.Reason, Document: d.Document})
	}
	s.trouble.tell(err)
	return s.letters.Append(letters)
}

// troubleEvery is how often the operator is told of trouble that goes on.
const troubleEvery = time.Minute

// troubles tells the operator that what is found does not get through, not more often than once in troubleEvery, and when
// it does again. Safe for concurrent use.
type troubles struct {
	stderr io.Writer
	name   string // of the output; "" for the store or the bus
	mu     sync.Mutex
	told   time.Time
	open   bool
	lost   time.Time // when it was last told of what was dropped
}

// tell takes an error, or nil when something got through after one.
func (t *troubles) tell(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch now := time.Now(); {
	case err == nil && t.open:
		fmt.Fprintf(t.stderr, "khien: %swhat is found gets through again\n", t.prefix())
		t.open, t.told = false, time.Time{}
	case err != nil:
		t.open = true
		if now.Sub(t.told) >= troubleEvery {
			t.told = now
			then := "nothing is lost, it is tried again"
			if t.name != "" {
				then = "it is tried again"
			}
			fmt.Fprintf(t.stderr, "khien: %s%v; %s\n", t.prefix(), err, then)
		}
	}
}

func (t *troubles) prefix() string {
	if t.name == "" {
		return ""
	}
	return t.name + ": "
}

// dropped tells that an output was away or too slow for its share of the spool.
func (t *troubles) dropped(findings, telemetry uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); now.Sub(t.lost) >= troubleEvery {
		t.lost = now
		fmt.Fprintf(t.stderr, "khien: %s%d findings and %d records of telemetry will not be sent: no room (--out-mb); the store has them\n", t.prefix(), findings, telemetry)
	}
}
