package behaviour

import (
	"net/netip"

	"khien/sensor"
)

// kind is what a note tells.
type kind uint8

const (
	flowEnded   kind = iota // a flow is over
	nameAsked               // a name below a registered domain was looked up
	nameMissing             // the answer was that there is no such name
	loginFailed             // a server refused a name, a password or a ticket
	loginWorked             // a server took them
	echoDiffers             // an ICMP echo came back with other bytes than were sent
)

// note is a fact about traffic that owns its memory. Fields that a kind does not need are zero.
type note struct {
	kind    kind
	capture string
	number  uint64 // packet
	time    int64  // nanoseconds since 1970: of the event; of the flow's start for flowEnded
	flow    uint64 // its ID

	client, server netip.Addr
	clientPort     uint16
	port           uint16 // of the server
	proto          uint8
	app            sensor.Proto

	end         int64 // flowEnded: time of the last packet
	flags       [2]uint8
	midstream   bool
	established bool
	packets     [2]uint64
	bytes       [2]uint64

	name   string // nameAsked, nameMissing: the name, lower case; login…: the user, "" when it does not show
	rare   bool   // nameAsked: for a record type that hosts do not ask for
	length int    // echoDiffers: bytes of the answer
}
