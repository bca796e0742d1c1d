package dns

import (
	"encoding/binary"

	"khien/sensor"
)

// Ports of the three protocols.
const (
	portDNS   = 53
	portMDNS  = 5353
	portLLMNR = 5355
)

// Protocols returns DNS, multicast DNS and LLMNR.
func Protocols() []sensor.Protocol {
	return []sensor.Protocol{
		{Proto: sensor.ProtoMDNS, UDP: true, Ports: []uint16{portMDNS}, Probe: probePort(portMDNS), New: maker(sensor.ProtoMDNS)},
		{Proto: sensor.ProtoLLMNR, UDP: true, TCP: true, Ports: []uint16{portLLMNR}, Probe: probePort(portLLMNR),
			New: maker(sensor.ProtoLLMNR)},
		{Proto: sensor.ProtoDNS, UDP: true, TCP: true, Ports: []uint16{portDNS}, Probe: probe, New: maker(sensor.ProtoDNS)},
	}
}

func maker(proto sensor.Proto) func(*sensor.Flow, any) sensor.Parser {
	return func(f *sensor.Flow, _ any) sensor.Parser {
		return &parser{proto: proto, stream: f.Proto == sensor.IPProtoTCP}
	}
}

// Answers reports whether a UDP datagram is a response from a server's port: an LLMNR query goes to a multicast group and
// its answer comes from a host, and a query can be older than the capture (RFC 4795, 2.2).
func Answers(s *sensor.Segment) bool {
	switch {
	case s.DstPort == s.SrcPort:
		return false
	case s.SrcPort != portDNS && s.SrcPort != portLLMNR, s.DstPort == portDNS || s.DstPort == portLLMNR:
		return false
	}
	b := s.Payload
	return len(b) >= headerLen && binary.BigEndian.Uint16(b[2:])&flagResponse != 0 && lenient(b, len(b))
}

// plausible reports whether the header at the start of b can be that of a message of n bytes: each question and record
// takes bytes.
func plausible(b []byte, n int) bool {
	count := func(at int) int { return int(binary.BigEndian.Uint16(b[at:])) }
	questions, records := count(4), count(6)+count(8)+count(10)
	return questions+records > 0 && headerLen+questions*5+records*11 <= n
}

// framed cuts the first message of a stream out of data: match is No or More when it is not there.
func framed(data []byte) (msg []byte, n int, match sensor.Match) {
	if len(data) < lengthSize {
		return nil, 0, sensor.More
	}
	n = int(binary.BigEndian.Uint16(data))
	if n < headerLen {
		return nil, 0, sensor.No
	}
	msg = data[lengthSize:]
	return msg[:min(len(msg), n)], n, sensor.Yes
}

// probePort recognises the messages of the protocol that has port.
func probePort(port uint16) func(sensor.Dir, []byte, *sensor.Flow) sensor.Match {
	return func(dir sensor.Dir, data []byte, f *sensor.Flow) sensor.Match {
		if f.DstPort != port && f.SrcPort != port {
			return sensor.No
		}
		return probeHeader(data, f)
	}
}

// probeHeader trusts the port and asks only for a header that can be true.
func probeHeader(data []byte, f *sensor.Flow) sensor.Match {
	n := len(data)
	if f.Proto == sensor.IPProtoTCP {
		var match sensor.Match
		if data, n, match = framed(data); match != sensor.Yes {
			return match
		}
		if len(data) < headerLen {
			return sensor.More
		}
	}
	if len(data) < headerLen || !lenient(data, n) {
		return sensor.No
	}
	return sensor.Yes
}

// lenient is plausible for ports that are DNS by custom: a truncated or odd message is worth a record there.
func lenient(b []byte, n int) bool {
	total := 0
	for at := 4; at < headerLen; at += 2 {
		total += int(binary.BigEndian.Uint16(b[at:]))
	}
	return headerLen+2*total <= n
}

// probe recognises DNS: on its port by a header that can be true, elsewhere by a whole message of which every field is
// as real resolvers send it.
func probe(dir sensor.Dir, data []byte, f *sensor.Flow) sensor.Match {
	for _, port := range [...]uint16{f.DstPort, f.SrcPort} {
		switch port {
		case portDNS:
			return probeHeader(data, f)
		case portMDNS, portLLMNR, 137: // NetBIOS names have the header of DNS
			return sensor.No
		}
	}
	n := len(data)
	if f.Proto == sensor.IPProtoTCP {
		var match sensor.Match
		if data, n, match = framed(data); match != sensor.Yes {
			return match
		}
	}
	if len(data) < headerLen {
		if f.Proto == sensor.IPProtoTCP {
			return sensor.More
		}
		return sensor.No
	}
	if !strictHeader(data, n) {
		return sensor.No
	}
	if len(data) < n {
		return sensor.More
	}
	return strict(data)
}

// strictHeader asks for one question, an opcode of today and counts that fit.
func strictHeader(b []byte, n int) bool {
	flags := binary.BigEndian.Uint16(b[2:])
	opcode := flags >> 11 & 15
	if !plausible(b, n) || binary.BigEndian.Uint16(b[4:]) != 1 || flags&flagZ != 0 ||
		opcode != 0 && opcode != 4 && opcode != 5 {
		return false
	}
	if flags&flagResponse == 0 && opcode == 0 {
		// A query has no answers and no response code; its additional section holds EDNS and TSIG (RFC 6891, RFC 8945).
		return flags&15 == 0 && binary.BigEndian.Uint16(b[6:]) == 0 && binary.BigEndian.Uint16(b[10:]) <= 2
	}
	return true
}

// strict reads the question and walks the records, which must end where the message ends.
func strict(b []byte) sensor.Match {
	var name [256]byte
	text, off, flags, ok := appendName(name[:0], b, headerLen)
	if !ok || flags != 0 || len(text) > 255 || len(b)-off < 4 {
		return sensor.No
	}
	class := binary.BigEndian.Uint16(b[off+2:])
	if _, known := typeName(binary.BigEndian.Uint16(b[off:])); !known || class != 1 && class != 3 && class != 255 {
		return sensor.No
	}
	off += 4
	records := int(binary.BigEndian.Uint16(b[6:])) + int(binary.BigEndian.Uint16(b[8:])) + int(binary.BigEndian.Uint16(b[10:]))
	if records > recordsMax {
		return sensor.No
	}
	for range records {
		_, next, _, ok := appendName(name[:0], b, off)
		if !ok || len(b)-next < rdataParams {
			return sensor.No
		}
		n := int(binary.BigEndian.Uint16(b[next+8:]))
		if off = next + rdataParams + n; off > len(b) {
			return sensor.No
		}
	}
	if off != len(b) {
		return sensor.No
	}
	return sensor.Yes
}
