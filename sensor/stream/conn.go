package stream

import "khien/sensor"

// Conn is one TCP connection. It belongs to one flow and is not safe for concurrent use.
type Conn struct {
	pool   *Pool
	flow   *sensor.Flow // of the last segment
	half   [2]half
	state  sensor.TCPState
	was    sensor.TCPState // state before the RST that closed the connection
	client sensor.Dir      // direction of who sent the SYN
	closer sensor.Dir      // direction of the first FIN
	both   bool            // both sides sent a SYN: simultaneous open
	mid    bool            // picked up without its handshake
	proven bool            // both sides have spoken since the handshake
	tfo    bool            // the SYN carried data
	gapped bool            // a gap was told while the current segment was handled
	held   int
	synack [maxSynAcks]synack
	synMax uint8
}

// synack is an answer to a SYN that differs from the first.
type synack struct {
	seq    uint32
	window uint16
	scale  int8
}

// State returns how far the connection has come.
func (c *Conn) State() sensor.TCPState { return c.state }

// SetDepth changes how many bytes of a direction are delivered; less than 0 means all. It takes effect on what was not
// passed over yet.
func (c *Conn) SetDepth(dir sensor.Dir, n int64) { c.half[dir].depth = n }

// Segment takes the next segment of the connection. What it completes is given to out before Segment returns. It is
// false when the segment is none of the connection, or the receiver would refuse it: it must not be inspected as a part of
// the stream.
func (c *Conn) Segment(f *sensor.Flow, s *sensor.Segment, dir sensor.Dir, out Sink) (accepted bool) {
	c.flow = f
	f.TCPFlags[dir] |= s.Flags
	if s.Flags&sensor.ACK == 0 && s.Ack != 0 {
		odd(s, "stream.pkt_broken_ack")
	}
	if s.Flags&(sensor.SYN|sensor.FIN) == sensor.SYN|sensor.FIN {
		odd(s, "stream.fin_syn")
	}
	c.gapped = false
	switch c.state {
	case sensor.TCPNone:
		accepted = c.none(f, s, dir, out)
	case sensor.TCPSynSent:
		accepted = c.synSent(f, s, dir, out)
	case sensor.TCPSynRecv:
		accepted = c.synRecv(s, dir, out)
	case sensor.TCPClosed:
		accepted = c.closed(s, dir, out)
	default:
		accepted = c.open(s, dir, out)
	}
	if accepted {
		c.half[dir].seen = true
	}
	c.report(f, s)
	return accepted
}

// report writes what the segment changed into the flow.
func (c *Conn) report(f *sensor.Flow, s *sensor.Segment) {
	if c.gapped {
		f.Gap = true
		if s != nil {
			odd(s, "stream.reassembly_seq_gap")
		}
	}
	f.TCPState = c.state
	f.Midstream = c.mid
	switch c.state {
	case sensor.TCPNone, sensor.TCPSynSent, sensor.TCPSynRecv:
	case sensor.TCPClosed, sensor.TCPTimeWait, sensor.TCPLastAck:
		f.State = sensor.FlowClosed
	default:
		f.State = sensor.FlowEstablished
	}
	for d := range c.half {
		if h := &c.half[d]; h.known {
			f.StreamSize[d] = h.offset + uint64(max(int32(h.next-h.base), 0))
		}
	}
}

// Flush tells that the flow is over: all that is held is delivered, acknowledged or not, what is missing is told, and
// both directions end.
func (c *Conn) Flush(out Sink) {
	c.drain(out)
	if c.gapped && c.flow != nil {
		c.flow.Gap = true
	}
	for d := range c.half {
		if h := &c.half[d]; h.known && !h.ended {
			h.ended = true
			out.End(sensor.Dir(d))
		}
	}
}

// drain delivers all that is held: the client's bytes first, as they asked for the server's.
func (c *Conn) drain(out Sink) {
	for _, d := range [...]sensor.Dir{c.client, c.client.Reverse()} {
		h := &c.half[d]
		if n := len(h.pieces); h.first < n {
			c.deliver(d, h.pieces[n-1].end, true, out)
		}
		c.deliver(d, minSeq(h.acked, h.next), true, out)
	}
}

// odd names something odd about a segment, once.
func odd(s *sensor.Segment, name string) {
	for _, a := range s.Anomalies {
		if a == name {
			return
		}
	}
	s.Anomalies = append(s.Anomalies, name)
}
