package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

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

// storedFinding is a finding with its place.
type storedFinding struct {
	ID string `json:"_id"`
	position
	Source detector.Finding `json:"_source"`
}

// stored finds documents of a data stream by id, at most a thousand. Those that were written in the last second may be
// missing; all makes them visible and looks again when some are.
func (s *Store) stored(ctx context.Context, stream string, ids []string, all bool) (map[string]storedFinding, error) {
	req := m{"size": len(ids), "query": m{"ids": m{"values": ids}}, "seq_no_primary_term": true, "_source": all}
	for try := 0; ; try++ {
		var raw struct {
			Hits struct {
				Hits []json.RawMessage `json:"hits"`
			} `json:"hits"`
		}
		if err := s.search(ctx, stream, req, &raw); err != nil {
			return nil, err
		}
		out := make(map[string]storedFinding, len(raw.Hits.Hits))
		for _, h := range raw.Hits.Hits {
			var f storedFinding
			if err := json.Unmarshal(h, &f); err != nil {
				return nil, fmt.Errorf("elastic: stored finding: %w", err)
			}
			out[f.ID] = f
		}
		if !all || len(out) == len(ids) || try > 0 {
			return out, nil
		}
		if err := s.do(ctx, "POST", "/"+stream+"/_refresh?ignore_unavailable=true", nil, nil); err != nil && !hasStatus(err, 404) {
			return nil, err
		}
	}
}

// Refresh makes everything that was written visible to searches.
func (s *Store) Refresh(ctx context.Context) error {
	return s.do(ctx, "POST", "/"+strings.Join(append(s.eventStreams(), s.stream), ",")+"/_refresh?ignore_unavailable=true", nil, nil)
}

// Get returns one finding.
func (s *Store) Get(ctx context.Context, id string) (detector.Finding, error) {
	if id == "" {
		return detector.Finding{}, store.ErrNotFound
	}
	found, err := s.stored(ctx, s.stream, []string{id}, true)
	if err != nil {
		return detector.Finding{}, err
	}
	f, ok := found[id]
	if !ok {
		return detector.Finding{}, store.ErrNotFound
	}
	return f.Source, nil
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

// readCursor reads the time and the id of a row.
func readCursor(c string) ([]string, error) {
	var out []string
	err := json.Unmarshal([]byte(c), &out)
	if err == nil && len(out) == 2 {
		_, err = time.Parse(time.RFC3339Nano, out[0])
	}
	if err != nil || len(out) != 2 {
		return nil, fmt.Errorf("elastic: %w: %q", store.ErrCursor, c)
	}
	return out, nil
}
