package record

import "net/netip"

// Addrs remembers addresses by their text: reading one anew costs an allocation. The zero value
// is ready.
type Addrs struct{ known map[string]netip.Addr }

// addrsMax is how many addresses are remembered.
const addrsMax = 1 << 14

// Parse reads an address.
func (a *Addrs) Parse(text []byte) (netip.Addr, bool) {
	if x, ok := a.known[string(text)]; ok {
		return x, true
	}
	if len(text) > 64 {
		return netip.Addr{}, false
	}
	x, err := netip.ParseAddr(string(text))
	if err != nil || x.Zone() != "" {
		return netip.Addr{}, false
	}
	x = x.Unmap()
	if len(a.known) >= addrsMax || a.known == nil {
		a.known = make(map[string]netip.Addr, 256)
	}
	a.known[string(text)] = x
	return x, true
}
