package behaviour

import (
	"bytes"
	"hash/maphash"

	"khien/detector"
	"khien/sensor"
)

// Observer makes notes of one worker's events. It is not safe for concurrent use.
type Observer struct {
	rec    *detector.Recorder
	echoes [echoSize]echo
	seen   [seenSize]seenTx
	seed   maphash.Seed
}

// Sizes of tables that forget by overwriting; powers of two. What is forgotten is a note less, or one twice.
const (
	echoSize = 1 << 10
	seenSize = 1 << 10
)

// echo is a request that waits for its answer.
type echo struct {
	flow   uint64
	seq    uint32 // identifier and sequence number
	sum    uint64
	length int
}

// seenTx remembers that a transaction's login was noted: each change of it is an event.
type seenTx struct{ flow, tx uint64 }

// nameMax is the longest name that DNS has (RFC 1035, 3.1), dotted.
const nameMax = 253

// NewObserver returns an observer that leaves its notes with rec.
func NewObserver(rec *detector.Recorder) *Observer {
	return &Observer{rec: rec, seed: maphash.MakeSeed()}
}

// Wants implements sensor.Handler.
func (o *Observer) Wants() sensor.Kind { return sensor.KindTx | sensor.KindPacket | sensor.KindFlowEnd }

// Handle implements sensor.Handler.
func (o *Observer) Handle(e *sensor.Event) {
	if e.Flow == nil {
		return
	}
	switch e.Kind {
	case sensor.KindPacket:
		if p := e.Segment.IPProto; p == sensor.IPProtoICMP || p == sensor.IPProtoICMPv6 {
			o.icmp(e)
		}
	case sensor.KindTx:
		if e.Tx.Base().Done[e.Dir] == sensor.ProgressComplete {
			o.transaction(e)
		}
	case sensor.KindFlowEnd:
		o.flowEnd(e)
	}
}

// note begins a note with the flow's ends.
func (o *Observer) note(e *sensor.Event, k kind) *note {
	f := e.Flow
	return &note{kind: k, capture: e.Capture, number: e.Number, time: e.Time, flow: f.ID, client: f.Src, server: f.Dst,
		clientPort: f.SrcPort, port: f.DstPort, proto: f.Proto, app: f.App}
}

func (o *Observer) flowEnd(e *sensor.Event) {
	f := e.Flow
	if f.Proto != sensor.IPProtoTCP && f.Proto != sensor.IPProtoUDP || f.App == sensor.ProtoDNS {
		return // every look-up is a flow, and none of them says anything by itself
	}
	n := o.note(e, flowEnded)
	n.time, n.end, n.flags, n.midstream = f.Start, f.Last, f.TCPFlags, f.Midstream
	n.established = f.State != sensor.FlowNew
	n.packets, n.bytes = f.Packets, f.Bytes
	o.rec.Note(e.Order, n)
}

// transaction notes look-ups and logins of a direction that is complete.
func (o *Observer) transaction(e *sensor.Event) {
	switch e.Tx.Base().Proto {
	case sensor.ProtoDNS:
		o.lookup(e)
	case sensor.ProtoDoH2:
		if e.Tx.Base().Done[e.Dir] == sensor.ProgressComplete {
			o.lookup(e)
		}
	default:
		if worked, user, ok := login(e.Tx, e.Dir); ok {
			id := seenTx{e.Flow.ID, e.Tx.Base().ID + 1}
			at := &o.seen[(id.flow^id.tx*0x9e3779b97f4a7c15)&(seenSize-1)]
			if *at == id {
				return
			}
			*at = id
			k := loginFailed
			if worked {
				k = loginWorked
			}
			n := o.note(e, k)
			n.name, n.app = user, e.Tx.Base().Proto
			o.rec.Note(e.Order, n)
		}
	}
}

// noSuchName is the rcode NXDOMAIN (RFC 1035, 4.1.1).
const noSuchName = 3

// Record types that carry any bytes and that no host has a need for (RFC 1035, 3.3.10; RFC 3445; RFC 6895, 3.1).
const (
	typeNULL    = 10
	typeKEY     = 25
	typePrivate = 65280
)

// lookup notes names that are long enough to carry data, and names that do not exist.
func (o *Observer) lookup(e *sensor.Event) {
	buf, k := sensor.DNSQueryName, nameAsked
	if e.Dir == sensor.ToClient {
		buf, k = sensor.DNSQueryRRName, nameMissing
		if rcode, ok := e.Tx.Number(sensor.DNSRCode, e.Dir, 0); !ok || rcode != noSuchName {
			return
		}
	}
	name, ok := e.Tx.Buffer(buf, e.Dir, 0)
	rare := false
	if t, ok := e.Tx.Number(sensor.DNSRRType, e.Dir, 0); ok && k == nameAsked {
		rare = t == typeNULL || t == typeKEY || t >= typePrivate
	}
	if !ok || len(name) > nameMax || k == nameAsked && len(name) < tunnelName && !rare {
		return
	}
	n := o.note(e, k)
	n.rare = rare
	n.name = string(bytes.ToLower(name))
	o.rec.Note(e.Order, n)
}

// ICMP types (RFC 792, RFC 4443).
const (
	echoRequest, echoReply   = 8, 0
	echoRequest6, echoReply6 = 128, 129
	echoHeader               = 8
)

// icmp compares what an echo brings back with what was sent. Both are the same (RFC 792: "the data received in the echo
// message must be returned in the echo reply message") unless somebody talks through them.
func (o *Observer) icmp(e *sensor.Event) {
	s := e.Segment
	if len(s.L4) < echoHeader {
		return
	}
	six := s.IPProto == sensor.IPProtoICMPv6
	request := s.ICMPType == echoRequest && !six || s.ICMPType == echoRequest6 && six
	reply := s.ICMPType == echoReply && !six || s.ICMPType == echoReply6 && six
	if s.ICMPCode != 0 || !request && !reply {
		return
	}
	seq := uint32(s.L4[4])<<24 | uint32(s.L4[5])<<16 | uint32(s.L4[6])<<8 | uint32(s.L4[7])
	at := &o.echoes[(e.Flow.ID^uint64(seq)*0x9e3779b97f4a7c15)&(echoSize-1)]
	sum := maphash.Bytes(o.seed, s.Payload)
	if request {
		*at = echo{e.Flow.ID, seq, sum, len(s.Payload)}
		return
	}
	// Tunnels answer a request more than once; what was compared stays, so that each answer counts.
	if at.flow != e.Flow.ID || at.seq != seq || at.sum == sum {
		return
	}
	n := o.note(e, echoDiffers)
	n.length = len(s.Payload)
	o.rec.Note(e.Order, n)
}
