package elastic

import (
	"context"
	"fmt"
	"strings"
	"time"

	"khien/detector/store"
)

// triageMax bounds the group keys that a status filter brings along.
const triageMax = 50_000

// filter translates a query into a bool query.
func (s *Store) filter(ctx context.Context, q store.Query) (m, error) {
	var must, not []m
	add := func(c m) { must = append(must, c) }
	if !q.From.IsZero() || !q.To.IsZero() {
		add(timeRange(q.From, q.To))
	}
	if q.MinSeverity > 0 {
		add(m{"range": m{"event.severity": m{"gte": int(q.MinSeverity)}}})
	}
	if q.Text != "" {
		var texts []m
		for _, text := range append([]string{q.Text}, q.OrText...) {
			texts = append(texts, m{"match": m{"khien_index.text": m{"query": text, "operator": "and"}}})
		}
		add(anyOf(texts...))
	}
	must = append(must, lists(&q)...)
	if len(q.Group) > 0 {
		add(m{"terms": m{"khien_index.group": q.Group}})
	}
	if q.Not != nil {
		not = lists(q.Not)
		if q.Not.MinSeverity > 0 {
			not = append(not, m{"range": m{"event.severity": m{"gte": int(q.Not.MinSeverity)}}})
		}
		if len(q.Not.Status) > 0 {
			c, err := s.statusFilter(ctx, q.Not.Status)
			if err != nil {
				return nil, err
			}
			not = append(not, c)
		}
	}
	if len(q.Status) > 0 {
		c, err := s.statusFilter(ctx, q.Status)
		if err != nil {
			return nil, err
		}
		add(c)
	}
	b := m{}
	if len(must) > 0 {
		b["filter"] = must
	}
	if len(not) > 0 {
		b["must_not"] = not
	}
	return m{"bool": b}, nil
}

// timeRange selects documents of a time range.
func timeRange(from, to time.Time) m {
	// A range without a beginning makes a date histogram of nanoseconds fail in Elasticsearch 8.
	r := m{"gte": "1970-01-01T00:00:00Z"}
	if !from.IsZero() {
		r["gte"] = from.UTC().Format(time.RFC3339Nano)
	}
	if !to.IsZero() {
		r["lt"] = to.UTC().Format(time.RFC3339Nano)
	}
	return m{"range": m{"@timestamp": r}}
}

// hostFilter selects documents of one of several names, or of all names below it.
func hostFilter(hosts []string) m {
	var any []m
	for _, h := range hosts {
		h = strings.ToLower(h)
		if rest, ok := strings.CutPrefix(h, "*."); ok {
			any = append(any, m{"wildcard": m{"related.hosts": m{"value": "*." + escapeWildcard(rest)}}})
		} else {
			any = append(any, m{"term": m{"related.hosts": h}})
		}
	}
	return anyOf(any...)
}

// caselessMax is the longest value that is compared without regard to case, in bytes: the server makes an automaton of it
// and refuses large ones.
const caselessMax = 200

// lists are the conditions of a query's lists, one for each that is not empty.
func lists(q *store.Query) (out []m) {
	if len(q.IP) > 0 {
		out = append(out, eitherEnd(q.IP))
	}
	if len(q.Host) > 0 {
		out = append(out, hostFilter(q.Host))
	}
	for _, l := range []struct {
		field  string
		values []string
	}{{"source.ip", q.Src}, {"destination.ip", q.Dst}, {"rule.id", q.Rule}, {"khien.source", q.Source}} {
		if len(l.values) > 0 {
			out = append(out, m{"terms": m{l.field: l.values}})
		}
	}
	if len(q.Brand) > 0 {
		var brands []m
		for _, b := range q.Brand {
			brands = append(brands, m{"term": m{"khien.fraud.brand": m{"value": b, "case_insensitive": len(b) <= caselessMax}}})
		}
		out = append(out, anyOf(brands...))
	}
	for i := range q.Within {
		out = append(out, within(&q.Within[i]))
	}
	for _, f := range store.Fields() {
		if values := *f.Asked(q); len(values) > 0 {
			out = append(out, m{"terms": m{termFields[f.Name]: values}})
		}
	}
	return out
}

// eitherEnd selects what has an end in one of several networks.
func eitherEnd(networks []string) m {
	return anyOf(m{"terms": m{"source.ip": networks}}, m{"terms": m{"destination.ip": networks}})
}

// within selects what touches an area; an empty one is touched by nothing.
func within(a *store.Area) m {
	// The server makes one set of a list of addresses, but a clause of each value where one of them is a network, and allows
	// some thousands of those.
	addresses, networks, sensors := []string{}, []string{}, append([]string{}, a.Sensors...)
	for _, p := range a.Networks {
		if p.IsSingleIP() {
			addresses = append(addresses, p.Addr().String())
		} else {
			networks = append(networks, p.Masked().String())
		}
	}
	return anyOf(eitherEnd(addresses), eitherEnd(networks), m{"terms": m{termFields["sensor"]: sensors}})
}

// termFields are where store.Fields lie in the index.
var termFields = map[string]string{"sha256": "file.hash.sha256", "ja4": "tls.client.ja4", "cert": "khien_index.cert", "campaign": "khien.campaign.id",
	"chain": "khien.chain.id", "sensor": "observer.name", "technique": "threat.technique.id", "stage": "khien.fraud.stage",
	"as": "khien_index.as", "country": "khien_index.country"}

func anyOf(clauses ...m) m {
	return m{"bool": m{"should": clauses, "minimum_should_match": 1}}
}

// escapeWildcard takes the meaning from the characters that a wildcard query gives one.
func escapeWildcard(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(s)
}

// statusFilter selects the findings of groups in one of the states. Triage is a document of its own, so the keys of the
// groups that were decided about are brought along.
func (s *Store) statusFilter(ctx context.Context, want []string) (m, error) {
	decided, err := s.triaged(ctx)
	if err != nil {
		return nil, err
	}
	var in, out []string
	isNew := false
	wanted := map[string]bool{}
	for _, w := range want {
		wanted[w] = true
		isNew = isNew || w == store.StatusNew
	}
	for key, status := range decided {
		if wanted[status] {
			in = append(in, key)
		} else {
			out = append(out, key)
		}
	}
	if isNew {
		if len(out) == 0 {
			return m{"match_all": m{}}, nil
		}
		return m{"bool": m{"must_not": []m{{"terms": m{"khien_index.group": out}}}}}, nil
	}
	if in == nil {
		in = []string{}
	}
	return m{"terms": m{"khien_index.group": in}}, nil
}

// triaged returns the status of every group that was decided about.
func (s *Store) triaged(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	var after []any
	for {
		req := m{"size": 5000, "_source": []string{"key", "status"}, "sort": []m{{"key": "asc"}}, "query": m{"match_all": m{}}}
		if after != nil {
			req["search_after"] = after
		}
		var ans struct {
			Hits struct {
				Hits []struct {
					Source store.Triage `json:"_source"`
					Sort   []any        `json:"sort"`
				} `json:"hits"`
			} `json:"hits"`
		}
		if err := s.search(ctx, s.triage, req, &ans); err != nil {
			return nil, err
		}
		for _, h := range ans.Hits.Hits {
			if h.Source.Status != "" {
				out[h.Source.Key] = h.Source.Status
			}
			after = h.Sort
		}
		if len(ans.Hits.Hits) < 5000 {
			return out, nil
		}
		if len(out) > triageMax {
			return nil, fmt.Errorf("elastic: more than %d groups have a triage state: narrow the time range or archive triage", triageMax)
		}
	}
}
