package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"khien/detector/store"
)

// Count tells how a query's findings lie in time and which values they hold most often.
func (s *Store) Count(ctx context.Context, q store.Query, parts int) (store.Counts, error) {
	query, err := s.filter(ctx, q)
	if err != nil {
		return store.Counts{}, err
	}
	aggs := m{"first": m{"min": m{"field": "@timestamp"}}, "last": m{"max": m{"field": "@timestamp"}}}
	fields := map[string]string{"severity": "event.severity", "rule": "rule.id", "source": "khien.source", "src": "source.ip", "dst": "destination.ip",
		"host": "related.hosts", "brand": "khien.fraud.brand"}
	for name, field := range termFields {
		fields[name] = field
	}
	for name, field := range fields {
		// The shards give far more than are asked for, so that a value that is frequent in all is not missed.
		aggs["top_"+name] = m{"terms": m{"field": field, "size": store.TopMax, "shard_size": 1000, "order": []m{{"_count": "desc"}, {"_key": "asc"}}}}
	}
	var ans struct {
		Hits struct {
			Total struct{ Value int }
		} `json:"hits"`
		Aggregations map[string]struct {
			Text    string `json:"value_as_string"`
			Buckets []struct {
				Key   json.RawMessage `json:"key"`
				Count int             `json:"doc_count"`
			}
		} `json:"aggregations"`
	}
	if err := s.search(ctx, s.stream, m{"size": 0, "query": query, "track_total_hits": true, "aggs": aggs}, &ans); err != nil {
		return store.Counts{}, err
	}
	out := store.Counts{Total: ans.Hits.Total.Value, From: q.From, To: q.To, Top: map[string][]store.ValueCount{}}
	if out.Total == 0 {
		return out, nil
	}
	out.Counted = out.Total
	for name := range fields {
		var list []store.ValueCount
		for _, b := range ans.Aggregations["top_"+name].Buckets {
			v := string(b.Key)
			if v[0] == '"' {
				if err := json.Unmarshal(b.Key, &v); err != nil {
					return store.Counts{}, fmt.Errorf("elastic: count: %w", err)
				}
			}
			if v != "" {
				list = append(list, store.ValueCount{Value: v, Count: b.Count})
			}
		}
		if len(list) > 0 {
			out.Top[name] = store.TopOf(list)
		}
	}
	if out.From.IsZero() {
		out.From = parseTime(ans.Aggregations["first"].Text)
	}
	if out.To.IsZero() {
		out.To = parseTime(ans.Aggregations["last"].Text).Add(1)
	}
	out.Parts, err = s.histogram(ctx, query, out.From, out.To, min(max(parts, 1), store.PartsMax))
	return out, err
}

// histogram counts the findings in equal parts of a time range.
func (s *Store) histogram(ctx context.Context, query m, from, to time.Time, parts int) ([]int, error) {
	// The outer ends are open: the query bounds them to the nanosecond, where the server's ranges know milliseconds.
	ranges := make([]m, parts)
	for i := range ranges {
		ranges[i] = m{"key": fmt.Sprintf("%03d", i)}
		if i > 0 {
			edge := from.Add(time.Duration(float64(to.Sub(from)) / float64(parts) * float64(i))).UTC().Format(time.RFC3339Nano)
			ranges[i]["from"], ranges[i-1]["to"] = edge, edge
		}
	}
	var ans struct {
		Aggregations struct {
			Parts struct {
				Buckets []struct {
					Count int `json:"doc_count"`
				}
			}
		} `json:"aggregations"`
	}
	if err := s.search(ctx, s.stream, m{"size": 0, "query": query, "track_total_hits": false, "aggs": m{
		"parts": m{"date_range": m{"field": "@timestamp", "ranges": ranges}}}}, &ans); err != nil {
		return nil, err
	}
	if n := len(ans.Aggregations.Parts.Buckets); n != parts {
		return nil, fmt.Errorf("elastic: count: %d parts of %d", n, parts)
	}
	out := make([]int, parts)
	for i, b := range ans.Aggregations.Parts.Buckets {
		out[i] = b.Count
	}
	return out, nil
}
