// Package telnet recognises Telnet (RFC 854) by the negotiation of options.
//
// The bytes of a TCP flow come in; no transactions go out: rules match the stream.
//
//	Name    telnet
//	Syntax  alert telnet …
//	Example alert telnet any any -> any any (msg:"default password"; flow:to_server; content:"xc3511"; sid:1;)
package telnet

import "khien/sensor"

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

// parser passes over everything.
type parser struct{}

// Parse uses all bytes.
func (parser) Parse(_ sensor.Dir, b []byte, _ sensor.Emitter) (int, error) { return len(b), nil }

// Gap does not matter.
func (parser) Gap(sensor.Dir, int, sensor.Emitter) error { return nil }

// Close has nothing to end.
func (parser) Close(sensor.Dir, sensor.Emitter) {}
