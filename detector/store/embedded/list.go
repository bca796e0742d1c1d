package embedded

import (
	"context"
	"encoding/json"

	"khien/detector/store"
)

var _ store.Lister = (*Store)(nil)

// Kinds returns the kinds of all documents.
func (s *Store) Kinds(ctx context.Context) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT DISTINCT kind FROM documents ORDER BY kind`)
	if err != nil {
		return nil, s.wrap("read documents in", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var k string
		if err := rows.Scan(&k); err != nil {
			return nil, s.wrap("read documents in", err)
		}
		out = append(out, k)
	}
	return out, s.wrap("read documents in", rows.Err())
}

// Triages returns what was decided about groups.
func (s *Store) Triages(ctx context.Context, cursor string) (list []store.Triage, next string, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT doc FROM triage WHERE key > ? ORDER BY key LIMIT ?`, cursor, store.PageMax)
	if err != nil {
		return nil, "", s.wrap("read triage in", err)
	}
	defer rows.Close()
	for rows.Next() {
		var doc []byte
		var t store.Triage
		if err := rows.Scan(&doc); err != nil {
			return nil, "", s.wrap("read triage in", err)
		}
		if err := json.Unmarshal(doc, &t); err != nil {
			return nil, "", s.wrap("read triage in", err)
		}
		list = append(list, t)
	}
	if len(list) == store.PageMax {
		next = list[len(list)-1].Key
	}
	return list, next, s.wrap("read triage in", rows.Err())
}
