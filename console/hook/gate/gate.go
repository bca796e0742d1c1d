// Package gate puts blocking together: it reads hooks.yaml, opens the book on a store, serves and pushes the lists, takes
// findings and answers operators. It owns the book, the history and the folder "blocking" of the data folder; the store
// stays the caller's.
package gate

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"khien/console/hook"
	"khien/console/hook/push"
	"khien/console/hook/serve"
	"khien/detector"
	"khien/detector/store"
)

// FileName is the name of the configuration in the data folder. Without it nothing is served and no finding proposes.
const FileName = "hooks.yaml"

// Config is what a gate works with. Store and DataDir are required.
type Config struct {
	DataDir string
	Store   store.Store
	Flows   hook.Flows                                 // default: the findings of the store
	Brand   func(name string) (brand string, own bool) // a protected organisation's own names
	Now     func() time.Time                           // default time.Now
	Log     func(string)                               // takes what operators must see; default: nobody
}

// Gate is blocking as a whole. Safe for concurrent use.
type Gate struct {
	Book      *hook.Book
	Consumers *hook.Consumers

	cfg       Config
	conf      *hook.Config
	on        bool // there is a configuration
	history   *hook.History
	cursors   *push.Cursors
	lists     []serve.Client
	zones     []serve.Zone
	feeds     []*push.Feed
	enforcers []enforcer
	zalo      map[string]*push.ZaloToken // by their files: consumers share them
	pulls     map[string]time.Duration   // consumers that must be heard of, and how often

	mu     sync.Mutex
	queue  []detector.Finding
	missed bool // the queue was full: the store is asked instead
	wake   chan struct{}
}

// enforcer is a consumer that we make enforce the list.
type enforcer struct {
	name string
	sel  hook.Selection
	to   push.Enforcer
}

// queueMax is how many findings wait for the policies. What does not fit is read from the store again.
const queueMax = 20_000

// Open reads the configuration and opens the book.
func Open(ctx context.Context, cfg Config) (*Gate, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = func(string) {}
	}
	if cfg.Flows == nil {
		cfg.Flows = hook.FindingFlows{Store: cfg.Store}
	}
	path := filepath.Join(cfg.DataDir, FileName)
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("gate: %w", err)
	}
	on := err == nil
	conf, err := hook.ParseConfig(data, path)
	if err != nil {
		return nil, err
	}
	g := &Gate{cfg: cfg, conf: conf, on: on, Consumers: &hook.Consumers{}, pulls: map[string]time.Duration{}, zalo: map[string]*push.ZaloToken{}, wake: make(chan struct{}, 1)}
	never, err := hook.NewNever(append(conf.Never, own(conf)...), cfg.Brand)
	if err != nil {
		field, what, _ := strings.Cut(err.Error(), ": ")
		return nil, conf.Errorf(field, "%s", what)
	}
	dir := filepath.Join(cfg.DataDir, "blocking")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("gate: %w", err)
	}
	if g.history, err = hook.OpenHistory(filepath.Join(dir, "history.jsonl"), cfg.Now); err != nil {
		return nil, err
	}
	g.Book, err = hook.Open(ctx, hook.BookConfig{Shelf: cfg.Store, Flows: cfg.Flows, Never: never, Config: conf, History: g.history, Dir: dir, Now: cfg.Now})
	if err != nil {
		return nil, errors.Join(err, g.history.Close())
	}
	g.cursors = &push.Cursors{Shelf: cfg.Store, Now: cfg.Now}
	if err := g.build(); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

// On says whether there is a configuration: without one there is nothing to Run.
func (g *Gate) On() bool { return g.on }

// own protects the consumers themselves: who blocks the way to a firewall cannot unblock it.
func own(c *hook.Config) (out []hook.Protected) {
	for i := range c.Consumers {
		k := &c.Consumers[i]
		p := hook.Protected{Owner: "Khiên"}
		p.Reason.VI, p.Reason.EN = "thiết bị thi hành chặn "+k.Name, "the consumer "+k.Name
		hosts := []string{k.Address}
		if u, err := url.Parse(k.URL); err == nil {
			hosts = append(hosts, u.Host)
		}
		for _, h := range hosts {
			if at, err := netip.ParseAddrPort(h); err == nil {
				h = at.Addr().String()
			} else if name, _, ok := strings.Cut(h, ":"); ok && strings.Count(h, ":") == 1 {
				h = name
			}
			if _, err := netip.ParseAddr(h); err == nil {
				p.Prefixes = append(p.Prefixes, h)
			} else if _, err := hook.Normalise(hook.Domain, h); err == nil {
				p.Names = append(p.Names, h)
			}
		}
		if len(p.Names)+len(p.Prefixes) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// Notify takes findings that have been stored. It does not wait.
func (g *Gate) Notify(findings []detector.Finding) {
	g.mu.Lock()
	if len(g.queue)+len(findings) > queueMax {
		g.missed = true
	} else {
		g.queue = append(g.queue, findings...)
	}
	g.mu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// Close closes the book and the history.
func (g *Gate) Close() error { return errors.Join(g.Book.Close(), g.history.Close()) }
