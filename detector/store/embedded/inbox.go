package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"khien/detector"
	"khien/detector/store"
)

const (
	sparkParts = 12
	// sparkExact is up to how many findings a spark line is counted from the findings; beyond it from counts by minute,
	// which no eye can tell apart.
	sparkExact = 5000
)

// Groups answers the inbox. Groups whose findings all lie in the query come from their totals; those that only reach into
// it are counted from their findings.
func (s *Store) Groups(ctx context.Context, q store.Query) (store.GroupPage, error) {
	in, args, err := groupsIn(q)
	if err != nil {
		return store.GroupPage{}, fmt.Errorf("embedded: query: %w", err)
	}
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return store.GroupPage{}, s.wrap("query", err)
	}
	defer tx.Rollback()
	var page store.GroupPage
	filter := args
	order, after := "sev DESC, last DESC, key", "(-sev, -last, key) > (?, ?, ?)"
	if q.Descending {
		order, after = "last DESC, key", "(-last, key) > (?, ?)"
	}
	where := "1"
	if q.Cursor != "" {
		c, err := readGroupCursor(q.Cursor)
		if err != nil {
			return store.GroupPage{}, err
		}
		where = after
		if !q.Descending {
			args = append(slices.Clip(args), -c.Severity)
		}
		args = append(slices.Clip(args), -c.Last, c.Key)
	}
	n := limit(q.Limit)
	// What the query selects is counted and put into order in one pass over the findings.
	rows, err := tx.QueryContext(ctx, `WITH q AS MATERIALIZED (`+in+`) SELECT (SELECT count(*) FROM q), * FROM q WHERE `+where+
		` ORDER BY `+order+` LIMIT ?`, append(slices.Clip(args), n+1)...)
	if err != nil {
		return store.GroupPage{}, s.wrap("query", err)
	}
	defer rows.Close()
	var gids []int64
	for rows.Next() {
		var gid, first, last int64
		var g store.Group
		if err := rows.Scan(&page.Total, &gid, &g.Key, &g.Status, &g.Severity, &g.Score, &first, &last, &g.Count); err != nil {
			return store.GroupPage{}, s.wrap("query", err)
		}
		if len(page.Groups) == n {
			l := page.Groups[n-1]
			page.Next = groupCursor{int(l.Severity), nanos(l.Last), l.Key}.String()
			break
		}
		g.First, g.Last = fromNanos(first), fromNanos(last)
		page.Groups = append(page.Groups, g)
		gids = append(gids, gid)
	}
	if err := rows.Err(); err != nil {
		return store.GroupPage{}, s.wrap("query", err)
	}
	rows.Close()
	if len(page.Groups) == 0 { // behind the last: no row told the total
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM (`+in+`)`, filter...).Scan(&page.Total); err != nil {
			return store.GroupPage{}, s.wrap("query", err)
		}
	}
	for i := range page.Groups {
		if err := describe(ctx, tx, q, gids[i], &page.Groups[i]); err != nil {
			return store.GroupPage{}, s.wrap("query", err)
		}
	}
	return page, nil
}

// groupsIn selects the groups that a query matches, with their totals in it.
func groupsIn(q store.Query) (string, []any, error) {
	g, err := groupClause(q)
	if err != nil {
		return "", nil, err
	}
	const fromTotals = `SELECT g.gid, g.key, g.status, g.sev, g.score, g.first, g.last, g.count FROM groups g WHERE `
	const fromFindings = `SELECT g.gid, g.key, g.status, max(f.sev) AS sev, max(f.score) AS score, min(f.first) AS first, max(f.last) AS last,
		count(*) AS count FROM findings f JOIN groups g ON g.gid = f.grp WHERE `
	f := findingClause(q)
	if wide(q) {
		return fromFindings + f.String() + ` AND ` + g.String() + ` GROUP BY f.grp`, append(f.args, g.args...), nil
	}
	var inside, reaching clause
	if !q.From.IsZero() {
		inside.add("g.min_time >= ?", nanos(q.From))
		reaching.add("g.max_time >= ?", nanos(q.From))
	}
	if !q.To.IsZero() {
		inside.add("g.max_time < ?", nanos(q.To))
		reaching.add("g.min_time < ?", nanos(q.To))
	}
	if q.MinSeverity > 0 {
		inside.add("g.min_sev >= ?", int(q.MinSeverity))
		reaching.add("g.sev >= ?", int(q.MinSeverity))
	}
	if len(inside.parts) == 0 {
		return fromTotals + g.String(), g.args, nil
	}
	text := fromTotals + g.String() + ` AND ` + inside.String() + ` UNION ALL ` +
		fromFindings + f.String() + ` AND ` + g.String() + ` AND NOT (` + inside.String() + `) AND ` + reaching.String() + ` GROUP BY f.grp`
	var args []any
	for _, a := range [][]any{g.args, inside.args, f.args, g.args, inside.args, reaching.args} {
		args = append(args, a...)
	}
	return text, args, nil
}

// describe fills a group from its newest finding in the query, and its spark line.
func describe(ctx context.Context, tx *sql.Tx, q store.Query, gid int64, g *store.Group) error {
	c := groupFindings(q, gid)
	var doc []byte
	err := tx.QueryRowContext(ctx, `SELECT d.doc FROM findings f JOIN docs d ON d.id = f.id WHERE `+c.String()+
		` ORDER BY f.time DESC, f.fid DESC LIMIT 1`, c.args...).Scan(&doc)
	if err != nil {
		return err
	}
	var f detector.Finding
	if err := json.Unmarshal(doc, &f); err != nil {
		return err
	}
	g.Rule, g.RuleName, g.Summary, g.Source, g.LatestID = f.Rule.ID, f.Rule.Name, f.Summary, f.Source, f.ID
	g.SrcIP, g.DstIP, g.Domain = addrText(f.SrcIP), addrText(f.DstIP), f.Domain
	if f.Fraud != nil {
		g.Brand, g.Stage = f.Fraud.Brand, f.Fraud.Stage
	}
	from, to := q.From, q.To
	if from.IsZero() {
		from = g.First
	}
	if to.IsZero() {
		to = g.Last
	}
	g.Spark = make([]int, sparkParts)
	lo, span := nanos(from), nanos(to)-nanos(from)
	// Parts are computed in floating point: part numbers are small, and products of nanoseconds overflow.
	part := `CASE WHEN ? <= 0 THEN 0 ELSE max(0, min(11, CAST((%s - ?) * 12.0 / ? AS INTEGER))) END`
	query := `SELECT ` + strings.Replace(part, "%s", "f.time", 1) + `, count(*) FROM findings f WHERE ` + c.String() + ` GROUP BY 1`
	args := append([]any{span, lo, span}, c.args...)
	if g.Count > sparkExact && !wide(q) && q.MinSeverity == 0 {
		query = `SELECT ` + strings.Replace(part, "%s", "minute * 60000000000", 1) + `, sum(n) FROM minutes
			WHERE grp = ? AND minute >= ? AND minute <= ? GROUP BY 1`
		args = []any{span, lo, span, gid, row{time: lo}.minute(), row{time: nanos(to)}.minute()}
	}
	return countParts(ctx, tx, g.Spark, query, args...)
}

// countParts adds what a query counts: rows of a part's number and a count.
func countParts(ctx context.Context, tx *sql.Tx, parts []int, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var part, n int
		if err := rows.Scan(&part, &n); err != nil {
			return err
		}
		parts[part] += n
	}
	return rows.Err()
}

// groupCursor is the place of a page's last group in the order.
type groupCursor struct {
	Severity int
	Last     int64
	Key      string
}

func (c groupCursor) String() string { return fmt.Sprintf("%d.%d.%s", c.Severity, c.Last, c.Key) }

func readGroupCursor(s string) (c groupCursor, err error) {
	parts := strings.SplitN(s, ".", 3)
	if len(parts) == 3 {
		c.Key = parts[2]
		_, e1 := fmt.Sscan(parts[0], &c.Severity)
		_, e2 := fmt.Sscan(parts[1], &c.Last)
		err = errors.Join(e1, e2)
	}
	if len(parts) != 3 || err != nil {
		return c, fmt.Errorf("embedded: %w: %q", store.ErrCursor, s)
	}
	return c, nil
}
