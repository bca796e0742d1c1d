// Package push carries events to consumers that wait for messages, and makes others enforce the list: webhooks, syslog,
// TheHive, mail and messengers on one side, OpenC2 and nftables on the other. Events come from a hook.History by a cursor
// that moves on only after a delivery: each is delivered at least once, in order, under the same id however often.
package push

import (
	"context"
	"errors"
	"fmt"
	"time"

	"khien/console/hook"
)

// Target takes notices. Deliver returns when all have arrived; an error means that all are to be delivered again.
type Target interface {
	Deliver(ctx context.Context, ns []hook.Notice) error
}

// errFinal is wrapped by errors that no repetition heals: the notices are given up, with an alarm.
var errFinal = errors.New("refused for good")

// Feed delivers the events of a history to one target.
type Feed struct {
	Name      string // of the consumer
	Target    Target
	Batch     int             // notices at once, at least 1
	Types     map[string]bool // of events; all when empty
	Book      *hook.Book
	History   *hook.History
	Cursors   *Cursors
	Consumers *hook.Consumers
}

// Pauses between tries.
const (
	retryMin = time.Second
	retryMax = 5 * time.Minute
)

// Retry returns the pause before a try, from the number of those that failed.
func Retry(failed int) time.Duration {
	if failed > 20 {
		return retryMax
	}
	return min(retryMin<<max(failed-1, 0), retryMax)
}

// readMax is how many events are read at once.
const readMax = 500

// Step delivers what can be delivered now. It returns whether there was anything, and the error of the target.
func (f *Feed) Step(ctx context.Context) (bool, error) {
	at, err := f.Cursors.get(ctx, f.Name, f.History)
	if err != nil {
		return false, err
	}
	events, cursors, err := f.History.Read(at, readMax)
	if err != nil || len(events) == 0 {
		f.state(at, 0, 0, err)
		return false, err
	}
	var batch []hook.Notice
	skipped := 0
	end := -1 // index of the last event that batch accounts for
	for i, e := range events {
		if len(f.Types) == 0 || f.Types[e.Type] {
			if n, holds := f.Book.Notice(e); holds {
				batch = append(batch, n)
			} else {
				skipped++
			}
		}
		end = i
		if len(batch) == f.Batch {
			break
		}
	}
	if len(batch) > 0 {
		err = f.Target.Deliver(ctx, batch)
	}
	switch {
	case errors.Is(err, errFinal):
		f.Book.Raise("consumer."+f.Name, hook.Cause{What: "given_up", Values: map[string]any{"event": events[end].Number, "error": err.Error()},
			Text: fmt.Sprintf("%s: event %d was given up: %v", f.Name, events[end].Number, err)})
	case err != nil:
		f.state(at, 0, 0, err)
		return true, fmt.Errorf("push: %s: %w", f.Name, err)
	}
	if kept := f.Cursors.put(ctx, f.Name, cursors[end]); kept != nil {
		return true, kept
	}
	f.state(cursors[end], len(batch), skipped, err)
	return true, nil
}

// state writes down how a feed stands.
func (f *Feed) state(at hook.Cursor, sent, skipped int, err error) {
	head, now := f.History.Head(), f.Book.Now()
	f.Consumers.Update(f.Name, func(s *hook.ConsumerStatus) {
		s.Behind, s.Error = head-min(at.Number, head), ""
		s.Sent, s.Skipped = s.Sent+uint64(sent), s.Skipped+uint64(skipped)
		if sent > 0 {
			s.Seen = now
		}
		if err != nil {
			s.Error = err.Error()
		}
	})
}

// Run delivers until ctx ends. wake tells it of new events; it also looks by itself.
func (f *Feed) Run(ctx context.Context, wake <-chan struct{}) {
	failed := 0
	for ctx.Err() == nil {
		some, err := f.Step(ctx)
		pause := 2 * time.Second
		switch {
		case err != nil:
			failed++
			pause = Retry(failed)
		case some:
			failed = 0
			continue
		}
		news := wake
		if err != nil {
			news = nil // new events do not make a target that fails well
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		case <-news:
		}
	}
}
