package pgsql

import (
	"encoding/binary"
	"strings"

	"khien/sensor"
)

// Protocol describes PostgreSQL to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoPGSQL,
		TCP:   true,
		Ports: []uint16{port},
		Probe: probe,
		New:   func(f *sensor.Flow, _ any) sensor.Parser { return &parser{ready: f.Midstream, asked: authNone} },
	}
}

// probe takes what a connection begins with: a startup packet or one of the requests in its place, on any port. On the port
// it also takes what a server begins with, and of flows whose start was not captured any message.
func probe(dir sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	if len(b) == 0 {
		return sensor.More
	}
	if dir == sensor.ToServer && b[0] == 0 {
		return probeStartup(b)
	}
	known := f.AppDir[dir.Reverse()] == sensor.ProtoPGSQL
	if f.DstPort != port && !known {
		return sensor.No
	}
	if dir == sensor.ToClient && known && len(b) == 1 && (b[0] == 'S' || b[0] == 'N' || b[0] == 'G') {
		return sensor.Yes
	}
	if !f.Midstream && !known && (dir == sensor.ToServer || b[0] != 'R' && b[0] != 'E') {
		return sensor.No
	}
	return plausible(dir, b)
}

// probeStartup takes a startup packet: its length and version, and the name of a parameter.
func probeStartup(b []byte) sensor.Match {
	if len(b) < 8 {
		if len(b) > 1 && b[1] != 0 || len(b) > 5 && !(b[4] == 0 && b[5] == 3 || b[4] == majorRequest>>8 && b[5] == majorRequest&0xff) {
			return sensor.No
		}
		return sensor.More
	}
	n := binary.BigEndian.Uint32(b)
	major, minor := binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
	switch {
	case major == majorRequest && (minor == minorSSL || minor == minorGSS):
		return answer(n == 8)
	case major == majorRequest && minor == minorCancel:
		return answer(n >= 16 && n <= 12+keyMax)
	case major != 3 || n < 8+7 || n > startupMax:
		return sensor.No
	}
	for i, c := range b[8:min(len(b), 8+64)] {
		switch {
		case c == 0:
			return answer(i > 0)
		case c != '_' && c != '.' && (c|0x20 < 'a' || c|0x20 > 'z'):
			return sensor.No
		}
	}
	if len(b) >= 8+64 {
		return sensor.No
	}
	return sensor.More
}

func answer(yes bool) sensor.Match {
	if yes {
		return sensor.Yes
	}
	return sensor.No
}

// plausible looks whether bytes begin with a message of a direction whose length may be right, and another one behind it.
func plausible(dir sensor.Dir, b []byte) sensor.Match {
	types := frontend
	if dir == sensor.ToClient {
		types = backend
	}
	if strings.IndexByte(types, b[0]) < 0 {
		return sensor.No
	}
	if len(b) < 5 {
		if len(b) > 1 && b[1] != 0 {
			return sensor.No
		}
		return sensor.More
	}
	n := binary.BigEndian.Uint32(b[1:])
	if n > 1<<20 || !fits(dir, b[0], n) {
		return sensor.No
	}
	if dir == sensor.ToClient && b[0] == 'R' && (len(b) < 9 || !knownAuth(binary.BigEndian.Uint32(b[5:]))) {
		if len(b) < 9 {
			return sensor.More
		}
		return sensor.No
	}
	if dir == sensor.ToClient && b[0] == 'E' && len(b) > 5 && errorNames[b[5]] == "" {
		return sensor.No
	}
	if next := int(n) + 1; next < len(b) && strings.IndexByte(types, b[next]) < 0 {
		return sensor.No
	}
	return sensor.Yes
}

// fits reports whether a message of a type may have a length, which counts itself and not the type.
func fits(dir sensor.Dir, typ byte, n uint32) bool {
	least, most := uint32(4), uint32(messageMax)
	if typ == copyDone {
		most = 4
	}
	if dir == sensor.ToServer {
		switch typ {
		case 'Q', 'P', copyFail:
			least = 5
		case 'X', 'S', 'H':
			most = 4
		}
		return n >= least && n <= most
	}
	switch typ {
	case 'R':
		least = 8
	case 'K':
		least, most = 12, 8+keyMax
	case 'Z':
		least, most = 5, 5
	case 'T', 'D':
		least = 6
	case 'G', 'H', 'W':
		least = 7
	case 'E', 'C':
		least = 5
	}
	return n >= least && n <= most
}

func knownAuth(code uint32) bool { return code < uint32(len(authNames)) && authNames[code] != "" }
