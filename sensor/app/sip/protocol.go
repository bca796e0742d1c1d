package sip

import (
	"bytes"

	"khien/sensor"
)

// Protocol describes SIP to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoSIP,
		TCP:   true,
		UDP:   true,
		Ports: []uint16{5060, 5061},
		Probe: probe,
		New:   func(f *sensor.Flow, _ any) sensor.Parser { return &parser{datagrams: f.Proto == sensor.IPProtoUDP} },
	}
}

// methods begin requests (RFC 3261 and the registry of methods at IANA).
var methods = [...]string{"REGISTER ", "INVITE ", "ACK ", "BYE ", "CANCEL ", "OPTIONS ", "INFO ", "MESSAGE ", "NOTIFY ",
	"PRACK ", "PUBLISH ", "REFER ", "SUBSCRIBE ", "UPDATE ", "SIP/2.0 "}

// probe wants a method and the version at the end of the line: HTTP has OPTIONS, too.
func probe(_ sensor.Dir, data []byte, f *sensor.Flow) sensor.Match {
	data = bytes.TrimLeft(data, "\r\n")
	for _, m := range methods {
		n := min(len(m), len(data))
		if string(data[:n]) != m[:n] {
			continue
		}
		line, _, whole := bytes.Cut(data, []byte{'\n'})
		switch {
		case !whole && len(data) < lineMax && f.Proto != sensor.IPProtoUDP:
			return sensor.More
		case m == "SIP/2.0 " && n == len(m), bytes.HasSuffix(bytes.TrimRight(line, "\r"), []byte(" SIP/2.0")):
			return sensor.Yes
		}
	}
	return sensor.No
}
