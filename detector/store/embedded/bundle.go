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
	// The largest row id is the newest finding's.
	rows, err := tx.QueryContext(ctx, `SELECT b.*, d.doc FROM (SELECT `+value+` AS value, max(f.sev) AS sev, max(f.score) AS score, count(*) AS n,
			count(DISTINCT f.grp) AS groups, min(f.first) AS first, max(f.last) AS last, max(f.id) AS newest FROM `+from+` WHERE `+c.String()+`
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
		var b store.Bundle
		var first, last, newest int64
		var doc sql.RawBytes
		if err := rows.Scan(&b.Value, &b.Severity, &b.Score, &b.Findings, &b.Groups, &first, &last, &newest, &doc); err != nil {
			return store.BundleList{}, s.wrap("bundle in", err)
		}
		if err := json.Unmarshal(doc, &b.Latest); err != nil {
			return store.BundleList{}, s.wrap("bundle in", err)
		}
		b.First, b.Last = fromNanos(first), fromNanos(last)
		out.Bundles = append(out.Bundles, b)
	}
	return out, s.wrap("bundle in", rows.Err())
}
