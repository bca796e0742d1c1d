// Package telnet recognises Telnet (RFC 854) by the negotiation of options.
//
// The bytes of a TCP flow come in; no transactions go out: rules match the stream.
//
//	Name    telnet
//	Syntax  alert telnet …
//	Example alert telnet any any -> any any (msg:"default password"; flow:to_server; content:"xc3511"; sid:1;)
package telnet

import (
	"bytes"

	"khien/sensor"
)

// Protocol describes Telnet to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoTelnet,
		TCP:   true,
		Ports: []uint16{23, 2323},
		Probe: probe,
		New:   func(*sensor.Flow, any) sensor.Parser { return parser{} },
	}
}

const (
	will = 0xfb
	dont = 0xfe
	iac  = 0xff

	optionMax = 50 // options below are registered at IANA, and a few far above
)

// probe wants three bytes of negotiation, and elsewhere than on the ports six.
func probe(_ sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	want := 6
	if f.DstPort == 23 || f.DstPort == 2323 {
		want = 3
	}
	for i := range min(len(b), want) {
		ok := false
		switch i % 3 {
		case 0:
			ok = b[i] == iac
		case 1:
			ok = b[i] >= will && b[i] <= dont
		case 2:
			ok = b[i] < optionMax
		}
		if !ok {
			return sensor.No
		}
	}
	if len(b) < want {
		return sensor.More
	}
	return sensor.Yes
}

// Bytes behind IAC that begin and end the parameters of an option.
const (
	subEnd   = 0xf0
	subBegin = 0xfa
)

// lineMax is how many bytes a line or an option may have and still be a frame.
const lineMax = 4096

// parser passes over everything, and marks lines and options where somebody asks for them.
type parser struct{}

// Parse uses all bytes but those of a piece that is not whole.
func (parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	if !out.Wanted(sensor.FrameTelnetPDU) && !out.Wanted(sensor.FrameTelnetControl) && !out.Wanted(sensor.FrameTelnetData) {
		return len(b), nil
	}
	used := 0
	for used < len(b) {
		rest := b[used:]
		n, name := piece(rest)
		if n == 0 {
			if len(rest) < lineMax {
				break
			}
			n = lineMax
		}
		out.Frame(sensor.FrameTelnetPDU, dir, rest, n)
		out.Frame(name, dir, rest, n)
		used += n
	}
	return used, nil
}

// piece returns the length of the option or line that b begins with, 0 when it is not whole, and which of both it is. Text
// ends where an option begins, too.
func piece(b []byte) (int, sensor.Buffer) {
	b = b[:min(len(b), lineMax)]
	if b[0] == iac && (len(b) == 1 || b[1] != iac) {
		switch {
		case len(b) < 2:
			return 0, sensor.FrameTelnetControl
		case b[1] == subBegin:
			i := bytes.Index(b, []byte{iac, subEnd})
			if i < 0 {
				return 0, sensor.FrameTelnetControl
			}
			return i + 2, sensor.FrameTelnetControl
		case b[1] < will:
			return 2, sensor.FrameTelnetControl
		case len(b) < 3:
			return 0, sensor.FrameTelnetControl
		}
		return 3, sensor.FrameTelnetControl
	}
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '\n':
			return i + 1, sensor.FrameTelnetData
		case b[i] == iac && i+1 == len(b):
			return 0, sensor.FrameTelnetData
		case b[i] == iac && b[i+1] == iac:
			i++
		case b[i] == iac:
			return i, sensor.FrameTelnetData
		}
	}
	return 0, sensor.FrameTelnetData
}

// Gap does not matter.
func (parser) Gap(sensor.Dir, int, sensor.Emitter) error { return nil }

// Close has nothing to end.
func (parser) Close(sensor.Dir, sensor.Emitter) {}
