package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"khien/detector/store"
)

// Bundles puts a query's findings together by a field.
func (s *Store) Bundles(ctx context.Context, q store.Query, field string) (store.BundleList, error) {
	if !slices.Contains(store.BundleFields(), field) {
		return store.BundleList{}, fmt.Errorf("embedded: bundles by %q: want one of %v", field, store.BundleFields())
	}
	if field == store.ByUnit {
		return s.units(ctx, q)
	}
	c, err := matching(q)
	if err != nil {
		return store.BundleList{}, err
	}
	value, from := "f.brand", "findings f"
	if field == "brand" {
		c.add("f.brand <> ''")
	} else {
		value, from = "t.value", "terms t JOIN findings f ON f.id = t.id"
		c.add("t.field = ?", field)
	}
	order := "sev DESC, last DESC, value"
	if q.Descending {
		order = "last DESC, value"
	}
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return store.BundleList{}, s.wrap("bundle in", err)
	}
	defer tx.Rollback()
	rows, err := tx.QueryContext(ctx, `SELECT b.*, d.doc FROM (SELECT `+value+` AS value, `+bundled+` FROM `+from+` WHERE `+c.String()+`
			GROUP BY 1 ORDER BY `+order+` LIMIT ?) b JOIN docs d ON d.id = b.newest ORDER BY `+order, append(c.args, store.BundlesMax+1)...)
	if err != nil {
		return store.BundleList{}, s.wrap("bundle in", err)
	}
	defer rows.Close()
	var out store.BundleList
	for rows.Next() {
		if len(out.Bundles) == store.BundlesMax {
			out.More = true
			break
		}
		b, err := scanBundle(rows)
		if err != nil {
			return store.BundleList{}, s.wrap("bundle in", err)
		}
		out.Bundles = append(out.Bundles, b)
	}
	return out, s.wrap("bundle in", rows.Err())
}

// bundled are the columns of a bundle. The largest row id is the newest finding's.
const bundled = `max(f.sev) AS sev, max(f.score) AS score, count(*) AS n, count(DISTINCT f.grp) AS groups, min(f.first) AS first, max(f.last) AS last,
	max(f.id) AS newest`

// scanBundle reads a value, the columns of bundled and the newest finding.
func scanBundle(rows *sql.Rows) (b store.Bundle, err error) {
	var first, last, newest int64
	var doc sql.RawBytes
	if err := rows.Scan(&b.Value, &b.Severity, &b.Score, &b.Findings, &b.Groups, &first, &last, &newest, &doc); err != nil {
		return b, err
	}
	b.First, b.Last = fromNanos(first), fromNanos(last)
	return b, json.Unmarshal(doc, &b.Latest)
}

// units bundles by the areas of a query. What touches several is in several.
func (s *Store) units(ctx context.Context, q store.Query) (store.BundleList, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return store.BundleList{}, s.wrap("bundle in", err)
	}
	defer tx.Rollback()
	var list []store.Bundle
	for i := range q.Areas {
		in := q
		in.Within = append(slices.Clone(q.Within), q.Areas[i])
		c, err := matching(in)
		if err != nil {
			return store.BundleList{}, err
		}
		if list, err = appendBundle(ctx, tx, list, q.Areas[i].Name, c); err != nil {
			return store.BundleList{}, s.wrap("bundle in", err)
		}
	}
	return store.SortBundles(list, q.Descending), nil
}

// appendBundle adds the bundle of all that a clause selects, unless there is nothing.
func appendBundle(ctx context.Context, tx *sql.Tx, list []store.Bundle, name string, c clause) ([]store.Bundle, error) {
	rows, err := tx.QueryContext(ctx, `SELECT ? AS value, b.*, d.doc FROM (SELECT `+bundled+` FROM findings f WHERE `+c.String()+`) b JOIN docs d ON d.id = b.newest`,
		append([]any{name}, c.args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		b, err := scanBundle(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	return list, rows.Err()
}
