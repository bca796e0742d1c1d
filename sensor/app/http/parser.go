package http

import (
	"khien/sensor"
)

type state uint8

const (
	stFirst    state = iota // before a request or status line
	stJunk                  // a response began with something else; the next line tells
	stHeaders               // within headers
	stPeek                  // behind a line of blanks, which may or may not have ended the headers
	stInterim               // behind a 1xx response that ended in an empty line
	stLength                // body of known length
	stClose                 // body until the connection ends
	stSize                  // before the size of a chunk
	stChunk                 // within a chunk
	stTrailers              // behind the last chunk
	stResync                // bytes were missed: waiting for a first line
	stSurplus               // behind a body with which the connection should have ended
	stUnframed              // behind a request that should have a body and gives it no length
	stTunnel                // not HTTP any more
)

// half is what the parser knows of one direction.
type half struct {
	dir     sensor.Dir
	state   state
	closed  bool
	tooLong bool // a line exceeded maxLine
	tooMany bool
	interim bool // a 100 response has been seen for this transaction
	junk    bool // something stood before the status line
	weak    bool // chunks are only suspected
	chunks  int
	tx      *Transaction // whose message is being read
	left    uint64       // bytes of the body or chunk still to come
	length  int64        // Content-Length, -1 when there is none
	line    []byte       // a line that goes on
	header  []byte       // a header that may be continued
	held    []byte       // bytes looked ahead
	blanks  int          // how many blanks held begins with, where ahead put them there
	body    Body
	framed  bool // a frame of the message is open
	over    bool // the message has ended, its frame not yet
}

// parser reads one connection.
type parser struct {
	Env
	half   [2]half
	open   []*Transaction // whose response is not complete, in the order of requests
	nextID uint64
	before *Asked // request that the server answers in another protocol
	waits  bool   // a CONNECT request waits for its answer: what the client sends is not for us
}

// Held returns how much memory the messages hold that are being read, in bytes.
func (p *parser) Held() int {
	n := 0
	for d := range p.half {
		h := &p.half[d]
		n += len(h.line) + len(h.header) + len(h.held)
		if h.tx != nil {
			n += h.tx.msg[d].held()
		}
	}
	return n
}

// Parse reads bytes of one direction.
func (p *parser) Parse(dir sensor.Dir, data []byte, out sensor.Emitter) (int, error) {
	p.Out = out
	h := &p.half[dir]
	h.endFrame(len(data), out)
	used := 0
	for used < len(data) {
		if dir == sensor.ToServer && p.waits && h.state == stFirst {
			return used, nil
		}
		if h.state == stTunnel {
			return used, nil
		}
		h.beginFrame(data[used:], out)
		n, err := p.step(h, data[used:])
		if err != nil {
			return used, err
		}
		used += n
		h.endFrame(len(data)-used, out)
	}
	return used, nil
}

// step handles the front of data and returns how much of it.
func (p *parser) step(h *half, data []byte) (int, error) {
	switch h.state {
	case stLength, stChunk:
		n := int(min(h.left, uint64(len(data))))
		p.bodyBytes(h, data[:n])
		h.left -= uint64(n)
		if h.left == 0 {
			if h.state == stLength {
				p.lengthEnd(h)
			} else {
				h.state = stSize
			}
		}
		return n, nil
	case stClose:
		p.bodyBytes(h, data)
		return len(data), nil
	case stSize:
		return p.chunkSize(h, data), nil
	case stPeek:
		return p.peek(h, data), nil
	case stInterim:
		return p.afterInterim(h, data), nil
	case stSurplus:
		return p.surplus(h, data), nil
	case stUnframed:
		return p.unframed(h, data), nil
	case stJunk:
		return p.junk(h, data), nil
	}
	line, n, ok := h.takeLine(data)
	if !ok {
		if h.state == stFirst && h.dir == sensor.ToClient && !mayBeStatus(h.line) {
			// A body without a status line has lines of any length: look ahead no further than for junk.
			h.held = append(h.held[:0], h.line...)
			h.line = h.line[:0]
			h.state = stJunk
			return n, nil
		}
		return n, nil
	}
	switch h.state {
	case stFirst, stResync:
		return n, p.firstLine(h, line)
	case stHeaders:
		return n, p.header(h, line)
	case stTrailers:
		p.trailer(h, line)
	}
	return n, nil
}

// firstLine takes a request or status line, or what stands in its place.
func (p *parser) firstLine(h *half, line []byte) error {
	text := trimLeft(chomp(line))
	if len(text) == 0 {
		return nil // empty lines before a message are ignored (RFC 9112, 2.2)
	}
	if h.state == stResync {
		if h.dir == sensor.ToServer && !looksRequest(text) || h.dir == sensor.ToClient && !isStatus(text) {
			return nil
		}
		h.state = stFirst
	}
	if h.dir == sensor.ToServer {
		return p.requestLine(h, line)
	}
	if !isStatus(text) {
		h.held = append(h.held[:0], line...)
		h.state = stJunk
		return nil
	}
	p.statusLine(h, line)
	return nil
}

// waiting returns the oldest transaction whose response has not begun. The response shows that the request is over
// where nothing else does.
func (p *parser) waiting() *Transaction {
	switch s := &p.half[sensor.ToServer]; {
	case s.tx == nil:
	case s.state == stUnframed, s.state == stClose, s.state == stHeaders && s.tx.msg[sensor.ToServer].version == 9:
		p.closeHalf(s)
	}
	for _, t := range p.open {
		if t.Done[sensor.ToClient] == sensor.ProgressNone {
			return t
		}
	}
	return nil
}

// header takes a line within headers.
func (p *parser) header(h *half, line []byte) error {
	text := chomp(line)
	if m := &h.tx.msg[h.dir]; m.version == 9 && len(text) > 0 {
		if !looksHeader(text) && !isBlank(text[0]) {
			// The request before was of HTTP/0.9 after all; this is the next.
			p.headersEnd(h)
			return p.requestLine(h, line)
		}
		h.tx.anomaly(h.dir, anLineNoProtocol)
		m.version = 0
	}
	switch {
	case len(text) == 0:
		p.rawEnd(h, line)
		p.headersEnd(h)
	case len(trim(text)) == 0:
		h.held = append(h.held[:0], line...)
		h.state = stPeek
	default:
		p.headerLine(h, line)
	}
	return nil
}

func (p *parser) rawEnd(h *half, line []byte) {
	if m := &h.tx.msg[h.dir]; len(m.raw)+len(line) <= maxHeaders {
		m.raw = append(m.raw, line...)
	}
}

// headersEnd decides what follows the headers.
func (p *parser) headersEnd(h *half) {
	p.flushHeader(h)
	h.noteLimits()
	if h.dir == sensor.ToServer {
		p.requestHeaders(h)
	} else {
		p.responseHeaders(h)
	}
}

// progress tells how far a direction has come.
func (p *parser) progress(h *half, to sensor.Progress) {
	h.tx.Done[h.dir] = max(h.tx.Done[h.dir], to)
	p.Out.Tx(h.tx, h.dir)
}

// bodyBytes takes bytes of a body, its framing undone.
func (p *parser) bodyBytes(h *half, data []byte) {
	if len(data) == 0 {
		return
	}
	m := &h.tx.msg[h.dir]
	full := m.full
	m.wire += uint64(len(data))
	h.body.Feed(data)
	if m.full && !full {
		p.progress(h, sensor.ProgressBody)
	}
}

// bodyEnd ends a body, and with it, but for trailers, the message.
func (p *parser) bodyEnd(h *half, complete bool) {
	h.body.End(complete)
	p.progress(h, sensor.ProgressBody)
	p.messageEnd(h)
}

// messageEnd ends a message.
func (p *parser) messageEnd(h *half) {
	t := h.tx
	h.noteLimits()
	h.tx, h.state, h.interim, h.over = nil, stFirst, false, h.framed
	h.line, h.header, h.held = h.line[:0], h.header[:0], h.held[:0]
	t.Done[h.dir] = sensor.ProgressComplete
	p.Out.Tx(t, h.dir)
	if t.Done[0] == sensor.ProgressComplete && t.Done[1] == sensor.ProgressComplete {
		p.done(t)
	}
}

// done lets go of a transaction that is complete in both directions.
func (p *parser) done(t *Transaction) {
	for i, o := range p.open {
		if o == t {
			p.open = append(p.open[:i], p.open[i+1:]...)
			break
		}
	}
	p.Out.Done(t)
}

// begin makes the transaction of a request, or of a response without one.
func (p *parser) begin(h *half) *Transaction {
	if len(p.open) >= maxOpen {
		// The server has answered nothing for so long that it will not be this one either.
		old := p.open[0]
		old.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
		for i := range p.half {
			if o := &p.half[i]; o.tx == old {
				o.body.End(false)
				o.tx, o.state = nil, stResync
			}
		}
		p.Out.Tx(old, sensor.ToServer)
		p.done(old)
	}
	t := p.Pool.transaction(p.nextID)
	p.nextID++
	p.open = append(p.open, t)
	return t
}
