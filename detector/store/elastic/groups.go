package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// groupsMax bounds the groups that can be paged through: the server sorts that many at a time.
const groupsMax = 10_000

// totalMax is up to how many groups the total is exact; the server makes no more than 65,536 buckets for one answer. The
// cardinality that it gives beyond is an estimate, which is off by some already among thousands.
const totalMax = 40_000

// sparkParts is into how many parts of the time range a group's findings are counted.
const sparkParts = 12

// Groups answers the inbox. Counts are exact: the data stream has one shard an index, and the terms of all indices are
// asked for without approximation below groupsMax groups, their number below totalMax.
func (s *Store) Groups(ctx context.Context, q store.Query) (store.GroupPage, error) {
	query, err := s.filter(ctx, q)
	if err != nil {
		return store.GroupPage{}, err
	}
	skip := 0
	if q.Cursor != "" {
		if skip, err = strconv.Atoi(q.Cursor); err != nil || skip < 0 {
			return store.GroupPage{}, fmt.Errorf("elastic: %w: %q", store.ErrCursor, q.Cursor)
		}
	}
	size := limit(q.Limit)
	want := min(skip+size, groupsMax)
	order := []m{{"severity": "desc"}, {"last": "desc"}, {"_key": "asc"}}
	if q.Descending {
		order = []m{{"last": "desc"}, {"_key": "asc"}}
	}
	req := m{"size": 0, "query": query, "track_total_hits": false, "aggs": m{
		"total": m{"cardinality": m{"field": "khien_index.group", "precision_threshold": 40_000}},
		"all":   m{"terms": m{"field": "khien_index.group", "size": totalMax}},
		"exact": m{"stats_bucket": m{"buckets_path": "all>_count"}},
		"groups": m{
			"terms": m{"field": "khien_index.group", "size": max(want, 1), "order": order},
			"aggs": m{
				"severity": m{"max": m{"field": "event.severity"}},
				"score":    m{"max": m{"field": "khien.score"}},
				"last":     m{"max": m{"field": "khien_index.last"}},
				"first":    m{"min": m{"field": "khien_index.first"}},
			},
		},
	}}
	var ans struct {
		Aggregations struct {
			Total  struct{ Value int }
			Exact  struct{ Count int }
			Groups struct {
				Buckets []struct {
					Key      string `json:"key"`
					Count    int    `json:"doc_count"`
					Severity struct{ Value float64 }
					Score    struct{ Value float64 }
					First    struct {
						Text string `json:"value_as_string"`
					}
					Last struct {
						Text string `json:"value_as_string"`
					}
				}
			}
		} `json:"aggregations"`
	}
	body, err := json.Marshal(req)
	if err != nil {
		return store.GroupPage{}, fmt.Errorf("elastic: %w", err)
	}
	// The buckets of all are counted on the server and stay there.
	if err := s.do(ctx, "POST", "/"+s.stream+"/_search?ignore_unavailable=true&filter_path=-aggregations.all", body, &ans); err != nil {
		return store.GroupPage{}, err
	}
	page := store.GroupPage{Total: ans.Aggregations.Exact.Count}
	if page.Total == totalMax {
		page.Total = max(totalMax, ans.Aggregations.Total.Value)
	}
	buckets := ans.Aggregations.Groups.Buckets
	if skip >= len(buckets) {
		return page, nil
	}
	for _, b := range buckets[skip:] {
		page.Groups = append(page.Groups, store.Group{Key: b.Key, Count: b.Count,
			Severity: detector.Severity(b.Severity.Value), Score: b.Score.Value,
			First: parseTime(b.First.Text), Last: parseTime(b.Last.Text)})
	}
	if skip+len(page.Groups) < page.Total && len(page.Groups) > 0 && want < groupsMax {
		page.Next = strconv.Itoa(skip + len(page.Groups))
	}
	return page, s.describe(ctx, query, q, page.Groups)
}

// describe fills the groups from their newest findings, their spark lines and their triage.
func (s *Store) describe(ctx context.Context, query m, q store.Query, groups []store.Group) error {
	if len(groups) == 0 {
		return nil
	}
	var lines [][]byte
	for i := range groups {
		g := &groups[i]
		one := m{"bool": m{"filter": []m{query, {"term": m{"khien_index.group": g.Key}}}}}
		body, err := json.Marshal(m{"size": 1, "query": one, "track_total_hits": false,
			"sort": []m{{"@timestamp": "desc"}, {"event.id": "desc"}},
			"aggs": m{
				"times": m{"date_range": m{"field": "@timestamp", "format": "epoch_millis", "ranges": sparkRanges(q, g)}},
			}})
		if err != nil {
			return fmt.Errorf("elastic: %w", err)
		}
		head, err := json.Marshal(m{"index": s.stream, "ignore_unavailable": true})
		if err != nil {
			return fmt.Errorf("elastic: %w", err)
		}
		lines = append(lines, head, body)
	}
	var ans struct {
		Responses []struct {
			Error json.RawMessage
			Hits  struct {
				Hits []struct {
					Source detector.Finding `json:"_source"`
				} `json:"hits"`
			} `json:"hits"`
			Aggregations struct {
				Times struct {
					Buckets []struct {
						Count int `json:"doc_count"`
					}
				}
			} `json:"aggregations"`
		} `json:"responses"`
	}
	if err := s.do(ctx, "POST", "/_msearch", ndjson(lines), &ans); err != nil {
		return err
	}
	if len(ans.Responses) != len(groups) {
		return fmt.Errorf("elastic: %d answers for %d groups", len(ans.Responses), len(groups))
	}
	for i, r := range ans.Responses {
		g := &groups[i]
		if r.Error != nil {
			return fmt.Errorf("elastic: group %s: %s", groups[i].Key, r.Error)
		}
		if len(r.Hits.Hits) == 0 {
			continue // deleted between the two requests
		}
		f := &r.Hits.Hits[0].Source
		g.Rule, g.RuleName, g.Summary, g.Source = f.Rule.ID, f.Rule.Name, f.Summary, f.Source
		g.SrcIP, g.DstIP, g.Domain, g.LatestID = f.SrcIP.String(), f.DstIP.String(), f.Domain, f.ID
		if f.Fraud != nil {
			g.Brand, g.Stage = f.Fraud.Brand, f.Fraud.Stage
		}
		for _, b := range r.Aggregations.Times.Buckets {
			g.Spark = append(g.Spark, b.Count) // the server gives ranges in their order
		}
	}
	return s.decided(ctx, groups)
}

// decided fills in what was decided about groups.
func (s *Store) decided(ctx context.Context, groups []store.Group) error {
	ids := make([]string, len(groups))
	for i := range groups {
		ids[i] = hashID(groups[i].Key)
	}
	body, err := json.Marshal(m{"ids": ids})
	if err != nil {
		return fmt.Errorf("elastic: %w", err)
	}
	var ans struct {
		Docs []triageDocument `json:"docs"`
	}
	if err := s.do(ctx, "POST", "/"+s.triage+"/_mget", body, &ans); err != nil {
		return err
	}
	if len(ans.Docs) != len(groups) {
		return fmt.Errorf("elastic: triage: %d answers for %d groups", len(ans.Docs), len(groups))
	}
	for i := range groups {
		groups[i].Status = store.StatusNew
		if d := &ans.Docs[i]; d.Found {
			groups[i].Status = d.Source.Status
		}
	}
	return nil
}

// sparkRanges are the parts of the query's time range, of the group's when it is open, in milliseconds. What lies before the
// first part counts there, and what lies behind the last there.
func sparkRanges(q store.Query, g *store.Group) []m {
	from, to := q.From, q.To
	if from.IsZero() {
		from = g.First
	}
	if to.IsZero() {
		to = g.Last
	}
	lo, span := from.UnixMilli(), max(to.Sub(from).Milliseconds(), 0)
	out := make([]m, sparkParts)
	for i := range int64(sparkParts) {
		out[i] = m{}
		if i > 0 {
			out[i]["from"] = lo + max(i*span/sparkParts, i)
		}
		if i < sparkParts-1 {
			out[i]["to"] = lo + max((i+1)*span/sparkParts, i+1)
		}
	}
	return out
}

func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

func ndjson(lines [][]byte) []byte {
	var out []byte
	for _, l := range lines {
		out = append(append(out, l...), '\n')
	}
	return out
}
