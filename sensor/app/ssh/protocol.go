package ssh

import (
	"bytes"

	"khien/sensor"
)

// prefix begins every identification line.
const prefix = "SSH-"

// Protocol returns SSH.
func Protocol() sensor.Protocol {
	return sensor.Protocol{Proto: sensor.ProtoSSH, TCP: true, Ports: []uint16{22}, Probe: probe,
		New: func(*sensor.Flow, any) sensor.Parser { return &parser{} }}
}

// probe recognises the identification line.
func probe(_ sensor.Dir, b []byte, _ *sensor.Flow) sensor.Match {
	switch {
	case bytes.HasPrefix(b, []byte(prefix)):
		return sensor.Yes
	case len(b) < len(prefix) && bytes.HasPrefix([]byte(prefix), b):
		return sensor.More
	}
	return sensor.No
}
