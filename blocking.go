package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"khien/console/hook/gate"
	"khien/detector"
	"khien/detector/fraud"
	"khien/detector/store"
)

// blocking is the gate of khien run. It serves and pushes when the data folder has a hooks.yaml, and answers khien block.
type blocking struct {
	*gate.Gate
	wg     sync.WaitGroup
	stderr io.Writer
}

// openBlocking opens the decisions of a data folder. names tells protected organisations' own names.
func openBlocking(data string, st store.Store, names *fraud.Names, stderr io.Writer) (*blocking, error) {
	g, err := gate.Open(context.Background(), gate.Config{DataDir: data, Store: st, Brand: ownNames(names),
		Log: func(s string) { fmt.Fprintf(stderr, "khien: blocking: %s\n", s) }})
	if err != nil {
		return nil, err
	}
	return &blocking{Gate: g, stderr: stderr}, nil
}

// ownNames says whose a name is. It is safe for concurrent use.
func ownNames(names *fraud.Names) func(string) (string, bool) {
	verdicts := sync.Pool{New: func() any { return new(fraud.Verdict) }}
	return func(name string) (string, bool) {
		v := verdicts.Get().(*fraud.Verdict)
		defer verdicts.Put(v)
		names.Score([]byte(name), v)
		return v.Brand, v.Official
	}
}

// start serves until ctx ends. An address that is in use, or another failure, does not stop the watching.
func (b *blocking) start(ctx context.Context) {
	run := func(f func() error) {
		b.wg.Go(func() {
			if err := f(); err != nil {
				fmt.Fprintf(b.stderr, "khien run: blocking: %v\n", err)
			}
		})
	}
	run(func() error { return b.ServeSocket(ctx) })
	if b.On() {
		run(func() error { return b.Run(ctx, nil) })
	}
}

// notifying tells of stored findings what is to be told, and the policies when there are any.
func (b *blocking) notifying(next func([]detector.Finding)) func([]detector.Finding) {
	return func(fs []detector.Finding) {
		next(fs)
		if b.On() {
			b.Notify(fs)
		}
	}
}

// tell says what went wrong.
func (b *blocking) tell(err error) { fmt.Fprintf(b.stderr, "khien run: %v\n", err) }

// close waits for what start started and closes the book.
func (b *blocking) close() {
	b.wg.Wait()
	if err := b.Gate.Close(); err != nil {
		fmt.Fprintf(b.stderr, "khien run: blocking: %v\n", err)
	}
}
