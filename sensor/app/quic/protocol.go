package quic

import "khien/sensor"

// Protocol returns QUIC.
func Protocol() sensor.Protocol {
	return sensor.Protocol{Proto: sensor.ProtoQUIC, UDP: true, Ports: []uint16{443, 80}, Probe: probe,
		New: func(*sensor.Flow, any) sensor.Parser { return &parser{} }}
}

// initialMin is the smallest datagram with a client's Initial packet (RFC 9000, 14.1).
const initialMin = 1200

// probe recognises a long header of a version that is read.
func probe(dir sensor.Dir, b []byte, _ *sensor.Flow) sensor.Match {
	if v, ok := googleVersion(b); ok {
		if googleFrames(v, b) != nil {
			return sensor.Yes
		}
		return sensor.No
	}
	h, ok := parseHeader(b)
	if !ok || h.kind == kindNegotiation {
		return sensor.No
	}
	if dir == sensor.ToServer && h.kind == kindInitial && len(b) < initialMin {
		return sensor.No
	}
	return sensor.Yes
}
