package tls

import "khien/sensor"

// Handshake messages that are read (RFC 8446, 4).
const (
	msgClientHello = 1
	msgServerHello = 2
	msgCertificate = 11
	msgServerKey   = 12
	msgClientKey   = 16
	msgHeader      = 4
	msgTypeMax     = 254 // message_hash
)

// handshakeBytes takes bytes of the handshake's messages, which records cut anywhere.
func (p *parser) handshakeBytes(dir sensor.Dir, b []byte, out sensor.Emitter) {
	h := &p.half[dir]
	for len(b) > 0 {
		if h.skip > 0 {
			n := min(h.skip, len(b))
			h.skip -= n
			b = b[n:]
			continue
		}
		if len(h.msg) == 0 && len(b) >= msgHeader {
			// Most messages are whole: read them where they are.
			n := messageLen(b)
			if p.unread(dir, b[0], n, out) {
				h.skip, b = n, b[msgHeader:]
				continue
			}
			if len(b)-msgHeader >= n {
				p.message(dir, b[0], b[msgHeader:msgHeader+n], out)
				b = b[msgHeader+n:]
				continue
			}
		}
		want := msgHeader
		if len(h.msg) >= msgHeader {
			want += messageLen(h.msg)
		}
		n := min(want-len(h.msg), len(b))
		h.msg = append(h.msg, b[:n]...)
		b = b[n:]
		if len(h.msg) < msgHeader {
			return
		}
		n = messageLen(h.msg)
		switch {
		case p.unread(dir, h.msg[0], n, out):
			h.skip, h.msg = n, h.msg[:0]
		case len(h.msg) == msgHeader+n:
			msg := h.msg
			h.msg = h.msg[:0]
			p.message(dir, msg[0], msg[msgHeader:], out)
		}
	}
}

func messageLen(b []byte) int { return int(b[1])<<16 | int(b[2])<<8 | int(b[3]) }

// unread reports whether nobody reads a message of this type and length, so that it need not be kept.
func (p *parser) unread(dir sensor.Dir, kind byte, n int, out sensor.Emitter) bool {
	p.seen(dir, kind, out)
	switch kind {
	case msgClientHello, msgServerHello, msgCertificate:
		if n > handshakeMax {
			p.anomaly(dir, anomHandshakeLen, out)
			return true
		}
		return false
	}
	return true
}

// seen notes messages that are not read. Those that are have told of themselves.
func (p *parser) seen(dir sensor.Dir, kind byte, out sensor.Emitter) {
	if p.t == nil || p.done {
		return
	}
	bit := uint8(sensor.TLSOtherBit)
	switch kind {
	case msgClientHello, msgServerHello, msgCertificate:
		return
	case msgClientKey:
		bit = sensor.TLSClientKeyBit
	case msgServerKey:
		bit = sensor.TLSServerKeyBit
	}
	if p.t.states[dir]&bit == 0 {
		p.t.states[dir] |= bit
		p.advance(dir, out)
	}
}

// state returns the bits of the messages that were seen in a direction.
func (t *tx) state(dir sensor.Dir) uint64 {
	n := uint64(t.states[dir])
	switch {
	case dir == sensor.ToServer && t.clientSeen:
		n |= sensor.TLSClientHelloBit
	case dir == sensor.ToClient && t.serverSeen:
		n |= sensor.TLSServerHelloBit
	}
	if t.chain[dir].seen {
		n |= sensor.TLSOtherBit
	}
	return n
}

// message reads a whole message.
func (p *parser) message(dir sensor.Dir, kind byte, body []byte, out sensor.Emitter) {
	if p.done {
		return // a renegotiation in clear changes nothing any more
	}
	switch {
	case kind == msgClientHello && dir == sensor.ToServer:
		p.clientHello(body, out)
	case kind == msgServerHello && dir == sensor.ToClient:
		p.serverHello(body, out)
	case kind == msgCertificate:
		p.certificates(dir, body, out)
	default:
		p.anomaly(dir, anomHandshake, out)
	}
}

func (p *parser) clientHello(body []byte, out sensor.Emitter) {
	h, t := &p.half[sensor.ToServer], p.tx()
	h.hellos++
	if t.clientSeen && (!p.retried || h.hellos > 2) {
		return // renegotiation: the first hello, or the answer to a retry, is the one that names the connection
	}
	err := t.client.Parse(body)
	t.clientSeen = true
	t.fingerprint = [fingerprints][]byte{}
	a := &t.Anomalies[sensor.ToServer]
	if err != nil {
		*a = append(*a, anomHandshake)
	}
	if t.client.odd&oddSNITwice != 0 {
		*a = append(*a, anomSNITwice)
	}
	if t.client.odd&oddSNIType != 0 {
		*a = append(*a, anomSNIType)
	}
	if t.client.odd&oddSNILength != 0 {
		*a = append(*a, anomSNILength)
	}
	p.advance(sensor.ToServer, out)
}

func (p *parser) serverHello(body []byte, out sensor.Emitter) {
	h, t := &p.half[sensor.ToClient], p.tx()
	h.hellos++
	if t.serverSeen && !t.server.Retry || h.hellos > 2 {
		return
	}
	err := t.server.Parse(body)
	t.serverSeen = true
	p.retried = p.retried || t.server.Retry
	t.fingerprint[fpJA3S], t.fingerprint[fpJA3SHash] = nil, nil
	if err != nil {
		t.Anomalies[sensor.ToClient] = append(t.Anomalies[sensor.ToClient], anomHandshake)
	}
	p.advance(sensor.ToClient, out)
}

// certificates reads a Certificate message of up to TLS 1.2 (RFC 5246, 7.4.2); that of TLS 1.3 is encrypted.
func (p *parser) certificates(dir sensor.Dir, body []byte, out sensor.Emitter) {
	t := p.tx()
	c := &t.chain[dir]
	if c.seen {
		return
	}
	c.seen = true
	r := reader{b: body}
	list := reader{b: r.vec24(), bad: r.bad}
	for len(list.b) > 0 {
		raw := list.vec24()
		if list.bad {
			break
		}
		c.add(raw)
	}
	if list.bad {
		t.Anomalies[dir] = append(t.Anomalies[dir], anomCertLength, anomHandshake)
	}
	p.leaf(dir, out)
	p.advance(dir, out)
}

// leaf reads the first certificate of a chain.
func (p *parser) leaf(dir sensor.Dir, out sensor.Emitter) {
	c := &p.t.chain[dir]
	if len(c.certs) == 0 {
		return
	}
	if fault := c.leaf.parse(c.certs[0]); fault != certGood {
		p.t.Anomalies[dir] = append(p.t.Anomalies[dir], certAnomalies[fault], anomHandshake)
	}
}
