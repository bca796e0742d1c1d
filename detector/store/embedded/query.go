package embedded

import (
	"fmt"
	"net/netip"
	"strings"

	"khien/detector/store"
)

// clause is a condition in SQL with its arguments.
type clause struct {
	parts []string
	args  []any
}

func (c *clause) add(text string, args ...any) {
	c.parts = append(c.parts, text)
	c.args = append(c.args, args...)
}

func (c *clause) String() string {
	if len(c.parts) == 0 {
		return "1"
	}
	return strings.Join(c.parts, " AND ")
}

// in adds that a column is one of the values.
func (c *clause) in(column, not string, values []string) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	c.add(column+not+" IN (?"+strings.Repeat(",?", len(values)-1)+")", args...)
}

// groupClause is what a query asks of groups (as g).
func groupClause(q store.Query) (c clause, err error) {
	c.in("g.status", "", q.Status)
	c.in("g.rule", "", q.Rule)
	c.in("g.rule", " NOT", q.NotRule)
	c.in("g.source", "", q.Source)
	if q.Group != "" {
		c.add("g.key = ?", q.Group)
	}
	for _, l := range []struct {
		values  []string
		columns []string
	}{{q.IP, []string{"g.src", "g.dst"}}, {q.Src, []string{"g.src"}}, {q.Dst, []string{"g.dst"}}} {
		var alt []string
		var args []any
		for _, s := range l.values {
			lo, hi, err := addrRange(s)
			if err != nil {
				return c, err
			}
			for _, column := range l.columns {
				alt = append(alt, column+" BETWEEN ? AND ?")
				args = append(args, lo, hi)
			}
		}
		if len(alt) > 0 {
			c.add("("+strings.Join(alt, " OR ")+")", args...)
		}
	}
	return c, nil
}

// addrRange returns the first and the last address that s, an address or a prefix, means.
func addrRange(s string) (lo, hi []byte, err error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return nil, nil, fmt.Errorf("%q is neither an address nor a prefix", s)
		}
		k := addrKey(a.WithZone(""))
		return k, k, nil
	}
	p = p.Masked()
	first := p.Addr().As16()
	last := first
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	for i := bits; i < 128; i++ {
		last[i/8] |= 1 << (7 - i%8)
	}
	return first[:], last[:], nil
}

// wide says that a query asks for more than a group's row can tell.
func wide(q store.Query) bool { return q.Text != "" || len(q.Host) > 0 || len(q.Brand) > 0 }

// findingClause is what a query asks of findings (as f).
func findingClause(q store.Query) (c clause) {
	if !q.From.IsZero() {
		c.add("f.time >= ?", nanos(q.From))
	}
	if !q.To.IsZero() {
		c.add("f.time < ?", nanos(q.To))
	}
	if q.MinSeverity > 0 {
		c.add("f.sev >= ?", int(q.MinSeverity))
	}
	if len(q.Brand) > 0 {
		c.add("f.brand <> ''") // lets the index on brands serve
		c.in("f.brand", "", q.Brand)
	}
	lo, hi := idRange(q)
	if q.Text != "" {
		if m := match(q.Text); m != "" {
			c.add("f.id IN (SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?)", m, lo, hi)
		} else {
			c.add("0") // asks for words and names none
		}
	}
	if len(q.Host) > 0 {
		var alt []string
		var args []any
		for _, h := range q.Host {
			if rest, ok := strings.CutPrefix(h, "*."); ok {
				// Strictly below the domain: "com.example." < name < "com.example/", '/' being next to '.'.
				r := reversed(rest)
				alt = append(alt, "name > ? AND name < ?")
				args = append(args, r, r[:len(r)-1]+"/")
			} else {
				alt = append(alt, "name = ?")
				args = append(args, reversed(h))
			}
		}
		c.add("f.id IN (SELECT id FROM hosts WHERE "+strings.Join(alt, " OR ")+")", args...)
	}
	return c
}

// idRange is the range of row ids that a query's time range can lie in.
func idRange(q store.Query) (lo, hi int64) {
	lo, hi = 0, 1<<63-1
	if !q.From.IsZero() {
		lo = idBase(nanos(q.From))
	}
	if !q.To.IsZero() {
		hi = idBase(nanos(q.To)) + idSpread
	}
	return lo, hi
}

// limit returns how many rows a page has.
func limit(n int) int {
	if n <= 0 {
		return 100
	}
	return min(n, 1000)
}
