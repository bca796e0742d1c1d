package rdp

import (
	"bytes"
	"encoding/binary"

	"khien/sensor"
)

// Protocol describes RDP to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoRDP,
		TCP:   true,
		Ports: []uint16{3389},
		Probe: probe,
		New:   func(*sensor.Flow, any) sensor.Parser { return new(parser) },
	}
}

// X.224 TPDU codes (RFC 905, 13).
const (
	tpduRequest = 0xe0
	tpduConfirm = 0xd0
	tpduData    = 0xf0
)

// probe wants a TPKT header (RFC 1006, 6) whose length agrees with that of the connection TPDU in it, and what RDP puts
// there: S7 and others use the same layers.
func probe(dir sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	for i, c := range b[:min(len(b), 2)] {
		if c != [...]byte{3, 0}[i] {
			return sensor.No
		}
	}
	if len(b) < 11 {
		return sensor.More
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < 11 || n > recordMax || int(b[4]) != n-5 {
		return sensor.No
	}
	switch {
	case dir == sensor.ToServer && b[5] == tpduRequest:
		if len(b) < n {
			return sensor.More
		}
		body := b[11:n]
		if bytes.HasPrefix(body, []byte("Cookie: mst")) || len(body) >= 8 && body[len(body)-8] == 1 && body[len(body)-6] == 8 ||
			len(body) == 0 && f.DstPort == 3389 {
			return sensor.Yes
		}
	case dir == sensor.ToClient && b[5] == tpduConfirm:
		if len(b) < n {
			return sensor.More
		}
		if n == 19 && (b[11] == 2 || b[11] == 3) || n == 11 && f.DstPort == 3389 {
			return sensor.Yes
		}
	}
	return sensor.No
}

// parser reads one connection.
type parser struct {
	next uint64
	done [2]bool // the handshake is over
}

// Parse reads messages of the handshake.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	used := 0
	for used < len(b) && !p.done[dir] {
		rest := b[used:]
		if rest[0] != 3 { // TLS or fast path
			p.done[dir] = true
			break
		}
		if len(rest) < 4 {
			return used, nil
		}
		n := int(binary.BigEndian.Uint16(rest[2:]))
		if n < 7 || n > recordMax {
			p.done[dir] = true
			break
		}
		if len(rest) < n {
			return used, nil
		}
		p.message(dir, rest[4:n], out)
		used += n
	}
	return len(b), nil
}

// message reads a TPDU.
func (p *parser) message(dir sensor.Dir, b []byte, out sensor.Emitter) {
	tx := &Tx{dir: dir}
	switch {
	case b[1] == tpduRequest && dir == sensor.ToServer:
		tx.kind = "initial_request"
		tx.request(b[min(7, len(b)):])
	case b[1] == tpduConfirm && dir == sensor.ToClient:
		tx.kind = "initial_response"
		tx.confirm(b[min(7, len(b)):])
	case b[1] == tpduData && bytes.HasPrefix(b[3:], []byte{0x7f, 0x65}) && dir == sensor.ToServer:
		tx.kind = "connect_request"
		tx.connect(b[3:])
		p.done[dir] = true
	case b[1] == tpduData && bytes.HasPrefix(b[3:], []byte{0x7f, 0x66}) && dir == sensor.ToClient:
		tx.kind = "connect_response"
		p.done[dir] = true
	default:
		p.done[dir] = true
		return
	}
	tx.ID, tx.Proto = p.next, sensor.ProtoRDP
	p.next++
	tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	out.Tx(tx, dir)
	out.Done(tx)
}

// Gap ends the handshake.
func (p *parser) Gap(dir sensor.Dir, _ int, _ sensor.Emitter) error {
	p.done[dir] = true
	return nil
}

// Close has nothing to end.
func (p *parser) Close(sensor.Dir, sensor.Emitter) {}
