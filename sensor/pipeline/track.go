package pipeline

import (
	"errors"

	"khien/sensor"
	"khien/sensor/stream"
)

// keepMax bounds the bytes of a direction that are kept for a parser that needs more.
const keepMax = 512 << 10

// keepLarge is the size from which a buffer that was emptied is let go.
const keepLarge = 32 << 10

// track is what the pipeline knows of one flow: its stream, the search for its protocol, its parser. It is the stream's
// sink and the parser's emitter.
type track struct {
	w        *worker
	f        *sensor.Flow
	conn     *stream.Conn
	parser   sensor.Parser
	finisher sensor.Finisher // the parser, where it may finish before its flow does
	proto    *sensor.Protocol
	sized    sized // the parser, where it knows how much it holds
	failed   bool  // no parser, now and later
	broken   bool  // the parser has panicked
	detect   detection
	half     [2]half
	fileID   uint32
	txs      bool // a transaction was emitted
	// An upgrade asked for while the parser runs takes effect when it returns.
	upgrade   bool
	upgradeTo sensor.Proto
	within    bool               // what another track's flow carries inside
	inner     *track             // what the flow carries inside its own conversation; nil where nobody can see it
	held      int                // bytes that open transactions hold
	charged   int                // what the worker counts for this flow
	shunted   bool               // nothing more can be learnt of it
	open      sensor.Transaction // the last to change that is not done
	frames    [2][]*frame        // open ones by direction
}

// half is one direction of the parser's input.
type half struct {
	keep   []byte // bytes that the parser has not used yet
	ended  bool   // no more bytes will come
	looked bool   // its first bytes were compared with the protocol that the other direction speaks
	closed bool   // the parser was told
	stream bool   // the frame of all that the side sends was marked
	pend   int    // bytes since the last progress of a transaction
}

func (t *track) reset() {
	keep, open := [2][]byte{small(t.half[0].keep), small(t.half[1].keep)}, t.frames
	d := t.detect
	*t = track{}
	t.half[0].keep, t.half[1].keep = keep[0], keep[1]
	t.frames = [2][]*frame{open[0][:0], open[1][:0]}
	t.detect.reuse(&d)
}

// Bytes takes in-order bytes of the stream.
func (t *track) Bytes(dir sensor.Dir, data []byte, offset uint64) {
	w := t.w
	if offset == 0 && dir == sensor.ToServer {
		w.stats.Streams++
	}
	w.stats.StreamBytes += uint64(len(data))
	t.half[dir].pend += len(data)
	if w.wants&sensor.KindStream != 0 {
		w.ev.Flow, w.ev.Dir, w.ev.Segment = t.f, dir, w.seg
		w.ev.Data, w.ev.Offset = data, offset
		w.send(sensor.KindStream)
		w.ev.Data = nil
	}
	t.input(dir, data)
}

// Gap takes the news that bytes are missing.
func (t *track) Gap(dir sensor.Dir, n int, offset uint64) {
	w := t.w
	w.stats.GapBytes += uint64(n)
	if w.wants&sensor.KindGap != 0 {
		w.ev.Flow, w.ev.Dir, w.ev.Segment = t.f, dir, w.seg
		w.ev.Gap, w.ev.Offset = n, offset
		w.send(sensor.KindGap)
		w.ev.Gap = 0
	}
	if t.parser == nil {
		if !t.failed {
			t.give()
		}
		return
	}
	t.half[dir].keep = t.half[dir].keep[:0]
	t.dropFrames(dir)
	if err := t.guarded(func() error { return t.parser.Gap(dir, n, t) }); err != nil {
		t.fail()
	}
}

// End takes the news that a direction is over.
func (t *track) End(dir sensor.Dir) {
	t.half[dir].ended = true
	if t.parser != nil && !t.half[dir].closed {
		t.half[dir].closed = true
		if err := t.guarded(func() error { t.parser.Close(dir, t); return nil }); err != nil {
			t.fail()
			return
		}
		if t.inner != nil {
			t.inner.End(dir)
		}
		t.endFrames(dir)
		t.afterParse(dir)
	}
}

// close ends what is open at the end of the flow.
func (t *track) close() {
	if t.inner != nil {
		defer t.inner.close() // behind what it lies in
	}
	if t.parser == nil && !t.failed {
		t.decide(true)
	}
	if t.parser == nil {
		return
	}
	for _, dir := range [...]sensor.Dir{sensor.ToServer, sensor.ToClient} {
		t.End(dir)
	}
}

// input gives bytes to the parser, or to the search for one.
func (t *track) input(dir sensor.Dir, data []byte) {
	switch {
	case t.failed:
	case t.parser == nil:
		t.search(dir, data)
	default:
		if len(t.frames[dir]) > 0 {
			t.growFrames(dir, data)
		}
		if !t.half[dir].looked {
			t.half[dir].looked = true
			t.compare(dir, data)
		}
		t.parse(dir, data)
	}
}

// parse gives bytes to the parser together with those that it left.
func (t *track) parse(dir sensor.Dir, data []byte) {
	h := &t.half[dir]
	for {
		if len(h.keep) > 0 {
			if len(h.keep)+len(data) > keepMax {
				t.tooMuch(dir)
				return
			}
			h.keep = append(h.keep, data...)
			data = h.keep
		}
		if !h.stream {
			h.stream = true
			t.Frame(sensor.FrameStream, dir, data, -1)
		}
		n, err := t.run(dir, data)
		if err != nil {
			t.broken = err == errParserBug // its state cannot be trusted: it is not told of the end
			t.fail()
			return
		}
		rest := data[n:]
		if t.finisher != nil && !t.shunted {
			t.shunt()
		}
		if t.upgrade {
			t.swap(dir, rest)
			return
		}
		if len(rest) > keepMax {
			t.tooMuch(dir)
			return
		}
		if len(rest) == 0 && cap(h.keep) > keepLarge {
			h.keep = nil
			return
		}
		h.keep = append(h.keep[:0], rest...) // rest may lie in keep: append copies as memmove does
		return
	}
}

// shuntFrom is how many bytes both directions of a flow have sent before it is shunted. What attacks an encrypted
// connection from outside (heartbeats, forged records) comes early, and a short flow costs little.
const shuntFrom = 64 << 10

// shunt stops the inspection of a flow of which its parser says that nothing more can be learnt. It is followed to its
// end and counted.
func (t *track) shunt() {
	if t.conn == nil || t.f.StreamSize[0]+t.f.StreamSize[1] < shuntFrom || !t.finisher.Finished() {
		return
	}
	t.shunted = true
	t.w.stats.ShuntedFlows++
	t.conn.SetDepth(sensor.ToServer, 0)
	t.conn.SetDepth(sensor.ToClient, 0)
	t.half[0].pend, t.half[1].pend = 0, 0
}

// tooMuch ends the parsing of a flow whose parser asks for more than is kept for it.
func (t *track) tooMuch(dir sensor.Dir) {
	t.w.stats.Lost.ParserLimitFlows++
	t.Anomaly(dir, bufferLimit)
	t.fail()
}

// errParserBug ends the parsing of a flow whose parser has panicked.
var errParserBug = errors.New("pipeline: parser panicked")

// run calls the parser. A panic there is a mistake of ours in the reading of a peer's bytes: it costs this flow its
// parser, is counted and told, and does not blind the sensor.
func (t *track) run(dir sensor.Dir, data []byte) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			t.w.bug(t.f.App, r)
			n, err = 0, errParserBug
		}
	}()
	return t.parser.Parse(dir, data, t)
}

// guarded is run for the parser's rarer methods.
func (t *track) guarded(call func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			t.w.bug(t.f.App, r)
			t.broken, err = true, errParserBug
		}
	}()
	return call()
}

// datagram gives a datagram to the parser.
func (t *track) datagram(dir sensor.Dir, data []byte) {
	switch {
	case t.failed:
		return
	case t.parser == nil:
		t.searchDatagram(dir, data)
	}
	if t.parser == nil || t.failed {
		return
	}
	if _, err := t.run(dir, data); err != nil {
		t.broken = err == errParserBug
		t.fail()
	}
	if t.upgrade {
		t.swap(dir, nil)
	}
}

// fail ends parsing: the flow goes on without it.
func (t *track) fail() {
	t.w.stats.ParserErrors++
	if p := t.parser; p != nil && !t.broken {
		for _, dir := range [...]sensor.Dir{sensor.ToServer, sensor.ToClient} {
			if !t.half[dir].closed {
				t.half[dir].closed = true
				if t.guarded(func() error { p.Close(dir, t); return nil }) != nil {
					break
				}
			}
		}
	}
	t.give()
}

// give gives up looking for a protocol, or parsing it.
func (t *track) give() {
	t.parser, t.finisher, t.sized, t.failed, t.upgrade = nil, nil, nil, true, false
	if t.f.App == sensor.ProtoNone {
		t.f.App = sensor.ProtoFailed
	}
	t.half[0].keep, t.half[1].keep = t.half[0].keep[:0], t.half[1].keep[:0]
	t.dropFrames(sensor.ToServer)
	t.dropFrames(sensor.ToClient)
}

// afterParse carries out an upgrade that the parser asked for while it was told of an end.
func (t *track) afterParse(dir sensor.Dir) {
	if t.upgrade {
		t.swap(dir, nil)
	}
}

// swap puts another parser in place of the one that asked for it. rest are the bytes that it left in dir.
func (t *track) swap(dir sensor.Dir, rest []byte) {
	to := t.upgradeTo
	t.upgrade = false
	if t.f.AppOrig == sensor.ProtoNone {
		t.f.AppOrig = t.f.App
	}
	kept := append([]byte(nil), rest...)
	other := append([]byte(nil), t.half[dir.Reverse()].keep...)
	var context any
	if p, ok := t.parser.(sensor.Predecessor); ok {
		context = p.Context()
	}
	t.half[0].keep, t.half[1].keep = t.half[0].keep[:0], t.half[1].keep[:0]
	t.parser, t.finisher, t.sized, t.proto = nil, nil, nil, nil
	t.dropFrames(sensor.ToServer)
	t.dropFrames(sensor.ToClient)
	t.half[0].stream, t.half[1].stream = false, false
	t.detect.restart()
	t.f.AppExpect = sensor.ProtoNone
	if to != sensor.ProtoNone {
		t.f.AppExpect = to
		if p := t.w.protocol(to); p != nil {
			t.start(p, context)
		}
	} else {
		t.f.App = sensor.ProtoNone
	}
	if len(kept) > 0 {
		t.input(dir, kept)
	}
	if len(other) > 0 {
		t.input(dir.Reverse(), other)
	}
}

// start makes the parser of a protocol that was found or asked for.
func (t *track) start(p *sensor.Protocol, context any) {
	t.proto = p
	t.f.App = p.Proto
	t.parser = p.New(t.f, context)
	t.finisher, _ = t.parser.(sensor.Finisher)
	t.sized, _ = t.parser.(sized)
	for d := range t.half {
		t.half[d].closed = false
	}
}
