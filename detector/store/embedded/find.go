package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"khien/detector"
	"khien/detector/store"
)

// Get returns one finding.
func (s *Store) Get(ctx context.Context, id string) (detector.Finding, error) {
	var doc []byte
	err := s.read.QueryRowContext(ctx, `SELECT d.doc FROM findings f JOIN docs d ON d.id = f.id WHERE f.fid = ?`, id).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return detector.Finding{}, store.ErrNotFound
	}
	if err != nil {
		return detector.Finding{}, s.wrap("read", err)
	}
	var f detector.Finding
	if err := json.Unmarshal(doc, &f); err != nil {
		return detector.Finding{}, s.wrap("read", err)
	}
	return f, nil
}

// Find returns a page of findings in order of time, then id.
func (s *Store) Find(ctx context.Context, q store.Query) (store.Page, error) {
	c, err := matching(q)
	if err != nil {
		return store.Page{}, err
	}
	cmp, dir := ">", "ASC"
	if q.Descending {
		cmp, dir = "<", "DESC"
	}
	if q.Cursor != "" {
		at, id, err := readCursor(q.Cursor)
		if err != nil {
			return store.Page{}, err
		}
		c.add("(f.time, f.fid) "+cmp+" (?, ?)", at, id)
	}
	n := limit(q.Limit)
	rows, err := s.read.QueryContext(ctx, `SELECT f.time, f.fid, d.doc FROM findings f JOIN docs d ON d.id = f.id WHERE `+c.String()+
		` ORDER BY f.time `+dir+`, f.fid `+dir+` LIMIT ?`, append(c.args, n+1)...)
	if err != nil {
		return store.Page{}, s.wrap("query", err)
	}
	defer rows.Close()
	var page store.Page
	var at int64
	var id string
	for rows.Next() {
		if len(page.Findings) == n {
			page.Next = strconv.FormatInt(at, 10) + "." + id
			break
		}
		var doc sql.RawBytes
		if err := rows.Scan(&at, &id, &doc); err != nil {
			return store.Page{}, s.wrap("query", err)
		}
		var f detector.Finding
		if err := json.Unmarshal(doc, &f); err != nil {
			return store.Page{}, s.wrap("query", err)
		}
		page.Findings = append(page.Findings, f)
	}
	return page, s.wrap("query", rows.Err())
}

// readCursor reads the place of a page's last row: its time and id.
func readCursor(c string) (at int64, id string, err error) {
	before, id, ok := strings.Cut(c, ".")
	at, err = strconv.ParseInt(before, 10, 64)
	if err != nil || !ok {
		return 0, "", fmt.Errorf("embedded: %w: %q", store.ErrCursor, c)
	}
	return at, id, nil
}
