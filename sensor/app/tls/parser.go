package tls

import "khien/sensor"

// parser reads one connection.
type parser struct {
	half       [2]half
	t          *tx
	retried    bool   // the server has asked for another ClientHello
	done       bool   // the transaction is final
	heartAsked [2]int // bytes of the last heartbeat request
	keys       *Keys  // nil where nothing is decrypted
	dec        *decryption
}

// tx returns the connection's transaction.
func (p *parser) tx() *tx {
	if p.t == nil {
		p.t = &tx{TxBase: sensor.TxBase{Proto: sensor.ProtoTLS}}
	}
	return p.t
}

// anomaly notes something malformed, in the transaction while there is one to change.
func (p *parser) anomaly(dir sensor.Dir, name string, out sensor.Emitter) {
	if p.done || p.t == nil {
		if p.half[dir].odd < anomaliesMax {
			p.half[dir].odd++
			out.Anomaly(dir, name)
		}
		return
	}
	if a := p.t.Anomalies[dir]; len(a) < anomaliesMax {
		p.t.Anomalies[dir] = append(a, name)
		out.Tx(p.t, dir)
	}
}

// advance sets how far a direction has come and tells of the change.
func (p *parser) advance(dir sensor.Dir, out sensor.Emitter) {
	if p.done {
		return
	}
	t, h := p.tx(), &p.half[dir]
	t.from = out.Flow().AppOrig
	done := sensor.ProgressNone
	if dir == sensor.ToServer && t.clientSeen || dir == sensor.ToClient && t.serverSeen {
		done = sensor.ProgressLine
	}
	if t.chain[dir].seen || dir == sensor.ToClient && t.serverSeen && !t.server.Retry && t.server.Version >= 0x0304 {
		done = sensor.ProgressHeaders
		if dir == sensor.ToClient {
			t.ready = true
		}
	}
	if h.encrypted || h.data || h.ignore || h.closed {
		done = sensor.ProgressComplete
	}
	t.Done[dir] = max(t.Done[dir], done)
	final := t.Done[0] == sensor.ProgressComplete && t.Done[1] == sensor.ProgressComplete
	if final {
		t.ready = true
		t.complete = (p.half[0].encrypted || p.half[0].data) && (p.half[1].encrypted || p.half[1].data)
	}
	out.Tx(t, dir)
	if final {
		p.done = true
		p.half[0].msg, p.half[1].msg = nil, nil
		out.Done(t)
	}
}

// fail ends the transaction of a connection that is not TLS any more.
func (p *parser) fail(dir sensor.Dir, out sensor.Emitter) {
	if p.t == nil || p.done {
		return
	}
	for _, d := range [...]sensor.Dir{dir.Reverse(), dir} {
		p.half[d].closed = true
		p.advance(d, out)
	}
}

// Finished reports whether both directions are encrypted: only lengths of records are left to see.
func (p *parser) Finished() bool {
	return p.done && (p.dec == nil || p.dec.half[0].off && p.dec.half[1].off) && (p.half[0].encrypted || p.half[0].data) && (p.half[1].encrypted || p.half[1].data)
}

// Gap passes over missing bytes of an encrypted record. When the lengths of the records are lost, so is the direction.
func (p *parser) Gap(dir sensor.Dir, n int, out sensor.Emitter) error {
	h := &p.half[dir]
	if !h.keep && n <= h.left {
		h.left -= n
		if h.collect {
			h.collect = false
			p.dec.missed(dir, n, out)
		}
		return nil
	}
	if p.dec != nil {
		p.dec.half[dir].off = true
	}
	if p.t == nil {
		return errLost
	}
	h.ignore = true
	p.advance(dir, out)
	return nil
}

// Close completes a direction.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.half[dir].closed = true
	if p.t != nil {
		p.advance(dir, out)
	}
}
