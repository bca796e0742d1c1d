package pipeline

import (
	"sync"
	"unsafe"

	"khien/sensor"
)

// dealer hands segments to workers: directly when there is one, else copied, in batches.
type dealer struct {
	p       *Pipeline
	capture string
	round   []*batch
	packets int
	bytes   int
	last    int64 // latest packet time
	number  uint64
}

// batch is what one worker gets of a round.
type batch struct {
	capture string
	begin   bool // first of a capture
	end     bool // last of a capture
	time    int64
	number  uint64
	entries []entry
	arena   []byte
	done    *sync.WaitGroup // told when the capture is finished
}

// entry is a segment with its own packet, or a tick.
type entry struct {
	seg    sensor.Segment
	pkt    sensor.Packet
	sub    int
	tick   bool
	time   int64
	number uint64
}

func newDealer(p *Pipeline, capture string) *dealer {
	d := &dealer{p: p, capture: capture}
	if len(p.workers) == 1 {
		p.workers[0].begin(capture)
		return d
	}
	d.open()
	for _, b := range d.round {
		b.begin = true
	}
	return d
}

// open begins a round.
func (d *dealer) open() {
	d.round = d.round[:0]
	for range d.p.workers {
		var b *batch
		select {
		case b = <-d.p.free:
		default:
			b = new(batch)
		}
		b.capture, b.begin, b.end, b.done = d.capture, false, false, nil
		b.entries, b.arena = b.entries[:0], b.arena[:0]
		d.round = append(d.round, b)
	}
	d.packets, d.bytes = 0, 0
}

// tick tells all workers that packet time has reached now, before packet number is handled.
func (d *dealer) tick(now int64, number uint64) {
	if d.round == nil {
		d.p.workers[0].tick(now, number)
		return
	}
	for _, b := range d.round {
		b.entries = append(b.entries, entry{tick: true, time: now, number: number})
	}
}

// deal hands a segment to the worker that its addresses choose.
func (d *dealer) deal(s *sensor.Segment, sub int) {
	if d.round == nil {
		d.p.workers[0].segment(s, sub)
		return
	}
	b := d.round[pick(s, len(d.round))]
	b.add(s, sub)
}

// packet ends a packet, and the round when it is full.
func (d *dealer) packet(pkt *sensor.Packet) {
	d.last, d.number = max(d.last, pkt.Time), pkt.Number
	d.packets++
	d.bytes += len(pkt.Data)
	if d.packets < roundPackets && d.bytes < roundBytes {
		return
	}
	if d.round == nil {
		d.roundDone()
		return
	}
	d.send()
	d.open()
}

// idle moves the clock while no packets come, and ends the round.
func (d *dealer) idle(now int64) {
	d.tick(now, d.number+1)
	d.last = max(d.last, now)
	if d.round == nil {
		d.roundDone()
		return
	}
	d.send()
	d.open()
}

func (d *dealer) roundDone() {
	d.packets, d.bytes = 0, 0
	d.p.workers[0].publish()
	d.p.publish()
	if f := d.p.cfg.RoundDone; f != nil {
		f(0, d.capture)
	}
}

func (d *dealer) send() {
	d.p.publish()
	waited := false
	for i, b := range d.round {
		select {
		case d.p.in[i] <- b:
		default:
			waited = true
			d.p.in[i] <- b
		}
	}
	if waited {
		d.p.stats.Lost.OverloadRounds++
	}
}

// finish ends the capture and waits until all workers have handled it.
func (d *dealer) finish() {
	if d.round == nil {
		d.p.workers[0].finish(d.last, d.number)
		d.roundDone()
		return
	}
	var wg sync.WaitGroup
	wg.Add(len(d.round))
	for _, b := range d.round {
		b.end, b.time, b.number, b.done = true, d.last, d.number, &wg
	}
	d.send()
	wg.Wait()
}

// work is a worker's goroutine.
func (p *Pipeline) work(i int, in chan *batch) {
	defer p.wg.Done()
	w := p.workers[i]
	for b := range in {
		if b.begin {
			w.begin(b.capture)
		}
		for j := range b.entries {
			e := &b.entries[j]
			if e.tick {
				w.tick(e.time, e.number)
				continue
			}
			e.seg.Packet = &e.pkt
			w.segment(&e.seg, e.sub)
		}
		if b.end {
			w.finish(b.time, b.number)
		}
		w.publish()
		if p.cfg.RoundDone != nil {
			p.cfg.RoundDone(i, b.capture)
		}
		if b.done != nil {
			b.done.Done()
		}
		select {
		case p.free <- b:
		default:
		}
	}
}

// add copies a segment and its packet.
func (b *batch) add(s *sensor.Segment, sub int) {
	b.entries = append(b.entries, entry{seg: *s, pkt: *s.Packet, sub: sub})
	e := &b.entries[len(b.entries)-1]
	old := s.Packet.Data
	data := b.copy(old)
	e.pkt.Data = data
	var body, bodyCopy []byte // reassembled fragments lie outside the packet
	for _, p := range [...]*[]byte{&e.seg.Ether, &e.seg.IP, &e.seg.IPPayload, &e.seg.L4, &e.seg.Payload} {
		if *p == nil {
			continue
		}
		if moved, ok := rebase(*p, old, data); ok {
			*p = moved
			continue
		}
		if moved, ok := rebase(*p, body, bodyCopy); ok {
			*p = moved
			continue
		}
		body = *p
		bodyCopy = b.copy(body)
		*p = bodyCopy
	}
	e.seg.Anomalies = append([]string(nil), s.Anomalies...)
}

// copy puts bytes into the arena. A full arena is left to the slices that point into it.
func (b *batch) copy(p []byte) []byte {
	if len(b.arena)+len(p) > cap(b.arena) {
		b.arena = make([]byte, 0, max(2*roundBytes, len(p)))
	}
	n := len(b.arena)
	b.arena = append(b.arena, p...)
	return b.arena[n:len(b.arena):len(b.arena)]
}

// rebase returns the part of to that sub is of from; false when sub does not lie in from.
func rebase(sub, from, to []byte) ([]byte, bool) {
	off := uintptr(unsafe.Pointer(unsafe.SliceData(sub))) - uintptr(unsafe.Pointer(unsafe.SliceData(from)))
	if from == nil || off > uintptr(len(from)) || off+uintptr(len(sub)) > uintptr(len(from)) {
		return nil, false
	}
	return to[off : off+uintptr(len(sub)) : off+uintptr(len(sub))], true
}

// pick chooses a worker by the pair of addresses, the same for both directions.
func pick(s *sensor.Segment, n int) int {
	if s.IPVersion == 0 {
		return 0
	}
	a, b := s.Src.As16(), s.Dst.As16()
	h := mix(a) + mix(b)
	h ^= h >> 29
	return int(h % uint64(n))
}

func mix(a [16]byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range a {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 32
	return h * 0x9e3779b97f4a7c15
}
