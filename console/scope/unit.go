package scope

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"khien/console/wrong"
	"khien/detector"
	"khien/detector/store"
)

// Limits of the list of units.
const (
	UnitsMax    = store.AreasMax
	NetworksMax = 256 // of a unit
	SensorsMax  = 64
	nameMax     = 200 // bytes
	idMax       = 32
)

// ErrUnits is wrapped by what is wrong with a list of units; the text names the unit and the field.
var ErrUnits = errors.New("scope: the list of units is wrong")

// Unit is an organisation unit, an agency for example, with its part of the network. Units may lie within one another.
type Unit struct {
	ID       string        `json:"id"` // lower case letters, digits and "-": what people type behind unit:
	Name     detector.Text `json:"name"`
	Networks []string      `json:"networks"` // addresses and prefixes
	Sensors  []string      `json:"sensors"`  // names, as findings tell them
}

// area reads a unit. Networks and sensors are brought into one form.
func (u *Unit) area() (store.Area, error) {
	a := store.Area{Name: u.ID}
	bad := func(field, value, format string, args ...any) (store.Area, error) {
		why := fmt.Sprintf("%.40q: %s: %s", u.ID, field, fmt.Sprintf(format, args...))
		return a, &wrong.Input{Err: ErrUnits, Name: "units." + field, Value: value, Why: why}
	}
	switch {
	case !validID(u.ID):
		return bad("id", u.ID, "1 to %d lower case letters, digits or dashes", idMax)
	case strings.TrimSpace(u.Name.VI) == "" || len(u.Name.VI) > nameMax || len(u.Name.EN) > nameMax:
		return bad("name", u.ID, "1 to %d bytes", nameMax)
	case len(u.Networks) > NetworksMax:
		return bad("many", u.ID, "%d networks, at most %d", len(u.Networks), NetworksMax)
	case len(u.Sensors) > SensorsMax:
		return bad("many", u.ID, "%d sensors, at most %d", len(u.Sensors), SensorsMax)
	}
	u.Networks, u.Sensors = append([]string{}, u.Networks...), append([]string{}, u.Sensors...) // lists in JSON, with and without rows
	for i, s := range u.Networks {
		p, err := prefix(strings.TrimSpace(s))
		if err != nil {
			return bad("networks", s, "%.60q is neither an address nor a prefix such as 10.20.0.0/16", s)
		}
		a.Networks = append(a.Networks, p)
		u.Networks[i] = p.String()
	}
	for i, s := range u.Sensors {
		u.Sensors[i] = strings.TrimSpace(s)
		if u.Sensors[i] == "" || len(s) > nameMax {
			return bad("sensors", u.ID, "a name has 1 to %d bytes", nameMax)
		}
	}
	a.Sensors = u.Sensors
	return a, nil
}

func validID(s string) bool {
	return s != "" && len(s) <= idMax && s[0] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// prefix reads an address or a prefix. One of IPv4 that is written as IPv6 would never be compared with what it means.
func prefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err == nil && p.Addr().Is4In6() {
		err = errors.New("scope: an IPv4 prefix in IPv6 form")
	}
	return p.Masked(), err
}

// list is a checked list of units with their areas, in the order of the ids.
type list struct {
	units   []Unit
	areas   []store.Area
	version int64
}

// read checks units and puts them into order.
func read(units []Unit) (*list, error) {
	if len(units) > UnitsMax {
		return nil, fmt.Errorf("%w: %d units, at most %d", ErrUnits, len(units), UnitsMax)
	}
	l := &list{units: slices.Clone(units)}
	slices.SortStableFunc(l.units, func(a, b Unit) int { return strings.Compare(a.ID, b.ID) })
	for i := range l.units {
		a, err := l.units[i].area()
		if err != nil {
			return nil, err
		}
		if i > 0 && l.units[i].ID == l.units[i-1].ID {
			return nil, &wrong.Input{Err: ErrUnits, Name: "units.twice", Value: l.units[i].ID, Why: fmt.Sprintf("%q: id: there are two of it", l.units[i].ID)}
		}
		l.areas = append(l.areas, a)
	}
	return l, nil
}

// touched returns the ids of the units that traffic touches.
func (l *list) touched(f *detector.Finding) (ids []string) {
	for i := range l.areas {
		if l.areas[i].Touches(f.SrcIP, f.DstIP, f.Sensor) {
			ids = append(ids, l.units[i].ID)
		}
	}
	return ids
}

// ids are those of all units.
func (l *list) ids() (out []string) {
	for i := range l.units {
		out = append(out, l.units[i].ID)
	}
	return out
}

// joined is the area of all units of a list of ids. Ids that are no unit add nothing.
func (l *list) joined(ids []string) (out store.Area) {
	for i := range l.areas {
		if slices.Contains(ids, l.units[i].ID) {
			out = out.Join(l.areas[i])
		}
	}
	return out
}
