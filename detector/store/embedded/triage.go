package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"khien/detector/store"
)

// Triage returns what people decided about a group.
func (s *Store) Triage(ctx context.Context, key string) (store.Triage, error) {
	return s.triage(ctx, s.read, key)
}

// queryer is what a database and a transaction have in common.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *Store) triage(ctx context.Context, from queryer, key string) (store.Triage, error) {
	var doc []byte
	err := from.QueryRowContext(ctx, `SELECT doc FROM triage WHERE key = ?`, key).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Triage{Key: key, Status: store.StatusNew}, nil
	}
	if err != nil {
		return store.Triage{}, s.wrap("read triage in", err)
	}
	var t store.Triage
	if err := json.Unmarshal(doc, &t); err != nil {
		return store.Triage{}, s.wrap("read triage in", err)
	}
	return t, nil
}

// PutTriage writes a decision. It refuses one that was made without knowing the latest.
func (s *Store) PutTriage(ctx context.Context, t store.Triage) (store.Triage, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return store.Triage{}, s.wrap("write triage to", err)
	}
	defer tx.Rollback()
	stored, err := s.triage(ctx, tx, t.Key)
	if err != nil {
		return store.Triage{}, err
	}
	if stored.Version != t.Version {
		return store.Triage{}, store.ErrConflict
	}
	if t.Status == "" {
		t.Status = store.StatusNew
	}
	t.Version++
	doc, err := json.Marshal(t)
	if err != nil {
		return store.Triage{}, s.wrap("write triage to", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO triage (key, status, version, doc) VALUES (?,?,?,?)
		ON CONFLICT DO UPDATE SET status = excluded.status, version = excluded.version, doc = excluded.doc`,
		t.Key, t.Status, t.Version, string(doc)); err != nil {
		return store.Triage{}, s.wrap("write triage to", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE groups SET status = ? WHERE key = ?`, t.Status, t.Key); err != nil {
		return store.Triage{}, s.wrap("write triage to", err)
	}
	if err := tx.Commit(); err != nil {
		return store.Triage{}, s.wrap("write triage to", err)
	}
	return t, nil
}
