package embedded

import (
	"database/sql"
	"errors"
	"math"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// row is what queries see of a finding.
type row struct {
	time, first, last int64
	sev               int
	score             float64
	brand             string
}

func rowOf(f *detector.Finding) row {
	r := row{time: nanos(f.Time), sev: int(f.Severity), score: f.Score}
	r.first, r.last = r.time, r.time
	if !f.First.IsZero() {
		r.first = nanos(f.First)
	}
	if !f.Last.IsZero() {
		r.last = nanos(f.Last)
	}
	if math.IsNaN(r.score) || math.IsInf(r.score, 0) {
		r.score = 0
	}
	if f.Fraud != nil {
		r.brand = f.Fraud.Brand
	}
	return r
}

func (r row) minute() int64 { return r.time / int64(time.Minute) }

// group collects what a batch changes in one group.
type group struct {
	gid      int64
	n        int
	sev      int
	minSev   int
	score    float64
	first    int64
	last     int64
	min, max int64 // of time
	minutes  map[int64]int
	removed  bool // a finding was taken out: the totals are counted anew
}

func (g *group) add(r row) {
	if g.n == 0 {
		g.sev, g.minSev, g.score, g.first, g.last, g.min, g.max = r.sev, r.sev, r.score, r.first, r.last, r.time, r.time
	}
	g.n++
	g.sev, g.minSev, g.score = max(g.sev, r.sev), min(g.minSev, r.sev), max(g.score, r.score)
	g.first, g.last = min(g.first, r.first), max(g.last, r.last)
	g.min, g.max = min(g.min, r.time), max(g.max, r.time)
	g.minutes[r.minute()]++
}

// group returns the group of a finding and creates its row when it is the first.
func (b *batch) group(f *detector.Finding) (*group, error) {
	key := store.GroupKey(f)
	if g := b.groups[key]; g != nil {
		return g, nil
	}
	g := &group{minutes: map[int64]int{}}
	err := b.scan(`SELECT gid FROM groups WHERE key = ?`, []any{key}, &g.gid)
	if errors.Is(err, sql.ErrNoRows) {
		// What was decided about the group outlives its findings.
		status := store.StatusNew
		err = b.scan(`SELECT status FROM triage WHERE key = ?`, []any{key}, &status)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
		err = b.scan(`INSERT INTO groups (key, rule, source, src, dst, sev, min_sev, score, first, last, min_time, max_time, count, status)
			VALUES (?,?,?,?,?,0,?,0,?,0,?,0,0,?) RETURNING gid`, []any{key, f.Rule.ID, string(f.Source), addrKey(f.SrcIP), addrKey(f.DstIP),
			math.MaxInt32, int64(math.MaxInt64), int64(math.MaxInt64), status}, &g.gid)
	}
	if err != nil {
		return nil, err
	}
	b.groups[key] = g
	return g, nil
}

// flush writes the changes of all groups.
func (b *batch) flush() error {
	for _, g := range b.groups {
		var err error
		switch {
		case g.removed:
			err = b.recount(g.gid)
		case g.n > 0:
			err = b.exec(`UPDATE groups SET sev = max(sev, ?), min_sev = min(min_sev, ?), score = max(score, ?), first = min(first, ?),
				last = max(last, ?), min_time = min(min_time, ?), max_time = max(max_time, ?), count = count + ? WHERE gid = ?`,
				g.sev, g.minSev, g.score, g.first, g.last, g.min, g.max, g.n, g.gid)
		}
		if err != nil {
			return err
		}
		for minute, n := range g.minutes {
			if n == 0 {
				continue
			}
			if err := b.exec(`INSERT INTO minutes (grp, minute, n) VALUES (?,?,?) ON CONFLICT DO UPDATE SET n = n + excluded.n`,
				g.gid, minute, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// recount sets a group's totals from its findings; a group without any goes.
func (b *batch) recount(gid int64) error {
	if err := b.exec(`DELETE FROM groups WHERE gid = ? AND NOT EXISTS (SELECT 1 FROM findings WHERE grp = ?)`, gid, gid); err != nil {
		return err
	}
	return b.exec(`UPDATE groups SET (sev, min_sev, score, first, last, min_time, max_time, count) =
		(SELECT max(sev), min(sev), max(score), min(first), max(last), min(time), max(time), count(*) FROM findings WHERE grp = ?)
		WHERE gid = ?`, gid, gid)
}
