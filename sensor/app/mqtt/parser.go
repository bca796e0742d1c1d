package mqtt

import (
	"errors"

	"khien/sensor"
)

var errNotMQTT = errors.New("mqtt: not a message")

// Protocol describes MQTT to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoMQTT,
		TCP:   true,
		Ports: []uint16{portMQTT},
		Probe: probe,
		New:   func(*sensor.Flow, any) sensor.Parser { return &parser{version: 4} },
	}
}

// probe takes a CONNECT that names the protocol; on its port any whole small message with a type.
func probe(dir sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	if len(b) == 0 {
		return sensor.More
	}
	port := f.DstPort == portMQTT || f.Midstream && f.SrcPort == portMQTT
	if b[0] == connect<<4 && dir == sensor.ToServer {
		r := reader{b: b[1:]}
		n := r.varint()
		name := r.text()
		switch {
		case r.bad && len(b) < 12:
			return sensor.More
		case !r.bad && n >= 10 && (string(name) == "MQTT" || string(name) == "MQIsdp"):
			return sensor.Yes
		}
		return sensor.No
	}
	if !port || b[0]>>4 == 0 {
		return sensor.No
	}
	r := reader{b: b[1:]}
	n := r.varint()
	if r.bad {
		if len(b) < 5 {
			return sensor.More
		}
		return sensor.No
	}
	m := message{kind: b[0] >> 4, qos: b[0] >> 1 & 3, version: 4}
	if b[0]&0x0f != wanted(m.kind) && m.kind != publish {
		return sensor.No
	}
	if m.body = r.b[:min(n, len(r.b))]; len(m.body) < n {
		if n < messageMax {
			return sensor.More
		}
		return sensor.No
	}
	if !m.read() {
		return sensor.No
	}
	return sensor.Yes
}

// wanted returns the flags that the header of a type must have (MQTT 5.0, 2.1.3).
func wanted(kind byte) byte {
	switch kind {
	case pubrel, subscribe, unsubscribe:
		return 2
	}
	return 0
}

// parser reads one connection.
type parser struct {
	version   byte
	connected bool
	next      uint64
	open      []*Tx
	skip      [2]int
	lost      [2]bool
	closed    [2]bool
	out       sensor.Emitter
}

// Parse reads messages.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	p.out = out
	if p.lost[dir] {
		return len(b), nil // nothing marks where a message begins
	}
	used := 0
	for used < len(b) {
		rest := b[used:]
		if n := min(p.skip[dir], len(rest)); n > 0 {
			p.skip[dir] -= n
			used += n
			continue
		}
		r := reader{b: rest[1:]}
		n := r.varint()
		if r.bad {
			if len(rest) < 5 {
				break
			}
			return used, errNotMQTT
		}
		head := len(rest) - len(r.b)
		kept := min(n, messageMax)
		if len(r.b) < kept {
			break
		}
		out.Frame(sensor.FrameMQTTPDU, dir, rest, head+n)
		out.Frame(sensor.FrameMQTTHeader, dir, rest, head)
		out.Frame(sensor.FrameMQTTData, dir, r.b, n)
		c := rest[0]
		m := message{kind: c >> 4, dup: c&8 != 0, qos: c >> 1 & 3, retain: c&1 != 0, version: p.version,
			body: append([]byte(nil), r.b[:kept]...), skipped: n - kept}
		p.skip[dir] = n - kept
		p.message(dir, m)
		used += head + kept
	}
	return used, nil
}

// message puts a message to its exchange.
func (p *parser) message(dir sensor.Dir, m message) {
	ok := m.read()
	if !ok && m.skipped == 0 {
		tx := p.begin(dir, message{kind: m.kind, dup: m.dup, qos: m.qos, retain: m.retain})
		p.end(tx, dir, MalformedTraffic)
		return
	}
	event := ""
	if m.qos == 3 && m.kind == publish {
		event = InvalidQOS
	} else if !p.connected && m.kind != connect && m.kind != connack && m.kind != 0 && m.kind != auth {
		event = Unintroduced
	}
	switch m.kind {
	case 0:
		p.end(p.begin(dir, m), dir, UnassignedType)
	case connect:
		if p.connected {
			event = DoubleConnect
		}
		p.version = m.version
		p.note(p.begin(dir, m), dir, event)
	case publish:
		tx := p.begin(dir, m)
		if m.qos == 0 || m.qos == 3 {
			p.end(tx, dir, event)
		} else {
			p.note(tx, dir, event)
		}
	case subscribe, unsubscribe:
		p.note(p.begin(dir, m), dir, event)
	case connack:
		p.connected = true
		p.answer(dir, m, connect, true, event, MissingConnect)
	case puback, pubcomp:
		p.answer(dir, m, publish, true, event, MissingPublish)
	case pubrec, pubrel:
		p.answer(dir, m, publish, false, event, MissingPublish)
	case suback:
		p.answer(dir, m, subscribe, true, event, MissingSubscribe)
	case unsuback:
		p.answer(dir, m, unsubscribe, true, event, MissingUnsubscribe)
	default:
		p.end(p.begin(dir, m), dir, event)
	}
}

// answer adds a message to the exchange that it belongs to.
func (p *parser) answer(dir sensor.Dir, m message, first byte, last bool, event, missing string) {
	for _, tx := range p.open {
		if f := &tx.parts[0]; f.kind == first && f.id == m.id {
			if len(tx.parts) < partsMax {
				tx.add(dir, m)
			}
			if last {
				p.end(tx, dir, event)
			} else {
				p.note(tx, dir, event)
			}
			return
		}
	}
	tx := p.begin(dir, m)
	p.note(tx, dir, event)
	p.end(tx, dir, missing)
}

func (p *parser) begin(dir sensor.Dir, m message) *Tx {
	if len(p.open) == openMax {
		p.end(p.open[0], dir, "")
	}
	tx := new(Tx)
	tx.ID, tx.Proto = p.next, sensor.ProtoMQTT
	p.next++
	tx.add(dir, m)
	p.open = append(p.open, tx)
	return tx
}

func (p *parser) note(tx *Tx, dir sensor.Dir, event string) {
	if event != "" && len(tx.Anomalies[dir]) < anomalyMax {
		tx.Anomalies[dir] = append(tx.Anomalies[dir], event)
	}
	tx.Done[dir] = sensor.ProgressBody
	p.out.Tx(tx, dir)
}

func (p *parser) end(tx *Tx, dir sensor.Dir, event string) {
	p.open = sensor.Without(p.open, tx)
	if event != "" && len(tx.Anomalies[dir]) < anomalyMax {
		tx.Anomalies[dir] = append(tx.Anomalies[dir], event)
	}
	tx.finished = true
	tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	for d := sensor.ToServer; d <= sensor.ToClient; d++ {
		if d == dir || tx.went(d) { // what goes one way only is not inspected in the other
			p.out.Tx(tx, d)
		}
	}
	p.out.Done(tx)
}

// Gap passes over what is missing of a long message; elsewhere the direction is lost.
func (p *parser) Gap(dir sensor.Dir, n int, _ sensor.Emitter) error {
	if p.skip[dir] >= n {
		p.skip[dir] -= n
	} else {
		p.lost[dir] = true
	}
	return nil
}

// Close ends what was not answered.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.out = out
	p.closed[dir] = true
	for p.closed[dir.Reverse()] && len(p.open) > 0 {
		p.end(p.open[0], p.open[0].dirs[0], "")
	}
}
