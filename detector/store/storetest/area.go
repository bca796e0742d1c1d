package storetest

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"khien/detector"
	"khien/detector/store"
)

// area makes an area of networks and sensors.
func area(name string, networks []string, sensors ...string) store.Area {
	a := store.Area{Name: name, Sensors: sensors}
	for _, n := range networks {
		a.Networks = append(a.Networks, netip.MustParsePrefix(n))
	}
	return a
}

// testAreas: a query sees what touches an area by either end or by the sensor, in every answer, and nothing else.
func testAreas(t *testing.T, s store.Store) {
	ctx := context.Background()
	n := 0
	between := func(rule, src, dst, sensor string) detector.Finding {
		n++
		return finding(rule, n, func(f *detector.Finding) {
			f.SrcIP, f.DstIP, f.Sensor = netip.MustParseAddr(src), netip.MustParseAddr(dst), sensor
		})
	}
	out, in, both := between("1", "10.1.0.1", "198.51.100.7", "center"), between("2", "203.0.113.9", "10.1.255.255", "center"), between("3", "10.1.0.1", "10.2.0.1", "center")
	other, six, seen := between("4", "10.2.0.1", "198.51.100.7", "center"), between("5", "2001:db8:1::5", "2001:db8:ff::1", "center"), between("6", "192.0.2.1", "192.0.2.2", "y-te")
	bare := finding("7", 50, func(f *detector.Finding) { f.SrcIP, f.DstIP, f.Sensor = netip.Addr{}, netip.Addr{}, "" })
	write(t, s, out, in, both, other, six, seen, bare)
	ids := func(list ...detector.Finding) (out []string) {
		for _, f := range list {
			out = append(out, f.ID)
		}
		return out
	}
	f := func(q store.Query, want ...detector.Finding) {
		t.Helper()
		if got := find(t, s, q); !slices.Equal(got, ids(want...)) {
			t.Errorf("Find within %v: %v, want %v", q.Within, got, ids(want...))
		}
		p := groups(t, s, q)
		var latest []string
		for _, g := range p.Groups {
			latest = append(latest, g.LatestID)
		}
		if slices.Sort(latest); p.Total != len(want) || !slices.Equal(latest, slices.Sorted(slices.Values(ids(want...)))) {
			t.Errorf("Groups within %v: %d, %v, want %d", q.Within, p.Total, latest, len(want))
		}
		if c, err := s.Count(ctx, q, 1); err != nil || c.Total != len(want) {
			t.Errorf("Count within %v: %d, %v, want %d", q.Within, c.Total, err, len(want))
		}
	}
	a, b := area("a", []string{"10.1.0.0/16", "2001:db8:1::/48"}), area("b", []string{"10.2.0.0/16"})
	health := area("y-te", []string{"10.2.0.0/16"}, "y-te")
	f(store.Query{Within: []store.Area{a}}, out, in, both, six)
	f(store.Query{Within: []store.Area{b}}, both, other)
	f(store.Query{Within: []store.Area{a, b}}, both)
	f(store.Query{Within: []store.Area{health}}, both, other, seen)
	f(store.Query{Within: []store.Area{a, health}}, both)
	f(store.Query{Within: []store.Area{area("", nil, "y-te")}}, seen)
	f(store.Query{Within: []store.Area{{Name: "nothing"}}})
	f(store.Query{Within: []store.Area{a}, Rule: []string{"1", "4"}}, out)
	f(store.Query{Within: []store.Area{a}, Not: &store.Query{Within: []store.Area{b}}}, out, in, six)
	f(store.Query{Not: &store.Query{Within: []store.Area{a, health}}}, bare)
	f(store.Query{Not: &store.Query{Within: []store.Area{{Name: "nothing"}}}, Rule: []string{"7"}}, bare)
	f(store.Query{Within: []store.Area{a}, From: base, To: both.Time}, out, in)
	if p := groups(t, s, store.Query{Within: []store.Area{b}, Group: []string{store.GroupKey(&out)}}); p.Total != 0 {
		t.Errorf("a group outside by its key: %+v", p)
	}
	var many store.Area // more than an expression of SQLite may be deep
	for i := range 2000 {
		many.Networks = append(many.Networks, netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, byte(i >> 8), byte(i)}), 32))
	}
	f(store.Query{Within: []store.Area{many.Join(b)}}, both, other)
	l, err := s.Bundles(ctx, store.Query{Areas: []store.Area{a, b, health, area("none", []string{"172.16.0.0/12"})}}, store.ByUnit)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, x := range l.Bundles {
		got += fmt.Sprintf("%s:%d/%d:%s ", x.Value, x.Findings, x.Groups, x.Latest.Rule.ID)
	}
	if got != ":1/1:7 y-te:3/3:6 a:4/4:5 b:2/2:4 " || l.More { // the first touches none
		t.Errorf("bundles by unit: %q", got)
	}
	if l, err := s.Bundles(ctx, store.Query{Within: []store.Area{a}, Areas: []store.Area{b}}, store.ByUnit); err != nil || len(l.Bundles) != 2 || l.Bundles[0].Value != store.Outside ||
		l.Bundles[0].Findings != 3 || l.Bundles[1].Value != "b" || l.Bundles[1].Findings != 1 || l.Bundles[1].Latest.ID != both.ID {
		t.Errorf("bundles by unit within an area: %+v, %v", l, err)
	}
	// One group that two sensors saw, one of them an area's: it is in both bundles, each with what is its own.
	twice := between("6", "192.0.2.1", "192.0.2.2", "center")
	write(t, s, twice)
	l, err = s.Bundles(ctx, store.Query{Rule: []string{"6", "7"}, Areas: []store.Area{health}}, store.ByUnit)
	if err != nil || len(l.Bundles) != 2 || l.Bundles[0].Findings != 2 || l.Bundles[0].Groups != 2 || l.Bundles[1].Findings != 1 ||
		!l.Bundles[1].First.Equal(seen.Time) || !l.Bundles[1].Last.Equal(seen.Time) || l.Bundles[1].Latest.ID != seen.ID {
		t.Errorf("bundles by unit of a group that two sensors saw: %+v, %v", l, err)
	}
	if l, err := s.Bundles(ctx, store.Query{}, store.ByUnit); err != nil || len(l.Bundles) != 0 {
		t.Errorf("bundles by unit without units: %+v, %v", l, err)
	}
}
