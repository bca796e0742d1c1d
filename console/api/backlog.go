package api

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// victimRange is how far back people are looked for who have to be warned.
const victimRange = 7 * 24 * time.Hour

// backlog is how long groups have waited that are high or critical and that nobody has decided about.
type backlog struct {
	Ages    []ageCount `json:"ages"`
	Oldest  *time.Time `json:"oldest"` // first finding of the one that waits longest; nil when none waits
	Partial bool       `json:"partial"`
}

// ageCount is how many wait for less than so many hours, and longer than the one before; 0 hours is without an end.
type ageCount struct {
	Hours  int `json:"hours"`
	Groups int `json:"groups"`
}

// ages are the classes of a backlog: within the hour, within a shift's half, within the day, longer.
var ages = [...]int{1, 4, 24, 0}

func (a *API) countBacklog(ctx context.Context, now time.Time) (backlog, error) {
	b := backlog{}
	for _, h := range ages {
		b.Ages = append(b.Ages, ageCount{Hours: h})
	}
	var err error
	b.Partial, err = a.eachGroup(ctx, store.Query{Status: []string{store.StatusNew}, MinSeverity: detector.High}, func(g *store.Group) {
		age := now.Sub(g.First)
		i := slices.IndexFunc(ages[:], func(h int) bool { return h == 0 || age < time.Duration(h)*time.Hour })
		b.Ages[i].Groups++
		if b.Oldest == nil || g.First.Before(*b.Oldest) {
			b.Oldest = &g.First
		}
	})
	return b, err
}

// harmStages are the steps of a fraud from which on somebody has lost something, or is about to.
var harmStages = []string{"submission", "apk", "c2", "remote_control", "transfer"}

// victims are the devices whose people have to be warned.
type victims struct {
	Devices int         `json:"devices"`
	Stages  []nameCount `json:"stages"` // devices by the furthest step, the furthest first
	Partial bool        `json:"partial"`
}

// eachHarmed visits the groups of a query with a fraud that went far and that nobody has closed, with the index of their step.
func (a *API) eachHarmed(ctx context.Context, q store.Query, visit func(g *store.Group, step int)) (partial bool, err error) {
	q.MinSeverity, q.Status = detector.High, []string{store.StatusNew, store.StatusSeen, store.StatusEscalated}
	return a.eachGroup(ctx, q, func(g *store.Group) {
		if i := slices.Index(harmStages, g.Stage); i >= 0 {
			visit(g, i)
		}
	})
}

// countVictims counts devices with a fraud that went far and that nobody has closed.
func (a *API) countVictims(ctx context.Context, now time.Time) (victims, error) {
	v := victims{Stages: []nameCount{}}
	furthest := map[string]int{}
	var err error
	v.Partial, err = a.eachHarmed(ctx, store.Query{From: now.Add(-victimRange)}, func(g *store.Group, step int) {
		who := device(g)
		furthest[who] = max(furthest[who], step+1)
	})
	counts := make([]int, len(harmStages))
	for _, i := range furthest {
		counts[i-1]++
	}
	for i, n := range slices.Backward(counts) {
		if n > 0 {
			v.Stages = append(v.Stages, nameCount{harmStages[i], n})
		}
	}
	v.Devices = len(furthest)
	return v, err
}

// device is the end of a group that is a person's: the one inside, as a server may have sent what was found.
func device(g *store.Group) string {
	src, err1 := netip.ParseAddr(g.SrcIP)
	dst, err2 := netip.ParseAddr(g.DstIP)
	if err1 == nil && err2 == nil && !src.IsPrivate() && dst.IsPrivate() {
		return g.DstIP
	}
	return g.SrcIP
}
