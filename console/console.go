// Package console is the server of the pages on which people work: accounts, sessions, the audit log, the interface below
// /api/v1/ and the pages themselves. Requests of browsers come in; findings come from a store.Store, which stays the
// caller's.
package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"khien/console/account"
	"khien/console/api"
	"khien/console/audit"
	"khien/console/cases"
	"khien/console/oidc"
	"khien/console/passkey"
	"khien/console/report/issue"
	"khien/console/reveal"
	"khien/console/rulebook"
	"khien/console/scope"
	"khien/console/web"
	"khien/detector"
	"khien/detector/store"
)

// Server is a console. Safe for concurrent use.
type Server struct {
	api           *api.API
	audit         *audit.Log
	rules         *rulebook.Desk
	handler       http.Handler
	firstPassword string
	stop          context.CancelFunc // ends work
	work          sync.WaitGroup
}

// New opens the accounts and the audit log and returns a server on a store.
func New(cfg Config, st store.Store) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("console: data directory: %w", err)
	}
	log, err := audit.Open(filepath.Join(cfg.DataDir, "audit.jsonl"), cfg.Now)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	book, first, err := account.Open(cfg.DataDir, account.Limits{Idle: cfg.SessionIdle, Max: cfg.SessionMax}, cfg.Now)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("console: %w", err), log.Close())
	}
	provider, err := oidc.Open(cfg.DataDir, cfg.Now)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("console: %w", err), log.Close())
	}
	keys, off, err := openKeys(cfg, provider)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("console: %w", err), log.Close())
	}
	cfg.TLS = cfg.TLS || strings.HasPrefix(cfg.URL, "https:")
	s := &Server{audit: log, firstPassword: first}
	scoped := scope.New(st, cfg.Now)
	var reveals *reveal.Book
	if policy, err := reveal.Read(cfg.DataDir); err != nil {
		return nil, errors.Join(fmt.Errorf("console: %w", err), log.Close())
	} else if policy != nil {
		reveals = &reveal.Book{Store: scoped, Policy: policy, Now: cfg.Now}
	}
	desk := &issue.Desk{Store: scoped, Cases: &cases.Book{Store: scoped, Now: cfg.Now}, Dir: filepath.Join(cfg.DataDir, "report"), Tool: "khien " + cfg.Version, Now: cfg.Now,
		Packets: cfg.Packets, FrozenMax: cfg.FrozenMax}
	s.rules = rulebook.New(cfg.Rules, cfg.Now)
	s.api = api.New(api.Config{Store: scoped, Accounts: book, Audit: log, Reports: desk, Secure: cfg.TLS, Version: cfg.Version, Stats: cfg.Stats, Outputs: cfg.Outputs,
		Packets: cfg.FlowPackets, Files: cfg.Files, Remote: cfg.Remote, Blocking: cfg.Blocking, OIDC: provider, Keys: keys, KeysOff: off, Sensor: cfg.Sensor, Rules: s.rules, Rate: cfg.Rate, Reveals: reveals, Now: cfg.Now})
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	if cfg.Remind != nil {
		s.work.Go(func() { s.api.Remind(ctx, cfg.Remind, cfg.Trouble) })
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", s.api.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ok") })
	mux.Handle("/", web.Handler())
	// Browsers say where a request comes from (Sec-Fetch-Site, Origin); what another site makes them send is refused, beside
	// the cookie's SameSite.
	sites := http.NewCrossOriginProtection()
	sites.SetDenyHandler(http.HandlerFunc(s.api.OtherSite))
	s.handler = secure(cfg.TLS, sites.Handler(mux))
	return s, nil
}

// openKeys returns the relying party of security keys; nil, and why, where browsers let none be used. An address that was told
// counts alone; else the first at which keys can be used.
func openKeys(cfg Config, provider *oidc.Provider) (*passkey.Party, string, error) {
	urls := []string{cfg.URL}
	if cfg.URL == "" {
		if urls = []string{passkey.Local(cfg.Listener)}; provider != nil {
			urls = append([]string{provider.URL()}, urls...)
		}
	}
	off := ""
	for _, url := range urls {
		at, err := passkey.At(url)
		why := map[error]string{passkey.ErrNone: "none", passkey.ErrName: "name", passkey.ErrPlain: "plain"}[err]
		switch {
		case err == nil:
			keys, err := passkey.Open(at, cfg.Now)
			return keys, "", err
		case why == "":
			return nil, "", fmt.Errorf("URL: %w", err)
		case off == "":
			off = why
		}
	}
	return nil, off, nil
}

// FirstPassword returns the password of the account admin when this start created it, and "" otherwise. It is kept
// nowhere: the caller shows it once.
func (s *Server) FirstPassword() string { return s.firstPassword }

// Handler serves the console.
func (s *Server) Handler() http.Handler { return s.handler }

// Prepare changes findings as people have decided, before they are stored.
func (s *Server) Prepare(ctx context.Context, findings []detector.Finding) error {
	return s.api.Prepare(ctx, findings)
}

// Notify tells the open pages of findings that have been stored.
func (s *Server) Notify(findings []detector.Finding) { s.api.Notify(findings) }

// Follow tells the open pages of findings that others store, until ctx ends. It is for a console that nobody notifies.
func (s *Server) Follow(ctx context.Context) { s.api.Follow(ctx) }

// Close ends the event streams and closes the audit log. The store stays open.
func (s *Server) Close() error {
	s.stop()
	s.work.Wait()
	s.api.Close()
	s.rules.Close()
	return s.audit.Close()
}

// secure sets the headers that bound what a page may do.
func secure(tls bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if tls {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}
