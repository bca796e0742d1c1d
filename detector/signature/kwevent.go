package signature

import (
	"fmt"
	"slices"
	"strings"

	"khien/sensor"
)

// eventsMax bounds the names that an error lists.
const eventsMax = 12

// appEvent is app-layer-event:PROTO.NAME, or NAME alone for what is said of a flow.
func (b *builder) appEvent(arg string) error {
	arg = strings.ToLower(strings.TrimSpace(arg))
	proto, name, dot := strings.Cut(arg, ".")
	if !dot {
		return b.bareEvent(arg)
	}
	if proto == sensor.FileEvents {
		return b.fileEvent(name)
	}
	protos, known := appProtos(proto)
	if !known {
		return fmt.Errorf("unknown protocol %q", proto)
	}
	switch proto {
	case "http", "http1":
		proto, protos = "http", protoHTTP[:1]
	case "ssl":
		proto = "tls"
	}
	of := b.ld.events[proto]
	known, raised := of.Has(name)
	if !known && proto == "http2" {
		known, raised = b.ld.events["http"].Has(name)
	}
	if !known {
		_, raised = b.ld.events[sensor.FileEvents].Has(name)
		known = raised
	}
	if !known {
		return b.ld.events.unknown(proto, arg, name)
	}
	b.addEvent(proto+"."+name, raised)
	return b.needProtos(protos, arg)
}

// bareEvent is an event without a protocol: of the flow, or of the transaction whose protocol the rule names elsewhere.
func (b *builder) bareEvent(name string) error {
	found, raised := false, false
	for _, e := range b.ld.events {
		k, r := e.Has(name)
		found, raised = found || k, raised || r
	}
	if !found {
		return b.ld.events.unknown("", name, name)
	}
	b.addEvent(name, raised)
	return nil
}

// fileEvent is an event of a file: transactions have it under its name alone, whatever their protocol.
func (b *builder) fileEvent(name string) error {
	of := b.ld.events[sensor.FileEvents]
	known, raised := of.Has(name)
	if !known {
		return b.ld.events.unknown(sensor.FileEvents, sensor.FileEvents+"."+name, name)
	}
	if raised {
		b.addEvent(name, true)
	} else {
		b.addEvent(sensor.FileEvents+"."+name, false)
	}
	return nil
}

// addEvent makes an event a condition of the rule.
func (b *builder) addEvent(event string, raised bool) {
	b.s.events = append(b.s.events, event)
	if !raised {
		b.s.Unraised = append(b.s.Unraised, event)
	}
}

// eventNames are the events by what rules write before the dot.
type eventNames map[string]sensor.EventNames

// unknown says that neither Suricata nor the sensor has an event, and which one may be meant.
func (t eventNames) unknown(proto, arg, name string) error {
	names := slices.Concat(t[proto].Raised, t[proto].Silent)
	err := hinted{msg: "unknown event " + arg}
	if near := nearest(name, names); near != "" {
		err.hint = "did you mean " + dotted(proto, near) + "?"
		return err
	}
	var others []string
	for other, e := range t {
		if known, _ := e.Has(name); known {
			others = append(others, dotted(other, name))
		}
	}
	slices.Sort(others)
	switch {
	case len(others) > 0:
		err.hint = "did you mean " + strings.Join(others[:min(len(others), eventsMax)], " or ") + "?"
	case len(names) == 0:
		err.hint = "protocol " + proto + " has no events"
	case len(names) > eventsMax:
		err.hint = "among its events: " + strings.Join(closest(name, names), ", ")
	default:
		err.hint = "its events: " + strings.Join(names, ", ")
	}
	return err
}

func dotted(proto, name string) string {
	if proto == "" {
		return name
	}
	return proto + "." + name
}

// closest returns some of many names: those that share most words with one.
func closest(name string, names []string) []string {
	words := strings.Split(name, "_")
	shared := func(n string) int {
		k := 0
		for w := range strings.SplitSeq(n, "_") {
			if slices.Contains(words, w) {
				k++
			}
		}
		return k
	}
	out := slices.Clone(names)
	slices.SortStableFunc(out, func(x, y string) int { return shared(y) - shared(x) })
	return out[:eventsMax/2]
}

// eventTable are the events of the application layer.
func eventTable() eventNames {
	table := eventNames{}
	for _, e := range sensor.Events() {
		table[e.Of] = e
	}
	return table
}
