package elastic

import (
	"context"
	"fmt"
	"slices"

	"khien/detector"
	"khien/detector/store"
)

// outside is the bucket of what touches no area. No unit has such an id.
const outside = "-"

// Bundles puts a query's findings together by a field.
func (s *Store) Bundles(ctx context.Context, q store.Query, field string) (store.BundleList, error) {
	if !slices.Contains(store.BundleFields(), field) {
		return store.BundleList{}, fmt.Errorf("elastic: bundles by %q: want one of %v", field, store.BundleFields())
	}
	query, err := s.filter(ctx, q)
	if err != nil {
		return store.BundleList{}, err
	}
	name := termFields[field]
	if field == "brand" {
		name = "khien.fraud.brand"
	}
	order := []m{{"severity": "desc"}, {"last": "desc"}, {"_key": "asc"}}
	if q.Descending {
		order = order[1:]
	}
	by := m{"terms": m{"field": name, "size": store.BundlesMax + 1, "shard_size": 10 * store.BundlesMax, "order": order}}
	if field == store.ByUnit {
		if len(q.Areas) == 0 {
			return store.BundleList{}, nil
		}
		areas := m{}
		for i := range q.Areas {
			areas[q.Areas[i].Name] = within(&q.Areas[i])
		}
		by = m{"filters": m{"keyed": false, "filters": areas, "other_bucket_key": outside}}
	}
	by["aggs"] = m{
		"severity": m{"max": m{"field": "event.severity"}},
		"score":    m{"max": m{"field": "khien.score"}},
		"first":    m{"min": m{"field": "khien_index.first"}},
		"last":     m{"max": m{"field": "khien_index.last"}},
		"groups":   m{"cardinality": m{"field": "khien_index.group", "precision_threshold": 1000}},
		"latest":   m{"top_hits": m{"size": 1, "sort": []m{{"@timestamp": "desc"}, {"event.id": "desc"}}}},
	}
	req := m{"size": 0, "query": query, "track_total_hits": false, "aggs": m{"bundles": by}}
	var ans struct {
		Aggregations struct {
			Bundles struct {
				Buckets []struct {
					Key      string `json:"key"`
					Count    int    `json:"doc_count"`
					Severity struct{ Value float64 }
					Score    struct{ Value float64 }
					Groups   struct{ Value int }
					First    struct {
						Text string `json:"value_as_string"`
					}
					Last struct {
						Text string `json:"value_as_string"`
					}
					Latest struct {
						Hits struct {
							Hits []struct {
								Source detector.Finding `json:"_source"`
							} `json:"hits"`
						} `json:"hits"`
					}
				}
			}
		} `json:"aggregations"`
	}
	if err := s.search(ctx, s.stream, req, &ans); err != nil {
		return store.BundleList{}, err
	}
	var list []store.Bundle
	for _, b := range ans.Aggregations.Bundles.Buckets {
		if b.Count == 0 {
			continue // an area without any
		}
		if field == store.ByUnit && b.Key == outside {
			b.Key = store.Outside
		}
		x := store.Bundle{Value: b.Key, Severity: detector.Severity(b.Severity.Value), Score: b.Score.Value, Findings: b.Count, Groups: b.Groups.Value,
			First: parseTime(b.First.Text), Last: parseTime(b.Last.Text)}
		if len(b.Latest.Hits.Hits) > 0 {
			x.Latest = b.Latest.Hits.Hits[0].Source
		}
		list = append(list, x)
	}
	return store.SortBundles(list, q.Descending), nil
}
