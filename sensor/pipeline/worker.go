package pipeline

import (
	"fmt"
	"math/bits"
	"path"
	"runtime/debug"

	"khien/sensor"
	"khien/sensor/app/dns"
	"khien/sensor/file"
	"khien/sensor/flow"
	"khien/sensor/stream"
)

// worker owns flows: their table, streams, parsers and files.
type worker struct {
	cfg       *Config
	protocols []sensor.Protocol
	tcp, udp  []*sensor.Protocol // those that are found by content, by transport
	flows     *flow.Table
	streams   *stream.Pool
	files     *file.Tracker
	ranges    file.Ranges
	handlers  [kinds][]sensor.Handler // by place of the kind's bit
	expect    map[sensor.Endpoint]sensor.Expectation
	tracks    []*track // free list
	done      []sensor.Transaction
	closed    []*sensor.File
	stats     Stats
	shown     published
	ev        sensor.Event
	seg       *sensor.Segment
	dir       sensor.Dir
	wants     sensor.Kind
	frames    frames
	charged   int // bytes that peers make parsers and rules keep, roughly
	chargeMax int
	holders   int // flows that are charged with something
}

// kinds is how many kinds of events there are; KindFrame is the last.
const kinds = 9

// expectMax bounds the announced flows that a worker remembers: a peer can announce as many as it likes.
const expectMax = 4096

func newWorker(cfg *Config, n int) *worker {
	w := &worker{cfg: cfg, protocols: cfg.Protocols, files: file.New(cfg.File), expect: map[sensor.Endpoint]sensor.Expectation{}}
	if w.protocols == nil {
		w.protocols = Protocols(cfg.TLSKeys)
	}
	for i := range w.protocols {
		p := &w.protocols[i]
		if p.Probe == nil {
			continue
		}
		if p.TCP {
			w.tcp = append(w.tcp, p)
		}
		if p.UDP {
			w.udp = append(w.udp, p)
		}
	}
	var hs []sensor.Handler
	if cfg.Handlers != nil {
		hs = cfg.Handlers(n)
	}
	for _, h := range hs {
		w.wants |= h.Wants()
		if fh, ok := h.(sensor.FrameHandler); ok {
			w.frames.handlers = append(w.frames.handlers, fh)
		}
		for k := sensor.Kind(1); k <= sensor.KindFrame; k <<= 1 {
			if h.Wants()&k != 0 {
				i := bits.TrailingZeros(uint(k))
				w.handlers[i] = append(w.handlers[i], h)
			}
		}
	}
	w.streams = stream.NewPool(cfg.Stream)
	w.chargeMax = max(cfg.Memory/parserShare/cfg.Workers, 1<<20)
	return w
}

// begin starts a capture: no flow of an earlier one goes on.
func (w *worker) begin(capture string) {
	c := w.cfg.Flow
	c.Midstream = w.cfg.Stream.Midstream
	c.Answers = dns.Answers
	c.Seed = path.Base(capture) // without its folder: a copy gives the same flow ids
	c.OnReuse = func(f *sensor.Flow) { w.end(f, w.ev.Time) }
	w.flows = flow.NewTable(c)
	w.ev.Capture = capture
	w.ranges.Reset()
	clear(w.expect)
}

// send hands the event to all handlers of its kind.
func (w *worker) send(k sensor.Kind) {
	w.ev.Kind = k
	for _, h := range w.handlers[bits.TrailingZeros(uint(k))] {
		h.Handle(&w.ev)
	}
}

// segment handles one segment of a packet.
func (w *worker) segment(s *sensor.Segment, sub int) {
	w.stats.Segments++
	w.ev.Time, w.ev.Number = s.Packet.Time, s.Packet.Number
	w.ev.Order = sensor.Order{Number: s.Packet.Number, Phase: sensor.PhasePacket, Sub: uint64(sub)}
	w.seg = s
	f, dir, isNew := w.flows.Lookup(s)
	w.dir = dir
	switch {
	case s.Invalid:
		w.stats.Invalid++
	case f == nil:
		w.stats.NoFlow++
	case isNew:
		w.stats.Flows++
	}
	if f != nil && dir == sensor.ToClient && f.Packets[sensor.ToClient] == 1 {
		f.ReplyType, f.ReplyCode = s.ICMPType, s.ICMPCode
	}
	// A TCP receiver drops what has a wrong checksum, and an attacker can send such segments to mislead a monitor. For
	// datagrams nothing is gained by looking away: Suricata inspects them too.
	inspect := true
	if s.BadL4Sum && s.IPProto == sensor.IPProtoTCP && !w.cfg.NoChecksum {
		w.stats.BadChecksum++
		inspect = false
	}
	if f != nil && inspect && !f.Bypass {
		w.payload(f, s, dir, isNew)
	}
	w.stats.Anomalies += uint64(len(s.Anomalies))
	w.tellFrames(f)
	w.ev.Flow, w.ev.Dir, w.ev.Segment = f, dir, s
	w.ev.Data, w.ev.Tx, w.ev.File = nil, nil, nil
	w.send(sensor.KindPacket)
	w.release()
	w.seg, w.ev.Segment = nil, nil
	if f != nil {
		w.settle(f)
	}
}

// settle charges the flow of the packet with what it holds, and ends it when that is too much.
func (w *worker) settle(f *sensor.Flow) {
	t, ok := f.Pipe.(*track)
	if !ok {
		return
	}
	t.weigh()
	if t.tooHeavy() {
		f.EndReason = "forced"
		w.end(f, w.ev.Time)
		w.flows.Remove(f)
	}
}

// payload gives the segment to the stream or, for datagrams, to the parser.
func (w *worker) payload(f *sensor.Flow, s *sensor.Segment, dir sensor.Dir, isNew bool) {
	switch s.IPProto {
	case sensor.IPProtoTCP:
		if s.L4 == nil {
			return
		}
		t := w.track(f)
		if t.conn == nil {
			t.conn = w.streams.Get()
		}
		if t.shunted {
			w.stats.ShuntedBytes += uint64(len(s.Payload))
		}
		t.conn.Segment(f, s, dir, t)
	case sensor.IPProtoUDP, sensor.IPProtoSCTP:
		if s.L4 == nil || len(s.Payload) == 0 {
			return
		}
		w.track(f).datagram(dir, s.Payload)
	}
}

// tick ends the flows that have timed out at now.
func (w *worker) tick(now int64, number uint64) {
	w.ev.Number, w.ev.Time = number, now
	w.flows.Expire(now, func(f *sensor.Flow) {
		w.ev.Order = sensor.Order{Number: number, Phase: sensor.PhaseTick, Sub: f.First, Flow: f.ID}
		w.end(f, now)
	})
	w.ev.Order = sensor.Order{Number: number, Phase: sensor.PhaseTick}
	w.ev.Flow = nil
	w.send(sensor.KindTick)
}

// finish ends all flows of the capture.
func (w *worker) finish(now int64, number uint64) {
	w.ev.Time, w.ev.Number = now, number
	w.flows.Flush(func(f *sensor.Flow) {
		w.ev.Order = sensor.Order{Number: number, Phase: sensor.PhaseEnd, Sub: f.First, Flow: f.ID}
		w.end(f, now)
	})
}

// end completes what is open in a flow and tells that it is over.
func (w *worker) end(f *sensor.Flow, now int64) {
	seg := w.seg // a reused port ends a flow in the middle of a packet of the next
	w.seg, w.ev.Segment = nil, nil
	w.ev.Time = now
	if f.EndReason == "forced" {
		w.stats.Lost.MemcapFlows++
	}
	w.countSides(f)
	t, _ := f.Pipe.(*track)
	if t != nil {
		if t.conn != nil {
			t.conn.Flush(t)
		}
		t.close()
		w.tellFrames(f)
	}
	w.ev.Flow, w.ev.Dir, w.ev.Segment = f, sensor.ToServer, nil
	w.ev.Data, w.ev.Tx, w.ev.File = nil, nil, nil
	w.send(sensor.KindFlowEnd)
	w.release()
	if t != nil {
		if t.conn != nil {
			w.streams.Put(t.conn)
		}
		t.held, t.half[0].pend, t.half[1].pend = 0, 0, 0
		t.weigh()
		f.Pipe = nil
		t.reset()
		w.tracks = append(w.tracks, t)
	}
	w.seg = seg
}

// sidesLeast is how many packets a TCP flow must have for its directions to count: a scan has less, and no answer.
const sidesLeast = 4

// countSides counts TCP flows that somebody has answered, as the acknowledgements show, and those of them whose answers were
// not captured.
func (w *worker) countSides(f *sensor.Flow) {
	if f.Proto != sensor.IPProtoTCP || f.Packets[0]+f.Packets[1] < sidesLeast || (f.TCPFlags[0]|f.TCPFlags[1])&sensor.ACK == 0 {
		return
	}
	w.stats.TCPFlows++
	if f.Packets[0] == 0 || f.Packets[1] == 0 {
		w.stats.OneSided++
	}
}

// release gives back the transactions and files that were finished and have now been handled.
func (w *worker) release() {
	w.frames.release()
	for i, tx := range w.done {
		if r, ok := tx.(interface{ Release() }); ok {
			r.Release()
		}
		w.done[i] = nil
	}
	w.done = w.done[:0]
	for i, f := range w.closed {
		w.files.Release(f)
		w.closed[i] = nil
	}
	w.closed = w.closed[:0]
}

// bug notes a parser's panic; the first is kept in words.
func (w *worker) bug(app sensor.Proto, reason any) {
	if w.stats.ParserBugs++; w.stats.FirstBug == "" {
		w.stats.FirstBug = fmt.Sprintf("%s: %v\n%s", app, reason, debug.Stack())
	}
}

// track returns the pipeline's state of a flow.
func (w *worker) track(f *sensor.Flow) *track {
	if t, ok := f.Pipe.(*track); ok {
		return t
	}
	var t *track
	if n := len(w.tracks); n > 0 {
		t, w.tracks = w.tracks[n-1], w.tracks[:n-1]
	} else {
		t = new(track)
	}
	t.w, t.f = w, f
	f.Pipe = t
	return t
}
