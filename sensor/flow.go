package sensor

import "net/netip"

// Dir is a direction of a flow: ToServer is the way of the client's bytes.
type Dir uint8

// The two directions. Arrays of two are indexed by Dir.
const (
	ToServer Dir = 0
	ToClient Dir = 1
)

// Reverse returns the other direction.
func (d Dir) Reverse() Dir { return d ^ 1 }

// String returns the direction as EVE writes it.
func (d Dir) String() string {
	if d == ToServer {
		return "to_server"
	}
	return "to_client"
}

// FlowState is how far a flow has come.
type FlowState uint8

// A flow is new until both sides have spoken (TCP: until the handshake is complete), then established, then closed.
const (
	FlowNew FlowState = iota
	FlowEstablished
	FlowClosed
)

// String returns the state as EVE writes it.
func (s FlowState) String() string {
	switch s {
	case FlowNew:
		return "new"
	case FlowEstablished:
		return "established"
	}
	return "closed"
}

// TCPState is the state of a TCP connection as an observer in the middle sees it.
type TCPState uint8

// States of RFC 9293, 3.3.2, seen from outside.
const (
	TCPNone TCPState = iota
	TCPSynSent
	TCPSynRecv
	TCPEstablished
	TCPFinWait1
	TCPFinWait2
	TCPTimeWait
	TCPLastAck
	TCPCloseWait
	TCPClosing
	TCPClosed
)

// String returns the state as EVE writes it.
func (s TCPState) String() string {
	return [...]string{"none", "syn_sent", "syn_recv", "established", "fin_wait1", "fin_wait2", "time_wait", "last_ack",
		"close_wait", "closing", "closed"}[s]
}

// Flow is one conversation. It lives from its first packet to its end event and belongs to one worker.
type Flow struct {
	ID               uint64     // hash of the addresses, ports, protocol, capture and start time
	Src, Dst         netip.Addr // client and server
	SrcPort, DstPort uint16     // 0 for protocols without ports
	ICMPType         uint8      // of the first packet
	ICMPCode         uint8
	ReplyType        uint8 // ICMP type and code of the first packet to the client
	ReplyCode        uint8
	Proto            uint8 // IP protocol number
	VLAN             [3]uint16
	VLANs            uint8
	First            uint64 // number of its first packet

	Start, Last    int64 // packet time, nanoseconds since 1970
	State          FlowState
	Packets, Bytes [2]uint64 // bytes as on the wire, by direction

	TCPState   TCPState
	TCPFlags   [2]uint8 // all flags seen, by direction
	Midstream  bool     // picked up without its handshake
	Gap        bool     // bytes were missed by the capture
	StreamSize [2]uint64

	App        Proto     // protocol found, ProtoNone before, ProtoFailed when none fits
	AppDir     [2]Proto  // what each side's bytes look like, where they differ
	AppOrig    Proto     // protocol before an upgrade (STARTTLS, CONNECT, WebSocket)
	AppExpect  Proto     // protocol that was asked for and did not come
	Alerted    bool      // a signature with an alert has matched
	EndReason  string    // "timeout", "forced", "tcp_reuse", "shutdown"; set before the end event
	TxCount    uint64    // transactions so far
	Dropped    bool      // a rule that drops has matched
	Bypass     bool      // nobody wants more of this flow
	Pipe       any       // state of sensor/pipeline
	Detect     any       // state of the detector engine
	Telemetry  any       // state of the event writer
	Meta       []string  // labels that detectors put on the flow ("traffic/id/…"), sorted by time
	Vars       []Var     // variables that rules have set, at most VarsMax
	Entropy    []Measure // what rules have measured, the last of each name, at most VarsMax
	ParentFlow uint64    // ID of the flow that announced this one (FTP data), 0 when none
}

// VarsMax is how many variables, and how many measures, a flow may have.
const VarsMax = 64

// Named is a value with its name.
type Named[T any] struct {
	Name  string
	Value T
}

// Var is a variable: what an expression of a rule has captured.
type Var = Named[[]byte]

// Measure is a number that was measured of a buffer.
type Measure = Named[float64]

// setNamed changes the value of a name, or adds it while there is room.
func setNamed[T any](list []Named[T], name string, v T) []Named[T] {
	for i := range list {
		if list[i].Name == name {
			list[i].Value = v
			return list
		}
	}
	if len(list) < VarsMax {
		list = append(list, Named[T]{name, v})
	}
	return list
}

// SetVar sets a variable of the flow. It keeps value.
func (f *Flow) SetVar(name string, value []byte) { f.Vars = setNamed(f.Vars, name, value) }

// SetEntropy notes what was measured of a buffer.
func (f *Flow) SetEntropy(name string, value float64) { f.Entropy = setNamed(f.Entropy, name, value) }

// Endpoints returns source address, source port, destination address and destination port of bytes that go in d.
func (f *Flow) Endpoints(d Dir) (src netip.Addr, srcPort uint16, dst netip.Addr, dstPort uint16) {
	if d == ToServer {
		return f.Src, f.SrcPort, f.Dst, f.DstPort
	}
	return f.Dst, f.DstPort, f.Src, f.SrcPort
}
