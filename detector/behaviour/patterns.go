package behaviour

import (
	"fmt"
	"net/netip"
	"time"

	"khien/detector"
	"khien/sensor"
)

// Limits common to the patterns.
const (
	keysMax     = 1 << 14 // hosts or pairs that a pattern remembers
	distinctMax = 4096    // different values that are told apart; what is more counts as that many
)

// pattern looks for one behaviour.
type pattern interface {
	// see takes a note and returns what it completes, or nil.
	see(n *note) *detector.Finding
}

// Patterns is all behaviours that are looked for. It is not safe for concurrent use: the engine calls Watch.
type Patterns struct{ list []pattern }

// New returns patterns that have seen nothing.
func New() *Patterns {
	return &Patterns{list: []pattern{
		newScans(),
		newSweeps(),
		newGuesses(),
		newSprays(),
		newSSHGuesses(),
		newNameTunnels(),
		newEchoTunnels(),
		newGenerated(),
		newBeacons(),
	}}
}

// Watch takes a note of an Observer; other notes are not its affair.
func (p *Patterns) Watch(v any) []*detector.Finding {
	n, ok := v.(*note)
	if !ok {
		return nil
	}
	var out []*detector.Finding
	for _, x := range p.list {
		if f := x.see(n); f != nil {
			out = append(out, f)
		}
	}
	return out
}

// pair is a client and a server of one capture.
type pair struct {
	capture        string
	client, server netip.Addr
}

// growth decides when a behaviour that goes on is told again: at the threshold, then each time it has become four times as
// much. The finding keeps its ID, so a store holds it once.
type growth struct{ next int }

// tell reports whether n is worth telling. What was told is held: as long as it goes on it is one behaviour.
func (g *growth) tell(held *bool, n, threshold int) bool {
	if g.next == 0 {
		g.next = threshold
	}
	if n < g.next {
		return false
	}
	for g.next <= n {
		g.next *= 4
	}
	*held = true
	return true
}

// finding begins a finding of a pattern. start is when the behaviour began; key is what makes it the same one.
func finding(n *note, id string, start int64, count int, name detector.Text, key string) *detector.Finding {
	f := &detector.Finding{Source: detector.FromBehaviour, Count: count, Capture: n.capture, PacketNumber: n.number,
		Time: time.Unix(0, start).UTC(), First: time.Unix(0, start).UTC(), Last: time.Unix(0, max(n.time, n.end, start)).UTC(),
		Rule:  detector.Rule{ID: "behaviour." + id, Name: name.EN, Category: "Behaviour", Ruleset: "khien-behaviour", Action: "allowed"},
		SrcIP: n.client, DstIP: n.server, DstPort: n.port, Transport: detector.Transport(n.proto), Direction: sensor.ToServer.String()}
	if n.app > sensor.ProtoFailed {
		f.App = n.app.String()
	}
	f.Identify(n.capture, key)
	return f
}

func reason(weight float64, vi, en string, args ...any) detector.Reason {
	return detector.Reason{Text: detector.Text{VI: fmt.Sprintf(vi, args...), EN: fmt.Sprintf(en, args...)}, Weight: weight}
}

// inside reports whether an address is of the networks that are private by standard (RFC 1918, 4193, 3927, 4291). Who
// attacks from there has come in; who knocks from outside is everyday noise.
func inside(a netip.Addr) bool { return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() }

// span says how long something lasted, rounded for people.
func span(from, to int64) time.Duration {
	d := time.Duration(max(to-from, 0))
	switch {
	case d >= time.Minute:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}
