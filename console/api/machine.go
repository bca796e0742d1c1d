package api

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"khien/console/account"
	"khien/detector/store"
)

// leasesMax is how many grants of DHCP are read for the page of an address, the newest.
const leasesMax = 1000

// machine is one that had an address, as it named itself to the server of DHCP. A name is what its owner likes.
type machine struct {
	Name   string    `json:"name"`
	MAC    string    `json:"mac"`
	Vendor string    `json:"vendor"` // class that its system tells
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	Until  time.Time `json:"until"` // when the last lease ends
	Sensor string    `json:"sensor"`
}

// machineAt returns whose an address was at a time; nil when no lease says so.
func (a *API) machineAt(r *http.Request, who account.Account, ip netip.Addr, at time.Time) (*machine, error) {
	if !ip.IsValid() {
		return nil, nil
	}
	list, err := a.machines(r, who, ip.Unmap(), at.Add(time.Second)) // the grant may come with the same second's first packets
	if err != nil || len(list) == 0 || list[0].Until.Before(at) {
		return nil, err
	}
	return &list[0], nil
}

// machines returns whose an address was before a time, or until now when it is zero, the newest first. Whoever may not see
// the address is not told: names and network cards are closer to a person than the address is.
func (a *API) machines(r *http.Request, who account.Account, ip netip.Addr, before time.Time) ([]machine, error) {
	out := []machine{}
	if hidden, err := a.hides(r.Context(), who, ip); hidden || err != nil {
		return out, err
	}
	p, err := a.cfg.Store.Events(r.Context(), store.EventQuery{To: before, IP: []string{ip.String()}, Type: "dhcp", Descending: true, Limit: leasesMax})
	if err != nil {
		return out, storeProblem(err)
	}
	for i := range p.Events {
		ev := &p.Events[i]
		l, ok := ev.Lease()
		if !ok || ev.Dst.Addr() != ip {
			continue
		}
		at := slices.IndexFunc(out, func(m machine) bool { return m.MAC == l.MAC && (m.Name == l.Name || m.Name == "" || l.Name == "") })
		if at < 0 {
			if len(out) == entityTop {
				break
			}
			out = append(out, machine{MAC: l.MAC, First: ev.Time, Last: ev.Time, Until: ev.Time.Add(l.Time), Sensor: ev.Sensor})
			at = len(out) - 1
		}
		m := &out[at]
		m.Name, m.Vendor = cmp.Or(m.Name, l.Name), cmp.Or(m.Vendor, l.Vendor)
		m.First = ev.Time // they come newest first
	}
	return out, nil
}

// hides says whether an address is hidden from somebody.
func (a *API) hides(ctx context.Context, who account.Account, ip netip.Addr) (bool, error) {
	if a.cfg.Reveals == nil || !a.cfg.Reveals.Policy.Names().Hides(ip) {
		return false, nil
	}
	shown, _, err := a.cfg.Reveals.Shown(ctx, who.Name)
	if err != nil {
		return true, storeProblem(err)
	}
	return !shown(ip), nil
}
