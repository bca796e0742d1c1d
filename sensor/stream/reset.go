package stream

import "khien/sensor"

// rst takes a RST of a connection that both sides know.
func (c *Conn) rst(s *sensor.Segment, dir sensor.Dir, out Sink) bool {
	h, o := &c.half[dir], &c.half[dir.Reverse()]
	if s.HasTS && !c.fresh(h, s) {
		odd(s, "stream.pkt_invalid_timestamp")
		return false
	}
	if s.Flags&sensor.ACK != 0 && s.Ack != 0 && !c.alone(dir) && before(maxSeq(o.edge, o.next+finLength(o)), s.Ack) {
		odd(s, "stream.pkt_invalid_ack")
		odd(s, "stream.rst_invalid_ack")
		return false
	}
	if !c.hits(h, s.Seq) {
		return false
	}
	c.reset(h, out)
	return true
}

// hits reports whether the receiver takes a RST with this sequence number: the next one it expects (RFC 5961, 3.2),
// for Linux and Solaris of old any that is in the window.
func (c *Conn) hits(h *half, seq uint32) bool {
	if seq == h.next || seq == h.next+finLength(h) || seq == h.acked {
		return true
	}
	switch c.pool.config.Policy {
	case PolicyLinux, PolicyOldLinux, PolicySolaris:
		return !before(seq, h.acked) && !before(h.edge, seq)
	}
	return false
}

// reset closes the connection. What is held is delivered; the end is told with the flow's, as the peer may ignore the RST.
func (c *Conn) reset(h *half, out Sink) {
	h.rst = true
	c.was = c.state
	c.state = sensor.TCPClosed
	c.drain(out)
}

// closed takes a segment after the end of the connection. Where a RST has ended it, the connection may go on: a host
// whose RST it was sends nothing more, so that whoever does has not sent it. What the receiver of a RST still had under way
// is kept for that case.
func (c *Conn) closed(s *sensor.Segment, dir sensor.Dir, out Sink) bool {
	h, o := &c.half[dir], &c.half[dir.Reverse()]
	if s.Flags&sensor.RST != 0 {
		return c.hits(h, s.Seq)
	}
	if h.rst == o.rst || s.Flags&sensor.SYN != 0 || c.was < sensor.TCPSynRecv {
		return false
	}
	c.state = c.was
	ok := false
	if c.was == sensor.TCPSynRecv {
		ok = c.synRecv(s, dir, out)
	} else {
		ok = c.open(s, dir, out)
	}
	if !ok || !h.rst {
		c.state = sensor.TCPClosed
		return ok
	}
	odd(s, "stream.suspected_rst_inject")
	h.rst = false
	return true
}
