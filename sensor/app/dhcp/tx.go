package dhcp

import (
	"encoding/binary"
	"net/netip"

	"khien/sensor"
	"khien/sensor/evejson"
)

// Tx is one message.
type Tx struct {
	sensor.TxBase
	dir    sensor.Dir
	raw    []byte // the message, at least the fixed part of it
	o      options
	asked  []byte // name that the client of a reply has given in its request, where that was in the same flow
	parser *parser
}

// Release gives the transaction back to its parser.
func (tx *Tx) Release() {
	tx.Detect = nil
	if p := tx.parser; len(p.free) < freeMax && cap(tx.raw) <= freeBytes {
		p.free = append(p.free, tx)
	}
}

// Buffer has none: rules on DHCP ask for numbers.
func (tx *Tx) Buffer(sensor.Buffer, sensor.Dir, int) ([]byte, bool) { return nil, false }

// Number returns a time.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if dir != tx.dir || i != 0 {
		return 0, false
	}
	switch b {
	case sensor.DHCPLeaseTime:
		return seconds(tx.o.lease)
	case sensor.DHCPRebindingTime:
		return seconds(tx.o.rebinding)
	case sensor.DHCPRenewalTime:
		return seconds(tx.o.renewal)
	}
	return 0, false
}

// LogReady is true in the direction of a message that grants an address, or other settings. The rest of the exchange is in
// no record, as in Suricata's unless its log is extended.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == tx.dir && tx.o.kind == typeACK }

// AppendEVE appends the object of the message, with the members that Suricata's extended log has. Two are our own, as few
// servers return the name of option 12: client_fqdn (RFC 4702), and of a reply without a name request_hostname, which the
// client gave.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	kind := "<unknown>"
	switch tx.raw[atOp] {
	case opRequest:
		kind = "request"
	case opReply:
		kind = "reply"
	}
	dst = evejson.AppendStr(dst, "type", kind)
	dst = evejson.AppendUint(dst, "id", uint64(binary.BigEndian.Uint32(tx.raw[atID:])))
	dst = appendColons(dst, "client_mac", tx.raw[atHardware:][:min(tx.raw[atHWLength], hardwareMax)])
	dst = appendAddr(dst, "assigned_ip", tx.raw[atYour:])
	dst = appendAddr(dst, "client_ip", tx.raw[atClient:])
	if tx.raw[atOp] == opReply {
		dst = appendAddr(dst, "relay_ip", tx.raw[atRelay:])
		dst = appendAddr(dst, "next_server_ip", tx.raw[atServer:])
	}
	dst = tx.o.append(dst)
	if tx.o.hostName == nil && len(tx.asked) > 0 {
		dst = evejson.AppendBytes(dst, "request_hostname", tx.asked)
	}
	return append(dst, '}')
}

// append appends the members of the options that are there.
func (o *options) append(dst []byte) []byte {
	if o.kind > 0 {
		name := "unknown"
		if int(o.kind) <= len(typeNames) {
			name = typeNames[o.kind-1]
		}
		dst = evejson.AppendStr(dst, "dhcp_type", name)
	}
	if o.clientID != nil {
		dst = appendColons(dst, "client_id", o.clientID)
	}
	dst = appendSeconds(dst, "lease_time", o.lease)
	dst = appendSeconds(dst, "rebinding_time", o.rebinding)
	dst = appendSeconds(dst, "renewal_time", o.renewal)
	if o.mask != nil {
		dst = appendAddr(dst, "subnet_mask", o.mask)
	}
	dst = appendAddrs(dst, "routers", o.routers)
	dst = appendAddrs(dst, "dns_servers", o.dns)
	if o.hostName != nil {
		dst = evejson.AppendBytes(dst, "hostname", o.hostName)
	}
	var text [nameMax]byte
	if name := o.appendName(text[:0]); len(name) > 0 {
		dst = evejson.AppendBytes(dst, "client_fqdn", name)
	}
	if o.requested != nil {
		dst = appendAddr(dst, "requested_ip", o.requested)
	}
	if o.params != nil {
		dst = append(evejson.AppendKey(dst, "params"), '[')
		for _, code := range o.params {
			if name := paramName(code); name != "" {
				dst = evejson.AppendText(evejson.AppendComma(dst), name)
			}
		}
		dst = append(dst, ']')
	}
	if o.vendorClass != nil {
		dst = evejson.AppendBytes(dst, "vendor_class_identifier", o.vendorClass)
	}
	return dst
}

func appendSeconds(dst []byte, key string, v []byte) []byte {
	if n, ok := seconds(v); ok {
		dst = evejson.AppendUint(dst, key, n)
	}
	return dst
}

// appendAddr appends the address that b begins with.
func appendAddr(dst []byte, key string, b []byte) []byte {
	dst = append(evejson.AppendKey(dst, key), '"')
	return append(netip.AddrFrom4([4]byte(b[:4])).AppendTo(dst), '"')
}

// appendAddrs appends a list of addresses, nothing where there is none.
func appendAddrs(dst []byte, key string, b []byte) []byte {
	if b == nil {
		return dst
	}
	dst = append(evejson.AppendKey(dst, key), '[')
	for ; len(b) >= 4; b = b[4:] {
		dst = append(evejson.AppendComma(dst), '"')
		dst = append(netip.AddrFrom4([4]byte(b[:4])).AppendTo(dst), '"')
	}
	return append(dst, ']')
}

// appendColons appends bytes as "00:0b:82".
func appendColons(dst []byte, key string, b []byte) []byte {
	const digits = "0123456789abcdef"
	dst = append(evejson.AppendKey(dst, key), '"')
	for i, c := range b {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return append(dst, '"')
}
