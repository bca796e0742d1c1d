package pop3

import (
	"bytes"

	"khien/sensor"
)

// Protocol describes POP3 to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoPOP3,
		TCP:   true,
		Ports: []uint16{port},
		Probe: probe,
		New:   func(*sensor.Flow, any) sensor.Parser { return new(parser) },
	}
}

// probe takes a greeting that says POP, or any on the port, and commands on the port: FTP and IRC have some of them, too.
func probe(dir sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	onPort := f.DstPort == port
	if dir == sensor.ToServer {
		if !onPort {
			return sensor.No
		}
		return probeCommand(b)
	}
	if n := min(3, len(b)); string(b[:n]) != "+OK"[:n] {
		return sensor.No
	}
	line, _, whole := bytes.Cut(b, []byte{'\n'})
	switch {
	case len(b) >= 3 && (onPort || bytes.Contains(bytes.ToUpper(line), []byte("POP"))):
		return sensor.Yes
	case !whole && len(b) < lineMax:
		return sensor.More
	}
	return sensor.No
}

func probeCommand(b []byte) sensor.Match {
	answer := sensor.No
	for _, c := range commands {
		n := min(len(c.name), len(b))
		if !bytes.EqualFold(b[:n], []byte(c.name[:n])) {
			continue
		}
		if len(b) == n {
			answer = sensor.More
		} else if b[n] == ' ' || b[n] == '\r' || b[n] == '\n' {
			return sensor.Yes
		}
	}
	return answer
}
