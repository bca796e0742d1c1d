package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"khien/detector/store"
)

const documentColumns = `SELECT d.id, d.version, d.updated, d.tags, d.body FROM documents d`

// scanner is what a row and rows have in common.
type scanner interface{ Scan(dest ...any) error }

func scanDocument(from scanner, kind string) (store.Document, error) {
	d := store.Document{Kind: kind}
	var updated int64
	var tags, body []byte
	if err := from.Scan(&d.ID, &d.Version, &updated, &tags, &body); err != nil {
		return store.Document{}, err
	}
	d.Updated, d.Body = fromNanos(updated), body
	return d, json.Unmarshal(tags, &d.Tags)
}

// Document returns one document.
func (s *Store) Document(ctx context.Context, kind, id string) (store.Document, error) {
	d, err := scanDocument(s.read.QueryRowContext(ctx, documentColumns+` WHERE d.kind = ? AND d.id = ?`, kind, id), kind)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Document{}, store.ErrNotFound
	}
	return d, s.wrap("read a document in", err)
}

// PutDocument writes a document. It refuses one that was made without knowing the latest.
func (s *Store) PutDocument(ctx context.Context, d store.Document) (store.Document, error) {
	if err := d.Validate(); err != nil {
		return store.Document{}, err
	}
	tags, err := json.Marshal(d.Tags)
	if err != nil {
		return store.Document{}, s.wrap("write a document to", err)
	}
	err = s.changeDocument(ctx, d.Kind, d.ID, d.Version, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO documents (kind, id, version, updated, tags, body) VALUES (?,?,?,?,?,?)`,
			d.Kind, d.ID, d.Version+1, nanos(d.Updated), string(tags), []byte(d.Body))
		for _, t := range d.Tags {
			if err == nil {
				_, err = tx.ExecContext(ctx, `INSERT INTO tags (kind, tag, id) VALUES (?,?,?)`, d.Kind, t, d.ID)
			}
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = store.ErrConflict // somebody has removed it
	}
	if err != nil {
		return store.Document{}, err
	}
	d.Version++
	return d, nil
}

// DeleteDocument removes a document.
func (s *Store) DeleteDocument(ctx context.Context, kind, id string, version int64) error {
	if version == 0 {
		return store.ErrNotFound
	}
	return s.changeDocument(ctx, kind, id, version, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM documents WHERE kind = ? AND id = ?`, kind, id)
		return err
	})
}

// changeDocument runs change in a transaction when the stored version is the expected one. The document's tags are gone
// by then.
func (s *Store) changeDocument(ctx context.Context, kind, id string, version int64, change func(*sql.Tx) error) error {
	const what = "write a document to"
	s.writing.Lock()
	defer s.writing.Unlock()
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.wrap(what, err)
	}
	defer tx.Rollback()
	var stored int64
	err = tx.QueryRowContext(ctx, `SELECT version FROM documents WHERE kind = ? AND id = ?`, kind, id).Scan(&stored)
	switch {
	case errors.Is(err, sql.ErrNoRows) && version != 0:
		return store.ErrNotFound
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return s.wrap(what, err)
	case stored != version:
		return store.ErrConflict
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM tags WHERE (kind, tag) IN (SELECT d.kind, t.value FROM documents d, json_each(d.tags) t
		WHERE d.kind = ? AND d.id = ?) AND id = ?`, kind, id, id); err != nil {
		return s.wrap(what, err)
	}
	if err := change(tx); err != nil {
		return s.wrap(what, err)
	}
	return s.wrap(what, tx.Commit())
}

// Documents returns a page of documents.
func (s *Store) Documents(ctx context.Context, q store.DocumentQuery) (store.DocumentPage, error) {
	n := limit(q.Limit)
	query, args := documentColumns+` WHERE d.kind = ? AND d.id > ?`, []any{q.Kind, q.Cursor}
	for _, t := range q.Tags {
		query += ` AND EXISTS (SELECT 1 FROM tags t WHERE t.kind = d.kind AND t.tag = ? AND t.id = d.id)`
		args = append(args, t)
	}
	rows, err := s.read.QueryContext(ctx, query+` ORDER BY d.id LIMIT ?`, append(args, n+1)...)
	if err != nil {
		return store.DocumentPage{}, s.wrap("read documents in", err)
	}
	defer rows.Close()
	var p store.DocumentPage
	for rows.Next() {
		d, err := scanDocument(rows, q.Kind)
		if err != nil {
			return store.DocumentPage{}, s.wrap("read documents in", err)
		}
		p.Documents = append(p.Documents, d)
	}
	if len(p.Documents) > n {
		p.Documents = p.Documents[:n]
		p.Next = p.Documents[n-1].ID
	}
	return p, s.wrap("read documents in", rows.Err())
}
