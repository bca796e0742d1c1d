package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// m is a JSON object.
type m = map[string]any

func keyword() m      { return m{"type": "keyword", "ignore_above": 1024} }
func kind(t string) m { return m{"type": t} }

// schemaVersion is the version of the templates and of the ordinary indices. Raise it with a change of mappings: migrate
// then rolls the data streams over and moves the indices.
const schemaVersion = 5

// install writes the templates, and the lifecycle policies where the server has lifecycle management. Repeating it changes
// nothing.
func (s *Store) install(ctx context.Context) error {
	lifecycle := true
	for _, t := range []struct {
		name     string
		streams  []string
		retain   time.Duration
		size     string // of a shard, after which another index begins
		age      string
		mappings m
		settings m
	}{
		{"khien-findings-", []string{s.stream}, s.cfg.Retain, "30gb", "30d", findingMappings(), m{}},
		{"khien-telemetry-", s.eventStreams(), s.cfg.EventRetain, "30gb", "1d", eventMappings(), m{"refresh_interval": "5s"}},
	} {
		policy := t.name + s.cfg.Namespace
		settings := m{"number_of_shards": 1, "codec": "best_compression"}
		maps.Copy(settings, t.settings)
		if lifecycle {
			err := s.put(ctx, "/_ilm/policy/"+policy, m{"policy": m{"phases": m{
				"hot":    m{"actions": m{"rollover": m{"max_primary_shard_size": t.size, "max_age": t.age}}},
				"delete": m{"min_age": fmt.Sprintf("%dh", int(t.retain/time.Hour)), "actions": m{"delete": m{}}},
			}}})
			switch {
			case err == nil:
			case hasStatus(err, 400) || hasStatus(err, 404) || hasStatus(err, 405):
				lifecycle = false
				s.missing = append(s.missing, "lifecycle management (ILM): findings and telemetry are never deleted by age; delete old indices by hand")
			default:
				return err
			}
		}
		if lifecycle {
			settings["index.lifecycle.name"] = policy
		}
		for _, c := range []struct {
			name string
			body m
		}{{t.name + "mappings-" + s.cfg.Namespace, m{"mappings": withVersion(t.mappings)}}, {t.name + "settings-" + s.cfg.Namespace, m{"settings": settings}}} {
			if err := s.put(ctx, "/_component_template/"+c.name, m{"template": c.body, "version": schemaVersion}); err != nil {
				return err
			}
		}
		err := s.put(ctx, "/_index_template/"+t.name+s.cfg.Namespace, m{
			"index_patterns": t.streams,
			"data_stream":    m{},
			"priority":       500,
			"version":        schemaVersion,
			"composed_of":    []string{t.name + "mappings-" + s.cfg.Namespace, t.name + "settings-" + s.cfg.Namespace},
		})
		if err != nil {
			return err
		}
	}
	for alias, properties := range s.indices() {
		if err := s.createIndex(ctx, alias, properties); err != nil {
			return err
		}
	}
	return nil
}

// withVersion notes the version in mappings, where an index keeps it.
func withVersion(mappings m) m {
	mappings["_meta"] = m{"version": schemaVersion}
	return mappings
}

// indices are the ordinary indices by the alias that they are used through.
func (s *Store) indices() map[string]m {
	return map[string]m{
		s.triage: {"key": keyword(), "status": keyword(), "verdict": keyword(), "assignee": keyword()},
		s.docs:   {"kind": keyword(), "id": keyword(), "tags": keyword()},
	}
}

// indexBody is what an ordinary index is created with.
func indexBody(properties m) m {
	return m{"mappings": withVersion(m{"dynamic": false, "properties": properties})}
}

// indexName is the index behind an alias.
func indexName(alias string) string { return fmt.Sprintf("%s-v%d", alias, schemaVersion) }

// createIndex makes an ordinary index with its alias where the alias means nothing yet.
func (s *Store) createIndex(ctx context.Context, alias string, properties m) error {
	err := s.do(ctx, "GET", "/"+alias+"/_mapping", nil, nil)
	if !hasStatus(err, 404) {
		return err
	}
	body := indexBody(properties)
	body["aliases"] = m{alias: m{"is_write_index": true}}
	err = s.put(ctx, "/"+indexName(alias), body)
	if hasStatus(err, 400) && s.do(ctx, "GET", "/"+alias+"/_mapping", nil, nil) == nil {
		return nil // another process was faster
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
	end := m{"properties": m{"ip": kind("ip"), "port": kind("integer"), "domain": keyword(), "address": keyword(),
		"as":  m{"properties": m{"number": kind("long"), "organization": m{"properties": m{"name": keyword()}}}},
		"geo": m{"properties": m{"country_iso_code": keyword()}}}}
	return m{
		"dynamic":           false,
		"dynamic_templates": labels(),
		"properties": m{
			"@timestamp": kind("date_nanos"),
			"event": m{"properties": m{"id": keyword(), "kind": keyword(), "category": keyword(), "type": keyword(), "sequence": kind("long"),
				"severity": kind("byte"), "risk_score": kind("float"), "start": kind("date_nanos"), "end": kind("date_nanos")}},
			"rule":        m{"properties": m{"id": keyword(), "name": keyword(), "category": keyword(), "ruleset": keyword()}},
			"source":      end,
			"destination": end,
			"network":     m{"properties": m{"transport": keyword(), "protocol": keyword(), "community_id": keyword()}},
			"url":         m{"properties": m{"full": keyword(), "domain": keyword()}},
			"file":        m{"properties": m{"name": keyword(), "hash": m{"properties": m{"sha256": keyword()}}}},
			"tls":         m{"properties": m{"client": m{"properties": m{"ja4": keyword()}}}},
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
				"as":    keyword(), "country": keyword(), "cert": keyword(),
			}},
		},
	}
}

// labels maps what operators add to documents: all of it keywords, whatever it looks like.
func labels() []m {
	return []m{{"labels": m{"path_match": "labels.*", "mapping": keyword()}}}
}

// eventMappings maps the columns of telemetry. The record itself is event.original, which is kept and not looked into.
func eventMappings() m {
	end := m{"properties": m{"ip": kind("ip"), "port": kind("integer")}}
	return m{
		"dynamic":           false,
		"dynamic_templates": labels(),
		"properties": m{
			"@timestamp":  kind("date_nanos"),
			"event":       m{"properties": m{"id": keyword(), "kind": keyword(), "dataset": keyword()}},
			"source":      end,
			"destination": end,
			"network":     m{"properties": m{"community_id": keyword()}},
			"dns":         m{"properties": m{"question": m{"properties": m{"name": keyword()}}}},
			"url":         m{"properties": m{"domain": keyword()}},
			"tls":         m{"properties": m{"client": m{"properties": m{"server_name": keyword()}}}},
			"related":     m{"properties": m{"hosts": keyword()}},
			"observer":    m{"properties": m{"name": keyword()}},
			"labels":      m{"type": "object", "dynamic": true},
			"khien":       m{"properties": m{"flow": m{"properties": m{"id": keyword()}}}},
			"khien_index": m{"properties": m{"cert": keyword()}},
		},
	}
}
