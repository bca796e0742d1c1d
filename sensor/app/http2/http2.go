// Package http2 parses HTTP/2 in clear (RFC 9113): after prior knowledge, or after an upgrade from HTTP/1. In-order bytes of
// both directions come in; a transaction for each stream goes out, with the buffers that HTTP/1 has, and one for each frame
// that concerns the connection. The transaction owns the memory of its buffers.
//
// As with HTTP/1 the parser uses every byte that it is given. Header compression has state, so that a gap in a direction
// ends the reading of its headers; bodies of streams that are open go on as far as frames can be followed.
package http2

import (
	"bytes"
	"sync"

	"golang.org/x/net/http2/hpack"

	"khien/sensor"
	"khien/sensor/app/http"
)

// Limits that a peer can reach.
const (
	maxStreams       = 1024      // open streams; more are not followed
	maxControl       = 64 << 10  // payload of a frame other than DATA
	maxBlock         = 256 << 10 // a header block with its continuations, compressed
	maxContinuations = 64        // CONTINUATION frames of a block
	maxList          = 128 << 10 // a header block, decompressed
	maxString        = 64 << 10  // a name or a value
	maxTable         = 64 << 10  // dynamic table of header compression
	maxSettings      = 64        // settings that are kept of a frame
	maxNumbers       = 64        // frames of a stream whose numbers are kept
	maxOdds          = 32        // anomalies of a direction outside streams
)

// preface begins the client's side (RFC 9113, 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// pool is what all parsers share.
type pool struct {
	http *http.Pool
	txs  sync.Pool
}

// Protocol returns HTTP/2 with the default limits.
func Protocol() sensor.Protocol { return New(http.Config{}) }

// New returns HTTP/2 with the given limits of bodies.
func New(c http.Config) sensor.Protocol {
	s := &pool{http: http.NewPool(c)}
	return sensor.Protocol{
		Proto: sensor.ProtoHTTP2,
		TCP:   true,
		Probe: Probe,
		New: func(_ *sensor.Flow, context any) sensor.Parser {
			p := newParser(s)
			p.before, _ = context.(*http.Asked)
			return p
		},
	}
}

// Probe tells HTTP/2 by the client's preface, or by the SETTINGS frame that a server begins with.
func Probe(dir sensor.Dir, data []byte, _ *sensor.Flow) sensor.Match {
	if dir == sensor.ToServer {
		n := min(len(data), len(preface))
		switch {
		case string(data[:n]) != preface[:n]:
			return sensor.No
		case n < len(preface):
			return sensor.More
		}
		return sensor.Yes
	}
	// Length below 256, type SETTINGS, no flags, stream 0: then settings of six bytes, whose identifiers are small.
	want := [...]int{0, 0, -1, frameSettings, 0, 0, 0, 0, 0, 0}
	for i, c := range data[:min(len(data), len(want))] {
		if want[i] >= 0 && int(c) != want[i] || i == 2 && (c == 0 || c%6 != 0) {
			return sensor.No
		}
	}
	if len(data) < len(want) {
		return sensor.More
	}
	return sensor.Yes
}

// parser reads one connection.
type parser struct {
	http.Env
	pool    *pool
	half    [2]half
	streams map[uint32]*Transaction
	order   []*Transaction // the open streams in the order in which they began
	nextID  uint64
	before  *http.Asked // request of HTTP/1 that is stream 1
	sum     int         // what the open streams held when they were last asked
	asked   int         // calls of Held since
}

func newParser(s *pool) *parser {
	p := &parser{Env: http.Env{Pool: s.http}, pool: s, streams: map[uint32]*Transaction{}}
	for d := range p.half {
		h := &p.half[d]
		h.dir = sensor.Dir(d)
		h.hpack = hpack.NewDecoder(maxTable, h.emit)
		h.hpack.SetAllowedMaxDynamicTableSize(maxTable)
		h.hpack.SetMaxStringLength(maxString)
		h.start = d == int(sensor.ToServer)
	}
	return p
}

// Held returns how much memory the connection holds, in bytes. The streams are asked in turn with their number, so that a
// call costs the same however many are open.
func (p *parser) Held() int {
	if p.asked++; p.asked >= len(p.order) {
		p.asked, p.sum = 0, 0
		for _, t := range p.order {
			p.sum += t.Held()
		}
	}
	n := p.sum
	for d := range p.half {
		h := &p.half[d]
		n += len(h.buf) + len(h.block) + h.fieldBytes
	}
	return n
}

// Parse reads bytes of one direction.
func (p *parser) Parse(dir sensor.Dir, data []byte, out sensor.Emitter) (int, error) {
	p.Out = out
	if p.before != nil {
		p.first()
	}
	h := &p.half[dir]
	for rest := data; len(rest) > 0; {
		n := p.step(h, rest)
		rest = rest[n:]
	}
	return len(data), nil
}

// step handles the front of data and returns how much of it.
func (p *parser) step(h *half, data []byte) int {
	switch {
	case h.lost:
		return len(data)
	case h.start:
		return p.begin(h, data)
	case h.left > 0:
		return p.payload(h, data)
	}
	n := copy(h.head[h.nhead:], data)
	if h.nhead += n; h.nhead == len(h.head) {
		h.nhead = 0
		p.frame(h)
	}
	return n
}

// begin skips the preface, when there is one: after an upgrade that was not seen there may be none.
func (p *parser) begin(h *half, data []byte) int {
	n := min(len(data), len(preface)-len(h.buf))
	h.buf = append(h.buf, data[:n]...)
	if len(h.buf) < len(preface) && bytes.HasPrefix([]byte(preface), h.buf) {
		return n
	}
	h.start = false
	held := h.buf
	h.buf = nil
	if string(held) != preface {
		for len(held) > 0 {
			held = held[p.step(h, held):]
		}
	}
	return n
}

// Gap tells that n bytes are missing. Within a body the frames behind it can be followed; elsewhere the direction is lost.
func (p *parser) Gap(dir sensor.Dir, n int, out sensor.Emitter) error {
	p.Out = out
	h := &p.half[dir]
	if h.lost {
		return nil
	}
	if h.kind == frameData && h.left > 0 && uint64(n) <= uint64(h.left) && !h.start {
		if t := p.streams[h.stream]; t != nil && t.Done[dir] < sensor.ProgressComplete {
			t.body[dir].Gap(n)
		}
		h.left -= uint32(n)
		if h.left == 0 {
			p.dataEnd(h)
		}
		return nil
	}
	h.lost = true
	return nil
}

// Close tells that a direction is over: what is open in it is completed with what is there.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.Out = out
	h := &p.half[dir]
	h.closed = true
	h.lost = true
	for i := 0; i < len(p.order); {
		t := p.order[i]
		if t.Done[dir] < sensor.ProgressComplete {
			p.endDirection(t, dir, false)
		}
		if p.half[dir.Reverse()].closed {
			p.endDirection(t, dir.Reverse(), false)
		}
		if i < len(p.order) && p.order[i] == t {
			i++
		}
	}
}
