package store

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"time"
)

// dhcp is EVE's object of a message of DHCP. Which members there are depends on whose log it is.
type dhcp struct {
	Type       string `json:"type"`
	HostName   string `json:"hostname"`
	FQDN       string `json:"client_fqdn"`      // a member of our own
	Asked      string `json:"request_hostname"` // so is this
	AssignedIP string `json:"assigned_ip"`
	ClientIP   string `json:"client_ip"`
	MAC        string `json:"client_mac"`
	Vendor     string `json:"vendor_class_identifier"`
	LeaseTime  int64  `json:"lease_time"` // seconds
}

// leaseMax bounds a lease: the longest that DHCP can grant is for ever, some 136 years.
const leaseMax = 1<<32 - 1

// Lease is what a reply of DHCP grants to a machine.
type Lease struct {
	Name   string // that the machine gave itself; "" when it gave none
	MAC    string
	Vendor string // class that its system tells (RFC 2132, option 60)
	Time   time.Duration
}

// Lease reads a reply of DHCP; ok is false for what is none. The address that is granted is Dst.
func (e *Event) Lease() (l Lease, ok bool) {
	var r struct {
		DHCP dhcp `json:"dhcp"`
	}
	if e.Type != "dhcp" || json.Unmarshal(e.Body, &r) != nil || r.DHCP.Type != "reply" {
		return l, false
	}
	d := &r.DHCP
	return Lease{Name: d.name(), MAC: d.MAC, Vendor: d.Vendor, Time: time.Duration(min(max(d.LeaseTime, 0), leaseMax)) * time.Second}, true
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
