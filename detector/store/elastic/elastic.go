// Package elastic keeps findings in Elasticsearch 8: findings in a data stream in the Elastic Common Schema, telemetry in
// a data stream for each type, triage and other documents in ordinary indices with optimistic concurrency. Findings come in through Write and are durable when it returns; queries go
// out as search requests. The package needs no more of the server than search, bulk, templates and data streams, and asks
// it for lifecycle management before it uses that.
package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	es "github.com/elastic/go-elasticsearch/v8"

	"khien/detector/store"
)

// Config says how to reach the cluster. URLs is required.
type Config struct {
	URLs        []string // nodes, tried in turn
	APIKey      string   // base64 of id:key; secrets come from a file or the environment, never from a flag
	User        string
	Password    string
	CAFile      string        // PEM, for a private certificate authority
	Fingerprint string        // SHA-256 of the server's certificate authority, hex
	Namespace   string        // ends the names of data stream and indices, "default" when empty
	Retain      time.Duration // after which the lifecycle policy deletes findings, 365 days when 0
	EventRetain time.Duration // after which it deletes telemetry, 7 days when 0
	Patient     bool          // open while no node answers; the templates are then installed with the first write
	Refresh     bool          // make each write visible to searches before Write returns; for tests and small sites
}

// Names of what the package keeps on the server, before the namespace.
const (
	findingsStream  = "findings-khien.all-"
	telemetryStream = "telemetry-khien." // and the type
	triageIndex     = "khien-triage-"
	documentIndex   = "khien-documents-"
	maxErrorBody    = 4 << 10
)

// Store is a store.Store on Elasticsearch. Safe for concurrent use.
type Store struct {
	client  *es.Client
	cfg     Config
	stream  string
	triage  string
	docs    string
	missing []string // features that this server lacks

	installing  sync.Mutex
	installed   bool
	batch       batchSize
	generations generations
}

var _ store.Store = (*Store)(nil)

// Open connects, installs the templates and returns the store. What the server lacks is told by Missing.
func Open(ctx context.Context, c Config) (*Store, error) {
	if len(c.URLs) == 0 {
		return nil, errors.New("elastic: no URL")
	}
	for _, u := range c.URLs {
		p, err := url.Parse(u)
		if err != nil || p.Host == "" || p.Scheme != "http" && p.Scheme != "https" {
			return nil, fmt.Errorf("elastic: %q is not an http or https URL", u)
		}
	}
	if c.Namespace == "" {
		c.Namespace = "default"
	}
	if c.Retain <= 0 {
		c.Retain = 365 * 24 * time.Hour
	}
	if c.EventRetain <= 0 {
		c.EventRetain = 7 * 24 * time.Hour
	}
	cfg := es.Config{Addresses: c.URLs, APIKey: c.APIKey, Username: c.User, Password: c.Password,
		CertificateFingerprint: c.Fingerprint, DisableRetry: true, DiscoverNodesOnStart: false}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("elastic: certificate authority: %w", err)
		}
		cfg.CACert = pem
	}
	client, err := es.NewClient(cfg)
	if err != nil {
		return nil, fmt.Errorf("elastic: %w", err)
	}
	s := &Store{client: client, cfg: c, stream: findingsStream + c.Namespace,
		triage: triageIndex + c.Namespace, docs: documentIndex + c.Namespace, batch: batchSize{n: batchFirst},
		generations: generations{at: map[string]time.Time{}, n: map[string]int{}}}
	var refused *statusError
	if err := s.ready(ctx); err != nil && (!c.Patient || errors.As(err, &refused) && refused.status < 500 && refused.status != 429) {
		return nil, err
	}
	return s, nil
}

// ready installs the templates, once. Every write begins with it: a document that came before its template would make an
// index with mappings that the server guessed.
func (s *Store) ready(ctx context.Context) error {
	s.installing.Lock()
	defer s.installing.Unlock()
	if s.installed {
		return nil
	}
	s.missing = nil
	if err := s.install(ctx); err != nil {
		return err
	}
	s.installed = true
	return nil
}

// Missing names what this server cannot do, with the consequence; empty on a full Elasticsearch and while none answers.
func (s *Store) Missing() []string {
	s.installing.Lock()
	defer s.installing.Unlock()
	return s.missing
}

// Close ends the use of the store. Nothing is buffered.
func (s *Store) Close() error { return nil }

// statusError is an answer of the server that is not a success.
type statusError struct {
	op     string
	status int
	body   string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("elastic: %s: status %d: %s", e.op, e.status, e.body)
}

// hasStatus reports whether err is an answer with a status.
func hasStatus(err error, status int) bool {
	var e *statusError
	return errors.As(err, &e) && e.status == status
}

// Limits on repeating a request that the server was too busy for. The spool in front of the store takes longer outages.
const (
	attempts  = 6
	firstWait = 100 * time.Millisecond
)

// do sends a request and decodes the answer into out (nil: ignored). Too many requests (429) and a node that is away
// (502, 503, 504) are tried again with growing pauses.
func (s *Store) do(ctx context.Context, method, path string, body []byte, out any) error {
	wait := firstWait
	for try := 1; ; try++ {
		err := s.once(ctx, method, path, body, out)
		var e *statusError
		retry := errors.As(err, &e) && (e.status == 429 || e.status >= 502 && e.status <= 504)
		if !retry || try == attempts {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("elastic: %s: %w", path, ctx.Err())
		case <-time.After(wait):
		}
		wait *= 2
	}
}

func (s *Store) once(ctx context.Context, method, path string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("elastic: %w", err)
	}
	if len(body) > 0 {
		kind := "application/json"
		if strings.HasSuffix(strings.SplitN(path, "?", 2)[0], "/_bulk") {
			kind = "application/x-ndjson"
		}
		req.Header.Set("Content-Type", kind)
	}
	res, err := s.client.Perform(req)
	if err != nil {
		return fmt.Errorf("elastic: %s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		text, err := io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
		if err != nil {
			return fmt.Errorf("elastic: %s %s: %w", method, path, err)
		}
		return &statusError{op: method + " " + path, status: res.StatusCode, body: strings.TrimSpace(string(text))}
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("elastic: %s %s: answer: %w", method, path, err)
	}
	return nil
}
