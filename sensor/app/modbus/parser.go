package modbus

import (
	"encoding/binary"
	"errors"

	"khien/sensor"
)

var errNotModbus = errors.New("modbus: not a message")

// Protocol describes Modbus to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoModbus,
		TCP:   true,
		Ports: []uint16{portModbus},
		Probe: probe,
		New:   func(*sensor.Flow, any) sensor.Parser { return new(parser) },
	}
}

// probe takes a header on the registered port. Elsewhere too much looks like one.
func probe(_ sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	if f.DstPort != portModbus && !(f.Midstream && f.SrcPort == portModbus) {
		return sensor.No
	}
	if len(b) < headerLen+lengthMin {
		if len(b) > 2 && b[2] != 0 || len(b) > 3 && b[3] != 0 {
			return sensor.No
		}
		return sensor.More
	}
	if !plausible(b) {
		return sensor.No
	}
	return sensor.Yes
}

// plausible reports whether a header with a function code is one that the protocol allows.
func plausible(b []byte) bool {
	n := binary.BigEndian.Uint16(b[4:])
	return b[2] == 0 && b[3] == 0 && n >= lengthMin && n <= lengthMax && b[7] != 0
}

// parser reads one connection.
type parser struct {
	next   uint64
	open   []*Tx // requests without a response, the oldest first
	flood  bool
	skip   [2]int
	lost   [2]bool
	closed [2]bool
	free   []*Tx
	out    sensor.Emitter
}

// Parse reads messages.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	p.out = out
	used := 0
	for used < len(b) {
		rest := b[used:]
		if n := min(p.skip[dir], len(rest)); n > 0 {
			p.skip[dir] -= n
			used += n
			continue
		}
		if len(rest) < headerLen+lengthMin {
			break
		}
		if p.lost[dir] {
			if !plausible(rest) {
				return len(b), nil // a message nearly always begins with a segment
			}
			p.lost[dir] = false
		}
		n := int(binary.BigEndian.Uint16(rest[4:]))
		if n < lengthMin {
			out.Anomaly(dir, InvalidLength)
			return used, errNotModbus
		}
		kept := min(n, lengthMax)
		if len(rest) < headerLen+kept {
			break
		}
		p.skip[dir] = n - kept
		p.message(dir, rest[:headerLen+kept], n > kept)
		used += headerLen + kept
	}
	return used, nil
}

// message reads one message, of which the end is missing when it is too long.
func (p *parser) message(dir sensor.Dir, b []byte, cut bool) {
	tx := p.begin()
	m := &tx.messages[dir]
	m.id, m.proto = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	m.set(b[headerLen:], dir == sensor.ToServer)
	if cut {
		m.flags |= badLength
	}
	if dir == sensor.ToServer {
		p.request(tx)
	} else {
		p.response(tx)
	}
}

func (p *parser) request(tx *Tx) {
	if len(p.open) == openMax {
		p.finish(p.open[0])
		if !p.flood {
			p.flood = true
			tx.note(sensor.ToServer, Flooded)
		}
	}
	p.number(tx)
	tx.noteFlags(sensor.ToServer)
	tx.Done[sensor.ToServer] = sensor.ProgressComplete
	p.open = append(p.open, tx)
	p.out.Tx(tx, sensor.ToServer)
}

// response gives a response to its request; tx has nothing else.
func (p *parser) response(tx *Tx) {
	m := &tx.messages[sensor.ToClient]
	var asked *Tx
	for _, x := range p.open {
		if m.answers(&x.messages[sensor.ToServer]) {
			asked = x
			break
		}
	}
	if asked == nil {
		p.number(tx)
		tx.noteAnswer()
		tx.note(sensor.ToClient, UnsolicitedResponse)
		p.finish(tx)
		return
	}
	m.compare(&asked.messages[sensor.ToServer])
	// The messages change places, so that both keep the memory of their bytes.
	asked.messages[sensor.ToClient], tx.messages[sensor.ToClient] = tx.messages[sensor.ToClient], asked.messages[sensor.ToClient]
	p.keep(tx)
	asked.noteAnswer()
	p.finish(asked)
}

func (p *parser) begin() *Tx {
	if tx := sensor.Take(&p.free); tx != nil {
		return tx
	}
	return &Tx{parser: p}
}

// keep takes back a transaction that nobody else knows.
func (p *parser) keep(tx *Tx) {
	if len(p.free) == freeMax {
		return
	}
	tx.TxBase = sensor.TxBase{Anomalies: [2][]string{tx.Anomalies[0][:0], tx.Anomalies[1][:0]}}
	for i := range tx.messages {
		tx.messages[i] = message{body: tx.messages[i].body[:0]}
	}
	tx.finished = false
	p.free = append(p.free, tx)
}

func (p *parser) number(tx *Tx) {
	tx.ID, tx.Proto = p.next, sensor.ProtoModbus
	p.next++
}

func (p *parser) finish(tx *Tx) {
	p.open = sensor.Without(p.open, tx)
	p.flood = p.flood && len(p.open) > 0
	tx.finished = true
	sensor.Finish(p.out, tx)
}

// Gap passes over what is missing of a long message, and looks for the next message elsewhere.
func (p *parser) Gap(dir sensor.Dir, n int, _ sensor.Emitter) error {
	if p.skip[dir] >= n {
		p.skip[dir] -= n
		return nil
	}
	p.skip[dir], p.lost[dir] = 0, true
	return nil
}

// Close ends what was not answered.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.out = out
	p.closed[dir] = true
	for p.closed[dir.Reverse()] && len(p.open) > 0 {
		p.finish(p.open[0])
	}
}
