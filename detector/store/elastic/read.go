package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"khien/detector"
	"khien/detector/store"
)

// position is where a document lies, for a conditional change.
type position struct {
	Index string `json:"_index"`
	SeqNo int64  `json:"_seq_no"`
	Term  int64  `json:"_primary_term"`
}

func (s *Store) search(ctx context.Context, index string, req m, out any) error {
	b, err := json.Marshal(req)
	if err != nil {
		return fmt.Errorf("elastic: %w", err)
	}
	return s.do(ctx, "POST", "/"+index+"/_search?ignore_unavailable=true", b, out)
}

// lookup finds a finding and its place by id.
func (s *Store) lookup(ctx context.Context, id string) (detector.Finding, position, error) {
	var ans struct {
		Hits struct {
			Hits []struct {
				position
				Source detector.Finding `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	req := m{"size": 1, "query": m{"ids": m{"values": []string{id}}}, "seq_no_primary_term": true}
	for try := 0; ; try++ {
		if err := s.search(ctx, s.stream, req, &ans); err != nil {
			return detector.Finding{}, position{}, err
		}
		if len(ans.Hits.Hits) > 0 {
			h := ans.Hits.Hits[0]
			return h.Source, h.position, nil
		}
		if try > 0 {
			return detector.Finding{}, position{}, store.ErrNotFound
		}
		// Written, but not yet visible to searches: documents become so once a second.
		if err := s.do(ctx, "POST", "/"+s.stream+"/_refresh?ignore_unavailable=true", nil, nil); err != nil && !hasStatus(err, 404) {
			return detector.Finding{}, position{}, err
		}
	}
}

// Get returns one finding.
func (s *Store) Get(ctx context.Context, id string) (detector.Finding, error) {
	if id == "" {
		return detector.Finding{}, store.ErrNotFound
	}
	f, _, err := s.lookup(ctx, id)
	return f, err
}

// Find returns a page of findings in order of time, then id.
func (s *Store) Find(ctx context.Context, q store.Query) (store.Page, error) {
	query, err := s.filter(ctx, q)
	if err != nil {
		return store.Page{}, err
	}
	order := "asc"
	if q.Descending {
		order = "desc"
	}
	size := limit(q.Limit)
	req := m{"size": size, "query": query, "track_total_hits": false,
		"sort": []m{{"@timestamp": m{"order": order, "format": "strict_date_optional_time_nanos"}}, {"event.id": order}}}
	if q.Cursor != "" {
		after, err := readCursor(q.Cursor)
		if err != nil {
			return store.Page{}, err
		}
		req["search_after"] = after
	}
	var ans struct {
		Hits struct {
			Hits []struct {
				Source detector.Finding  `json:"_source"`
				Sort   []json.RawMessage `json:"sort"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := s.search(ctx, s.stream, req, &ans); err != nil {
		return store.Page{}, err
	}
	var page store.Page
	for _, h := range ans.Hits.Hits {
		page.Findings = append(page.Findings, h.Source)
	}
	if n := len(ans.Hits.Hits); n == size {
		page.Next = writeCursor(ans.Hits.Hits[n-1].Sort)
	}
	return page, nil
}

func limit(n int) int {
	if n <= 0 {
		return 100
	}
	return min(n, 1000)
}

// A cursor is the sort values of a page's last row, as the server gave them.
func writeCursor(sort []json.RawMessage) string {
	parts := make([]string, len(sort))
	for i, p := range sort {
		parts[i] = string(p)
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func readCursor(c string) ([]json.RawMessage, error) {
	var out []json.RawMessage
	if err := json.Unmarshal([]byte(c), &out); err != nil || len(out) == 0 || len(out) > 4 {
		return nil, fmt.Errorf("elastic: cursor %q is not one of ours", c)
	}
	return out, nil
}
