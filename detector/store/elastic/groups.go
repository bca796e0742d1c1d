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

// sparkParts is into how many parts of the time range a group's findings are counted.
const sparkParts = 12

// Groups answers the inbox. Counts are exact: the data stream has one shard an index, and the terms of all indices are
// asked for without approximation below groupsMax groups.
func (s *Store) Groups(ctx context.Context, q store.Query) (store.GroupPage, error) {
	query, err := s.filter(ctx, q)
	if err != nil {
		return store.GroupPage{}, err
	}
	skip := 0
	if q.Cursor != "" {
		if skip, err = strconv.Atoi(q.Cursor); err != nil || skip < 0 {
			return store.GroupPage{}, fmt.Errorf("elastic: cursor %q is not one of ours", q.Cursor)
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
			Groups struct {
				Buckets []struct {
					Key      string `json:"key"`
					Count    int    `json:"doc_count"`
					Severity struct{ Value float64 }
					Score    struct{ Value float64 }
				}
			}
		} `json:"aggregations"`
	}
	if err := s.search(ctx, s.stream, req, &ans); err != nil {
		return store.GroupPage{}, err
	}
	page := store.GroupPage{Total: ans.Aggregations.Total.Value}
	buckets := ans.Aggregations.Groups.Buckets
	if skip >= len(buckets) {
		return page, nil
	}
	for _, b := range buckets[skip:] {
		page.Groups = append(page.Groups, store.Group{Key: b.Key, Count: b.Count,
			Severity: detector.Severity(b.Severity.Value), Score: b.Score.Value})
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
	for _, g := range groups {
		one := m{"bool": m{"filter": []m{query, {"term": m{"khien_index.group": g.Key}}}}}
		body, err := json.Marshal(m{"size": 1, "query": one, "track_total_hits": false,
			"sort": []m{{"@timestamp": "desc"}, {"event.id": "desc"}},
			"aggs": m{
				"first": m{"min": m{"field": "khien_index.first"}},
				"last":  m{"max": m{"field": "khien_index.last"}},
				"times": m{"date_histogram": m{"field": "@timestamp", "fixed_interval": "1m", "min_doc_count": 1}},
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
				First, Last struct {
					Text string `json:"value_as_string"`
				}
				Times struct {
					Buckets []struct {
						Key   int64 `json:"key"`
						Count int   `json:"doc_count"`
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
		g.First, g.Last = parseTime(r.Aggregations.First.Text), parseTime(r.Aggregations.Last.Text)
		from, to := q.From, q.To
		if from.IsZero() {
			from = g.First
		}
		if to.IsZero() {
			to = g.Last
		}
		g.Spark = make([]int, sparkParts)
		for _, b := range r.Aggregations.Times.Buckets {
			g.Spark[sparkPart(time.UnixMilli(b.Key), from, to)] += b.Count
		}
		t, err := s.Triage(ctx, g.Key)
		if err != nil {
			return err
		}
		g.Status = t.Status
	}
	return nil
}

// sparkPart is the part of [from, to] that t lies in.
func sparkPart(t, from, to time.Time) int {
	span := to.Sub(from)
	if span <= 0 {
		return 0
	}
	return min(max(int(int64(t.Sub(from))*sparkParts/int64(span)), 0), sparkParts-1)
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
