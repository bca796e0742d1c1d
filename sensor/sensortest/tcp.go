package sensortest

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"khien/sensor"
)

// conn is a TCP connection that is being written.
type conn struct {
	w    *writer
	ends [2]netip.AddrPort // by sensor.Dir: who sends
	seq  [2]uint32
	data int // segments with data so far

	mss     int
	gap     int
	reorder bool
	dup     bool
}

// tcp writes a connection.
func (w *writer) tcp(d *directive, client, server netip.AddrPort, msgs []message) error {
	c := &conn{w: w, ends: [2]netip.AddrPort{client, server}, reorder: d.has("reorder"), dup: d.has("dup")}
	var err error
	if c.mss, err = d.number("mss", 1400, 1, 1460); err != nil {
		return err
	}
	if c.gap, err = d.number("gap", 0, 0, 1<<30); err != nil {
		return err
	}
	// Sequence numbers that differ between connections and wrap in some.
	c.seq[0] = uint32(client.Port())<<16 | 0xfff0
	c.seq[1] = uint32(client.Port())*2654435761 + 1
	if !d.has("midstream") {
		if !c.handshake(d) {
			if len(msgs) > 0 {
				return fmt.Errorf("a connection that is not made carries no messages")
			}
			return nil
		}
	}
	for _, m := range msgs {
		w.now = w.now.Add(m.pause)
		dir := sensor.ToServer
		if m.server {
			dir = sensor.ToClient
		}
		c.send(dir, m.data)
	}
	switch {
	case d.has("rst"):
		c.segment(sensor.ToServer, sensor.RST|sensor.ACK, nil)
	case !d.has("nofin"):
		c.segment(sensor.ToServer, sensor.FIN|sensor.ACK, nil)
		c.seq[sensor.ToServer]++
		c.segment(sensor.ToClient, sensor.FIN|sensor.ACK, nil)
		c.seq[sensor.ToClient]++
		c.segment(sensor.ToServer, sensor.ACK, nil)
	}
	return nil
}

// handshake writes SYN, SYN+ACK, ACK; false when the connection is not made.
func (c *conn) handshake(d *directive) bool {
	c.segment(sensor.ToServer, sensor.SYN, nil)
	c.seq[sensor.ToServer]++
	switch {
	case d.has("silent"):
		return false
	case d.has("refused"):
		c.seq[sensor.ToClient] = 0
		c.segment(sensor.ToClient, sensor.RST|sensor.ACK, nil)
		return false
	}
	c.segment(sensor.ToClient, sensor.SYN|sensor.ACK, nil)
	c.seq[sensor.ToClient]++
	c.segment(sensor.ToServer, sensor.ACK, nil)
	return true
}

// send writes data in segments, and the acknowledgement of the other side behind every second one.
func (c *conn) send(dir sensor.Dir, data []byte) {
	first := len(c.w.packets)
	for n := 0; len(data) > 0; n++ {
		part := data[:min(c.mss, len(data))]
		data = data[len(part):]
		c.data++
		if c.data != c.gap {
			flags := byte(sensor.ACK)
			if len(data) == 0 {
				flags |= sensor.PSH
			}
			c.segment(dir, flags, part)
			if c.dup {
				c.segment(dir, flags, part)
			}
		}
		c.seq[dir] += uint32(len(part))
		if !c.reorder && (n%2 == 1 || len(data) == 0) {
			c.segment(dir.Reverse(), sensor.ACK, nil)
		}
	}
	if !c.reorder {
		return
	}
	// Contents change places, times stay in order.
	sent := c.w.packets[first:]
	for i := 0; i+1 < len(sent); i += 2 {
		sent[i], sent[i+1] = sent[i+1], sent[i]
		sent[i].Time, sent[i+1].Time = sent[i+1].Time, sent[i].Time
	}
	if len(sent) > 0 {
		c.segment(dir.Reverse(), sensor.ACK, nil)
	}
}

// segment writes one segment.
func (c *conn) segment(dir sensor.Dir, flags byte, data []byte) {
	src, dst := c.ends[dir], c.ends[dir.Reverse()]
	h := make([]byte, 20, 24+len(data))
	binary.BigEndian.PutUint16(h[0:], src.Port())
	binary.BigEndian.PutUint16(h[2:], dst.Port())
	binary.BigEndian.PutUint32(h[4:], c.seq[dir])
	if flags&sensor.ACK != 0 {
		binary.BigEndian.PutUint32(h[8:], c.seq[dir.Reverse()])
	}
	h[13] = flags
	binary.BigEndian.PutUint16(h[14:], 64240)
	if flags&sensor.SYN != 0 {
		h = append(h, 2, 4, 0x05, 0xb4) // maximum segment size 1460
	}
	h[12] = byte(len(h)/4) << 4
	h = append(h, data...)
	binary.BigEndian.PutUint16(h[16:], checksum(src.Addr(), dst.Addr(), sensor.IPProtoTCP, h))
	c.w.frame(src.Addr(), dst.Addr(), sensor.IPProtoTCP, h)
}
