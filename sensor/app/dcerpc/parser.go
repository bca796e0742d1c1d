package dcerpc

import "khien/sensor"

// Protocol describes DCE/RPC over TCP and UDP to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoDCERPC,
		TCP:   true,
		UDP:   true,
		Ports: []uint16{135, 593},
		Probe: probe,
		New: func(f *sensor.Flow, _ any) sensor.Parser {
			if f.Proto == sensor.IPProtoUDP {
				return new(udpParser)
			}
			return new(parser)
		},
	}
}

// probe wants a header in which every field is plausible, and of a type that begins a conversation in its direction.
func probe(dir sensor.Dir, data []byte, f *sensor.Flow) sensor.Match {
	if f.Proto == sensor.IPProtoUDP {
		return probeUDP(data)
	}
	h, ok := parseHeader(data)
	if !ok || len(data) > 5 && data[5] > 3 || len(data) > 7 && data[6]|data[7] != 0 {
		return sensor.No
	}
	if h.length == 0 {
		return sensor.More
	}
	client := h.kind == typeBind || h.kind == typeAlter || h.kind == typeRequest || h.kind == typeAuth3
	server := h.kind == typeResponse || h.kind == typeFault || h.kind == typeBindAck || h.kind == typeBindNak || h.kind == typeAlterResp
	if dir == sensor.ToServer && !client || dir == sensor.ToClient && !server || h.length < headerLen+8 {
		return sensor.No
	}
	return sensor.Yes
}

// Tx is a call over TCP.
type Tx struct {
	sensor.TxBase
	Call
	finished bool
}

// parser reads one TCP connection.
type parser struct {
	conn   Conn
	next   uint64
	txs    []*Tx // open ones
	out    sensor.Emitter
	closed [2]bool
	lost   [2]bool // PDUs are searched after missing bytes
}

// Parse reads whole PDUs.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	p.out = out
	used := 0
	for used < len(b) {
		rest := b[used:]
		if p.lost[dir] {
			n, found := resync(rest)
			used += n
			if !found {
				break
			}
			p.lost[dir] = false
			continue
		}
		n, err := Length(rest)
		if err != nil {
			return used, err
		}
		if n == 0 || n > len(rest) {
			break
		}
		frames(dir, rest[:n], headerLen, out)
		p.conn.PDU(rest[:n], p)
		used += n
	}
	return used, nil
}

// frames marks a PDU.
func frames(dir sensor.Dir, pdu []byte, head int, out sensor.Emitter) {
	out.Frame(sensor.FrameDCERPCPDU, dir, pdu, len(pdu))
	out.Frame(sensor.FrameDCERPCHeader, dir, pdu, head)
	out.Frame(sensor.FrameDCERPCData, dir, pdu[head:], len(pdu)-head)
}

// resync looks for a PDU after a gap. It returns what can be passed over.
func resync(b []byte) (n int, found bool) {
	for n = 0; n+headerLen <= len(b); n++ {
		if h, ok := parseHeader(b[n:]); ok && h.length >= headerLen+4 && b[n+6]|b[n+7] == 0 && b[n+5] <= 3 {
			return n, true
		}
	}
	return n, false
}

// NewCall makes the transaction of a call.
func (p *parser) NewCall() *Call {
	tx := new(Tx)
	tx.TxBase.ID, tx.Proto = p.next, sensor.ProtoDCERPC
	p.next++
	p.txs = append(p.txs, tx)
	return &tx.Call
}

// CallChanged tells the pipeline of it.
func (p *parser) CallChanged(c *Call, dir sensor.Dir) {
	for i := len(p.txs) - 1; i >= 0; i-- {
		tx := p.txs[i]
		if &tx.Call != c {
			continue
		}
		for d := range tx.Done {
			tx.Done[d] = sensor.ProgressNone
			if c.Complete[d] {
				tx.Done[d] = sensor.ProgressComplete
			} else if c.Fragments[d] > 0 {
				tx.Done[d] = sensor.ProgressBody
			}
		}
		if c.Complete[sensor.ToClient] {
			tx.finished = true
			p.txs = append(p.txs[:i], p.txs[i+1:]...)
		}
		p.out.Tx(tx, dir)
		if tx.finished {
			p.out.Done(tx)
		}
		return
	}
}

// Gap passes over missing bytes.
func (p *parser) Gap(dir sensor.Dir, _ int, _ sensor.Emitter) error {
	p.lost[dir] = true
	return nil
}

// Close ends the calls that were not answered when both directions are over.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.out = out
	p.closed[dir] = true
	if p.closed[dir.Reverse()] {
		p.conn.Close(p)
	}
}

// Buffer returns a part of the call.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	return tx.Call.Buffer(b, dir, i)
}

// LogReady reports whether the call was answered or given up.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && tx.finished }

// AppendEVE appends the object of the call.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte { return tx.Call.AppendEVE(dst) }
