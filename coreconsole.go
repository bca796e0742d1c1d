package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"

	"khien/console"
	"khien/detector/bus"
	"khien/detector/cli"
	"khien/detector/store"
	"khien/detector/trouble"
)

// serveConsole serves the console of a core, once ready is closed, until ctx ends; finish waits for that. v is nil where
// another core publishes the rules.
func (o *coreOptions) serveConsole(ctx context.Context, st store.Store, asker *bus.Asker, v *versions, ready <-chan struct{}, teller *trouble.Teller, stdout, stderr io.Writer) (*console.Server, func(), error) {
	cfg := console.Config{DataDir: o.data, Version: cli.Version(), URL: o.consoleURL}
	elsewhere{asker}.give(&cfg)
	if v != nil {
		cfg.Rules = v.live(ctx, o.data, stderr)
	}
	l, err := net.Listen("tcp", o.console)
	if err != nil {
		return nil, nil, fmt.Errorf("%w (choose another address with --console)", err)
	}
	cfg.Listener = l.Addr()
	server, err := openConsole(cfg, st, stdout)
	if err != nil {
		l.Close()
		return nil, nil, err
	}
	ctx, end := context.WithCancel(ctx)
	var pages sync.WaitGroup
	pages.Go(func() { server.Follow(ctx) }) // of what other cores store
	pages.Go(func() {
		select {
		case <-ready:
		case <-ctx.Done():
			l.Close()
			return
		}
		if err := servePages(ctx, server, l, stdout); err != nil {
			teller.Tell(err)
		}
	})
	return server, func() {
		end()
		pages.Wait()
		if err := server.Close(); err != nil {
			fmt.Fprintf(stderr, "khien core: %v\n", err)
		}
	}, nil
}
