package signature

import "khien/sensor"

// Bytes of TCP are read when the other side acknowledges them, so a packet of one direction completes what was sent in the
// other. The language's engine inspects only what goes in the packet's own direction: a request is inspected with the next
// packet of the client. Doing the same gives alerts the same packet and the same neighbours.

// deferredMax limits the transactions of a flow that wait for a packet of their direction.
const deferredMax = 64

// takeDeferred adds what waits in the flow to what this packet has changed.
func (m *Matcher) takeDeferred(st *flowState) {
	for _, c := range st.deferred {
		m.change(c.tx, c.dir)
	}
	clear(st.deferred)
	st.deferred = st.deferred[:0]
}

// changedTxs inspects the transactions that the packet has changed: first those of its direction.
func (m *Matcher) changedTxs(st *flowState) {
	for _, own := range [...]bool{true, false} {
		for _, c := range m.changed {
			if (c.dir == m.ev.Dir) == own && !m.waits(st, c) {
				m.txRules(c.tx, c.dir)
			}
		}
	}
}

// waits reports whether a change is better inspected with a later packet, and keeps it. A transaction that is complete may
// be reused after this packet and cannot wait.
func (m *Matcher) waits(st *flowState, c change) bool {
	b := c.tx.Base()
	if st == nil || m.seg == nil || c.dir == m.ev.Dir || !waiting(b.Proto) || len(st.deferred) >= deferredMax ||
		b.Done[0] == sensor.ProgressComplete && b.Done[1] == sensor.ProgressComplete {
		return false
	}
	st.deferred = append(st.deferred, c)
	return true
}

// waiting lists the protocols in which client and server speak in turns, so that waiting costs one packet.
func waiting(p sensor.Proto) bool {
	switch p {
	case sensor.ProtoHTTP, sensor.ProtoTLS, sensor.ProtoSMB, sensor.ProtoDCERPC:
		return true
	}
	return false
}

// guess gives the transaction that a match outside of transactions most likely belongs to: one that the packet has changed.
func (m *Matcher) guess(d sensor.Dir) sensor.Transaction {
	for i := len(m.changed) - 1; i >= 0; i-- {
		if m.changed[i].dir == d {
			return m.changed[i].tx
		}
	}
	return nil
}

// seals reports whether the packet has completed a TLS handshake. What follows is encrypted: neither contents nor
// expressions can find anything in it but by chance, and it is most of the bytes of most networks.
func (m *Matcher) seals() bool {
	for _, c := range m.changed {
		if c.tx.Base().Proto == sensor.ProtoTLS {
			if v, ok := c.tx.Number(sensor.TLSHandshakeDone, c.dir, 0); ok && v == 1 {
				return true
			}
		}
	}
	return false
}
