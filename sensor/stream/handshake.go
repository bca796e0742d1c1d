package stream

import "khien/sensor"

const flagMask = sensor.SYN | sensor.ACK | sensor.RST | sensor.FIN

// none takes a segment while nothing is known of the connection.
func (c *Conn) none(f *sensor.Flow, s *sensor.Segment, dir sensor.Dir, out Sink) bool {
	h, o := &c.half[dir], &c.half[dir.Reverse()]
	switch {
	case s.Flags&sensor.RST != 0:
		odd(s, "stream.rst_but_no_session")
		return false
	case s.Flags&(sensor.SYN|sensor.ACK) == sensor.SYN|sensor.ACK:
		if !c.pool.config.Midstream && !c.pool.config.OneSided {
			return false
		}
		c.mid = true
		c.client = dir.Reverse()
		h.start(s.Seq)
		o.start(s.Ack - 1)
		h.offer(s)
		o.edge = o.acked + h.window
		c.scaleUnknown(o)
		h.edge = h.next + anyWindow
		h.stamp(s)
		c.state = sensor.TCPSynRecv
		return true
	case s.Flags&sensor.SYN != 0:
		if s.Flags&sensor.FIN != 0 {
			return false
		}
		c.client = dir
		c.syn(h, s, out)
		return true
	case s.Flags&sensor.FIN != 0:
		odd(s, "stream.fin_but_no_session")
		if !c.pool.config.Midstream && !c.pool.config.OneSided {
			return false
		}
	}
	if s.Flags&sensor.ACK == 0 || !c.pool.config.Midstream && !c.pool.config.OneSided {
		return false
	}
	c.pick(f, s, dir)
	return c.open(s, dir, out)
}

// pick starts a connection in the middle: the first bytes seen are the first of the stream.
func (c *Conn) pick(f *sensor.Flow, s *sensor.Segment, dir sensor.Dir) {
	h, o := &c.half[dir], &c.half[dir.Reverse()]
	c.mid = true
	c.client = sensor.ToServer
	h.start(s.Seq - 1)
	o.start(s.Ack - 1)
	c.scaleUnknown(h)
	c.scaleUnknown(o)
	h.window = uint32(s.Window) << h.scale
	// What the receiver offers is not known yet.
	h.edge = s.Seq + anyWindow
	o.edge = s.Ack + h.window
	c.state = sensor.TCPEstablished
}

// maxScale is the largest window scale (RFC 7323, 2.3).
const maxScale = 14

// anyWindow stands for a window that was not seen: a quarter of the largest.
const anyWindow = 65535 << maxScale / 4

// scaleUnknown sets the largest scale for a side whose SYN was not seen: too wide a window refuses nothing that counts.
func (c *Conn) scaleUnknown(h *half) { h.scale, h.scaled = maxScale, true }

// syn takes a SYN that opens the connection.
func (c *Conn) syn(h *half, s *sensor.Segment, out Sink) {
	h.start(s.Seq)
	h.offer(s)
	h.stamp(s)
	h.edge = h.next + 65535 // data of fast open comes before any window (RFC 7413)
	c.state = sensor.TCPSynSent
	if n := len(s.Payload); n > 0 {
		c.tfo = true
		c.take(h, s.Seq+1, s.Payload)
		h.next += uint32(n)
	}
}

// offer takes window and scale from a SYN; a window in a SYN is never scaled.
func (h *half) offer(s *sensor.Segment) {
	h.window = uint32(s.Window)
	h.scaled = s.WindowScale >= 0
	h.scale = 0
	if h.scaled {
		h.scale = uint8(s.WindowScale)
	}
}

// stamp remembers the timestamp of a segment.
func (h *half) stamp(s *sensor.Segment) {
	if s.HasTS {
		h.ts, h.hasTS, h.tsTime = s.TSVal, true, s.Packet.Time
	}
}

// synSent takes a segment after a SYN.
func (c *Conn) synSent(f *sensor.Flow, s *sensor.Segment, dir sensor.Dir, out Sink) bool {
	h, o := &c.half[dir], &c.half[dir.Reverse()]
	fromClient := dir == c.client
	switch s.Flags & flagMask {
	case sensor.SYN:
		if !fromClient {
			c.both = true
			h.start(s.Seq)
			h.offer(s)
			h.stamp(s)
			return true
		}
		if s.Seq != h.isn { // a second try with another number: nothing of the first one counts
			c.clear(h)
			c.tfo = false
			c.syn(h, s, out)
		}
		return true
	case sensor.SYN | sensor.ACK:
		if fromClient {
			return c.synAckBack(h, o, s)
		}
		if c.both && h.known && s.Seq != h.isn {
			odd(s, "stream.4whs_synack_with_wrong_syn")
			return false
		}
		if before(s.Ack, o.isn+1) || before(o.next, s.Ack) {
			if c.both {
				odd(s, "stream.4whs_synack_with_wrong_ack")
			} else {
				odd(s, "stream.3whs_synack_with_wrong_ack")
			}
			return false
		}
		c.answer(h, o, s, out)
		return true
	}
	if s.Flags&sensor.RST != 0 {
		if fromClient {
			if s.Seq != h.next && s.Seq != h.isn+1 && s.Seq != h.isn {
				return false
			}
		} else if s.Flags&sensor.ACK == 0 || before(s.Ack, o.isn+1) || before(o.next, s.Ack) {
			odd(s, "stream.rst_invalid_ack")
			return false
		}
		c.reset(h, out)
		return true
	}
	// The answer was not captured: go on if this is what its side would send next.
	if s.Flags&(sensor.SYN|sensor.ACK) == sensor.ACK && fromClient && (c.pool.config.OneSided || c.pool.config.Midstream) {
		if s.Seq != h.next {
			odd(s, "stream.3whs_async_wrong_seq")
			return false
		}
		if !o.known {
			o.start(s.Ack - 1)
			c.scaleUnknown(o)
		}
		h.edge = h.next + anyWindow
		c.state = sensor.TCPEstablished
		return c.open(s, dir, out)
	}
	return false
}

// synAckBack takes a SYN with ACK of the side that sent the first SYN, which only a simultaneous open has.
func (c *Conn) synAckBack(h, o *half, s *sensor.Segment) bool {
	switch {
	case !c.both:
		odd(s, "stream.3whs_synack_in_wrong_direction")
		return false
	case s.Ack != o.isn+1:
		odd(s, "stream.4whs_synack_with_wrong_ack")
		return false
	case s.Seq != h.isn:
		odd(s, "stream.4whs_synack_with_wrong_syn")
		return false
	}
	h.window = uint32(s.Window)
	o.edge = o.acked + h.window
	h.edge = h.acked + o.window
	c.state = sensor.TCPSynRecv
	return true
}

// answer takes the SYN with ACK that answers a SYN.
func (c *Conn) answer(h, o *half, s *sensor.Segment, out Sink) {
	h.start(s.Seq)
	h.offer(s)
	if s.HasTS && o.hasTS {
		h.stamp(s)
	} else {
		o.hasTS = false
	}
	if c.tfo && s.Ack != o.next {
		// The server wants the SYN's data again (RFC 7413, 4.2.2).
		odd(s, "stream.3whs_synack_tfo_data_ignored")
		c.clear(o)
		o.next = s.Ack
	}
	o.acked = s.Ack
	o.edge = maxSeq(o.next, o.acked+max(h.window, 1))
	h.edge = h.next + o.window
	if n := len(s.Payload); n > 0 {
		c.take(h, s.Seq+1, s.Payload)
		h.next += uint32(n)
	}
	c.state = sensor.TCPSynRecv
	c.deliver(c.client, o.acked, false, out)
}

// clear forgets what a side has sent.
func (c *Conn) clear(h *half) {
	for i := h.first; i < len(h.pieces); i++ {
		c.drop(&h.pieces[i])
	}
	h.pieces, h.first = h.pieces[:0], 0
}

// synRecv takes a segment after both SYNs: the client's ACK completes the handshake.
func (c *Conn) synRecv(s *sensor.Segment, dir sensor.Dir, out Sink) bool {
	h, o := &c.half[dir], &c.half[dir.Reverse()]
	fromClient := dir == c.client
	switch s.Flags & (sensor.SYN | sensor.ACK | sensor.RST) {
	case sensor.SYN:
		switch {
		case !fromClient:
			odd(s, "stream.3whs_syn_toclient_on_syn_recv")
			return false
		case s.Seq != h.isn:
			odd(s, "stream.3whs_syn_resend_diff_seq_on_syn_recv")
			return false
		}
		return true
	case sensor.SYN | sensor.ACK:
		if c.both {
			return s.Seq == h.isn && s.Ack == o.isn+1
		}
		switch {
		case fromClient:
			odd(s, "stream.3whs_synack_toserver_on_syn_recv")
			return false
		case before(s.Ack, o.isn+1) || before(o.next, s.Ack):
			odd(s, "stream.3whs_synack_resend_with_different_ack")
			return false
		case s.Seq != h.isn:
			odd(s, "stream.3whs_synack_resend_with_diff_seq")
			return c.another(h, s)
		}
		return true
	}
	if s.Flags&sensor.RST != 0 {
		return c.rst(s, dir, out)
	}
	if s.Flags&sensor.ACK == 0 {
		return false
	}
	if c.both {
		switch {
		case s.Seq != h.next && !within(s, h):
			odd(s, "stream.4whs_wrong_seq")
			return false
		case before(s.Ack, o.isn+1) || before(o.next, s.Ack):
			odd(s, "stream.4whs_invalid_ack")
			return false
		}
	} else if fromClient {
		if s.Ack != o.isn+1 {
			c.choose(o, h, s.Ack)
		}
		ackOK := !before(s.Ack, o.isn+1) && !before(o.next, s.Ack)
		seqOK := s.Seq == h.next || within(s, h)
		switch {
		case !ackOK && !seqOK:
			odd(s, "stream.3whs_wrong_seq_wrong_ack")
			return false
		case !ackOK:
			odd(s, "stream.3whs_right_seq_wrong_ack_evasion")
			return false
		}
	} else if c.mid && within(s, h) {
		// Picked up at the answer: the client's bytes may be missing, and its side of the capture too.
		if before(o.next, s.Ack) && !before(o.edge+65535, s.Ack) {
			o.next, o.edge = s.Ack, maxSeq(o.edge, s.Ack)
			o.base = s.Ack
			o.acked = s.Ack
		}
	} else if len(s.Payload) == 0 && s.Flags&sensor.FIN == 0 || !within(s, h) || before(s.Ack, o.isn+1) || before(o.next, s.Ack) {
		// A server that goes on has had the ACK, which was then not captured; without data it is out of turn.
		if s.Seq == h.next && s.Ack == o.next && !c.mid {
			return true // a window update
		}
		odd(s, "stream.3whs_ack_in_wrong_dir")
		return false
	}
	if !h.scaled || !o.scaled { // both sides must offer it (RFC 7323, 2.2)
		h.scale, o.scale = 0, 0
	}
	c.state = sensor.TCPEstablished
	if !c.open(s, dir, out) {
		return false
	}
	return true
}

// within reports whether a segment lies in the window of its receiver.
func within(s *sensor.Segment, h *half) bool {
	return !before(s.Seq, h.isn+1) && !before(h.edge, s.Seq)
}

// another remembers an answer to the SYN that has another sequence number: the client's ACK will tell which one counts.
func (c *Conn) another(h *half, s *sensor.Segment) bool {
	for i := range c.synack[:c.synMax] {
		if c.synack[i].seq == s.Seq {
			return true
		}
	}
	if int(c.synMax) == len(c.synack) {
		odd(s, "stream.3whs_synack_flood")
		return false
	}
	c.synack[c.synMax] = synack{s.Seq, s.Window, s.WindowScale}
	c.synMax++
	return true
}

// choose takes the remembered answer that the client acknowledges.
func (c *Conn) choose(h, o *half, ack uint32) {
	for _, a := range c.synack[:c.synMax] {
		if a.seq+1 != ack {
			continue
		}
		c.clear(h)
		h.start(a.seq)
		h.edge = h.next + o.window
		h.window, h.scaled, h.scale = uint32(a.window), a.scale >= 0, uint8(max(a.scale, 0))
		h.hasTS = false
		o.edge = maxSeq(o.next, o.acked+h.window)
		return
	}
}
