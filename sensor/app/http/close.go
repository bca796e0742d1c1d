package http

import (
	"bytes"

	"khien/sensor"
)

// Gap tells that n bytes are missing.
func (p *parser) Gap(dir sensor.Dir, n int, out sensor.Emitter) error {
	p.Out = out
	h := &p.half[dir]
	switch h.state {
	case stTunnel:
		return nil
	case stSurplus, stUnframed:
		p.bodyEnd(h, true)
		h.state = stResync
		return nil
	case stLength, stChunk, stClose:
		if h.state == stClose || uint64(n) < h.left || uint64(n) == h.left && h.state == stLength {
			h.tx.msg[dir].wire += uint64(n)
			h.body.Gap(n)
			if h.state != stClose {
				if h.left -= uint64(n); h.left == 0 {
					p.bodyEnd(h, false)
				}
			}
			return nil
		}
		h.body.Gap(int(min(h.left, uint64(n))))
		h.tx.msg[dir].wire += h.left
	}
	p.cutOff(h)
	h.state = stResync
	return nil
}

// cutOff ends a message in the middle.
func (p *parser) cutOff(h *half) {
	if h.tx == nil {
		h.line, h.held, h.header = h.line[:0], h.held[:0], h.header[:0]
		return
	}
	if h.state == stHeaders || h.state == stPeek {
		p.flushHeader(h)
		p.progress(h, sensor.ProgressHeaders)
	}
	p.bodyEnd(h, false)
}

// Close tells that a direction is over.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.Out = out
	h := &p.half[dir]
	if h.closed {
		return
	}
	h.closed = true
	p.closeHalf(h)
	if dir == sensor.ToClient || p.half[sensor.ToClient].closed {
		p.abandon()
	}
}

// closeHalf completes what was being read with what is there.
func (p *parser) closeHalf(h *half) {
	switch h.state {
	case stTunnel, stResync:
		return
	case stFirst:
		if line := h.line; len(trim(line)) > 0 {
			h.line = nil
			if h.dir == sensor.ToClient || looksRequest(trim(line)) {
				_ = p.firstLine(h, append(line, '\n')) // a line without its end is a line
			}
			if h.state != stFirst {
				p.closeHalf(h)
			}
		}
		return
	case stJunk:
		p.headless(h)
	case stPeek:
		p.peekBody(h, bytes.IndexByte(h.held, '\n')+1)
	case stHeaders:
		if line := h.line; len(line) > 0 {
			h.line = nil
			p.headerLine(h, append(line, '\n'))
		}
		p.flushHeader(h)
		p.progress(h, sensor.ProgressHeaders)
	case stSize:
		p.chunkSizeAtEnd(h)
	case stInterim:
		p.interimAtEnd(h)
	case stSurplus:
		p.bodyBytes(h, h.held)
	case stUnframed:
		p.unframedEnd(h)
		return
	}
	if h.tx == nil {
		return
	}
	p.bodyEnd(h, h.state == stClose || h.state == stTrailers || h.state == stSurplus)
}

// abandon completes the transactions that will get no response.
func (p *parser) abandon() {
	for len(p.open) > 0 {
		t := p.open[0]
		if s := &p.half[sensor.ToServer]; s.tx == t && !s.closed {
			// The request is still being sent; it goes on without hope for a response.
			if t.Done[sensor.ToClient] == sensor.ProgressComplete {
				return
			}
			t.Done[sensor.ToClient] = sensor.ProgressComplete
			p.Out.Tx(t, sensor.ToClient)
			return
		}
		t.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
		p.Out.Tx(t, sensor.ToClient)
		p.done(t)
	}
}
