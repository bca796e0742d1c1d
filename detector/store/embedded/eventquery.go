package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"khien/detector/store"
)

// ipKey is an address as events store it: 4 or 16 bytes.
func ipKey(a netip.Addr) any {
	if !a.IsValid() {
		return nil
	}
	return a.Unmap().WithZone("").AsSlice()
}

// eventClause is what a query asks of events, without the addresses.
func eventClause(q store.EventQuery) (c clause) {
	if !q.From.IsZero() {
		c.add("time >= ?", nanos(q.From))
	}
	if !q.To.IsZero() {
		c.add("time < ?", nanos(q.To))
	}
	switch q.Type {
	case "":
	case "dhcp":
		c.add("type = 'dhcp'") // written out, as the condition of its index is
	default:
		c.add("+type = ?", q.Type) // no index serves it
	}
	c.names("host", q.Host)
	c.in("cert", "", q.Cert)
	if len(q.CommunityID) > 0 {
		var alt []string
		var args []any
		for _, id := range q.CommunityID {
			alt, args = append(alt, "cid = ? AND community = ?"), append(args, communityKey(id), id)
		}
		c.add("("+strings.Join(alt, " OR ")+")", args...)
	}
	return c
}

// Events returns a page of events in order of time, then id.
func (s *Store) Events(ctx context.Context, q store.EventQuery) (store.EventPage, error) {
	c := eventClause(q)
	comparison, dir := ">", " ASC"
	if q.Descending {
		comparison, dir = "<", " DESC"
	}
	if q.Cursor != "" {
		at, id, err := readCursor(q.Cursor)
		if err != nil {
			return store.EventPage{}, err
		}
		eid, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return store.EventPage{}, fmt.Errorf("embedded: %w: %q", store.ErrCursor, q.Cursor)
		}
		c.add("(time, eid) "+comparison+" (?, ?)", at, eid)
	}
	n := limit(q.Limit)
	// One query for each end, so that an index gives the order.
	columns := [][]any{nil}
	text := []string{""}
	if len(q.IP) > 0 {
		text, columns = nil, nil
	}
	for _, ip := range q.IP {
		lo, hi, err := eventRange(ip)
		if err != nil {
			return store.EventPage{}, fmt.Errorf("embedded: query: %w", err)
		}
		for _, column := range []string{"src", "dst"} {
			if slices.Equal(lo, hi) {
				text, columns = append(text, " AND "+column+" = ?"), append(columns, []any{lo})
			} else {
				text, columns = append(text, " AND "+column+" BETWEEN ? AND ? AND length("+column+") = ?"), append(columns, []any{lo, hi, len(lo)})
			}
		}
	}
	var rows []eventRow
	for _, p := range s.events.reading(q) {
		for i := range text {
			query := `SELECT time, eid, type, src, sport, dst, dport, host, community, flow, sensor, body, cert FROM events WHERE ` + c.String() + text[i] +
				` ORDER BY time` + dir + `, eid` + dir + ` LIMIT ?`
			args := append(append(slices.Clone(c.args), columns[i]...), n+1)
			var err error
			if rows, err = appendEvents(ctx, rows, p.r, query, args); err != nil {
				p.readers.Done()
				return store.EventPage{}, s.wrap("query events", err)
			}
		}
		p.readers.Done()
	}
	slices.SortFunc(rows, func(a, b eventRow) int {
		d := cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.eid, b.eid))
		if q.Descending {
			return -d
		}
		return d
	})
	// Both ends of an event may be asked for, and networks that overlap.
	rows = slices.CompactFunc(rows, func(a, b eventRow) bool { return a.time == b.time && a.eid == b.eid })
	var page store.EventPage
	for i := range rows {
		if i == n {
			page.Next = strconv.FormatInt(rows[n-1].time, 10) + "." + strconv.FormatInt(rows[n-1].eid, 10)
			break
		}
		e, err := rows[i].event()
		if err != nil {
			return store.EventPage{}, s.wrap("query events", err)
		}
		page.Events = append(page.Events, e)
	}
	return page, nil
}

// reading returns the parts that can answer a query. Each is to be given back with readers.Done.
func (e *events) reading(q store.EventQuery) []*part {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []*part
	for _, p := range e.parts {
		if !q.From.IsZero() && p.to < nanos(q.From) || !q.To.IsZero() && p.from >= nanos(q.To) {
			continue
		}
		p.readers.Add(1)
		out = append(out, p)
	}
	return out
}

// eventRow is a row of a part.
type eventRow struct {
	time, eid, flow int64
	kind, sensor    string
	src, dst        []byte
	sport, dport    uint16
	host, community sql.NullString
	cert            sql.NullString
	body            []byte
}

func appendEvents(ctx context.Context, out []eventRow, db *sql.DB, query string, args []any) ([]eventRow, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return out, err
	}
	defer rows.Close()
	for rows.Next() {
		var r eventRow
		if err := rows.Scan(&r.time, &r.eid, &r.kind, &r.src, &r.sport, &r.dst, &r.dport, &r.host, &r.community, &r.flow, &r.sensor, &r.body, &r.cert); err != nil {
			return out, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func (r *eventRow) event() (store.Event, error) {
	body, err := unpackBody(r.body)
	if err != nil {
		return store.Event{}, err
	}
	src, _ := netip.AddrFromSlice(r.src)
	dst, _ := netip.AddrFromSlice(r.dst)
	e := store.Event{Time: fromNanos(r.time), Type: r.kind, Src: netip.AddrPortFrom(src, r.sport), Dst: netip.AddrPortFrom(dst, r.dport),
		Cert: r.cert.String, CommunityID: r.community.String, FlowID: uint64(r.flow), Sensor: r.sensor, Body: body}
	if r.host.Valid {
		e.Host = unreversed(r.host.String)
	}
	return e, e.Prepare()
}

// eventRange returns the first and the last address that s, an address or a prefix, means, in the form of ipKey.
func eventRange(s string) (lo, hi []byte, err error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return nil, nil, errors.New(strconv.Quote(s) + " is neither an address nor a prefix")
		}
		k := a.Unmap().WithZone("").AsSlice()
		return k, k, nil
	}
	p = p.Masked()
	lo = p.Addr().AsSlice()
	hi = slices.Clone(lo)
	for i := p.Bits(); i < 8*len(hi); i++ {
		hi[i/8] |= 1 << (7 - i%8)
	}
	return lo, hi, nil
}
