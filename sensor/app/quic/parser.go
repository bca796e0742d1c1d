package quic

import (
	"khien/sensor"
)

// Anomalies.
const (
	anomDecrypt = "failed_decrypt"       // an Initial packet that its keys do not open
	anomData    = "error_on_data"        // frames or a hello that cannot be read
	anomHeader  = "error_on_header"      // a long header that cannot be read
	anomTooLong = "crypto_frag_too_long" // handshake bytes past cryptoMax or in more than rangesMax pieces
)

// Limits.
const (
	datagramsMax = 128 // of a flow, after which hellos that have not come are not waited for
	keysMax      = 8   // key derivations of a flow: each unknown connection ID costs some
	coalescedMax = 8   // packets of a datagram that are looked at
	hellosMax    = 16  // transactions of a flow
)

// Handshake messages (RFC 8446, 4).
const (
	msgClientHello = 1
	msgServerHello = 2
)

// parser reads one flow.
type parser struct {
	keys      [2]*keys
	version   uint32
	crypto    [2]stream
	number    [2]uint64 // packet number that is expected
	told      [2]bool   // an anomaly was reported for the direction
	derived   int
	datagrams int
	nextID    uint64
	server    bool // the server's hello was read
	client    bool
	idle      bool
	plain     []byte
	head      []byte
}

// Parse reads a datagram.
func (p *parser) Parse(dir sensor.Dir, data []byte, out sensor.Emitter) (int, error) {
	if p.idle {
		return len(data), nil
	}
	if p.datagrams++; p.datagrams > datagramsMax {
		p.rest()
		return len(data), nil
	}
	if v, ok := googleVersion(data); ok {
		p.google(dir, v, data, out)
		return len(data), nil
	}
	for b, n := data, 0; len(b) > 0 && b[0]&0x80 != 0 && n < coalescedMax && !p.idle; n++ {
		h, ok := parseHeader(b)
		if !ok {
			p.anomaly(dir, anomHeader, out)
			break
		}
		if h.kind == kindInitial {
			p.initial(dir, &h, b[:h.end], out)
		}
		b = b[h.end:]
	}
	return len(data), nil
}

// rest gives up the memory of a flow that has shown all it will show.
func (p *parser) rest() {
	*p = parser{idle: true, nextID: p.nextID}
}

// anomaly reports something malformed, once a direction: what follows it is malformed, too.
func (p *parser) anomaly(dir sensor.Dir, name string, out sensor.Emitter) {
	if !p.told[dir] {
		p.told[dir] = true
		out.Anomaly(dir, name)
	}
}

// initial decrypts an Initial packet. The client's connection ID makes the keys, and makes them anew after a Retry
// (RFC 9001, 5.2): a client's packet that the keys do not open is tried with keys of its own.
func (p *parser) initial(dir sensor.Dir, h *header, packet []byte, out sensor.Emitter) {
	plain, ok := p.open(dir, packet, h.pnAt)
	if !ok && dir == sensor.ToServer && p.derived < keysMax {
		p.derived++
		old, oldNumber := p.keys, p.number
		fresh, err := initialKeys(h.version, h.dcid)
		if err != nil {
			return
		}
		p.keys, p.number = fresh, [2]uint64{}
		// A client goes on counting its packets after a Retry (RFC 9000, 17.2.5.3).
		p.number[dir] = oldNumber[dir]
		if plain, ok = p.open(dir, packet, h.pnAt); ok {
			p.version = h.version
			p.client, p.server = false, false
			p.crypto[0].reset()
			p.crypto[1].reset()
		} else {
			p.keys, p.number = old, oldNumber
		}
	}
	if !ok {
		if p.keys[dir] != nil || dir == sensor.ToServer {
			p.anomaly(dir, anomDecrypt, out)
		}
		return
	}
	s := &p.crypto[dir]
	good, fits := s.frames(plain)
	if !good {
		p.anomaly(dir, anomData, out)
	}
	if !fits {
		p.anomaly(dir, anomTooLong, out)
	}
	p.messages(dir, out)
}

func (p *parser) open(dir sensor.Dir, packet []byte, pnAt int) ([]byte, bool) {
	k := p.keys[dir]
	if k == nil {
		return nil, false
	}
	var number uint64
	var ok bool
	p.plain, p.head, number, ok = k.open(p.plain[:0], p.head, packet, pnAt, p.number[dir])
	if ok && number >= p.number[dir] {
		p.number[dir] = number + 1
	}
	return p.plain, ok
}

// messages reads the handshake messages that are whole.
func (p *parser) messages(dir sensor.Dir, out sensor.Emitter) {
	for {
		kind, body, ok := p.crypto[dir].next()
		if !ok {
			return
		}
		switch {
		case kind == msgClientHello && dir == sensor.ToServer:
			p.client = true
			t := p.newTx(dir)
			if t.client.Parse(body) != nil {
				t.Anomalies[dir] = append(t.Anomalies[dir], anomData)
			}
			t.hello = true
			t.readParameters()
			p.emit(t, out)
		case kind == msgServerHello && dir == sensor.ToClient:
			t := p.newTx(dir)
			if t.server.Parse(body) != nil {
				t.Anomalies[dir] = append(t.Anomalies[dir], anomData)
			}
			t.hello = true
			p.server = !t.server.Retry
			p.emit(t, out)
		default:
			p.anomaly(dir, anomData, out)
		}
		if p.client && p.server || p.nextID >= hellosMax {
			p.rest()
			return
		}
	}
}

func (p *parser) newTx(dir sensor.Dir) *tx {
	t := &tx{TxBase: sensor.TxBase{ID: p.nextID, Proto: sensor.ProtoQUIC}, dir: dir, version: p.version}
	p.nextID++
	return t
}

func (p *parser) emit(t *tx, out sensor.Emitter) {
	t.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	out.Tx(t, t.dir)
	out.Done(t)
}

// Gap does not happen to datagrams.
func (p *parser) Gap(sensor.Dir, int, sensor.Emitter) error { return nil }

// Close has nothing to end: every transaction is complete when it is reported.
func (p *parser) Close(sensor.Dir, sensor.Emitter) {}
