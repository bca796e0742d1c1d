package pipeline

import "khien/sensor"

// Limits of the search for a protocol. What a server and a client say first is enough for all that we know; a flow that
// stays unrecognised past these is left alone.
const (
	searchMax     = 4096 // bytes of a direction
	searchPackets = 4    // datagrams of a direction
)

// Anomalies of a flow: that its directions speak different protocols, as EVE writes Suricata's name of it, and that its parser
// asked for more bytes at once than are kept.
const (
	mismatch    = "APPLAYER_MISMATCH_PROTOCOL_BOTH_DIRECTIONS"
	bufferLimit = "applayer_buffer_limit"
)

// detection is the search for a flow's protocol among its first bytes.
type detection struct {
	buf   [2][]byte
	first sensor.Dir // direction that spoke first
	any   bool
	no    [2]bool // every protocol has said No to this direction
	seen  [2]int  // datagrams
}

// reuse takes over the buffers of d, emptied.
func (d *detection) reuse(old *detection) {
	d.buf[0], d.buf[1] = small(old.buf[0]), small(old.buf[1])
}

// restart begins a new search after an upgrade.
func (d *detection) restart() {
	buf := d.buf
	*d = detection{}
	d.buf[0], d.buf[1] = buf[0][:0], buf[1][:0]
}

// search keeps the bytes and asks the protocols.
func (t *track) search(dir sensor.Dir, data []byte) {
	d := &t.detect
	if !d.any {
		d.any, d.first = true, dir
		if e, ok := t.expected(); ok {
			if p := t.w.protocol(e.Proto); p != nil {
				t.start(p, e.Context)
				t.parse(dir, data)
				return
			}
		}
	}
	if len(d.buf[dir]) == 0 && len(d.buf[dir.Reverse()]) == 0 && !d.no[dir] {
		// Nearly always the first bytes decide: ask before copying.
		p, all := t.ask(dir, data)
		if p != nil {
			t.found(p, dir, data)
			return
		}
		d.no[dir] = all || len(data) >= searchMax
		d.buf[dir] = append(d.buf[dir], data...)
	} else {
		d.buf[dir] = append(d.buf[dir], data...)
		if !d.no[dir] {
			p, all := t.ask(dir, d.buf[dir][:min(len(d.buf[dir]), searchMax)])
			if p != nil {
				t.found(p, dir, nil)
				return
			}
			d.no[dir] = all || len(d.buf[dir]) >= searchMax
		}
	}
	if d.no[0] && d.no[1] || d.no[dir] && len(d.buf[dir])+len(d.buf[dir.Reverse()]) > 8*searchMax {
		t.decide(false)
	}
}

// ask asks the protocols of the flow's transport; all is true when every one has said No.
func (t *track) ask(dir sensor.Dir, data []byte) (found *sensor.Protocol, all bool) {
	list := t.w.tcp
	if t.f.Proto != sensor.IPProtoTCP {
		list = t.w.udp
	}
	all = true
	for _, p := range list {
		switch p.Probe(dir, data, t.f) {
		case sensor.Yes:
			return p, false
		case sensor.More:
			all = false
		}
	}
	return nil, all
}

// found starts the parser and gives it what was kept, in the order in which the directions spoke.
func (t *track) found(p *sensor.Protocol, dir sensor.Dir, data []byte) {
	d := &t.detect
	t.f.AppDir[dir] = p.Proto
	t.start(p, nil)
	if data != nil {
		t.parse(dir, data)
		return
	}
	order := [...]sensor.Dir{d.first, d.first.Reverse()}
	for _, side := range order {
		if b := d.buf[side]; len(b) > 0 {
			kept := append([]byte(nil), b...)
			d.buf[side] = b[:0]
			t.input(side, kept)
		}
	}
	for _, side := range order {
		if t.half[side].ended && t.parser != nil {
			t.End(side)
		}
	}
}

// compare looks whether the answering direction speaks the protocol that was found in the other. The parser goes on with
// the one that was found first, as the client's word counts.
func (t *track) compare(dir sensor.Dir, data []byte) {
	if t.f.AppDir[dir] != sensor.ProtoNone || t.f.AppDir[dir.Reverse()] == sensor.ProtoNone {
		return
	}
	p, _ := t.ask(dir, data)
	if p == nil {
		return
	}
	t.f.AppDir[dir] = p.Proto
	if p.Proto != t.f.App {
		t.Anomaly(dir, mismatch)
	}
}

// decide ends the search without a protocol.
func (t *track) decide(atEnd bool) {
	if !t.detect.any {
		return
	}
	t.give()
	if !atEnd && !t.within {
		t.f.AppDir = [2]sensor.Proto{sensor.ProtoFailed, sensor.ProtoFailed}
	}
}

// searchDatagram asks the protocols for a datagram.
func (t *track) searchDatagram(dir sensor.Dir, data []byte) {
	d := &t.detect
	if !d.any {
		d.any, d.first = true, dir
		if e, ok := t.expected(); ok {
			if p := t.w.protocol(e.Proto); p != nil {
				t.start(p, e.Context)
				return
			}
		}
	}
	if p, _ := t.ask(dir, data); p != nil {
		t.f.AppDir[dir] = p.Proto
		t.start(p, nil)
		return
	}
	d.seen[dir]++
	if d.seen[dir] >= searchPackets {
		t.give()
	}
}

// expected returns the announcement of this flow by an earlier one.
func (t *track) expected() (sensor.Expectation, bool) {
	w := t.w
	if len(w.expect) == 0 {
		return sensor.Expectation{}, false
	}
	key := sensor.Endpoint{Addr: t.f.Dst, Port: t.f.DstPort}
	e, ok := w.expect[key]
	if !ok {
		return e, false
	}
	delete(w.expect, key)
	return e, true
}

// protocol finds a protocol of the list.
func (w *worker) protocol(id sensor.Proto) *sensor.Protocol {
	for i := range w.protocols {
		if w.protocols[i].Proto == id {
			return &w.protocols[i]
		}
	}
	return nil
}
