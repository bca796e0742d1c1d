package dcerpc

import (
	"encoding/hex"
	"strconv"

	"khien/sensor"
	"khien/sensor/evejson"
)

// Call is a request and its answer, or a bind and its answer.
type Call struct {
	ID                uint32
	Request, Response byte // PDU types
	Lost              bool // the request was not seen
	Context           uint16
	Opnum             uint16
	HasOpnum          bool
	Interface         Interface // of a request, when Known
	Known             bool
	Bound             []Interface // of a bind
	Fragments         [2]int
	Stub              [2][]byte
	Sizes             [2]uint64 // bytes of stub data seen
	BigEndian         bool
	Complete          [2]bool
	requested         bool
	answered          bool
	ifaceText         [18]byte
}

func (c *Call) add(dir sensor.Dir, stub []byte) {
	c.Sizes[dir] += uint64(len(stub))
	n := min(stubMax-len(c.Stub[dir]), len(stub))
	c.Stub[dir] = append(c.Stub[dir], stub[:n]...)
}

// Buffer returns a part of the call. The interface is the same in both directions.
func (c *Call) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if i != 0 {
		return nil, false
	}
	switch b {
	case sensor.DCERPCStub:
		return c.Stub[dir], c.Fragments[dir] > 0
	case sensor.DCERPCIface:
		if !c.Known || !c.Interface.First {
			return nil, false
		}
		copy(c.ifaceText[:], c.Interface.UUID[:])
		c.ifaceText[16], c.ifaceText[17] = byte(c.Interface.Major>>8), byte(c.Interface.Major)
		return c.ifaceText[:], true
	}
	return nil, false
}

// Number returns the operation and the byte order.
func (c *Call) Number(b sensor.Buffer, _ sensor.Dir, i int) (uint64, bool) {
	switch {
	case i != 0:
	case b == sensor.DCERPCOpnum && c.HasOpnum:
		return uint64(c.Opnum), true
	case b == sensor.DCERPCBigEnd && c.BigEndian:
		return 1, true
	}
	return 0, false
}

func typeName(k byte) string {
	if int(k) < len(typeNames) {
		return typeNames[k]
	}
	return "UNKNOWN"
}

// appendTypes appends the members "request" and "response".
func (c *Call) appendTypes(dst []byte) []byte {
	if c.requested {
		dst = evejson.AppendStr(dst, "request", typeName(c.Request))
	} else {
		dst = evejson.AppendStr(dst, "request", "REQUEST_LOST")
	}
	if c.answered {
		return evejson.AppendStr(dst, "response", typeName(c.Response))
	}
	return evejson.AppendStr(dst, "response", "UNREPLIED")
}

func (c *Call) appendInterfaces(dst []byte) []byte {
	list := c.Bound
	one := [1]Interface{c.Interface}
	if c.Known {
		list = one[:]
	}
	if len(list) == 0 {
		return dst
	}
	dst = append(evejson.AppendKey(dst, "interfaces"), '[')
	for _, i := range list {
		dst = append(evejson.AppendComma(dst), '{')
		dst = append(evejson.AppendKey(dst, "uuid"), '"')
		dst = appendUUID(dst, i.UUID)
		dst = append(dst, '"')
		dst = append(evejson.AppendKey(dst, "version"), '"')
		dst = strconv.AppendUint(dst, uint64(i.Major), 10)
		dst = append(dst, '.')
		dst = strconv.AppendUint(dst, uint64(i.Minor), 10)
		dst = append(dst, '"')
		if !c.Known && i.Answered {
			dst = evejson.AppendUint(dst, "ack_result", uint64(i.Result))
		}
		if s := service(i.UUID); s != nil {
			dst = evejson.AppendStr(dst, "service", s.name)
			if c.HasOpnum && int(c.Opnum) < len(s.procedures) && s.procedures[c.Opnum] != "" {
				dst = evejson.AppendStr(dst, "procedure", s.procedures[c.Opnum])
			}
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendSizes appends the member of one direction.
func (c *Call) appendSizes(dst []byte, key string, dir sensor.Dir, opnum bool) []byte {
	dst = append(evejson.AppendKey(dst, key), '{')
	if opnum {
		dst = evejson.AppendUint(dst, "opnum", uint64(c.Opnum))
	}
	dst = evejson.AppendUint(dst, "frag_cnt", uint64(c.Fragments[dir]))
	dst = evejson.AppendUint(dst, "stub_data_size", c.Sizes[dir])
	return append(dst, '}')
}

// AppendEVE appends the object that EVE has of a call over TCP.
func (c *Call) AppendEVE(dst []byte) []byte {
	dst = c.appendTypes(append(dst, '{'))
	dst = c.appendInterfaces(dst)
	if c.HasOpnum {
		dst = c.appendSizes(dst, "req", sensor.ToServer, true)
	}
	if c.answered && c.Fragments[sensor.ToClient] > 0 {
		dst = c.appendSizes(dst, "res", sensor.ToClient, false)
	}
	dst = evejson.AppendUint(dst, "call_id", uint64(c.ID))
	dst = evejson.AppendStr(dst, "rpc_version", "5.0")
	return append(dst, '}')
}

// AppendPipeEVE appends the object that EVE has of a call over a pipe of SMB, where the operation stands outside.
func (c *Call) AppendPipeEVE(dst []byte) []byte {
	dst = c.appendTypes(append(dst, '{'))
	if c.HasOpnum {
		dst = evejson.AppendUint(dst, "opnum", uint64(c.Opnum))
		dst = c.appendSizes(dst, "req", sensor.ToServer, false)
	}
	if c.answered && c.Fragments[sensor.ToClient] > 0 {
		dst = c.appendSizes(dst, "res", sensor.ToClient, false)
	}
	dst = c.appendInterfaces(dst)
	dst = evejson.AppendUint(dst, "call_id", uint64(c.ID))
	return append(dst, '}')
}

func appendUUID(dst []byte, u [16]byte) []byte {
	for i, b := range u {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, []byte{b})
	}
	return dst
}
