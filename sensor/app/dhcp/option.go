package dhcp

import (
	"encoding/binary"
	"slices"
)

// options are the values that records and rules ask for. They lie in the message; nil is what is not there.
type options struct {
	kind        byte // message type, 0 when there is none
	mask        []byte
	routers     []byte
	dns         []byte
	hostName    []byte
	requested   []byte
	lease       []byte
	renewal     []byte
	rebinding   []byte
	params      []byte
	vendorClass []byte
	clientID    []byte // without the type in front
	name        []byte // of the option client FQDN, as sent
	wire        bool   // name is in the encoding of DNS
	overload    byte
}

// parse reads the options of a whole message: those behind the cookie, then those in the fields that the option overload
// gives to them, file before sname (RFC 2131, 4.1).
func (tx *Tx) parse() {
	if !tx.area(tx.raw[atOptions:]) {
		tx.anomaly(Truncated)
	}
	if tx.o.overload&1 != 0 {
		tx.area(tx.raw[atFile:atCookie])
	}
	if tx.o.overload&2 != 0 {
		tx.area(tx.raw[atName:atFile])
	}
}

// area reads options up to their end and reports whether it was there.
func (tx *Tx) area(b []byte) (ended bool) {
	for len(b) > 0 {
		switch b[0] {
		case optPad:
			b = b[1:]
			continue
		case optEnd:
			return true
		}
		if len(b) < 2 || len(b)-2 < int(b[1]) {
			tx.anomaly(Truncated)
			return false
		}
		n := 2 + int(b[1])
		if !tx.o.take(b[0], b[2:n:n]) {
			tx.anomaly(Malformed)
		}
		b = b[n:]
	}
	return false
}

// take keeps an option that is asked for, the first of each, and reports whether its length is one that it can have.
func (o *options) take(code byte, v []byte) bool {
	fixed, multiple, least := 0, 1, 0
	var to *[]byte
	switch code {
	case optMask:
		to, fixed = &o.mask, 4
	case optRouters:
		to, multiple, least = &o.routers, 4, 4
	case optDNS:
		to, multiple, least = &o.dns, 4, 4
	case optHostName:
		to, least = &o.hostName, 1
	case optRequested:
		to, fixed = &o.requested, 4
	case optLeaseTime:
		to, fixed = &o.lease, 4
	case optRenewalTime:
		to, fixed = &o.renewal, 4
	case optRebindingTime:
		to, fixed = &o.rebinding, 4
	case optParams:
		to, least = &o.params, 1
	case optVendorClass:
		to, least = &o.vendorClass, 1
	case optClientID:
		to, least = &o.clientID, 2
	case optFQDN:
		to, least = &o.name, 3
	case optType, optOverload:
		fixed = 1
	default:
		return true
	}
	if fixed > 0 && len(v) != fixed || len(v) < least || len(v)%multiple != 0 {
		return false
	}
	switch {
	case code == optType:
		if o.kind == 0 {
			o.kind = v[0]
		}
		return true
	case code == optOverload:
		if o.overload == 0 {
			o.overload = v[0]
		}
		return true
	case *to != nil:
		return true
	case code == optClientID:
		v = v[1:] // its type
	case code == optFQDN:
		o.wire = v[0]&4 != 0 // RFC 4702, 2.1: bit E
		v = v[3:]
	}
	*to = v
	return true
}

// appendName appends the client's full name as text, nothing where it is no name.
func (o *options) appendName(dst []byte) []byte {
	if !o.wire {
		return append(dst, o.name[:min(len(o.name), nameMax)]...)
	}
	n := len(dst)
	for b := o.name; len(b) > 0 && b[0] > 0; { // an end without the root is that of a partial name (RFC 4702, 2.3)
		size := int(b[0])
		if size > 63 || size >= len(b) || len(dst)-n+1+size > nameMax {
			return dst[:n]
		}
		if len(dst) > n {
			dst = append(dst, '.')
		}
		dst = append(dst, b[1:1+size]...)
		b = b[1+size:]
	}
	return dst
}

// anomaly notes what is wrong with the message, each thing once.
func (tx *Tx) anomaly(name string) {
	if list := &tx.Anomalies[tx.dir]; !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
}

// seconds is a time of the message.
func seconds(v []byte) (uint64, bool) {
	if v == nil {
		return 0, false
	}
	return uint64(binary.BigEndian.Uint32(v)), true
}
