package store

import (
	"cmp"
	"net/netip"
)

// dhcp is EVE's object of a message of DHCP. Which members there are depends on whose log it is.
type dhcp struct {
	Type       string `json:"type"`
	HostName   string `json:"hostname"`
	FQDN       string `json:"client_fqdn"`      // a member of our own
	Asked      string `json:"request_hostname"` // so is this
	AssignedIP string `json:"assigned_ip"`
	ClientIP   string `json:"client_ip"`
}

// name is the client's name, the short one where there is one: that is in everybody's log.
func (d *dhcp) name() string { return cmp.Or(d.HostName, d.Asked, d.FQDN) }

// client is the address that a reply is about, the zero Addr where it is about none. A reply goes to the client, but often to
// all stations or through a relay: under the address that the packet went to, nobody would find whose one is.
func (d *dhcp) client() netip.Addr {
	if d.Type != "reply" {
		return netip.Addr{}
	}
	for _, s := range []string{d.AssignedIP, d.ClientIP} {
		if a, err := netip.ParseAddr(s); err == nil && a.Is4() && !a.IsUnspecified() {
			return a
		}
	}
	return netip.Addr{}
}
