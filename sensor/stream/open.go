package stream

import "khien/sensor"

// names are the anomalies of a state.
type names struct{ seq, fin, ack string }

var stateNames = [...]names{
	sensor.TCPEstablished: {"stream.est_packet_out_of_window", "stream.fin_out_of_window", "stream.est_invalid_ack"},
	sensor.TCPFinWait1:    {"stream.fin1_ack_wrong_seq", "stream.fin1_fin_wrong_seq", "stream.fin1_invalid_ack"},
	sensor.TCPFinWait2:    {"stream.fin2_ack_wrong_seq", "stream.fin2_fin_wrong_seq", "stream.fin2_invalid_ack"},
	sensor.TCPCloseWait: {"stream.closewait_ack_out_of_window", "stream.closewait_fin_out_of_window",
		"stream.closewait_invalid_ack"},
	sensor.TCPClosing:  {"stream.closing_ack_wrong_seq", "stream.closing_ack_wrong_seq", "stream.closing_invalid_ack"},
	sensor.TCPLastAck:  {"stream.lastack_ack_wrong_seq", "stream.lastack_ack_wrong_seq", "stream.lastack_invalid_ack"},
	sensor.TCPTimeWait: {"stream.timewait_ack_wrong_seq", "stream.timewait_ack_wrong_seq", "stream.timewait_invalid_ack"},
	sensor.TCPClosed:   {},
}

// open takes a segment of a connection that is established or being closed.
func (c *Conn) open(s *sensor.Segment, dir sensor.Dir, out Sink) bool {
	h, o := &c.half[dir], &c.half[dir.Reverse()]
	if s.Flags&sensor.RST != 0 {
		return c.rst(s, dir, out)
	}
	if s.Flags&sensor.SYN != 0 {
		c.late(s, h, o, dir)
		return false
	}
	if s.Flags&sensor.ACK == 0 {
		return false // hosts drop it (RFC 9293, 3.10.7.4)
	}
	n := names{}
	if int(c.state) < len(stateNames) {
		n = stateNames[c.state]
	}
	if !c.fresh(h, s) {
		odd(s, "stream.pkt_invalid_timestamp")
		return false
	}
	size := uint32(len(s.Payload))
	end := s.Seq + size
	alone := c.alone(dir)
	if !alone && before(maxSeq(o.edge, o.next+finLength(o)), s.Ack) {
		odd(s, "stream.pkt_invalid_ack")
		odd(s, n.ack)
		return false
	}
	keepAlive := size <= 1 && s.Seq == h.next-1 && (size == 0 || h.acked == h.next) && s.Flags&sensor.FIN == 0
	if !keepAlive {
		switch {
		case size > 0 && before(end, h.acked):
			odd(s, "stream.pkt_spurious_retransmission")
			if c.state == sensor.TCPCloseWait {
				odd(s, "stream.closewait_pkt_before_last_ack")
			} else {
				odd(s, "stream.est_pkt_before_last_ack")
			}
			c.acknowledge(h, o, s, dir, out)
			return false
		case size > 0 && !before(h.next, end):
			odd(s, "stream.pkt_retransmission")
		case !alone && before(c.limit(h, size), end):
			name := n.seq
			if s.Flags&sensor.FIN != 0 {
				name = n.fin
			}
			odd(s, name)
			return false
		}
	}
	if s.Flags&sensor.FIN != 0 && (h.fin && end != h.finSeq || !h.fin && before(end, h.next)) {
		odd(s, n.fin)
		return false
	}
	c.proven = c.proven || dir == c.client
	if !before(h.next, s.Seq) {
		h.stamp(s)
	}
	h.window = uint32(s.Window) << h.scale
	c.acknowledge(h, o, s, dir, out)
	if size > 0 && !keepAlive {
		c.payload(h, s, dir)
	}
	if h.fin && before(h.finSeq, h.next) {
		h.next = h.finSeq // nothing follows a FIN
	}
	if s.Flags&sensor.FIN != 0 && !h.fin {
		h.fin, h.finSeq = true, end
		if !o.fin {
			c.closer = dir
		}
	}
	if alone {
		c.deliver(dir, h.next, len(h.pieces)-h.first > maxAhead, out)
	} else {
		c.deliver(dir, h.ackedData(), false, out)
	}
	c.advance(out)
	return true
}

// maxAhead is how many segments may wait for a missing one where nobody acknowledges anything.
const maxAhead = 128

// alone reports whether the other side of the connection is not in the capture.
func (c *Conn) alone(dir sensor.Dir) bool {
	return c.pool.config.OneSided && !c.half[dir.Reverse()].seen
}

func finLength(h *half) uint32 {
	if h.fin {
		return 1
	}
	return 0
}

// ackedData returns how far the data of a side has been acknowledged; the FIN has a sequence number and no data.
func (h *half) ackedData() uint32 {
	if h.fin {
		return minSeq(h.acked, h.finSeq)
	}
	return h.acked
}

// limit returns the sequence number behind the last that the receiver takes. A probe of a closed window has one byte.
func (c *Conn) limit(h *half, size uint32) uint32 {
	if size == 1 {
		return maxSeq(h.edge, h.acked+1)
	}
	return h.edge
}

// late takes a SYN of an open connection.
func (c *Conn) late(s *sensor.Segment, h, o *half, dir sensor.Dir) {
	fromClient := dir == c.client
	switch {
	case c.state != sensor.TCPEstablished:
		if s.Flags&sensor.ACK == 0 {
			odd(s, "stream.shutdown_syn_resend")
		}
	case s.Flags&sensor.ACK == 0:
		switch {
		case !fromClient:
			odd(s, "stream.est_syn_toclient")
		case s.Seq != h.isn:
			odd(s, "stream.est_syn_resend_diff_seq")
		default:
			odd(s, "stream.est_syn_resend")
		}
	case fromClient:
		odd(s, "stream.est_synack_toserver")
	case s.Ack != o.isn+1:
		odd(s, "stream.est_synack_resend_with_different_ack")
	case s.Seq != h.isn:
		odd(s, "stream.est_synack_resend_with_diff_seq")
	case c.proven:
		odd(s, "stream.est_synack_resend")
	}
}

// day24 is how long a timestamp protects against old segments (RFC 7323, 5.5), in nanoseconds.
const day24 = int64(24 * 24 * 3600 * 1e9)

// fresh reports whether the timestamp of a segment is not older than the newest seen (RFC 7323, 5.3). One tick of
// disorder is let pass, as Linux does.
func (c *Conn) fresh(h *half, s *sensor.Segment) bool {
	if !s.HasTS || !h.hasTS || s.TSVal == 0 {
		return true
	}
	return int32(s.TSVal-h.ts) >= -1 || s.Packet.Time-h.tsTime > day24
}

// acknowledge takes the acknowledgement and window of a segment, and delivers what the other side's bytes gained.
func (c *Conn) acknowledge(h, o *half, s *sensor.Segment, dir sensor.Dir, out Sink) {
	if before(o.acked, s.Ack) {
		o.acked = s.Ack
	}
	if edge := s.Ack + h.window; before(o.edge, edge) && !before(s.Ack, o.acked) {
		o.edge = edge
	}
	c.deliver(dir.Reverse(), o.ackedData(), false, out)
}

// payload holds the data of a segment.
func (c *Conn) payload(h *half, s *sensor.Segment, dir sensor.Dir) {
	data, seq := s.Payload, s.Seq
	end := seq + uint32(len(data))
	if !before(h.base, end) {
		odd(s, "stream.reassembly_segment_before_base_seq")
		return
	}
	if h.fin && before(h.finSeq, end) {
		if !before(seq, h.finSeq) {
			return
		}
		data = data[:h.finSeq-seq]
	}
	var differ, lost bool
	// The pointer tells the byte behind the urgent one, as all hosts have it (RFC 6093, 3.1).
	if u := int(s.Urgent); s.Flags&sensor.URG != 0 && u > 0 && u <= len(data) && !c.pool.config.UrgentInline {
		differ, lost = c.take(h, seq, data[:u-1])
		c.urgent(h, seq+uint32(u)-1)
		d, l := c.take(h, seq+uint32(u), data[u:])
		differ, lost = differ || d, lost || l
	} else {
		differ, lost = c.take(h, seq, data)
	}
	if differ {
		odd(s, "stream.reassembly_overlap_different_data")
	}
	if lost {
		odd(s, "stream.reassembly_no_segment")
	}
	h.next = maxSeq(h.next, end)
}

// urgent holds the place of an urgent byte, unless another segment has filled it.
func (c *Conn) urgent(h *half, seq uint32) {
	live := h.pieces[h.first:]
	if before(seq, h.base) || len(live) > 0 && before(seq, live[len(live)-1].end) {
		return
	}
	c.add(h, piece{seq: seq, end: seq + 1, from: seq, to: seq + 1}, nil)
}

// advance sets the state from who has sent a FIN and whose FIN has been acknowledged. The states are those of the server,
// as Suricata has them: a client that closes first leaves it in close_wait.
func (c *Conn) advance(out Sink) {
	cl, sv := &c.half[c.client], &c.half[c.client.Reverse()]
	clAcked := cl.fin && before(cl.finSeq, cl.acked)
	svAcked := sv.fin && before(sv.finSeq, sv.acked)
	was := c.state
	switch {
	case cl.fin && sv.fin && c.closer == c.client:
		c.state = sensor.TCPLastAck
		if svAcked {
			c.state = sensor.TCPClosed
		}
	case cl.fin && sv.fin:
		switch {
		case clAcked && svAcked:
			c.state = sensor.TCPClosed
		case clAcked || svAcked:
			c.state = sensor.TCPTimeWait
		default:
			c.state = sensor.TCPClosing
		}
	case cl.fin:
		c.state = sensor.TCPCloseWait
	case sv.fin && svAcked:
		c.state = sensor.TCPFinWait2
	case sv.fin:
		c.state = sensor.TCPFinWait1
	}
	if c.state == sensor.TCPClosed && was != sensor.TCPClosed {
		c.was = was
		c.drain(out)
	}
}
