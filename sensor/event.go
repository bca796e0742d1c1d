package sensor

import "cmp"

// Kind is what an Event tells.
type Kind uint16

// The events of one packet come in this order: what its bytes completed (KindStream, KindTx, KindFile), frames (KindFrame),
// then KindPacket. At a flow's end what was still open is completed first, then comes KindFlowEnd.
const (
	KindStream  Kind = 1 << iota // Data are the next in-order bytes of Flow in Dir, at stream offset Offset
	KindGap                      // Gap bytes of Flow in Dir were missed at Offset
	KindTx                       // Tx has changed in Dir
	KindFile                     // File has grown by Data, or has ended
	KindPacket                   // Segment was decoded, and all of it has been handled
	KindFlowEnd                  // Flow is over
	KindTick                     // packet time has reached Time; no flow
	KindAnomaly                  // something of Flow was malformed outside any transaction: Anomaly names it
	KindFrame                    // Frame of Flow is new or has grown
	KindAlert                    // a rule of another sensor has matched: Alert tells which
)

// KindAll asks for every event.
const KindAll = KindStream | KindGap | KindTx | KindFile | KindPacket | KindFlowEnd | KindTick | KindAnomaly | KindFrame | KindAlert

// Event is what the pipeline tells its handlers. There is one a worker, reused: nothing of it may be kept after Handle
// returns, except that Tx and its buffers, and Frame, stay valid until the KindPacket or KindFlowEnd event that follows has been
// handled, so that a handler may collect what a packet changed and look at it once.
type Event struct {
	Kind    Kind
	Time    int64 // packet time, nanoseconds since 1970
	Flow    *Flow // nil for packets that belong to no flow and for KindTick
	Dir     Dir
	Segment *Segment // packet behind the event; nil at timeouts and at the end of input
	Data    []byte
	Offset  uint64
	Gap     int
	Tx      Transaction
	File    *File
	Number  uint64 // number of the packet that is being handled, also where Segment is nil
	Capture string // name of the capture, as the user gave it
	Anomaly string // KindAnomaly: Suricata's name of it
	Alert   *Alert // KindAlert
	Frame   *Frame // KindFrame; the frame that a finding was made of
	Vars    []Var  // variables of the packet that the rule of a finding has set
	Order   Order
}

// Phase is the part of a packet's handling that an event belongs to.
type Phase uint8

// Flows that time out end before the packet that showed the time; the rest end after the last packet.
const (
	PhaseTick Phase = iota
	PhasePacket
	PhaseEnd
)

// Order is the place of an event among all events of a capture. It is the same with any number of workers, so output
// sorted by it is, too.
type Order struct {
	Number uint64 // packet
	Phase  Phase
	Sub    uint64 // PhasePacket: index of the segment in its packet; else Flow.First
	Flow   uint64 // Flow.ID in PhaseTick and PhaseEnd
}

// Compare returns -1, 0 or 1 as o comes before, with or after p.
func (o Order) Compare(p Order) int {
	return cmp.Or(cmp.Compare(o.Number, p.Number), cmp.Compare(o.Phase, p.Phase), cmp.Compare(o.Sub, p.Sub),
		cmp.Compare(o.Flow, p.Flow))
}

// Handler is what the pipeline calls. A worker has its own Handler; it is never called concurrently.
type Handler interface {
	// Wants returns the kinds that Handle is to be called for.
	Wants() Kind
	Handle(e *Event)
}
