package api

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"khien/detector"
	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/decode"
)

const (
	packetRows  = 200
	packetBytes = 256 // of a packet's content
)

// packetView is a packet as the pages show it: the innermost segment of a tunnel.
type packetView struct {
	Time      time.Time `json:"time"`
	From      string    `json:"from"` // address and port
	To        string    `json:"to"`
	Direction string    `json:"direction"` // out: from the finding's source, in: to it, "" neither
	Protocol  string    `json:"protocol"`
	Length    int       `json:"length"` // of the frame on the wire
	Flags     []string  `json:"flags"`  // of TCP, and what is malformed
	Size      int       `json:"size"`   // of the content
	Bytes     []byte    `json:"bytes"`  // the first of the content, secrets masked
}

// decodePackets reads a capture; more says that it holds more than are shown.
func decodePackets(in io.Reader, f *detector.Finding) (list []packetView, more bool, err error) {
	r, err := capture.NewReader(in, "packets")
	if err != nil {
		return nil, false, fmt.Errorf("api: packets: %w", err)
	}
	defer r.Close() // was only read
	d := decode.New(decode.Config{NoChecksum: true, MaxFragPackets: packetRows, MaxFragMemory: 1 << 20})
	list = []packetView{}
	var p sensor.Packet
	for {
		switch err := r.Next(&p); {
		case errors.Is(err, io.EOF):
			return list, false, nil
		case err != nil:
			return nil, false, fmt.Errorf("api: packets: %w", err)
		case len(list) == packetRows:
			return list, true, nil
		}
		segments := d.Decode(&p)
		list = append(list, viewPacket(&p, segments[len(segments)-1], f))
	}
}

func viewPacket(p *sensor.Packet, s *sensor.Segment, f *detector.Finding) packetView {
	v := packetView{Time: nanoTime(p.Time), Length: p.Length, Size: len(s.Payload), From: endpoint(s.Src, s.SrcPort), To: endpoint(s.Dst, s.DstPort),
		Protocol: protocolName(s), Flags: append(tcpFlags(s), s.Anomalies...)}
	from, to := f.SrcIP.Unmap(), f.DstIP.Unmap()
	same := from == to // then ports tell which way
	switch {
	case s.Src == from && (!same || s.SrcPort == f.SrcPort):
		v.Direction = "out"
	case s.Dst == from:
		v.Direction = "in"
	}
	// Masked before it is cut: a name that tells a secret may stand before the cut, its value behind.
	content := detector.MaskSecrets(s.Payload)
	v.Bytes = append([]byte{}, content[:min(len(content), packetBytes)]...)
	return v
}

func endpoint(a netip.Addr, port uint16) string {
	switch {
	case !a.IsValid():
		return ""
	case port == 0:
		return a.String()
	}
	return netip.AddrPortFrom(a, port).String()
}

// protocolName is what the segment's packet is called.
func protocolName(s *sensor.Segment) string {
	switch {
	case s.IPVersion == 0:
		return fmt.Sprintf("0x%04x", s.EtherType)
	case s.Fragment:
		return "fragment"
	}
	if name := detector.Transport(s.IPProto); name != "" {
		return name
	}
	return strconv.Itoa(int(s.IPProto))
}

// tcpFlags are the names of the flags that are set, in the order of RFC 9293, 3.1.
func tcpFlags(s *sensor.Segment) []string {
	out := []string{}
	if s.IPProto != sensor.IPProtoTCP || s.L4 == nil {
		return out
	}
	for i, name := range strings.Fields("CWR ECE URG ACK PSH RST SYN FIN") {
		if s.Flags&(0x80>>i) != 0 {
			out = append(out, name)
		}
	}
	return out
}
