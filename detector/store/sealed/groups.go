package sealed

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// key seals a group's key as the store behind makes it of sealed ends (store.GroupKey).
func (s *Store) key(key string) string { return turnKey(key, s.sealing()) }

// turnKey puts other words for the two ends that a key ends with. Before them stands a rule, which is not sealed.
func turnKey(key string, w words) string {
	const ends = 2
	parts := strings.Split(key, "|")
	if len(parts) <= ends {
		return w.text(key)
	}
	for i := len(parts) - ends; i < len(parts); i++ {
		if ip, err := netip.ParseAddr(parts[i]); err == nil {
			parts[i] = w.addr(ip).String()
		}
	}
	return strings.Join(parts, "|")
}

// Groups answers the inbox. Two groups that only differ in that one is from before addresses were sealed are one row when
// they meet on a page.
func (s *Store) Groups(ctx context.Context, q store.Query) (store.GroupPage, error) {
	p, err := s.inner.Groups(ctx, s.query(q))
	w := s.opening()
	list := p.Groups
	p.Groups = nil
	at := map[string]int{}
	for _, g := range list {
		g.Key = turnKey(g.Key, w)
		g.Summary = detector.Text{VI: w.text(g.Summary.VI), EN: w.text(g.Summary.EN)}
		for _, field := range []*string{&g.RuleName, &g.SrcIP, &g.DstIP, &g.Domain} {
			*field = w.text(*field)
		}
		if i, ok := at[g.Key]; ok {
			p.Groups[i] = joinGroups(p.Groups[i], g, q)
			continue
		}
		at[g.Key] = len(p.Groups)
		p.Groups = append(p.Groups, g)
	}
	return p, err
}

// joinGroups joins two rows of one key. What the newest finding tells comes from the row that has it.
func joinGroups(a, b store.Group, q store.Query) store.Group {
	out := a
	if b.Last.After(a.Last) {
		out = b
	}
	out.Severity, out.Score, out.Count = max(a.Severity, b.Severity), max(a.Score, b.Score), a.Count+b.Count
	for _, g := range []store.Group{a, b} {
		if g.First.Before(out.First) {
			out.First = g.First
		}
	}
	out.Spark = make([]int, len(a.Spark))
	from, span := sparkRange(q, &out)
	for _, g := range []store.Group{a, b} {
		ownFrom, ownSpan := sparkRange(q, &g)
		for i, n := range g.Spark {
			// The findings of a part are taken to lie in its middle.
			at := ownFrom.Add(time.Duration((float64(i) + 0.5) / float64(len(g.Spark)) * float64(ownSpan)))
			part := 0
			if span > 0 {
				part = int(float64(at.Sub(from)) / float64(span) * float64(len(out.Spark)))
			}
			out.Spark[min(max(part, 0), len(out.Spark)-1)] += n
		}
	}
	return out
}

// sparkRange is the time range of a group's spark line.
func sparkRange(q store.Query, g *store.Group) (from time.Time, span time.Duration) {
	from, to := q.From, q.To
	if from.IsZero() {
		from = g.First
	}
	if to.IsZero() {
		to = g.Last
	}
	return from, max(0, to.Sub(from))
}

// Count tells about all findings of a query.
func (s *Store) Count(ctx context.Context, q store.Query, parts int) (store.Counts, error) {
	c, err := s.inner.Count(ctx, s.query(q), parts)
	for field, list := range c.Top {
		at := map[string]int{}
		var out []store.ValueCount
		for _, v := range list {
			v.Value = s.seal.OpenText(v.Value)
			if i, ok := at[v.Value]; ok {
				out[i].Count += v.Count
				continue
			}
			at[v.Value] = len(out)
			out = append(out, v)
		}
		c.Top[field] = store.TopOf(out)
	}
	return c, err
}

// Bundles puts a query's findings together by a field. The groups of a bundle that has findings of both forms are counted
// in each.
func (s *Store) Bundles(ctx context.Context, q store.Query, field string) (store.BundleList, error) {
	l, err := s.inner.Bundles(ctx, s.query(q), field)
	if err != nil {
		return l, err
	}
	w := s.opening()
	at := map[string]int{}
	var out []store.Bundle
	for _, b := range l.Bundles {
		b.Value, b.Latest = w.text(b.Value), w.finding(b.Latest)
		if i, ok := at[b.Value]; ok {
			out[i] = joinBundles(out[i], b)
			continue
		}
		at[b.Value] = len(out)
		out = append(out, b)
	}
	joined := store.SortBundles(out, q.Descending)
	joined.More = l.More
	return joined, nil
}

func joinBundles(a, b store.Bundle) store.Bundle {
	if b.Latest.Time.After(a.Latest.Time) {
		a.Latest = b.Latest
	}
	a.Severity, a.Score = max(a.Severity, b.Severity), max(a.Score, b.Score)
	a.Findings, a.Groups = a.Findings+b.Findings, a.Groups+b.Groups
	if b.First.Before(a.First) {
		a.First = b.First
	}
	if b.Last.After(a.Last) {
		a.Last = b.Last
	}
	return a
}
