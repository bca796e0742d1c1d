package tls

import "khien/sensor"

// Messages of SSL 2.
const (
	ssl2ClientHello = 1
	ssl2ServerHello = 4
	ssl2HelloMax    = 4096
)

// ssl2 reads the SSL 2 record that a direction begins with. A client may begin so and go on in TLS when the server
// answers in TLS (RFC 5246, E.2); if the server, too, speaks SSL 2, its certificate is the last thing to read.
func (p *parser) ssl2(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	if len(b) < ssl2Header+1 {
		return 0, nil
	}
	n := int(b[0]&0x7f)<<8 | int(b[1])
	want := byte(ssl2ClientHello)
	if dir == sensor.ToClient {
		want = ssl2ServerHello
	}
	if b[2] != want || n > ssl2HelloMax || n < 9 {
		p.anomaly(dir, anomSSL2Header, out)
		return 0, errNotTLS
	}
	if len(b) < ssl2Header+n {
		return 0, nil
	}
	out.Frame(sensor.FrameSSL2PDU, dir, b, ssl2Header+n)
	out.Frame(sensor.FrameSSL2Header, dir, b, ssl2Header)
	h, t := &p.half[dir], p.tx()
	h.records++
	h.hellos++
	body := b[ssl2Header+1 : ssl2Header+n]
	if dir == sensor.ToServer {
		t.clientSeen = true
		if t.client.parseSSL2(body) != nil {
			p.anomaly(dir, anomHandshake, out)
		}
		// What follows is decided by the server, whose answer has not come yet.
	} else {
		p.ssl2Server(body, out)
		h.ignore, p.half[sensor.ToServer].ignore = true, true
	}
	p.advance(dir, out)
	return ssl2Header + n, nil
}

// ssl2Server reads an SSL 2 SERVER-HELLO behind its message type: session id hit, certificate type, version, and the
// lengths of certificate, suites and connection id, then these.
func (p *parser) ssl2Server(body []byte, out sensor.Emitter) {
	t := p.t
	r := reader{b: body}
	r.bytes(2)
	version, size := r.u16(), r.u16()
	r.bytes(4)
	cert := r.bytes(size)
	if r.bad {
		p.anomaly(sensor.ToClient, anomHandshake, out)
		return
	}
	t.serverSeen, t.ready = true, true
	t.server.Version, t.server.LegacyVersion = uint16(version), uint16(version)
	if len(cert) > 0 {
		c := &t.chain[sensor.ToClient]
		c.seen = true
		c.add(cert)
		p.leaf(sensor.ToClient, out)
	}
}
