// Package stories tells fraud stories from the findings that many sensors send. The findings of a partition come in as a hub
// gives them; they go out with the stories that they begin or add to.
package stories

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"khien/detector"
	"khien/detector/bus"
	"khien/detector/fraud"
	"khien/detector/store"
)

// Limits of what a core remembers of stories.
const (
	storyMemory   = 24 * time.Hour // as long as a story may rest
	storyVictims  = 1 << 13        // of a partition; beyond them it is forgotten and read from the store again
	storyFindings = 1000           // that are read of a victim
)

// Teller puts the findings of all sensors about one victim into one story. What a core has not seen itself – another
// core took it, or this one has just started – it reads from the store: the stored findings are the snapshot that is handed
// over.
type Teller struct {
	Store store.Store

	partitions [bus.Partitions]*partition
}

// partition is what is remembered of a partition. One goroutine uses it.
type partition struct {
	stories *fraud.Stories
	victims map[netip.Addr]storyName
}

// storyName is under which id and time the story of a victim is stored.
type storyName struct {
	id   string
	time time.Time
}

// Add returns the findings with the stories that they begin or add to.
func (c *Teller) Add(ctx context.Context, number int, fresh bool, fs []detector.Finding) ([]detector.Finding, error) {
	p := c.partitions[number]
	if p == nil || fresh || len(p.victims) > storyVictims {
		p = &partition{stories: fraud.NewStories(), victims: map[netip.Addr]storyName{}}
		c.partitions[number] = p
	}
	out := slices.Clone(fs)
	for i := range fs {
		f := &fs[i]
		v := bus.Victim(f)
		if f.Source != detector.FromFraud && f.Severity < detector.High || !v.IsValid() {
			continue
		}
		if _, known := p.victims[v]; !known {
			stored, err := c.recall(ctx, v, f.Time)
			if err != nil {
				return nil, err
			}
			p.victims[v] = storyName{}
			for j := range stored {
				out = p.observe(out, v, &stored[j])
			}
		}
		out = p.observe(out, v, f)
	}
	return out, nil
}

// observe lets the stories see a finding and appends what they tell.
func (p *partition) observe(out []detector.Finding, v netip.Addr, f *detector.Finding) []detector.Finding {
	if fraud.IsStory(f) {
		p.victims[v] = storyName{f.ID, f.Time}
		return out
	}
	g := *f
	g.Capture = "" // the sensors of a victim read different captures
	for _, told := range p.stories.Observe(&g) {
		if fraud.IsStory(told) {
			switch name := p.victims[v]; {
			case name.id == "" || told.Time.Sub(name.time).Abs() > storyMemory:
				p.victims[v] = storyName{told.ID, told.Time}
			default: // it goes on under the name that it has in the store
				told.ID, told.ChainID, told.Time = name.id, name.id, name.time
			}
		}
		out = append(out, *told)
	}
	return out
}

// recall reads what the store has of a victim around a time, oldest first, the story itself at the head.
func (c *Teller) recall(ctx context.Context, v netip.Addr, at time.Time) ([]detector.Finding, error) {
	if r, ok := c.Store.(interface{ Refresh(context.Context) error }); ok {
		if err := r.Refresh(ctx); err != nil {
			return nil, err
		}
	}
	var all []detector.Finding
	q := store.Query{From: at.Add(-storyMemory), To: at.Add(storyMemory), IP: []string{v.String()}, Limit: storyFindings, Descending: true}
	for _, part := range []func(*store.Query){func(q *store.Query) { q.Source = []string{string(detector.FromFraud)} },
		func(q *store.Query) { q.MinSeverity = detector.High }} {
		each := q
		part(&each)
		page, err := c.Store.Find(ctx, each)
		if err != nil {
			return nil, err
		}
		for _, f := range page.Findings {
			if bus.Victim(&f) == v {
				all = append(all, f)
			}
		}
	}
	slices.SortFunc(all, func(a, b detector.Finding) int {
		return cmp.Or(-cmp.Compare(storyRank(&a), storyRank(&b)), a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
	return slices.CompactFunc(all, func(a, b detector.Finding) bool { return a.ID == b.ID }), nil
}

func storyRank(f *detector.Finding) int {
	if fraud.IsStory(f) {
		return 1
	}
	return 0
}
