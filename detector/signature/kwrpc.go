package signature

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"khien/sensor"
)

// rpcCall is the keyword rpc: a call of ONC RPC (RFC 5531, 9) that the packet's payload begins with. What the rule leaves
// open is nil.
type rpcCall struct{ program, version, procedure *uint32 }

const (
	rpcMark    = 4  // record mark in front of a message over TCP (RFC 5531, 11)
	rpcHeader  = 24 // of a call up to its procedure
	rpcVersion = 2
)

func (c *rpcCall) match(m *Matcher) bool {
	if m.seg == nil {
		return false
	}
	b := m.seg.Payload
	switch m.seg.IPProto {
	case sensor.IPProtoTCP:
		if len(b) < rpcMark {
			return false
		}
		b = b[rpcMark:]
	case sensor.IPProtoUDP:
	default:
		return false
	}
	if len(b) < rpcHeader || binary.BigEndian.Uint32(b[4:]) != 0 || binary.BigEndian.Uint32(b[8:]) != rpcVersion {
		return false
	}
	for i, want := range [...]*uint32{c.program, c.version, c.procedure} {
		if want != nil && binary.BigEndian.Uint32(b[12+4*i:]) != *want {
			return false
		}
	}
	return true
}

// rpc reads program[,version|*[,procedure|*]].
func (b *builder) rpc(arg string) error {
	c := &rpcCall{}
	parts := strings.Split(arg, ",")
	if len(parts) > 3 {
		return fmt.Errorf("expected program,version,procedure")
	}
	places := [...]**uint32{&c.program, &c.version, &c.procedure}
	for i, part := range parts {
		text, to := strings.TrimSpace(part), places[i]
		if text == "*" && i > 0 {
			continue
		}
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return fmt.Errorf("bad number %q", text)
		}
		v := uint32(n)
		*to = &v
	}
	b.onPacket(c)
	return nil
}
