// Package intake brings findings and telemetry into a store: as a spool holds them, or as a hub sends them. What the store will
// never take is set aside in a file; an error means that the same is to be given again.
package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"khien/detector"
	"khien/detector/spool"
	"khien/detector/store"
	"khien/detector/trouble"
)

// Writer writes into a store, and what the store will never take into a file. Its fields are set before the first use; it is
// then safe for concurrent use.
type Writer struct {
	Prepare func(context.Context, []detector.Finding) error // before they are stored
	Notify  func([]detector.Finding)                        // once they are stored

	store   store.Store
	letters *spool.DeadLetters
	trouble *trouble.Teller
}

// New returns a writer that keeps rejected documents in a data folder. It prepares nothing and notifies nobody.
func New(st store.Store, dir string, t *trouble.Teller) *Writer {
	return &Writer{Prepare: func(context.Context, []detector.Finding) error { return nil }, Notify: func([]detector.Finding) {}, store: st,
		letters: spool.NewDeadLetters(filepath.Join(dir, "rejected.jsonl")), trouble: t}
}

// Functions are what empties the spool of a sensor into the store.
func (s *Writer) Functions(sensor string) map[spool.Class]func(context.Context, []spool.Record) error {
	return map[spool.Class]func(context.Context, []spool.Record) error{
		spool.Findings: s.records,
		spool.Telemetry: func(ctx context.Context, recs []spool.Record) error {
			lines := make([][]byte, len(recs))
			for i, r := range recs {
				lines[i] = r.Payload
			}
			return s.Lines(ctx, sensor, lines)
		},
	}
}

// records stores findings as the spool has them. A number of the spool is a finding's sequence number.
func (s *Writer) records(ctx context.Context, recs []spool.Record) error {
	fs := make([]detector.Finding, 0, len(recs))
	for _, r := range recs {
		var f detector.Finding
		if err := json.Unmarshal(r.Payload, &f); err != nil {
			return err // this program wrote it, and its checksum is right
		}
		f.Sequence = []uint64{r.Seq}
		fs = append(fs, f)
	}
	return s.Findings(ctx, fs)
}

// Findings stores findings.
func (s *Writer) Findings(ctx context.Context, fs []detector.Finding) error {
	if err := s.Prepare(ctx, fs); err != nil {
		s.trouble.Tell(err) // better stored as the sensor found it than not at all
	}
	err := s.setAside(s.store.Write(ctx, fs))
	if err == nil {
		s.Notify(fs)
	}
	return err
}

// Lines stores telemetry. A line that is none is set aside.
func (s *Writer) Lines(ctx context.Context, sensor string, lines [][]byte) error {
	es := make([]store.Event, 0, len(lines))
	for _, line := range lines {
		e, ok, err := store.EventFromEVE(line, sensor)
		if err != nil {
			if err := s.Unreadable(sensor, line, err); err != nil {
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

// Unreadable sets bytes aside that nobody can read.
func (s *Writer) Unreadable(from string, data []byte, reason error) error {
	doc, err := json.Marshal(data)
	if err != nil {
		return err
	}
	s.trouble.Tell(fmt.Errorf("%s: %w: set aside", from, reason))
	return s.letters.Append([]spool.DeadLetter{{Time: time.Now().UTC(), Place: from, Reason: reason.Error(), Document: doc}})
}

// setAside keeps what the store will never take; then err is nil.
func (s *Writer) setAside(err error) error {
	var r *store.RejectedError
	if !errors.As(err, &r) {
		return err
	}
	var letters []spool.DeadLetter
	for _, d := range r.Documents {
		letters = append(letters, spool.DeadLetter{Time: time.Now().UTC(), Place: "store", ID: d.ID, Reason: d.Reason, Document: d.Document})
	}
	s.trouble.Tell(err)
	return s.letters.Append(letters)
}
