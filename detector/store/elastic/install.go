package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// m is a JSON object.
type m = map[string]any

func keyword() m      { return m{"type": "keyword", "ignore_above": 1024} }
func kind(t string) m { return m{"type": t} }

// install writes the templates, and the lifecycle policy where the server has lifecycle management. Repeating it
// changes nothing.
func (s *Store) install(ctx context.Context) error {
	policy := "khien-findings-" + s.cfg.Namespace
	err := s.put(ctx, "/_ilm/policy/"+policy, m{"policy": m{"phases": m{
		"hot":    m{"actions": m{"rollover": m{"max_primary_shard_size": "30gb", "max_age": "30d"}}},
		"delete": m{"min_age": fmt.Sprintf("%dh", int(s.cfg.Retain/time.Hour)), "actions": m{"delete": m{}}},
	}}})
	settings := m{"number_of_shards": 1, "codec": "best_compression"}
	switch {
	case err == nil:
		settings["index.lifecycle.name"] = policy
	case hasStatus(err, 400) || hasStatus(err, 404) || hasStatus(err, 405):
		s.missing = append(s.missing, "lifecycle management (ILM): findings are never deleted by age; delete old indices by hand")
	default:
		return err
	}
	component := "khien-findings-mappings-" + s.cfg.Namespace
	if err := s.put(ctx, "/_component_template/"+component, m{"template": m{"mappings": findingMappings()}}); err != nil {
		return err
	}
	err = s.put(ctx, "/_index_template/khien-findings-"+s.cfg.Namespace, m{
		"index_patterns": []string{s.stream},
		"data_stream":    m{},
		"priority":       500,
		"composed_of":    []string{component},
		"template":       m{"settings": settings},
	})
	if err != nil {
		return err
	}
	if err := s.createIndex(ctx, s.triage, m{"key": keyword(), "status": keyword(), "verdict": keyword(), "assignee": keyword()}); err != nil {
		return err
	}
	return s.createIndex(ctx, s.docs, m{"kind": keyword(), "id": keyword(), "tags": keyword()})
}

// createIndex makes an ordinary index where there is none.
func (s *Store) createIndex(ctx context.Context, name string, properties m) error {
	err := s.put(ctx, "/"+name, m{"mappings": m{"dynamic": false, "properties": properties}})
	if hasStatus(err, 400) { // it exists
		return nil
	}
	return err
}

func (s *Store) put(ctx context.Context, path string, body m) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("elastic: %w", err)
	}
	return s.do(ctx, "PUT", path, b, nil)
}

// findingMappings maps the fields that are searched or counted, in ECS 8 types. The rest of a finding stays in _source
// only, which keeps an index at some forty fields however odd the traffic is.
func findingMappings() m {
	end := m{"properties": m{"ip": kind("ip"), "port": kind("integer"), "domain": keyword(), "address": keyword()}}
	return m{
		"dynamic": false,
		"properties": m{
			"@timestamp": kind("date_nanos"),
			"event": m{"properties": m{"id": keyword(), "kind": keyword(), "category": keyword(), "type": keyword(),
				"severity": kind("byte"), "risk_score": kind("float"), "start": kind("date_nanos"), "end": kind("date_nanos")}},
			"rule":        m{"properties": m{"id": keyword(), "name": keyword(), "category": keyword(), "ruleset": keyword()}},
			"source":      end,
			"destination": end,
			"network":     m{"properties": m{"transport": keyword(), "protocol": keyword(), "community_id": keyword()}},
			"url":         m{"properties": m{"full": keyword(), "domain": keyword()}},
			"file":        m{"properties": m{"name": keyword(), "hash": m{"properties": m{"sha256": keyword()}}}},
			"observer":    m{"properties": m{"name": keyword()}},
			"threat":      m{"properties": m{"technique": m{"properties": m{"id": keyword()}}}},
			"related":     m{"properties": m{"ip": keyword(), "hosts": keyword(), "hash": keyword()}},
			"labels":      m{"type": "object", "dynamic": true},
			"khien": m{"properties": m{"source": keyword(), "score": kind("double"), "count": kind("long"),
				"fraud":    m{"properties": m{"kind": keyword(), "brand": keyword(), "stage": keyword()}},
				"chain":    m{"properties": m{"id": keyword()}},
				"campaign": m{"properties": m{"id": keyword()}}}},
			// What only the index needs, beside the document.
			"khien_index": m{"properties": m{
				"group": m{"type": "keyword", "eager_global_ordinals": true},
				"text":  m{"type": "text", "norms": false, "index_options": "docs"},
				"first": kind("date_nanos"),
				"last":  kind("date_nanos"),
			}},
		},
	}
}
