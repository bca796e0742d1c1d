package tls

import (
	"errors"

	"khien/sensor"
)

// Types of records (RFC 8446, 5.1).
const (
	recordCCS       = 20
	recordAlert     = 21
	recordHandshake = 22
	recordData      = 23
	recordHeartbeat = 24 // RFC 6520
)

// Limits of the record layer.
const (
	headerLen    = 5
	ssl2Header   = 2
	recordMax    = 1<<14 + 2048 // TLS 1.2 ciphertext, the longest of all versions
	handshakeMax = 128 << 10    // of a message that is kept until it is whole
)

var (
	errNotTLS = errors.New("tls: not a record")
	errLost   = errors.New("tls: bytes of the handshake are missing")
)

// half is one direction of the record layer.
type half struct {
	left      int    // bytes of the current record that are still to come
	keep      bool   // they belong to handshake messages
	collect   bool   // they are kept until the record is whole, and can be decrypted
	msg       []byte // handshake message that is not whole yet
	skip      int    // bytes of a handshake message that nobody reads
	records   int
	hellos    int
	encrypted bool
	data      bool // application data was seen
	ignore    bool // nothing more can be read: a gap, or SSL 2 behind its hello
	closed    bool
	odd       int // anomalies reported outside the transaction
}

// Parse reads the records in data.
func (p *parser) Parse(dir sensor.Dir, data []byte, out sensor.Emitter) (int, error) {
	h := &p.half[dir]
	used := 0
	for used < len(data) {
		if h.ignore {
			return len(data), nil
		}
		if h.left > 0 {
			n := min(h.left, len(data)-used)
			h.left -= n
			switch {
			case h.keep:
				p.handshakeBytes(dir, data[used:used+n], out)
			case h.collect:
				o := &p.dec.half[dir]
				if o.record = append(o.record, data[used:used+n]...); h.left == 0 {
					p.open(dir, out)
				}
			}
			used += n
			continue
		}
		n, err := p.header(dir, data[used:], out)
		if err != nil {
			p.fail(dir, out)
			return used, err
		}
		if n == 0 {
			return used, nil
		}
		used += n
	}
	return used, nil
}

// header begins a record and returns the bytes it has used, 0 when there are not enough.
func (p *parser) header(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	h := &p.half[dir]
	if h.records == 0 && b[0]&0x80 != 0 {
		return p.ssl2(dir, b, out)
	}
	if len(b) < headerLen {
		return 0, nil
	}
	kind, n := b[0], int(b[3])<<8|int(b[4])
	switch {
	case kind < recordCCS || kind > recordHeartbeat:
		p.anomaly(dir, anomRecordType, out)
		return 0, errNotTLS
	case b[1] != 3 && b[1] != 0x7f:
		p.anomaly(dir, anomRecordVersion, out)
		return 0, errNotTLS
	case n > recordMax:
		p.anomaly(dir, anomRecordLength, out)
		return 0, errNotTLS
	}
	if kind == recordHeartbeat && len(b) < headerLen+min(n, heartbeatHeader) {
		return 0, nil
	}
	h.records++
	frames(dir, kind, b, n, out)
	h.left, h.keep, h.collect = n, false, p.keys != nil && p.collects(dir, kind)
	if h.collect {
		o := &p.dec.half[dir]
		o.head, o.record = [headerLen]byte(b), o.record[:0]
	}
	switch kind {
	case recordHandshake:
		h.keep = !h.encrypted
	case recordCCS:
		p.changeCipher(dir, out)
	case recordData:
		p.applicationData(dir, out)
	case recordHeartbeat:
		p.heartbeat(dir, n, b[headerLen:headerLen+min(n, heartbeatHeader)], out)
	}
	return headerLen, nil
}

// frames marks the record of n bytes that b begins with.
func frames(dir sensor.Dir, kind byte, b []byte, n int, out sensor.Emitter) {
	out.Frame(sensor.FrameTLSPDU, dir, b, headerLen+n)
	out.Frame(sensor.FrameTLSHeader, dir, b, headerLen)
	out.Frame(sensor.FrameTLSData, dir, b[headerLen:], n)
	switch kind {
	case recordAlert:
		out.Frame(sensor.FrameTLSAlert, dir, b[headerLen:], n)
	case recordHeartbeat:
		out.Frame(sensor.FrameTLSHeartbeat, dir, b[headerLen:], n)
	}
}

// changeCipher takes the news that what follows in a direction is encrypted. TLS 1.3 sends the record for show: where a
// HelloRetryRequest has come, the client's second hello follows it in clear (RFC 8446, D.4).
func (p *parser) changeCipher(dir sensor.Dir, out sensor.Emitter) {
	h, t := &p.half[dir], p.tx()
	if p.retried && (dir == sensor.ToServer || t.server.Retry) && h.hellos < 2 {
		return
	}
	h.encrypted = true
	if len(h.msg) > 0 || h.skip > 0 {
		p.anomaly(dir, anomHandshake, out)
		h.msg, h.skip = nil, 0
	}
	if dir == sensor.ToClient && t.serverSeen && t.server.Version < 0x0304 && !t.chain[dir].seen {
		t.resumed = t.clientSeen && (len(t.client.SessionID) > 0 &&
			string(t.client.SessionID) == string(t.server.SessionID) || t.client.Ticket)
		t.ready = true
	}
	p.advance(dir, out)
}

// applicationData takes the news that a direction has come to its payload.
func (p *parser) applicationData(dir sensor.Dir, out sensor.Emitter) {
	h := &p.half[dir]
	if h.data {
		return
	}
	h.data = true
	p.advance(dir, out)
}
