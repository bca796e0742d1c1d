package embedded

import (
	"context"
	"database/sql"
	"net/netip"
	"strings"

	"khien/detector/store"
)

// countedMax is how many findings are looked at for their values. Counting them all would take seconds for a million, and
// the newest are what somebody who looks for more wants to know.
const countedMax = 10_000

// Count tells how a query's findings lie in time, all of them, and which values the newest hold most often.
func (s *Store) Count(ctx context.Context, q store.Query, parts int) (store.Counts, error) {
	c, err := matching(q)
	if err != nil {
		return store.Counts{}, err
	}
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return store.Counts{}, s.wrap("count in", err)
	}
	defer tx.Rollback()
	out := store.Counts{From: q.From, To: q.To, Top: map[string][]store.ValueCount{}}
	if err := histogram(ctx, tx, c, &out, min(max(parts, 1), store.PartsMax)); err != nil {
		return store.Counts{}, s.wrap("count in", err)
	}
	if out.Total > 0 {
		err = topValues(ctx, tx, c, &out)
	}
	return out, s.wrap("count in", err)
}

func histogram(ctx context.Context, tx *sql.Tx, c clause, out *store.Counts, parts int) error {
	var first, last sql.NullInt64
	if err := tx.QueryRowContext(ctx, `SELECT count(*), min(f.time), max(f.time) FROM findings f WHERE `+c.String(), c.args...).
		Scan(&out.Total, &first, &last); err != nil || out.Total == 0 {
		return err
	}
	if out.From.IsZero() {
		out.From = fromNanos(first.Int64)
	}
	if out.To.IsZero() {
		out.To = fromNanos(last.Int64 + 1)
	}
	out.Parts = make([]int, parts)
	lo, span := nanos(out.From), max(1, nanos(out.To)-nanos(out.From))
	// In floating point: the products of nanoseconds overflow.
	return countParts(ctx, tx, out.Parts, `SELECT max(0, min(? - 1, CAST((f.time - ?) * 1.0 * ? / ? AS INTEGER))) AS part, count(*) FROM findings f WHERE `+
		c.String()+` GROUP BY part`, append([]any{parts, lo, parts, span}, c.args...)...)
}

// topValues counts the values of the newest findings.
func topValues(ctx context.Context, tx *sql.Tx, c clause, out *store.Counts) error {
	rows, err := tx.QueryContext(ctx, `WITH m AS MATERIALIZED (SELECT f.id, f.sev, f.brand, f.grp FROM findings f WHERE `+c.String()+`
			ORDER BY f.time DESC, f.fid DESC LIMIT ?)
		SELECT 'severity', sev, count(*) FROM m GROUP BY sev
		UNION ALL SELECT 'brand', brand, count(*) FROM m WHERE brand <> '' GROUP BY brand
		UNION ALL SELECT 'rule', g.rule, count(*) FROM m JOIN groups g ON g.gid = m.grp GROUP BY g.rule
		UNION ALL SELECT 'source', g.source, count(*) FROM m JOIN groups g ON g.gid = m.grp GROUP BY g.source
		UNION ALL SELECT 'src', g.src, count(*) FROM m JOIN groups g ON g.gid = m.grp WHERE g.src IS NOT NULL GROUP BY g.src
		UNION ALL SELECT 'dst', g.dst, count(*) FROM m JOIN groups g ON g.gid = m.grp WHERE g.dst IS NOT NULL GROUP BY g.dst
		UNION ALL SELECT 'host', h.name, count(*) FROM m JOIN hosts h ON h.id = m.id GROUP BY h.name
		UNION ALL SELECT t.field, t.value, count(*) FROM m JOIN terms t ON t.id = m.id GROUP BY t.field, t.value`, append(c.args, countedMax)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var field string
		var value []byte
		var n int
		if err := rows.Scan(&field, &value, &n); err != nil {
			return err
		}
		v := string(value)
		switch field {
		case "src", "dst":
			a, ok := netip.AddrFromSlice(value)
			if !ok {
				continue
			}
			v = a.Unmap().String()
		case "host":
			v = forward(v)
		}
		out.Top[field] = append(out.Top[field], store.ValueCount{Value: v, Count: n})
	}
	for field, list := range out.Top {
		out.Top[field] = store.TopOf(list)
	}
	out.Counted = min(out.Total, countedMax)
	return rows.Err()
}

// forward undoes reversed.
func forward(name string) string {
	return strings.TrimSuffix(reversed(name), ".")
}
