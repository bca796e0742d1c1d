package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/netip"
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

// units bundles by the areas of a query. What touches several is in several. The findings are read once, however many areas
// there are: by group, whose ends are all of its findings', and by sensor where an area has some.
func (s *Store) units(ctx context.Context, q store.Query) (store.BundleList, error) {
	if len(q.Areas) == 0 {
		return store.BundleList{}, nil
	}
	c, err := matching(q)
	if err != nil {
		return store.BundleList{}, err
	}
	sensor, from := "''", ""
	if slices.ContainsFunc(q.Areas, func(a store.Area) bool { return len(a.Sensors) > 0 }) {
		sensor, from = "ifnull(t.value, '')", " LEFT JOIN terms t ON t.id = f.id AND t.field = 'sensor'"
	}
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return store.BundleList{}, s.wrap("bundle in", err)
	}
	defer tx.Rollback()
	rows, err := tx.QueryContext(ctx, `SELECT b.*, g.src, g.dst FROM (SELECT f.grp, `+sensor+` AS sensor, max(f.sev), max(f.score), count(*), min(f.first),
		max(f.last), max(f.id) FROM findings f`+from+` WHERE `+c.String()+` GROUP BY f.grp, sensor) b JOIN groups g ON g.gid = b.grp ORDER BY b.grp`, c.args...)
	if err != nil {
		return store.BundleList{}, s.wrap("bundle in", err)
	}
	tallies, err := scanTallies(rows, q.Areas)
	if err != nil {
		return store.BundleList{}, s.wrap("bundle in", err)
	}
	var list []store.Bundle
	for i := range tallies {
		p := &tallies[i]
		if p.bundle.Findings == 0 {
			continue
		}
		var doc []byte
		err := tx.QueryRowContext(ctx, `SELECT doc FROM docs WHERE id = ?`, p.newest).Scan(&doc)
		if err == nil {
			err = json.Unmarshal(doc, &p.bundle.Latest)
		}
		if err != nil {
			return store.BundleList{}, s.wrap("bundle in", err)
		}
		list = append(list, p.bundle)
	}
	return store.SortBundles(list, q.Descending), nil
}

// tally is a bundle that is being made.
type tally struct {
	bundle        store.Bundle
	newest, group int64
}

// scanTallies puts rows of a group and a sensor together by the areas that they touch; what touches none is the last one.
func scanTallies(rows *sql.Rows, areas []store.Area) ([]tally, error) {
	defer rows.Close()
	tallies := make([]tally, len(areas)+1)
	for i := range areas {
		tallies[i].bundle.Value = areas[i].Name
	}
	outside := []int{len(areas)}
	tallies[len(areas)].bundle.Value = store.Outside
	m := store.NewMap(areas)
	for rows.Next() {
		var b store.Bundle
		var group, first, last, newest int64
		var sensor string
		var src, dst sql.RawBytes
		if err := rows.Scan(&group, &sensor, &b.Severity, &b.Score, &b.Findings, &first, &last, &newest, &src, &dst); err != nil {
			return nil, err
		}
		b.First, b.Last = fromNanos(first), fromNanos(last)
		touched := m.Touched(addrOf(src), addrOf(dst), sensor)
		if len(touched) == 0 {
			touched = outside
		}
		for _, i := range touched {
			tallies[i].add(&b, group, newest)
		}
	}
	return tallies, rows.Err()
}

// add adds the findings of a group that a sensor saw. Those of one group come one after the other.
func (p *tally) add(b *store.Bundle, group, newest int64) {
	to := &p.bundle
	if to.Findings == 0 {
		to.First = b.First
	}
	if p.group != group || to.Findings == 0 {
		p.group = group
		to.Groups++
	}
	to.Severity, to.Score, p.newest = max(to.Severity, b.Severity), max(to.Score, b.Score), max(p.newest, newest)
	to.Findings += b.Findings
	if b.First.Before(to.First) {
		to.First = b.First
	}
	if b.Last.After(to.Last) {
		to.Last = b.Last
	}
}

// addrOf reads an address of a group; one that has none is invalid.
func addrOf(b []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(b)
	return a.Unmap()
}
