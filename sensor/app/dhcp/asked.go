package dhcp

import "encoding/binary"

// Limits of the names that a flow's clients have given.
const (
	askedMax  = 64 // clients of a flow: behind a relay there are many
	askedName = 64 // bytes of a name; of longer ones nothing is kept
)

// asked is the name that a client gave in a request. Most servers do not return it with what they grant.
type asked struct {
	client client
	name   [askedName]byte
	length uint8
}

// client is what a reply has in common with its request (RFC 2131, 4.1).
type client struct {
	id       uint32
	hardware [hardwareMax]byte
}

func (tx *Tx) client() client {
	return client{binary.BigEndian.Uint32(tx.raw[atID:]), [hardwareMax]byte(tx.raw[atHardware:])}
}

// names are the latest of a flow. The zero value is ready.
type names struct {
	list []asked
	next int // to be overwritten once list is full
}

// keep remembers the name that a request gives, if it gives one.
func (n *names) keep(tx *Tx) {
	var text [nameMax]byte
	name := tx.o.hostName
	if name == nil {
		name = tx.o.appendName(text[:0])
	}
	if len(name) == 0 || len(name) > askedName {
		return
	}
	who := tx.client()
	a := n.find(who)
	switch {
	case a != nil:
	case len(n.list) < askedMax:
		n.list = append(n.list, asked{})
		a = &n.list[len(n.list)-1]
	default:
		a = &n.list[n.next]
		n.next = (n.next + 1) % askedMax
	}
	a.client, a.length = who, uint8(copy(a.name[:], name))
}

// find returns what is known of a client.
func (n *names) find(who client) *asked {
	for i := range n.list {
		if n.list[i].client == who {
			return &n.list[i]
		}
	}
	return nil
}
