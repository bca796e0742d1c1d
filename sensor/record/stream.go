package record

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"time"

	"khien/sensor/follow"
)

// Source gives the lines of one log.
type Source interface {
	// Next returns a line, follow.ErrIdle when there is none yet, or io.EOF.
	Next() (follow.Line, error)
	// Position returns the place behind the line that Next has returned last.
	Position() follow.Position
	Close() error
}

// Decoder reads the lines of one log. It is not safe for concurrent use.
type Decoder interface {
	// Decode reads a line into r, which is empty. False without an error is a line that tells of nothing that is looked at.
	// r may point into line, which is valid as long as r is.
	Decode(line []byte, r *Record) (bool, error)
	// State returns what has to be known of earlier lines to read those that follow, nil for nothing. Restore takes it.
	State() []byte
	Restore(state []byte) error
}

// Lane is one log of a Stream.
type Lane struct {
	Name    string // what Positions knows it by
	Source  Source
	Decoder Decoder
}

// Position is the place behind what was given out of a lane.
type Position struct {
	follow.Position
	State []byte `json:"state,omitempty"`
}

// BadLine is a line that cannot be read. The stream goes on.
type BadLine struct {
	File   string
	Line   int
	Reason error
}

func (e *BadLine) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Reason) }

// Unwrap returns the reason.
func (e *BadLine) Unwrap() error { return e.Reason }

// Stats counts the lines of a stream.
type Stats struct {
	Lines   uint64 `json:"lines"`      // read
	Records uint64 `json:"records"`    // given out
	Bad     uint64 `json:"unreadable"` // lines that cannot be read
}

// pollEvery is how long a log that had nothing new is left alone while others have something.
const pollEvery = 100 * time.Millisecond

// Stream gives out the records of several logs, in the order of their times as far as they are there. It is not safe for
// concurrent use.
type Stream struct {
	lanes []*lane
	given *lane // whose record was given out last
	stats Stats
}

type lane struct {
	Lane
	rec   Record
	ready bool // rec was read and not given out
	ended bool
	idle  time.Time // when it had nothing
	done  Position  // behind what was given out
}

// NewStream returns a stream of logs, which it closes.
func NewStream(lanes []Lane) *Stream {
	s := &Stream{}
	for _, l := range lanes {
		s.lanes = append(s.lanes, &lane{Lane: l, done: Position{l.Source.Position(), l.Decoder.State()}})
	}
	return s
}

// Next returns the next record. It is a *BadLine for a line that cannot be read, follow.ErrIdle when there is nothing yet,
// io.EOF at the end; after other errors of a log, what it has is not read any more.
func (s *Stream) Next() (*Record, error) {
	if s.given != nil {
		s.given.ready, s.given = false, nil
	}
	var first *lane
	waiting := false
	for _, l := range s.lanes {
		if !l.ready && !l.ended {
			if err := s.advance(l); err != nil {
				return nil, err
			}
		}
		waiting = waiting || !l.ended
		if l.ready && (first == nil || cmp.Less(l.rec.Done, first.rec.Done)) {
			first = l
		}
	}
	switch {
	case first != nil:
		s.given = first
		first.done = Position{first.Source.Position(), first.Decoder.State()}
		s.stats.Records++
		return &first.rec, nil
	case waiting:
		return nil, follow.ErrIdle
	}
	return nil, io.EOF
}

// errTooLong is the reason against a line that is too long.
var errTooLong = fmt.Errorf("more than %d bytes", follow.LineMax)

// advance reads lines of a log until one tells something.
func (s *Stream) advance(l *lane) error {
	if !l.idle.IsZero() && time.Since(l.idle) < pollEvery {
		return nil
	}
	l.idle = time.Time{}
	for {
		line, err := l.Source.Next()
		switch {
		case err == follow.ErrIdle:
			l.idle = time.Now()
			l.done = Position{l.Source.Position(), l.Decoder.State()}
			return nil
		case err == io.EOF:
			l.ended = true
			return nil
		case err != nil:
			l.ended = true
			return fmt.Errorf("%s: %w", l.Name, err)
		}
		s.stats.Lines++
		if line.Over > 0 {
			err = fmt.Errorf("%w: %d", errTooLong, line.Over)
		} else {
			l.rec.Reset()
			l.ready, err = l.Decoder.Decode(line.Text, &l.rec)
		}
		if err != nil {
			l.ready = false
			s.stats.Bad++
			l.done = Position{l.Source.Position(), l.Decoder.State()}
			return &BadLine{line.File, line.Number, err}
		}
		if l.ready {
			return nil
		}
	}
}

// Positions returns the places behind what was given out, by the names of the lanes. What was given out last counts as done.
func (s *Stream) Positions() map[string]Position {
	out := make(map[string]Position, len(s.lanes))
	for _, l := range s.lanes {
		if l.done.Offset > 0 {
			out[l.Name] = l.done
		}
	}
	return out
}

// Stats returns what was counted.
func (s *Stream) Stats() Stats { return s.stats }

// Close closes the logs.
func (s *Stream) Close() error {
	var errs []error
	for _, l := range s.lanes {
		errs = append(errs, l.Source.Close())
	}
	return errors.Join(errs...)
}
