package tls

import "khien/sensor"

// Handshake messages that are read in decrypted records of TLS 1.3.
const (
	msgFinished  = 20
	msgKeyUpdate = 24
)

// decryption opens the records of a connection whose secrets are known, and gives what they carry to the emitter.
type decryption struct {
	suite   suite
	secrets *[secretKinds][]byte
	half    [2]opening
}

// opening is one direction of a decryption.
type opening struct {
	o       *opener
	secret  []byte // TLS 1.3: that o was made of
	traffic bool   // TLS 1.3: behind the handshake
	off     bool   // nothing can be opened any more
	opened  bool   // a record was opened with these keys
	head    [headerLen]byte
	record  []byte
	msg     [msgHeader]byte // the front of a handshake message
	have    int             // bytes of it
	skip    int             // bytes of the message's body still to come
}

// decryptFrom makes the keys once the server has chosen the suite; without secrets or with a suite that is not known there is
// no decryption.
func (p *parser) decryptFrom() {
	t := p.t
	if p.keys == nil || p.dec != nil || t == nil || !t.clientSeen || !t.serverSeen || t.server.Retry {
		return
	}
	secrets := p.keys.of(t.client.Random)
	s, ok := suiteOf(t.server.Cipher)
	if secrets == nil || !ok || s.version3 != (t.server.Version == 0x0304) || t.server.Version < 0x0303 {
		p.keys = nil // nobody needs to ask again
		return
	}
	d := &decryption{suite: s, secrets: secrets}
	if s.version3 {
		d.next(sensor.ToServer, secrets[secretClientHandshake])
		d.next(sensor.ToClient, secrets[secretServerHandshake])
	} else {
		o, err := s.openers12(secrets[secretMaster], t.client.Random, t.server.Random)
		for dir := range o {
			d.half[dir].o = o[dir]
			d.half[dir].off = err != nil || len(secrets[secretMaster]) == 0
		}
	}
	p.dec = d
}

// next goes on with another secret of TLS 1.3.
func (d *decryption) next(dir sensor.Dir, secret []byte) {
	h := &d.half[dir]
	h.secret, h.opened = secret, false
	o, err := d.suite.opener13(secret)
	if err != nil || len(secret) == 0 {
		h.off = true
		return
	}
	h.o = o
}

// collects reports whether a record is to be kept until it is whole, so that it can be opened.
func (p *parser) collects(dir sensor.Dir, kind byte) bool {
	p.decryptFrom()
	if p.dec == nil || p.dec.half[dir].off {
		return false
	}
	if p.dec.suite.version3 {
		return kind == recordData
	}
	return p.half[dir].encrypted && kind != recordCCS
}

// open takes a whole record.
func (p *parser) open(dir sensor.Dir, out sensor.Emitter) {
	d := p.dec
	h := &d.half[dir]
	body := h.record
	h.record = h.record[:0]
	plain, err := h.o.open(h.head, body, d.suite.version3)
	if err != nil {
		// Early data of TLS 1.3 has keys of its own, and comes before the first record that opens (RFC 8446, 4.2.10).
		h.off = !d.suite.version3 || h.opened || dir == sensor.ToClient
		return
	}
	h.opened = true
	kind := h.head[0]
	if d.suite.version3 { // the type stands behind the content, before padding (RFC 8446, 5.4)
		n := len(plain)
		for n > 0 && plain[n-1] == 0 {
			n--
		}
		if n == 0 {
			return
		}
		kind, plain = plain[n-1], plain[:n-1]
	}
	switch kind {
	case recordHandshake:
		if d.suite.version3 {
			d.handshake(dir, plain)
		}
	case recordData:
		if in, ok := out.(sensor.Inside); ok && len(plain) > 0 {
			in.Inside(dir, plain)
		}
	}
}

// handshake looks for the messages behind which other keys are used: Finished and KeyUpdate (RFC 8446, 4.4.4 and 4.6.3).
func (d *decryption) handshake(dir sensor.Dir, b []byte) {
	h := &d.half[dir]
	for len(b) > 0 {
		if h.have < msgHeader {
			n := copy(h.msg[h.have:], b)
			h.have += n
			b = b[n:]
			if h.have < msgHeader {
				return
			}
			h.skip = messageLen(h.msg[:])
		}
		n := min(h.skip, len(b))
		h.skip -= n
		b = b[n:]
		if h.skip > 0 {
			return
		}
		h.have = 0
		switch h.msg[0] {
		case msgFinished:
			if !h.traffic {
				h.traffic = true
				d.next(dir, d.secrets[secretClientTraffic+int(dir)])
			}
		case msgKeyUpdate:
			if next, err := d.suite.expand(h.secret, "traffic upd", d.suite.hash().Size()); err == nil && h.traffic {
				d.next(dir, next)
			} else {
				h.off = true
			}
		}
	}
}

// missed takes the news that n bytes of a record are missing: it does not open, and what follows it does.
func (d *decryption) missed(dir sensor.Dir, n int, out sensor.Emitter) {
	h := &d.half[dir]
	if h.off || h.o == nil {
		return
	}
	h.record = h.record[:0]
	h.o.seq++
	if in, ok := out.(sensor.Inside); ok {
		in.InsideGap(dir, n)
	}
}
