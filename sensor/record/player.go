package record

import "khien/sensor"

// Player makes events of records. It is not safe for concurrent use.
type Player struct {
	capture  string
	handlers []sensor.Handler
	ev       sensor.Event
	number   uint64
}

// NewPlayer returns a player that calls handlers, in this order. capture is the name of what the records come from.
func NewPlayer(capture string, handlers []sensor.Handler) *Player {
	return &Player{capture: capture, handlers: handlers}
}

// Play tells handlers of a record. What they see is valid until it returns. The order of its events is returned, which is
// behind that of all earlier ones.
func (p *Player) Play(r *Record) sensor.Order {
	p.number++
	r.Tx.ID = p.number // each record is a whole transaction
	order := sensor.Order{Number: p.number, Phase: sensor.PhasePacket}
	p.ev = sensor.Event{Kind: r.Kind, Time: r.Time, Flow: &r.Flow, Dir: r.Dir, Capture: p.capture, Order: order}
	switch e := &p.ev; r.Kind {
	case sensor.KindTx:
		e.Tx = &r.Tx
		dirs := [...]sensor.Dir{sensor.ToServer, sensor.ToClient}
		for _, dir := range dirs {
			if r.Tx.Has(dir) {
				r.Tx.Done[dir] = sensor.ProgressComplete
			}
		}
		for _, dir := range dirs {
			if r.Tx.Has(dir) {
				e.Dir = dir
				p.tell()
			}
		}
	case sensor.KindFile:
		e.Tx, e.File = &r.Tx, &r.File
		r.File.Tx, r.File.Dir = &r.Tx, r.Dir
		p.tell()
	case sensor.KindAlert:
		e.Alert = &r.Alert
		if r.Tx.Proto != sensor.ProtoNone {
			e.Tx = &r.Tx
		}
		p.tell()
	case sensor.KindFlowEnd:
		p.tell()
	}
	return order
}

func (p *Player) tell() {
	for _, h := range p.handlers {
		if h.Wants()&p.ev.Kind != 0 {
			h.Handle(&p.ev)
		}
	}
}
