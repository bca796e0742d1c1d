package elastic

import (
	"context"
	"slices"

	"khien/detector/store"
)

var _ store.Lister = (*Store)(nil)

// kindsMax bounds the kinds of documents; the program has some ten.
const kindsMax = 1000

// Kinds returns the kinds of all documents.
func (s *Store) Kinds(ctx context.Context) ([]string, error) {
	var ans struct {
		Aggregations struct {
			Kinds struct {
				Buckets []struct {
					Key string `json:"key"`
				} `json:"buckets"`
			} `json:"kinds"`
		} `json:"aggregations"`
	}
	if err := s.search(ctx, s.docs, m{"size": 0, "aggs": m{"kinds": m{"terms": m{"field": "kind", "size": kindsMax}}}}, &ans); err != nil {
		return nil, err
	}
	var out []string
	for _, b := range ans.Aggregations.Kinds.Buckets {
		out = append(out, b.Key)
	}
	slices.Sort(out)
	return out, nil
}

// Triages returns what was decided about groups.
func (s *Store) Triages(ctx context.Context, cursor string) (list []store.Triage, next string, err error) {
	req := m{"size": store.PageMax, "sort": []m{{"key": "asc"}}, "query": m{"match_all": m{}}, "track_total_hits": false}
	if cursor != "" {
		req["search_after"] = []string{cursor}
	}
	var ans struct {
		Hits struct {
			Hits []struct {
				Source store.Triage `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := s.search(ctx, s.triage, req, &ans); err != nil {
		return nil, "", err
	}
	for _, h := range ans.Hits.Hits {
		list = append(list, h.Source)
	}
	if len(list) == store.PageMax {
		next = list[len(list)-1].Key
	}
	return list, next, nil
}
