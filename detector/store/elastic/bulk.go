package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"khien/detector/store"
)

// Limits of a bulk request. The number of documents adapts: it grows by a tenth with each request that the server takes
// as a whole, and halves when it asks to send less.
const (
	batchFirst = 1000
	batchMin   = 50
	batchMax   = 5000
	bulkBytes  = 8 << 20
	parallel   = 2 // requests at the same time, so that one is encoded while the server works on another
)

// entry is a document on its way into a data stream.
type entry struct {
	id, index string
	doc       []byte
	existing  bool   // the server has one of this id
	rejected  string // why the server will never take it
}

// batchSize adapts to what the server takes. Safe for concurrent use.
type batchSize struct {
	mu sync.Mutex
	n  int
}

func (b *batchSize) get() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.n
}

func (b *batchSize) less() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n = max(b.n/2, batchMin)
}

func (b *batchSize) more() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n = min(b.n+b.n/10, batchMax)
}

// bulk creates documents. When it returns nil or a *store.RejectedError, each is stored, existed before, or is rejected.
func (s *Store) bulk(ctx context.Context, entries []entry) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := s.markOlder(ctx, entries); err != nil {
		return err
	}
	var open []*entry
	for i := range entries {
		if !entries[i].existing {
			open = append(open, &entries[i])
		}
	}
	work := make(chan []*entry)
	errs := make(chan error, parallel)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range parallel {
		go func() {
			var first error
			for part := range work {
				if first == nil {
					if first = s.create(ctx, part); first != nil {
						cancel() // what the others still have to send would only add to the trouble
					}
				}
			}
			errs <- first
		}()
	}
	for len(open) > 0 {
		n, size, most := 0, 0, s.batch.get()
		for n < len(open) && n < most && (n == 0 || size+len(open[n].doc) <= bulkBytes) {
			size += len(open[n].doc)
			n++
		}
		work <- open[:n]
		open = open[n:]
	}
	close(work)
	var failed error
	for range parallel {
		if err := <-errs; err != nil && (failed == nil || errors.Is(failed, context.Canceled)) {
			failed = err
		}
	}
	if failed != nil {
		return failed
	}
	var refused []store.Rejected
	for i := range entries {
		if e := &entries[i]; e.rejected != "" {
			refused = append(refused, store.Rejected{ID: e.id, Reason: e.rejected, Document: e.doc})
		}
	}
	return store.Reject(refused)
}

type bulkItem struct {
	Status int `json:"status"`
	Error  struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
		Cause  struct {
			Reason string `json:"reason"`
		} `json:"caused_by"`
	} `json:"error"`
}

type bulkAnswer struct {
	Errors bool `json:"errors"`
	Items  []struct {
		Create bulkItem `json:"create"`
		Index  bulkItem `json:"index"`
	} `json:"items"`
}

// create sends one request, and again what the server was too busy for.
func (s *Store) create(ctx context.Context, part []*entry) error {
	wait := firstWait
	for try := 1; ; try++ {
		var body bytes.Buffer
		for _, e := range part {
			fmt.Fprintf(&body, "{\"create\":{\"_index\":%q,\"_id\":%q}}\n", e.index, e.id)
			body.Write(e.doc)
			body.WriteByte('\n')
		}
		var answer bulkAnswer
		err := s.do(ctx, "POST", "/_bulk"+s.refresh(), body.Bytes(), &answer)
		switch {
		case hasStatus(err, 413) && len(part) == 1:
			part[0].rejected = "the document is larger than the server takes"
			return nil
		case hasStatus(err, 413):
			s.batch.less()
			half := len(part) / 2
			if err := s.create(ctx, part[:half]); err != nil {
				return err
			}
			return s.create(ctx, part[half:])
		case err != nil:
			return err
		case len(answer.Items) != len(part):
			return fmt.Errorf("elastic: bulk: %d answers for %d documents", len(answer.Items), len(part))
		}
		var again []*entry
		var reason string
		for i, item := range answer.Items {
			switch r := item.Create; {
			case r.Status < 300:
			case r.Status == 409:
				part[i].existing = true
			case r.Status == 400:
				part[i].rejected = r.Error.Type + ": " + r.Error.Reason
				if r.Error.Cause.Reason != "" {
					part[i].rejected += ": " + r.Error.Cause.Reason
				}
			case r.Status == 429 || r.Status >= 500:
				again = append(again, part[i])
				reason = r.Error.Type + ": " + r.Error.Reason
			default:
				return fmt.Errorf("elastic: document %s: status %d: %s: %s", part[i].id, r.Status, r.Error.Type, r.Error.Reason)
			}
		}
		if len(again) == 0 {
			if try == 1 && len(part) >= s.batch.get() {
				s.batch.more()
			}
			return nil
		}
		s.batch.less()
		if try == attempts {
			return fmt.Errorf("elastic: bulk: the server refuses %d documents for now: %s", len(again), reason)
		}
		part = again
		select {
		case <-ctx.Done():
			return fmt.Errorf("elastic: bulk: %w", ctx.Err())
		case <-time.After(wait):
		}
		wait *= 2
	}
}

// refresh is the query part that makes a write visible.
func (s *Store) refresh() string {
	if s.cfg.Refresh {
		return "?refresh=true"
	}
	return ""
}

// generationsFor is how long the number of a data stream's indices is believed.
const generationsFor = 30 * time.Second

// generations remembers which data streams have more than one index. Safe for concurrent use.
type generations struct {
	mu sync.Mutex
	at map[string]time.Time
	n  map[string]int
}

// several reports whether a data stream has been rolled over.
func (s *Store) several(ctx context.Context, stream string) (bool, error) {
	g := &s.generations
	g.mu.Lock()
	n, fresh := g.n[stream], time.Since(g.at[stream]) < generationsFor
	g.mu.Unlock()
	if fresh {
		return n > 1, nil
	}
	var ans map[string]json.RawMessage
	if err := s.do(ctx, "GET", "/"+stream+"/_settings?filter_path=*.settings.index.creation_date", nil, &ans); err != nil && !hasStatus(err, 404) {
		return false, err
	}
	n = len(ans)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n[stream], g.at[stream] = n, time.Now()
	return n > 1, nil
}

// markOlder marks the documents that an older index of their data stream has: the server tells of a repeat only within
// the newest.
func (s *Store) markOlder(ctx context.Context, entries []entry) error {
	byStream := map[string][]*entry{}
	for i := range entries {
		byStream[entries[i].index] = append(byStream[entries[i].index], &entries[i])
	}
	for stream, list := range byStream {
		several, err := s.several(ctx, stream)
		if err != nil {
			return err
		}
		for several && len(list) > 0 {
			n := min(len(list), batchFirst)
			ids := make([]string, n)
			for i, e := range list[:n] {
				ids[i] = e.id
			}
			found, err := s.stored(ctx, stream, ids, false)
			if err != nil {
				return err
			}
			for _, e := range list[:n] {
				_, e.existing = found[e.id]
			}
			list = list[n:]
		}
	}
	return nil
}
