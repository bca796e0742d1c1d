package gate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"khien/console/hook"
	"khien/console/hook/push"
	"khien/console/hook/serve"
	"khien/detector"
	"khien/detector/store"
)

const (
	tickEvery = time.Second
	readEvery = 30 * time.Second // what consumers enforce
	catchUp   = time.Hour        // of findings that are looked at again after a start
)

// Run serves and pushes until ctx ends. ready, when not nil, gets the addresses of the lists and of the zones.
func (g *Gate) Run(ctx context.Context, ready func(lists, zones net.Addr)) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() {
		cancel()
		wg.Wait()
	}()
	failed := make(chan error, 8)
	start := func(f func() error) {
		wg.Go(func() {
			if err := f(); err != nil {
				failed <- err
			}
		})
	}
	var listsAt, zonesAt net.Addr
	if g.conf.Listen != "" {
		l, err := g.listen()
		if err != nil {
			return err
		}
		listsAt = l.Addr()
		s := &http.Server{Handler: g.handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
			WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
		context.AfterFunc(ctx, func() { s.Close() })
		start(func() error {
			if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("gate: lists: %w", err)
			}
			return nil
		})
	}
	zones := serve.NewZones(g.Book, g.Consumers, g.zones)
	if g.conf.DNS != "" {
		at := make(chan net.Addr, 1)
		start(func() error { return zones.Serve(ctx, g.conf.DNS, func(a net.Addr) { at <- a }) })
		select {
		case zonesAt = <-at:
		case err := <-failed:
			return err
		}
	}
	if ready != nil {
		ready(listsAt, zonesAt)
	}
	for i := range g.enforcers {
		start(func() error { g.enforce(ctx, &g.enforcers[i]); return nil })
	}
	for _, f := range g.feeds {
		start(func() error { f.Run(ctx, g.news(ctx)); return nil })
	}
	if g.conf.Probes != nil {
		start(func() error { g.probe(ctx); return nil })
	}
	start(func() error { g.observe(ctx); return nil })
	start(func() error { g.watch(ctx, zones); return nil })
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// handler serves the lists and, where there is one, the page for citizens.
func (g *Gate) handler() http.Handler {
	lists := serve.NewLists(g.Book, g.Consumers, g.lists).Handler()
	if g.conf.Appeal == nil {
		return lists
	}
	mux := http.NewServeMux()
	mux.Handle("/", lists)
	mux.Handle(g.conf.Appeal.Path, serve.NewAppeals(g.Book, g.conf.Appeal, g.conf.Unblock, g.cfg.Log).Handler())
	return mux
}

func (g *Gate) listen() (net.Listener, error) {
	l, err := net.Listen("tcp", g.conf.Listen)
	if err != nil {
		return nil, fmt.Errorf("gate: lists: %w", err)
	}
	if g.conf.TLSCert == "" && g.conf.TLSKey == "" {
		return l, nil
	}
	c, err := tls.LoadX509KeyPair(g.conf.TLSCert, g.conf.TLSKey)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("gate: lists: %w", err), l.Close())
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}), nil
}

// news is signalled when another list is in force.
func (g *Gate) news(ctx context.Context) <-chan struct{} {
	out := make(chan struct{}, 1)
	go func() {
		for {
			_, changed := g.Book.Changed()
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
			select {
			case out <- struct{}{}:
			default:
			}
		}
	}()
	return out
}

// watch lets time pass: ends, zones, silence.
func (g *Gate) watch(ctx context.Context, zones *serve.Zones) {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	news := g.news(ctx)
	zones.Refresh(ctx)
	var version uint64
	read := time.Now()
	bad := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-news:
			zones.Refresh(ctx)
			continue
		case <-tick.C:
		}
		err := g.Book.Tick(ctx)
		if now := fmt.Sprint(err); err != nil && now != bad && ctx.Err() == nil {
			g.cfg.Log(now) // once, not each second
			bad = now
		}
		if v, _ := g.Book.Changed(); v != version || g.conf.Brakes.Canary > 0 {
			version = v
			zones.Refresh(ctx)
		}
		g.hear()
		if time.Since(read) >= readEvery {
			read = time.Now()
			zones.ReadBack(ctx)
		}
	}
}

// hear raises alarms about consumers that are silent or do not enforce what they were given.
func (g *Gate) hear() {
	now := g.Book.Now()
	for _, s := range g.Consumers.List() {
		last := s.Seen
		if last.IsZero() {
			last = s.Since
		}
		wait, pulls := g.pulls[s.Name]
		switch key := "consumer." + s.Name; {
		case pulls && now.Sub(last) > wait:
			g.Book.Raise(key, hook.Cause{What: "silent", Values: map[string]any{"since": last},
				Text: fmt.Sprintf("%s has not been heard of since %s", s.Name, last.Format(time.RFC3339))})
		case !s.ReadBack.IsZero() && s.Missing > s.Given/100 && now.Sub(s.ReadBack) < 2*readEvery:
			g.Book.Raise(key, hook.Cause{What: "differs", Values: map[string]any{"missing": s.Missing, "given": s.Given, "error": s.Error},
				Text: fmt.Sprintf("%s lacks %d entries of %d: %s", s.Name, s.Missing, s.Given, s.Error)})
		case pulls:
			g.Book.Clear(key)
		}
	}
}

// enforce keeps one enforcer at the list: at each change, before half of the shortest life has passed, and when what is
// read back differs.
func (g *Gate) enforce(ctx context.Context, e *enforcer) {
	news, failed := g.news(ctx), 0
	for {
		v := g.Book.View(e.sel)
		err := e.to.Enforce(ctx, v)
		pause := readEvery
		if hold := g.conf.Brakes.Canary; hold > 0 {
			pause = min(pause, max(hold/4, time.Second)) // entries pass the delay without a new list
		}
		for x := range v.All() {
			pause = min(pause, max(v.Left(x)/2, time.Second))
		}
		var enforced, missing, extra int
		known := false
		if err == nil {
			failed = 0
			enforced, missing, extra, known, err = e.to.ReadBack(ctx)
		} else {
			failed++
			pause = push.Retry(failed)
		}
		now := g.Book.Now()
		g.Consumers.Update(e.name, func(s *hook.ConsumerStatus) {
			s.Error = ""
			if err != nil {
				s.Error = err.Error()
				return
			}
			s.Seen, s.Version, s.Given, s.Cut = now, v.Version, v.Len(), v.Cut
			if known {
				s.ReadBack, s.Enforced, s.Missing, s.Extra = now, enforced, missing, extra
			}
		})
		switch {
		case err != nil:
			g.Book.Raise("consumer."+e.name, hook.Failure(e.name+": ", err))
		case missing == 0:
			g.Book.Clear("consumer." + e.name)
		}
		wake := news
		if err != nil {
			wake = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-time.After(pause):
		}
	}
}

// observe hands findings to the policies: first those of the last hour, which may have been stored when nobody looked, then
// what Notify brings. What fails is tried again; nothing is done twice.
func (g *Gate) observe(ctx context.Context) {
	failed, behind := 0, true
	var batch []detector.Finding
	for ctx.Err() == nil {
		if len(batch) == 0 {
			g.mu.Lock()
			batch, g.queue = g.queue, nil
			behind, g.missed = behind || g.missed, false
			g.mu.Unlock()
		}
		err := error(nil)
		if behind {
			if err = g.recent(ctx); err == nil {
				behind = false
			}
		}
		for err == nil && len(batch) > 0 {
			n := min(len(batch), observeMax)
			if err = g.Book.Observe(ctx, batch[:n]); err == nil {
				batch = batch[n:]
			}
		}
		pause := time.Hour
		if err != nil {
			failed++
			pause = min(push.Retry(failed), 10*time.Second)
			if failed == 1 && ctx.Err() == nil {
				g.cfg.Log("findings wait for the policies: " + err.Error())
			}
		} else {
			failed = 0
		}
		wake := g.wake
		if err != nil {
			wake = nil
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-time.After(pause):
		}
	}
}

// observeMax is how many findings the policies look at before the list is published.
const observeMax = 500

// recent looks at the findings of the last hour.
func (g *Gate) recent(ctx context.Context) error {
	q := store.Query{From: g.Book.Now().Add(-catchUp), Limit: store.PageMax}
	for {
		p, err := g.cfg.Store.Find(ctx, q)
		if err != nil {
			return err
		}
		if len(p.Findings) > 0 {
			if err := g.Book.Observe(ctx, p.Findings); err != nil {
				return err
			}
		}
		if p.Next == "" {
			return nil
		}
		q.Cursor = p.Next
	}
}
