package dcerpc

import (
	"encoding/binary"

	"khien/sensor"
	"khien/sensor/evejson"
)

// udpHeaderLen is the length of the connectionless header (C706, 12.5.1).
const udpHeaderLen = 80

// UDPTx is a connectionless call.
type UDPTx struct {
	sensor.TxBase
	Call
	activity [16]byte
	seq      uint32
	finished bool
}

// udpParser reads datagrams. Which way a PDU goes is told by its type: both may come from one port.
type udpParser struct {
	next   uint64
	open   []*UDPTx
	closed [2]bool
}

func probeUDP(b []byte) sensor.Match {
	if len(b) < udpHeaderLen || b[0] != 4 || b[1] > 10 || b[3]&0xfc != 0 || b[4]&0xee != 0 || b[5] > 3 {
		return sensor.No
	}
	if n := int(udpOrder(b).Uint16(b[74:])); n+udpHeaderLen > len(b) || n == 0 && len(b) != udpHeaderLen {
		return sensor.No
	}
	return sensor.Yes
}

func udpOrder(b []byte) binary.ByteOrder {
	if b[4]&0x10 != 0 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// Parse reads a datagram.
func (p *udpParser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	if probeUDP(b) != sensor.Yes {
		out.Anomaly(dir, MalformedData)
		return len(b), nil
	}
	frames(dir, b, udpHeaderLen, out)
	order, kind := udpOrder(b), b[1]
	activity, seq := uuid(b[40:56], binary.LittleEndian), order.Uint32(b[64:]) // in EVE's order, whatever the data representation is
	tx := p.find(activity, seq)
	stub := b[udpHeaderLen : udpHeaderLen+int(order.Uint16(b[74:]))]
	switch kind {
	case typeRequest:
		if tx == nil {
			tx = p.begin(out)
			tx.activity, tx.seq = activity, seq
			tx.Call = Call{Request: kind, requested: true, Opnum: order.Uint16(b[68:]), HasOpnum: true, Known: true,
				BigEndian: order == binary.BigEndian,
				Interface: Interface{First: true, UUID: uuid(b[24:40], order), Major: uint16(order.Uint32(b[60:])), Minor: uint16(order.Uint32(b[60:]) >> 16)}}
		}
		tx.Fragments[sensor.ToServer]++
		tx.add(sensor.ToServer, stub)
		tx.Done[sensor.ToServer] = sensor.ProgressBody
		out.Tx(tx, sensor.ToServer)
	case typeResponse, typeFault, typeReject:
		if tx == nil {
			return len(b), nil
		}
		tx.Response, tx.answered = kind, true
		tx.Fragments[sensor.ToClient]++
		tx.add(sensor.ToClient, stub)
		if b[2]&(flagUDPFrag|flagUDPLast) == flagUDPFrag {
			out.Tx(tx, sensor.ToClient)
			return len(b), nil
		}
		p.finish(tx, out)
	}
	return len(b), nil
}

// Flags of the connectionless header.
const (
	flagUDPLast = 0x02
	flagUDPFrag = 0x04
)

func (p *udpParser) find(activity [16]byte, seq uint32) *UDPTx {
	for _, tx := range p.open {
		if tx.activity == activity && tx.seq == seq {
			return tx
		}
	}
	return nil
}

func (p *udpParser) begin(out sensor.Emitter) *UDPTx {
	if len(p.open) == callsMax {
		p.finish(p.open[0], out)
	}
	tx := new(UDPTx)
	tx.TxBase.ID, tx.Proto = p.next, sensor.ProtoDCERPC
	p.next++
	p.open = append(p.open, tx)
	return tx
}

func (p *udpParser) finish(tx *UDPTx, out sensor.Emitter) {
	p.open = sensor.Without(p.open, tx)
	tx.finished = true
	sensor.Finish(out, tx)
}

// Gap does not happen to datagrams.
func (p *udpParser) Gap(sensor.Dir, int, sensor.Emitter) error { return nil }

// Close ends what was not answered.
func (p *udpParser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.closed[dir] = true
	for p.closed[dir.Reverse()] && len(p.open) > 0 {
		p.finish(p.open[0], out)
	}
}

// Buffer returns a part of the call.
func (tx *UDPTx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	return tx.Call.Buffer(b, dir, i)
}

// LogReady reports whether the call was answered or given up.
func (tx *UDPTx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && tx.finished }

// AppendEVE appends the object of the call.
func (tx *UDPTx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = tx.appendTypes(append(dst, '{'))
	dst = tx.appendInterfaces(dst)
	dst = tx.appendSizes(dst, "req", sensor.ToServer, true)
	if tx.answered {
		dst = tx.appendSizes(dst, "res", sensor.ToClient, false)
	}
	dst = append(evejson.AppendKey(dst, "activityuuid"), '"')
	dst = appendUUID(dst, tx.activity)
	dst = append(dst, '"')
	dst = evejson.AppendUint(dst, "seqnum", uint64(tx.seq))
	dst = evejson.AppendStr(dst, "rpc_version", "4.0")
	return append(dst, '}')
}
