package sensortest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"khien/sensor"
)

// WritePCAP writes packets as a pcap file with nanoseconds. All have the link type of the first.
func WritePCAP(w io.Writer, packets []sensor.Packet) error {
	link := sensor.LinkEthernet
	if len(packets) > 0 {
		link = packets[0].Link
	}
	b := bufio.NewWriter(w)
	h := make([]byte, 24)
	binary.LittleEndian.PutUint32(h[0:], 0xa1b23c4d) // magic of captures with nanoseconds
	binary.LittleEndian.PutUint16(h[4:], 2)
	binary.LittleEndian.PutUint16(h[6:], 4)
	binary.LittleEndian.PutUint32(h[16:], 262144)
	binary.LittleEndian.PutUint32(h[20:], uint32(link))
	b.Write(h) // a bufio.Writer keeps its first error until Flush
	for i := range packets {
		p := &packets[i]
		if p.Link != link {
			return fmt.Errorf("sensortest: packet %d has link type %d, the capture %d", p.Number, p.Link, link)
		}
		r := h[:16]
		binary.LittleEndian.PutUint32(r[0:], uint32(p.Time/1e9))
		binary.LittleEndian.PutUint32(r[4:], uint32(p.Time%1e9))
		binary.LittleEndian.PutUint32(r[8:], uint32(len(p.Data)))
		binary.LittleEndian.PutUint32(r[12:], uint32(p.Length))
		b.Write(r)
		b.Write(p.Data)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("sensortest: write pcap: %w", err)
	}
	return nil
}

// Reader gives packets one by one, as a capture does.
type Reader struct {
	packets []sensor.Packet
}

// NewReader returns a reader of the packets.
func NewReader(packets []sensor.Packet) *Reader { return &Reader{packets} }

// Next sets p to the next packet; io.EOF at the end.
func (r *Reader) Next(p *sensor.Packet) error {
	if len(r.packets) == 0 {
		return io.EOF
	}
	*p, r.packets = r.packets[0], r.packets[1:]
	return nil
}
