package ldap

import (
	"errors"

	"khien/sensor"
	"khien/sensor/app/ber"
)

var errNotLDAP = errors.New("ldap: not a message")

// Protocol describes LDAP to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoLDAP,
		TCP:   true,
		UDP:   true,
		Ports: []uint16{389, 3268},
		Probe: probe,
		New: func(f *sensor.Flow, _ any) sensor.Parser {
			return &parser{datagrams: f.Proto == sensor.IPProtoUDP, midstream: f.Midstream}
		},
	}
}

// probe wants a sequence that begins with a message number and an operation of the direction.
func probe(dir sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	if len(b) > 0 && b[0] != ber.TagSequence {
		return sensor.No
	}
	head, n, ok := ber.Header(b)
	if !ok || head > 0 && n < 5 || n > messageMax {
		return sensor.No
	}
	if head == 0 || len(b) < head+6 {
		return sensor.More
	}
	if f.Proto == sensor.IPProtoUDP && head+n > len(b) {
		return sensor.No
	}
	id, rest, ok := ber.ExpectInt(b[head:], ber.TagInteger)
	if !ok || len(rest) == 0 || id < 0 || id > 1<<31-1 || names[rest[0]] == "" || isRequest(rest[0]) != (dir == sensor.ToServer) && !f.Midstream {
		return sensor.No
	}
	// SNMP and others begin alike: the operation must fill the message, or controls follow it.
	h2, n2, ok := ber.Header(rest)
	if !ok || h2 == 0 {
		return sensor.More
	}
	idLen := len(b[head:]) - len(rest)
	if left := n - idLen - h2 - n2; left < 0 || left > 0 && len(rest) > h2+n2 && rest[h2+n2] != 0xa0 {
		return sensor.No
	}
	return sensor.Yes
}

// parser reads one flow.
type parser struct {
	datagrams bool
	midstream bool // who is the client is a guess
	next      uint64
	open      []*Tx
	skip      [2]int
	lost      [2]bool
	upgraded  bool
	closed    [2]bool
	out       sensor.Emitter
}

// Parse reads messages.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	p.out = out
	used := 0
	for used < len(b) && !p.upgraded {
		rest := b[used:]
		if p.lost[dir] {
			if probe(dir, rest, &sensor.Flow{}) != sensor.Yes {
				if len(rest) < 16 && rest[0] == ber.TagSequence && !p.datagrams {
					break
				}
				used++
				continue
			}
			p.lost[dir] = false
		}
		if n := min(p.skip[dir], len(rest)); n > 0 {
			p.skip[dir] -= n
			used += n
			continue
		}
		head, n, ok := ber.Header(rest)
		if !ok || rest[0] != ber.TagSequence {
			if p.datagrams {
				out.Anomaly(dir, InvalidData)
				return len(b), nil
			}
			return used, errNotLDAP
		}
		if head == 0 || len(rest) < head+min(n, messageMax) {
			break
		}
		if n > messageMax {
			p.skip[dir] = head + n
			continue
		}
		p.message(dir, rest[head:head+n])
		used += head + n
	}
	if p.datagrams {
		return len(b), nil
	}
	return used, nil
}

// message reads one message without its outer header.
func (p *parser) message(dir sensor.Dir, b []byte) {
	id, rest, ok := ber.ExpectInt(b, ber.TagInteger)
	if !ok || len(rest) == 0 {
		p.out.Anomaly(dir, InvalidData)
		return
	}
	op, body, _, ok := ber.Next(rest)
	if !ok || names[op] == "" || isRequest(op) != (dir == sensor.ToServer) && !p.midstream {
		p.out.Anomaly(dir, InvalidData)
		return
	}
	m := part{op: op, id: id, body: append([]byte(nil), body...)}
	if isRequest(op) {
		p.request(m)
	} else {
		p.response(m)
	}
}

func (p *parser) begin() *Tx {
	if len(p.open) == openMax {
		p.finish(p.open[0])
	}
	tx := new(Tx)
	tx.ID, tx.Proto = p.next, sensor.ProtoLDAP
	p.next++
	p.open = append(p.open, tx)
	return tx
}

func (p *parser) finish(tx *Tx) {
	p.open = sensor.Without(p.open, tx)
	tx.finished = true
	sensor.Finish(p.out, tx)
}

func (p *parser) request(m part) {
	tx := p.begin()
	tx.request, tx.asked = m, true
	tx.Done[sensor.ToServer] = sensor.ProgressComplete
	if m.op == opUnbind || m.op == opAbandon { // never answered
		p.finish(tx)
		return
	}
	p.out.Tx(tx, sensor.ToServer)
}

func (p *parser) response(m part) {
	var tx *Tx
	for _, x := range p.open {
		if x.asked && x.request.id == m.id {
			tx = x
			break
		}
	}
	if tx == nil {
		tx = p.begin()
		if m.id != 0 { // 0 is an unsolicited notification: RFC 4511, 4.4
			tx.Anomalies[sensor.ToClient] = append(tx.Anomalies[sensor.ToClient], RequestNotFound)
		}
	}
	if len(tx.responses) < responsesMax && tx.kept+len(m.body) <= keptMax {
		tx.responses = append(tx.responses, m)
		tx.kept += len(m.body)
	}
	tx.count++
	if tx.asked && (m.op == opSearchEntry || m.op == opSearchRef || m.op == opIntermediate) {
		p.out.Tx(tx, sensor.ToClient)
		return
	}
	if m.op == opExtendedResp && tx.asked && m.result() == 0 {
		if oid, _, ok := ber.Expect(tx.request.body, 0x80); ok && string(oid) == startTLS {
			p.upgraded = true
		}
	}
	p.finish(tx)
	if p.upgraded {
		for len(p.open) > 0 {
			p.finish(p.open[0])
		}
		p.out.Upgrade(sensor.ProtoTLS)
	}
}

// Gap looks for the next message.
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
