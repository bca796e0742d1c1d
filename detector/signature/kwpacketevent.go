package signature

import (
	"strings"

	"khien/sensor"
)

// streamEvents is what names of events of streams begin with.
const streamEvents = "stream"

// engineEvent is decode-event or stream-event by what its argument begins with.
func (b *builder) engineEvent(arg string) error {
	if name, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(arg)), streamEvents+"."); ok {
		return b.streamEvent(name)
	}
	return b.decodeEvent(arg)
}

// decodeEvent is decode-event:PROTO.NAME, or NAME alone for what is of no protocol.
func (b *builder) decodeEvent(arg string) error {
	arg = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(arg)), sensor.GenericPacketEvents+".")
	of, name, dot := strings.Cut(arg, ".")
	if !dot {
		of, name = "", arg
	}
	if of == streamEvents {
		return hinted{msg: "unknown event " + arg, hint: "write stream-event:" + name}
	}
	b.s.anyPacket = true
	return b.packetEvent(of, arg, name)
}

// streamEvent is stream-event:NAME.
func (b *builder) streamEvent(arg string) error {
	name := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(arg)), streamEvents+".")
	if begin, ok := strings.CutSuffix(name, "_with_diff_ack"); ok { // Suricata has both names
		name = begin + "_with_different_ack"
	}
	return b.packetEvent(streamEvents, name, name)
}

// packetEvent makes an event of the decoder or of the reassembly a condition of the rule.
func (b *builder) packetEvent(of, arg, name string) error {
	known, raised := b.ld.packetEvents[of].Has(name)
	if !known {
		if of == streamEvents {
			return eventNames{"": b.ld.packetEvents[of]}.unknown("", arg, name)
		}
		return b.ld.packetEvents.unknown(of, arg, name)
	}
	event := dotted(of, name)
	if !raised {
		b.s.Unraised = append(b.s.Unraised, event)
	}
	if of == "" {
		event = sensor.GenericPacketEvents + "." + name
	}
	b.onPacket(anomaly(event))
	return nil
}

// anomaly is what the decoder or the reassembly says of a packet.
type anomaly string

func (a anomaly) match(m *Matcher) bool {
	if m.seg == nil {
		return false
	}
	for _, n := range m.seg.Anomalies {
		if n == string(a) {
			return true
		}
	}
	return false
}

// packetEventTable are the events of packets by what stands before the dot, those of no protocol under "".
func packetEventTable() eventNames {
	table := eventNames{}
	for _, e := range sensor.PacketEvents() {
		if e.Of == sensor.GenericPacketEvents {
			e.Of = ""
		}
		table[e.Of] = e
	}
	return table
}
