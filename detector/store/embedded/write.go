package embedded

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// A row id is the microsecond of the finding, times 1,024, plus a number that tells findings of one microsecond apart.
// When those run out, the id lies later, by less than idSpread; whoever turns a time range into a range of ids allows
// for that.
const (
	idPerMicro = 1 << 10
	idSpread   = 1 << 30 // about a second
)

func idBase(t int64) int64 { return t / int64(time.Microsecond) * idPerMicro }

// Write stores findings durably, in transactions of batchSize.
func (s *Store) Write(ctx context.Context, findings []detector.Finding) error {
	for len(findings) > 0 {
		n := min(len(findings), batchSize)
		if err := s.writeBatch(ctx, findings[:n]); err != nil {
			return s.wrap("write", err)
		}
		findings = findings[n:]
	}
	return nil
}

func (s *Store) writeBatch(ctx context.Context, findings []detector.Finding) error {
	// Encoding is the larger half of the work: it happens before the lock.
	docs := make([][]byte, len(findings))
	for i := range findings {
		if findings[i].ID == "" {
			return errors.New("a finding has no id")
		}
		var err error
		if docs[i], err = json.Marshal(&findings[i]); err != nil {
			return err
		}
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	b := batch{ctx: ctx, tx: tx, groups: map[string]*group{}, stmts: map[string]*sql.Stmt{}}
	for i := range findings {
		if err := b.put(&findings[i], docs[i]); err != nil {
			return err
		}
	}
	if err := b.flush(); err != nil {
		return err
	}
	return tx.Commit()
}

// batch is one transaction. It collects what changes in groups and writes that once at the end.
type batch struct {
	ctx    context.Context
	tx     *sql.Tx
	groups map[string]*group
	stmts  map[string]*sql.Stmt
}

// stmt prepares a statement once a transaction.
func (b *batch) stmt(text string) (*sql.Stmt, error) {
	if s := b.stmts[text]; s != nil {
		return s, nil
	}
	s, err := b.tx.PrepareContext(b.ctx, text)
	if err != nil {
		return nil, err
	}
	b.stmts[text] = s
	return s, nil
}

func (b *batch) exec(text string, args ...any) error {
	s, err := b.stmt(text)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(b.ctx, args...)
	return err
}

// scan reads one row; none is sql.ErrNoRows.
func (b *batch) scan(text string, args []any, dest ...any) error {
	s, err := b.stmt(text)
	if err != nil {
		return err
	}
	return s.QueryRowContext(b.ctx, args...).Scan(dest...)
}

// put stores one finding, or joins it with the stored one of the same id.
func (b *batch) put(f *detector.Finding, doc []byte) error {
	var id int64
	var old []byte
	err := b.scan(`SELECT f.id, d.doc FROM findings f JOIN docs d ON d.id = f.id WHERE f.fid = ?`, []any{f.ID}, &id, &old)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		if id, err = b.newID(nanos(f.Time)); err != nil {
			return err
		}
		return b.insert(id, f, doc)
	case err != nil:
		return err
	case bytes.Equal(old, doc):
		return nil
	}
	var stored detector.Finding
	if err := json.Unmarshal(old, &stored); err != nil {
		return err
	}
	joined := store.Join(stored, *f)
	if doc, err = json.Marshal(&joined); err != nil || bytes.Equal(old, doc) {
		return err
	}
	if err := b.remove(id, &stored); err != nil {
		return err
	}
	if !joined.Time.Equal(stored.Time) {
		if id, err = b.newID(nanos(joined.Time)); err != nil {
			return err
		}
	}
	return b.insert(id, &joined, doc)
}

// newID finds a free row id at a time.
func (b *batch) newID(t int64) (int64, error) {
	const highest = `SELECT max(id) FROM findings WHERE id >= ? AND id < ?`
	base := idBase(t)
	for _, spread := range [...]int64{idPerMicro, idSpread} {
		var top sql.NullInt64
		if err := b.scan(highest, []any{base, base + spread}, &top); err != nil {
			return 0, err
		}
		if !top.Valid {
			return base, nil
		}
		if top.Int64+1 < base+spread {
			return top.Int64 + 1, nil
		}
	}
	return 0, fmt.Errorf("more than %d findings in the second from %s", idSpread, fromNanos(t))
}

func (b *batch) insert(id int64, f *detector.Finding, doc []byte) error {
	g, err := b.group(f)
	if err != nil {
		return err
	}
	r := rowOf(f)
	if err := b.exec(`INSERT INTO findings (id, fid, time, grp, sev, score, first, last, brand) VALUES (?,?,?,?,?,?,?,?,?)`,
		id, f.ID, r.time, g.gid, r.sev, r.score, r.first, r.last, r.brand); err != nil {
		return err
	}
	if err := b.exec(`INSERT INTO docs (id, doc) VALUES (?,?)`, id, doc); err != nil {
		return err
	}
	if err := b.exec(`INSERT INTO words (rowid, text) VALUES (?,?)`, id, searchText(f)); err != nil {
		return err
	}
	for _, h := range hostsOf(f) {
		if err := b.exec(`INSERT OR IGNORE INTO hosts (name, id) VALUES (?,?)`, h, id); err != nil {
			return err
		}
	}
	for _, t := range termsOf(f) {
		if err := b.exec(`INSERT OR IGNORE INTO terms (field, value, id) VALUES (?,?,?)`, t.field, t.value, id); err != nil {
			return err
		}
	}
	g.add(r)
	return nil
}

// remove takes out a finding that is about to be replaced.
func (b *batch) remove(id int64, f *detector.Finding) error {
	g, err := b.group(f)
	if err != nil {
		return err
	}
	for _, stmt := range [...]string{`DELETE FROM findings WHERE id = ?`, `DELETE FROM docs WHERE id = ?`,
		`DELETE FROM words WHERE rowid = ?`, `DELETE FROM hosts WHERE id = ?`, `DELETE FROM terms WHERE id = ?`} {
		if err := b.exec(stmt, id); err != nil {
			return err
		}
	}
	g.removed = true
	g.minutes[rowOf(f).minute()]--
	return nil
}
