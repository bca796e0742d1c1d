package api

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// unitLoads are the organisation units that an account may see, the worst first.
type unitLoads struct {
	Rows    []unitLoad `json:"rows"`
	Partial bool       `json:"partial"` // more groups than are looked at for victims: their numbers are lower bounds
}

// unitLoad is how a unit stands: what waits, who is harmed, and whether today is worse than yesterday.
type unitLoad struct {
	ID        string        `json:"id"` // store.Outside for what touches no unit
	Name      detector.Text `json:"name"`
	Severity  int           `json:"severity"`  // worst of what nobody has decided about, of today or waiting; 0 for nothing
	Waiting   int           `json:"waiting"`   // groups that nobody has decided about, of all days, high or critical
	Victims   int           `json:"victims"`   // devices with a fraud of today that went far and that nobody has closed
	Findings  int           `json:"findings"`  // of today
	Yesterday int           `json:"yesterday"` // at the same time of day
}

// quiet says that there is nothing to tell of a unit.
func (u *unitLoad) quiet() bool {
	return u.Severity == 0 && u.Waiting == 0 && u.Victims == 0 && u.Findings == 0 && u.Yesterday == 0
}

// countUnits tells how each unit stands; nil where there is none. What touches no unit has a row when there is something.
func (a *API) countUnits(ctx context.Context, midnight, now time.Time) (*unitLoads, error) {
	units, _, err := a.cfg.Store.Units(ctx)
	if err != nil || len(units) == 0 {
		return nil, err
	}
	out := &unitLoads{Rows: make([]unitLoad, len(units)+1)}
	outside := &out.Rows[len(units)]
	rows := map[string]*unitLoad{store.Outside: outside}
	for i, u := range units {
		out.Rows[i] = unitLoad{ID: u.ID, Name: u.Name}
		rows[u.ID] = &out.Rows[i]
	}
	day, undecided := -24*time.Hour, []string{store.StatusNew}
	for _, part := range []struct {
		q    store.Query
		take func(u *unitLoad, b *store.Bundle)
	}{
		{store.Query{From: midnight}, func(u *unitLoad, b *store.Bundle) { u.Findings = b.Findings }},
		{store.Query{From: midnight.Add(day), To: now.Add(day)}, func(u *unitLoad, b *store.Bundle) { u.Yesterday = b.Findings }},
		{store.Query{From: midnight, Status: undecided}, func(u *unitLoad, b *store.Bundle) { u.Severity = int(b.Severity) }},
		{store.Query{MinSeverity: detector.High, Status: undecided}, func(u *unitLoad, b *store.Bundle) {
			u.Severity, u.Waiting = max(u.Severity, int(b.Severity)), b.Groups
		}},
	} {
		l, err := a.cfg.Store.Bundles(ctx, part.q, store.ByUnit)
		if err != nil {
			return nil, err
		}
		for i := range l.Bundles {
			if u := rows[l.Bundles[i].Value]; u != nil { // nil for a unit that has come since
				part.take(u, &l.Bundles[i])
			}
		}
	}
	if out.Partial, err = a.countUnitVictims(ctx, midnight, rows); err != nil {
		return nil, err
	}
	if outside.quiet() {
		out.Rows = out.Rows[:len(units)]
	}
	slices.SortFunc(out.Rows, func(a, b unitLoad) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Waiting, a.Waiting), cmp.Compare(b.Victims, a.Victims),
			cmp.Compare(b.Findings, a.Findings), strings.Compare(a.ID, b.ID))
	})
	return out, nil
}

// countUnitVictims counts the devices of today's victims: those of a unit lie in its networks, or in no unit's and a sensor of
// the unit saw them.
func (a *API) countUnitVictims(ctx context.Context, midnight time.Time, rows map[string]*unitLoad) (partial bool, err error) {
	areas, err := a.cfg.Store.Areas(ctx)
	if err != nil {
		return false, err
	}
	of := map[string]map[string]bool{} // devices of units
	put := func(unit, device string) {
		if of[unit] == nil {
			of[unit] = map[string]bool{}
		}
		of[unit][device] = true
	}
	m := store.NewMap(areas)
	// lies puts a device where it lies; false when that is in no unit's networks.
	lies := func(device string) bool {
		ip, _ := netip.ParseAddr(device) // a group without addresses lies nowhere
		held := m.Touched(ip, netip.Addr{}, "")
		for _, i := range held {
			put(areas[i].Name, device)
		}
		return len(held) > 0
	}
	elsewhere := map[string]bool{}
	partial, err = a.eachHarmed(ctx, store.Query{From: midnight}, func(g *store.Group, _ int) {
		if who := device(g); !lies(who) {
			elsewhere[who] = true
		}
	})
	for i := 0; i < len(areas) && len(elsewhere) > 0 && err == nil; i++ {
		if len(areas[i].Sensors) == 0 {
			continue
		}
		var more bool
		more, err = a.eachHarmed(ctx, store.Query{From: midnight, Sensor: areas[i].Sensors}, func(g *store.Group, _ int) {
			if who := device(g); elsewhere[who] {
				put(areas[i].Name, who)
			}
		})
		partial = partial || more
	}
	for id, devices := range of {
		if u := rows[id]; u != nil {
			u.Victims = len(devices)
		}
		for who := range devices {
			delete(elsewhere, who)
		}
	}
	rows[store.Outside].Victims = len(elsewhere)
	return partial, err
}
