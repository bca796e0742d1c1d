package enip

import (
	"slices"

	"khien/sensor"
)

// Protocol describes EtherNet/IP to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoENIP,
		TCP:   true,
		UDP:   true,
		Ports: []uint16{portExplicit, portImplicit},
		Probe: probe,
		New: func(f *sensor.Flow, _ any) sensor.Parser {
			return &parser{datagrams: f.Proto == sensor.IPProtoUDP}
		},
	}
}

// probe wants a header in which every field is plausible, on the port of one side: devices answer broadcasts from theirs.
func probe(_ sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	udp := f.Proto == sensor.IPProtoUDP
	onPort := func(port uint16) bool { return f.DstPort == port || f.SrcPort == port }
	if !onPort(portExplicit) && !(udp && onPort(portImplicit)) {
		return sensor.No
	}
	if udp && implicit(b) {
		return sensor.Yes
	}
	if len(b) < headerLen {
		if udp || len(b) >= 2 && commandName(le.Uint16(b)) == "" {
			return sensor.No
		}
		return sensor.More
	}
	if !plausible(b) || udp && headerLen+int(le.Uint16(b[2:])) > len(b) {
		return sensor.No
	}
	return sensor.Yes
}

// plausible tells whether a header may be one.
func plausible(b []byte) bool {
	h := parseHeader(b)
	if statusName(h.status) == "" {
		return false
	}
	switch h.command {
	case cmdNOP:
		return h.options == 0
	case cmdRegisterSession:
		return h.length == 4
	case cmdUnregisterSession:
		return h.length == 4 || h.length == 0
	}
	return commandName(h.command) != ""
}

// implicit tells the cyclic data of devices (volume 2, 3-2): two items, an address with a sequence and data.
func implicit(b []byte) bool {
	return len(b) >= 18 && le.Uint16(b) == 2 && le.Uint16(b[2:]) == itemSequenced && le.Uint16(b[4:]) == 8 &&
		le.Uint16(b[14:]) == itemConnected && int(le.Uint16(b[16:])) == len(b)-18
}

// parser reads one flow.
type parser struct {
	datagrams bool
	next      uint64
	open      []*Tx // requests without a response
	free      []*Tx
	lost      [2]bool // messages are searched after missing bytes
	closed    [2]bool
	out       sensor.Emitter
}

// Parse reads messages.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	p.out = out
	if p.datagrams {
		if !implicit(b) {
			p.datagram(dir, b)
		}
		return len(b), nil
	}
	used := 0
	for len(b)-used >= headerLen {
		rest := b[used:]
		// A header of zeros is one of NOP, and found everywhere.
		if p.lost[dir] && (!plausible(rest) || le.Uint16(rest) == cmdNOP) {
			used++
			continue
		}
		n := headerLen + int(le.Uint16(rest[2:]))
		if len(rest) < n {
			break
		}
		p.lost[dir] = false
		p.message(dir, rest[:n])
		used += n
	}
	return used, nil
}

// datagram reads the message of a datagram.
func (p *parser) datagram(dir sensor.Dir, b []byte) {
	if len(b) < headerLen || len(b)-headerLen < int(le.Uint16(b[2:])) {
		p.out.Anomaly(dir, InvalidPDU)
		return
	}
	p.message(dir, b[:headerLen+int(le.Uint16(b[2:]))])
}

// message reads a whole message.
func (p *parser) message(dir sensor.Dir, b []byte) {
	h, body := parseHeader(b), b[headerLen:]
	p.frames(dir, b, h)
	tx := p.begin()
	m := &tx.said[dir]
	m.set(h, body)
	// Requests for lists are empty. What a device answers to a broadcast comes as a flow of its own.
	reply := dir == sensor.ToClient
	if skip, list := carriesItems(h.command); list && skip == 0 {
		reply = len(body) > 0
	}
	if reply {
		if q := p.asked(m, dir); q != nil {
			q.said[dir], tx.said[dir] = tx.said[dir], q.said[dir]
			p.next--
			tx.said[dir].seen = false
			p.recycle(tx)
			tx = q
		}
	}
	if !tx.said[dir].valid {
		tx.Anomalies[dir] = append(tx.Anomalies[dir], InvalidPDU)
	}
	if reply {
		tx.from = dir
		p.finish(tx)
		return
	}
	tx.from = dir.Reverse()
	tx.Done[dir] = sensor.ProgressComplete
	switch h.command {
	case cmdNOP, cmdUnregisterSession, cmdIndicateStatus, cmdCancel: // never answered
		p.finish(tx)
		return
	}
	if len(p.open) == openMax {
		p.note(TooManyTransactions)
		for len(p.open) > 0 {
			p.drop()
		}
	}
	p.open = append(p.open, tx)
	p.out.Tx(tx, dir)
}

// note marks the oldest open request.
func (p *parser) note(name string) {
	tx := p.open[0]
	tx.Anomalies[tx.from.Reverse()] = append(tx.Anomalies[tx.from.Reverse()], name)
}

// drop ends the oldest open request.
func (p *parser) drop() {
	tx := p.open[0]
	p.open = append(p.open[:0], p.open[1:]...)
	p.finish(tx)
}

// asked takes out the request that a response is to, and gives up those before it, as Suricata does.
func (p *parser) asked(m *pdu, dir sensor.Dir) *Tx {
	i := slices.IndexFunc(p.open, func(tx *Tx) bool { return tx.from == dir && m.answers(&tx.said[dir.Reverse()]) })
	if i < 0 {
		return nil
	}
	for range i {
		p.drop()
	}
	tx := p.open[0]
	p.open = append(p.open[:0], p.open[1:]...)
	return tx
}

// begin makes a transaction.
func (p *parser) begin() *Tx {
	tx := sensor.Take(&p.free)
	if tx == nil {
		tx = &Tx{parser: p}
	}
	tx.ID, tx.Proto = p.next, sensor.ProtoENIP
	p.next++
	return tx
}

// recycle keeps a transaction for the next one.
func (p *parser) recycle(tx *Tx) {
	if len(p.free) < freeMax {
		tx.reset()
		p.free = append(p.free, tx)
	}
}

func (p *parser) finish(tx *Tx) {
	tx.finished = true
	sensor.Finish(p.out, tx)
}

// frames marks a message and its parts.
func (p *parser) frames(dir sensor.Dir, b []byte, h header) {
	out := p.out
	out.Frame(sensor.FrameENIPHeader, dir, b, headerLen)
	out.Frame(sensor.FrameENIPData, dir, b[headerLen:], h.length)
	out.Frame(sensor.FrameENIPPDU, dir, b, len(b))
	it := itemsOf(h.command, b[headerLen:])
	for n := 0; n < itemsMax; n++ {
		i, ok := it.next()
		if !ok {
			break
		}
		out.Frame(sensor.FrameENIPItem, dir, b[headerLen+i.at:], 4+len(i.data))
		m, _, ok := i.message()
		if !ok {
			continue
		}
		out.Frame(sensor.FrameENIPCIP, dir, m, len(m))
		c, ok := parseCIP(m)
		for j := range c.services() {
			if part, ok := c.at(j); ok {
				out.Frame(sensor.FrameENIPCIP, dir, part, len(part))
			}
		}
	}
}

// Gap looks for the next message.
func (p *parser) Gap(dir sensor.Dir, _ int, _ sensor.Emitter) error {
	p.lost[dir] = true
	return nil
}

// Close ends what was not answered.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.out = out
	p.closed[dir] = true
	for p.closed[dir.Reverse()] && len(p.open) > 0 {
		p.drop()
	}
}
