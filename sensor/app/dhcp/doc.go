// Package dhcp reads DHCP for IPv4 (RFC 2131, RFC 2132, RFC 4702) over UDP.
//
// Datagrams come in and one transaction a message goes out, in the message's direction: a client that has no address yet and
// its server talk to all stations, so request and reply are two flows; through a relay, and when a lease is renewed, they are
// one, and the name that the request gives is told with the reply. A record is written of what a server grants
// (DHCPACK), as it tells whose address one is. A transaction owns a copy of its message and is reused after Release.
//
//	Name    dhcp
//	Syntax  alert dhcp …; dhcp.leasetime, dhcp.rebinding_time, dhcp.renewal_time
//	Example alert dhcp any any -> any any (msg:"short lease"; dhcp.leasetime:<60; sid:1;)
package dhcp

// Limits of what a parser keeps.
const (
	freeMax   = 8       // transactions for reuse
	freeBytes = 4 << 10 // memory of one
	nameMax   = 253     // bytes of a name that is written out
)

// Anomalies, named as Suricata names them.
const (
	Truncated = "truncated_options" // an option that leaves the message, or no end option
	Malformed = "malformed_options" // an option of a length that it cannot have
)

// The fixed part of a message (RFC 2131, 2), in bytes from its begin.
const (
	atOp       = 0
	atHWLength = 2
	atID       = 4
	atClient   = 12 // ciaddr
	atYour     = 16 // yiaddr
	atServer   = 20 // siaddr
	atRelay    = 24 // giaddr
	atHardware = 28 // chaddr
	atName     = 44 // sname
	atFile     = 108
	atCookie   = 236
	atOptions  = 240

	hardwareMax = 16
)

// Values of op (RFC 2131, 2).
const (
	opRequest = 1
	opReply   = 2
)

// Options (RFC 2132; 81 is RFC 4702).
const (
	optPad           = 0
	optMask          = 1
	optRouters       = 3
	optDNS           = 6
	optHostName      = 12
	optRequested     = 50
	optLeaseTime     = 51
	optOverload      = 52
	optType          = 53
	optParams        = 55
	optRenewalTime   = 58
	optRebindingTime = 59
	optVendorClass   = 60
	optClientID      = 61
	optFQDN          = 81
	optEnd           = 255
)

// typeACK is the message type of what a server grants (RFC 2132, 9.6).
const typeACK = 5

// typeNames are EVE's names of the message types, from 1.
var typeNames = [...]string{"discover", "offer", "request", "decline", "ack", "nak", "release", "inform"}

// paramName is EVE's name of an option that a client asks for, "" of most.
func paramName(option byte) string {
	switch option {
	case 1:
		return "subnet_mask"
	case 3:
		return "router"
	case 6:
		return "dns_server"
	case 15:
		return "domain"
	case 35:
		return "arp_timeout"
	case 42:
		return "ntp_server"
	case 66:
		return "tftp_server_name"
	case 150:
		return "tftp_server_ip"
	}
	return ""
}
