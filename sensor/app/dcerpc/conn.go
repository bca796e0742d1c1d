package dcerpc

import (
	"encoding/binary"
	"errors"

	"khien/sensor"
)

var errNotRPC = errors.New("dcerpc: not a PDU")

// Interface is an interface that a client binds, by the number of its presentation context.
type Interface struct {
	ID           uint16
	UUID         [16]byte // in text order
	Major, Minor uint16
	Result       uint16 // the server's answer, 0 is acceptance
	Answered     bool
	First        bool // bound by a PDU that says that it is the first fragment; Suricata wants that for dce_iface
}

// Owner keeps the calls of a connection.
type Owner interface {
	// NewCall makes a call; the owner embeds it in a transaction.
	NewCall() *Call
	// CallChanged tells that a call has changed in a direction.
	CallChanged(c *Call, dir sensor.Dir)
}

// Conn is a connection: its interfaces and open calls. The zero value is ready.
type Conn struct {
	bound []Interface
	open  []*Call
}

// header is the common part of all PDUs.
type header struct {
	kind, flags byte
	order       binary.ByteOrder
	length      int
	call        uint32
}

// Length returns the length of the PDU that b begins with: 0 when b is too short to tell, an error when it is none.
func Length(b []byte) (int, error) {
	h, ok := parseHeader(b)
	if !ok {
		return 0, errNotRPC
	}
	return h.length, nil
}

// parseHeader reads the common header (C706, 12.6.3.1); length is 0 when bytes are missing.
func parseHeader(b []byte) (h header, ok bool) {
	if len(b) > 0 && b[0] != 5 || len(b) > 1 && b[1] > 1 || len(b) > 2 && b[2] > typeMax || len(b) > 4 && b[4]&0xee != 0 {
		return h, false
	}
	if len(b) < headerLen {
		return h, true
	}
	h.kind, h.flags, h.order = b[2], b[3], binary.BigEndian
	if b[4]&0x10 != 0 {
		h.order = binary.LittleEndian
	}
	h.length, h.call = int(h.order.Uint16(b[8:])), h.order.Uint32(b[12:])
	return h, h.length >= headerLen
}

// PDU reads one whole PDU.
func (c *Conn) PDU(pdu []byte, o Owner) {
	h, ok := parseHeader(pdu)
	if !ok || h.length == 0 || h.length > len(pdu) {
		return
	}
	body := pdu[headerLen:h.length]
	switch h.kind {
	case typeBind, typeAlter:
		c.bind(h, body, o)
	case typeBindAck, typeAlterResp:
		c.answer(h, body, o)
	case typeRequest:
		c.request(h, body, o)
	case typeResponse, typeFault, typeBindNak:
		c.response(h, body, o)
	}
}

// begin opens a call.
func (c *Conn) begin(h header, o Owner) *Call {
	if len(c.open) == callsMax {
		c.open[0].Lost = true
		c.end(c.open[0], sensor.ToClient, o)
	}
	call := o.NewCall()
	*call = Call{ID: h.call, Request: h.kind, requested: true, BigEndian: h.order == binary.BigEndian}
	c.open = append(c.open, call)
	return call
}

// find returns the latest open call with an ID.
func (c *Conn) find(id uint32) *Call {
	for i := len(c.open) - 1; i >= 0; i-- {
		if c.open[i].ID == id {
			return c.open[i]
		}
	}
	return nil
}

// end closes a call.
func (c *Conn) end(call *Call, dir sensor.Dir, o Owner) {
	call.Complete[sensor.ToServer], call.Complete[sensor.ToClient] = true, true
	for i, x := range c.open {
		if x == call {
			c.open = append(c.open[:i], c.open[i+1:]...)
			break
		}
	}
	o.CallChanged(call, dir)
}

// Close ends all calls.
func (c *Conn) Close(o Owner) {
	for len(c.open) > 0 {
		c.end(c.open[0], sensor.ToClient, o)
	}
}

// bind reads the interfaces of bind and alter_context (C706, 12.6.4.3).
func (c *Conn) bind(h header, body []byte, o Owner) {
	call := c.begin(h, o)
	call.Complete[sensor.ToServer] = true
	if len(body) >= 12 {
		n := int(body[8])
		rest := body[12:]
		for ; n > 0 && len(rest) >= 24; n-- {
			i := Interface{ID: h.order.Uint16(rest), UUID: uuid(rest[4:20], h.order),
				Major: h.order.Uint16(rest[20:]), Minor: h.order.Uint16(rest[22:]), First: h.flags&flagFirst != 0}
			if len(call.Bound) < contextsMax {
				call.Bound = append(call.Bound, i)
			}
			skip := 24 + 20*int(rest[2])
			if skip > len(rest) {
				break
			}
			rest = rest[skip:]
		}
	}
	o.CallChanged(call, sensor.ToServer)
}

// answer reads the results of bind_ack and alter_context_resp (C706, 12.6.4.4), in the order of the bind.
func (c *Conn) answer(h header, body []byte, o Owner) {
	call := c.find(h.call)
	if call == nil {
		call = c.begin(h, o)
		call.requested, call.Lost = false, true
	}
	call.Response, call.answered = h.kind, true
	if len(body) >= 10 {
		at := 10 + int(h.order.Uint16(body[8:]))
		at = (at + 3) &^ 3 // the common header is 16 bytes, so the alignment is the same
		if at+4 <= len(body) {
			n, rest := int(body[at]), body[at+4:]
			for i := 0; i < n && i < len(call.Bound) && len(rest) >= 24; i++ {
				call.Bound[i].Result, call.Bound[i].Answered = h.order.Uint16(rest), true
				rest = rest[24:]
			}
		}
	}
	for _, b := range call.Bound {
		if b.Answered && b.Result == 0 {
			c.accept(b)
		}
	}
	c.end(call, sensor.ToClient, o)
}

// accept remembers an interface; a context that is bound again is another interface from then on.
func (c *Conn) accept(i Interface) {
	for k := range c.bound {
		if c.bound[k].ID == i.ID {
			c.bound[k] = i
			return
		}
	}
	if len(c.bound) < contextsMax {
		c.bound = append(c.bound, i)
	}
}

// request reads a fragment of a request (C706, 12.6.4.9).
func (c *Conn) request(h header, body []byte, o Owner) {
	if len(body) < 8 {
		return
	}
	call := c.find(h.call)
	if call == nil || call.Request != typeRequest || call.Complete[sensor.ToServer] {
		call = c.begin(h, o)
		call.Context, call.Opnum, call.HasOpnum = h.order.Uint16(body[4:]), h.order.Uint16(body[6:]), true
		for _, b := range c.bound {
			if b.ID == call.Context {
				call.Interface, call.Known = b, true
			}
		}
	}
	call.Fragments[sensor.ToServer]++
	call.add(sensor.ToServer, body[8:])
	call.Complete[sensor.ToServer] = h.flags&flagLast != 0
	o.CallChanged(call, sensor.ToServer)
}

// response reads a fragment of an answer.
func (c *Conn) response(h header, body []byte, o Owner) {
	call := c.find(h.call)
	if call == nil {
		call = c.begin(h, o)
		call.requested, call.Lost = false, true
	}
	call.Response, call.answered = h.kind, true
	call.Fragments[sensor.ToClient]++
	// Suricata counts from the end of the common header, so rules for answers do, too.
	call.add(sensor.ToClient, body)
	if h.flags&flagLast == 0 && h.kind == typeResponse {
		o.CallChanged(call, sensor.ToClient)
		return
	}
	c.end(call, sensor.ToClient, o)
}

// uuid returns a UUID in text order.
func uuid(b []byte, order binary.ByteOrder) (u [16]byte) {
	copy(u[:], b)
	if order == binary.LittleEndian {
		u[0], u[1], u[2], u[3] = b[3], b[2], b[1], b[0]
		u[4], u[5], u[6], u[7] = b[5], b[4], b[7], b[6]
	}
	return u
}
