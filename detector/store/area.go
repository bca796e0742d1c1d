package store

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// Area is a part of the network, such as what an agency runs: findings touch it with an end that lies in its networks, or
// by a sensor of it that saw them. What has neither networks nor sensors is touched by nothing.
type Area struct {
	Name     string // what Bundles calls it
	Networks []netip.Prefix
	Sensors  []string
}

// Touches reports whether traffic between two addresses that a sensor saw touches the area.
func (a *Area) Touches(src, dst netip.Addr, sensor string) bool {
	return a.Holds(src) || a.Holds(dst) || sensor != "" && slices.Contains(a.Sensors, sensor)
}

// Holds reports whether an address lies in the area's networks.
func (a *Area) Holds(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	return slices.ContainsFunc(a.Networks, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// Covers reports whether all of a prefix lies in one of the area's networks.
func (a *Area) Covers(p netip.Prefix) bool {
	return slices.ContainsFunc(a.Networks, func(n netip.Prefix) bool { return n.Bits() <= p.Bits() && n.Contains(p.Addr()) })
}

// Join returns the area that is touched by what touches any of several.
func (a Area) Join(others ...Area) Area {
	for _, o := range others {
		a.Networks, a.Sensors = slices.Concat(a.Networks, o.Networks), slices.Concat(a.Sensors, o.Sensors)
	}
	return a
}

// Map finds the areas that traffic touches, without asking each of them.
type Map struct {
	networks map[netip.Prefix][]int // areas of a network
	lengths  [2][]int               // of prefixes, of IPv4 and IPv6
	sensors  map[string][]int
	found    []int
}

// NewMap returns a Map of areas.
func NewMap(areas []Area) *Map {
	m := &Map{networks: map[netip.Prefix][]int{}, sensors: map[string][]int{}}
	for i := range areas {
		for _, p := range areas[i].Networks {
			p = p.Masked()
			m.networks[p] = append(m.networks[p], i)
			if l := &m.lengths[family(p.Addr())]; !slices.Contains(*l, p.Bits()) {
				*l = append(*l, p.Bits())
			}
		}
		for _, s := range areas[i].Sensors {
			m.sensors[s] = append(m.sensors[s], i)
		}
	}
	return m
}

func family(ip netip.Addr) int {
	if ip.Is4() {
		return 0
	}
	return 1
}

// Touched returns the indices of the areas that traffic between two addresses touches that a sensor saw, in order. The answer
// is valid until the next call.
func (m *Map) Touched(src, dst netip.Addr, sensor string) []int {
	m.found = m.found[:0]
	m.hold(src)
	m.hold(dst)
	if sensor != "" {
		m.found = append(m.found, m.sensors[sensor]...)
	}
	slices.Sort(m.found)
	m.found = slices.Compact(m.found)
	return m.found
}

// hold adds the areas in which an address lies.
func (m *Map) hold(ip netip.Addr) {
	if !ip.IsValid() {
		return
	}
	ip = ip.Unmap().WithZone("")
	for _, n := range m.lengths[family(ip)] {
		p, _ := ip.Prefix(n) // of a length that the family has
		m.found = append(m.found, m.networks[p]...)
	}
}

// SortBundles puts bundles into the order of answers, at most BundlesMax.
func SortBundles(list []Bundle, newest bool) BundleList {
	slices.SortFunc(list, func(a, b Bundle) int {
		severity := cmp.Compare(b.Severity, a.Severity)
		if newest {
			severity = 0
		}
		return cmp.Or(severity, b.Last.Compare(a.Last), strings.Compare(a.Value, b.Value))
	})
	return BundleList{Bundles: list[:min(len(list), BundlesMax)], More: len(list) > BundlesMax}
}
