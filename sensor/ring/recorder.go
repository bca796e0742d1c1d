package ring

import (
	"slices"

	"khien/sensor"
	"khien/sensor/capture"
)

// Recorder is a sensor.Handler that stores packets. It belongs to one worker.
type Recorder struct {
	store        *Store
	name         string
	batch        *batch            // nil when there is none to be had
	secret       map[uint64]uint64 // bytes of a flow when it began to be encrypted, by Flow.ID
	cut, dropped counter
}

// Wants implements sensor.Handler.
func (r *Recorder) Wants() sensor.Kind {
	return sensor.KindPacket | sensor.KindTx | sensor.KindFlowEnd | sensor.KindTick
}

// Handle implements sensor.Handler.
func (r *Recorder) Handle(e *sensor.Event) {
	switch e.Kind {
	case sensor.KindPacket:
		r.packet(e)
	case sensor.KindTx:
		if f := e.Flow; encrypted(e.Tx, e.Dir) {
			if _, known := r.secret[f.ID]; !known {
				r.secret[f.ID] = f.Bytes[0] + f.Bytes[1]
			}
		}
	case sensor.KindFlowEnd:
		delete(r.secret, e.Flow.ID)
	case sensor.KindTick:
		r.flush()
	}
}

// encrypted reports whether what follows a transaction in its flow can be read by nobody.
func encrypted(tx sensor.Transaction, dir sensor.Dir) bool {
	switch b := tx.Base(); b.Proto {
	case sensor.ProtoTLS:
		done, ok := tx.Number(sensor.TLSHandshakeDone, dir, 0)
		return ok && done == 1
	case sensor.ProtoSSH:
		return b.Done[0] == sensor.ProgressComplete && b.Done[1] == sensor.ProgressComplete
	case sensor.ProtoQUIC:
		return true
	}
	return false
}

func (r *Recorder) packet(e *sensor.Event) {
	s := e.Segment
	if s.Outer {
		return // the packet is stored once, with the flow that it carries
	}
	if e.Flow != nil && r.enough(e.Flow, s) {
		r.cut.Add(1)
		return
	}
	p := s.Packet
	if len(p.Data) > capture.MaxPacket {
		r.dropped.Add(1)
		return
	}
	key := ifaceKey{r.name, p.Link}
	if b := r.batch; b != nil && (b.iface != key || len(b.buf)+len(p.Data)+blockOverhead > batchSize) {
		r.flush()
	}
	if r.batch == nil {
		select {
		case r.batch = <-r.store.free:
			r.batch.iface = key
			r.batch.buf = slices.Grow(r.batch.buf, batchSize)
		default:
			r.dropped.Add(1)
			return
		}
	}
	r.batch.buf = capture.AppendPacket(r.batch.buf, 0, p)
	r.batch.n++
}

// enough reports whether enough of a flow was stored before the segment, which its counts hold already.
func (r *Recorder) enough(f *sensor.Flow, s *sensor.Segment) bool {
	if s.IPProto == sensor.IPProtoTCP && s.Flags&(sensor.SYN|sensor.FIN|sensor.RST) != 0 {
		return false
	}
	before := f.Bytes[0] + f.Bytes[1] - uint64(s.Length)
	if limit := r.store.cfg.Encrypted; limit >= 0 {
		from, ok := uint64(0), f.Proto == sensor.IPProtoESP
		if !ok && len(r.secret) > 0 {
			from, ok = r.secret[f.ID]
		}
		if ok && before >= from && before-from >= uint64(limit) {
			return true
		}
	}
	limit := r.store.cfg.Plain
	return limit >= 0 && before >= uint64(limit)
}

// flush hands what was recorded to the writer.
func (r *Recorder) flush() {
	if r.batch != nil && r.batch.n > 0 {
		r.store.in <- r.batch // there is room for all batches that there are
		r.batch = nil
	}
}

// Close hands over the rest. Nothing may be recorded afterwards.
func (r *Recorder) Close() {
	r.flush()
	s := r.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.batch != nil {
		s.free <- r.batch
		r.batch = nil
	}
	s.gone.Cut += r.cut.Load()
	s.gone.Dropped += r.dropped.Load()
	s.takers = slices.DeleteFunc(s.takers, func(x *Recorder) bool { return x == r })
}
