// Package pipeline puts the stages in order: packets come in, events go out to handlers. It owns the memory of flows,
// streams and parsers; what an event points to is valid as sensor.Event says.
//
// One goroutine reads and decodes; segments are spread over workers by their pair of addresses, so that a flow, and a
// flow that another announces (FTP data), belong to one worker for their whole life. Packets are handed over in rounds.
// A round ends at the same packet for all workers, which lets the output of all of them be put into one order.
//
// The alternative, sockets among which the kernel spreads packets (PACKET_FANOUT), has no such order, and parts a flow from
// the one that announces it. It saves nothing: 300,000 packets on a veth pair took 0.89 s of processor time with two
// workers, 0.93 s with two sockets and 0.85 s with one worker, loading of the rules included (29 November 2026).
package pipeline

import (
	"khien/sensor"
	"khien/sensor/app/tls"
	"khien/sensor/decode"
	"khien/sensor/file"
	"khien/sensor/flow"
	"khien/sensor/stream"
)

// Config says how to run. The zero value runs one worker with every protocol and no handler.
type Config struct {
	Workers    int                               // 1 when 0
	Handlers   func(worker int) []sensor.Handler // handlers of a worker, called in this order
	RoundDone  func(worker int, capture string)  // called on the worker's goroutine when it has handled a round
	Wanted     func(sensor.Buffer) bool          // buffers that anybody asks for; all when nil
	Protocols  []sensor.Protocol                 // Protocols() when nil
	TLSKeys    *tls.Keys                         // secrets with which Protocols() decrypts; nil for none
	NoChecksum bool                              // inspect packets with wrong checksums
	Memory     int                               // bytes that all stages and workers may take, roughly; DefaultMemory when 0
	Decode     decode.Config
	Flow       flow.Config
	Stream     stream.Config
	File       file.Config
}

// Stats counts what happened to the packets of all captures so far.
type Stats struct {
	Packets      uint64 `json:"packets"`
	Bytes        uint64 `json:"bytes"`        // on the wire
	Segments     uint64 `json:"segments"`     // network layers, tunnels included
	Invalid      uint64 `json:"invalid"`      // segments that could not be decoded
	BadChecksum  uint64 `json:"bad_checksum"` // segments not inspected because of their checksum
	NoFlow       uint64 `json:"no_flow"`      // segments that belong to no flow
	Flows        uint64 `json:"flows"`
	TCPFlows     uint64 `json:"tcp_flows"`       // that have ended, with four packets or more and not of handshakes alone
	OneSided     uint64 `json:"one_sided_flows"` // among them: of which one direction was not there to be seen
	Streams      uint64 `json:"streams"`         // TCP connections with payload
	StreamBytes  uint64 `json:"stream_bytes"`    // delivered in order
	GapBytes     uint64 `json:"gap_bytes"`       // missing in the capture
	Transactions uint64 `json:"transactions"`
	Files        uint64 `json:"files"`
	ParserErrors uint64 `json:"parser_errors"` // flows whose parser gave up
	ParserBugs   uint64 `json:"parser_bugs"`   // flows whose parser panicked
	FirstBug     string `json:"-"`             // where the first of them did
	Anomalies    uint64 `json:"anomalies"`
	ShuntedFlows uint64 `json:"shunted_flows"` // encrypted from there on: followed, not inspected
	ShuntedBytes uint64 `json:"shunted_bytes"` // payload passed over in them
	Lost         Loss   `json:"lost"`
}

// Add adds the counts of o.
func (s *Stats) Add(o *Stats) {
	s.Packets += o.Packets
	s.Bytes += o.Bytes
	s.Segments += o.Segments
	s.Invalid += o.Invalid
	s.BadChecksum += o.BadChecksum
	s.NoFlow += o.NoFlow
	s.Flows += o.Flows
	s.TCPFlows += o.TCPFlows
	s.OneSided += o.OneSided
	s.Streams += o.Streams
	s.StreamBytes += o.StreamBytes
	s.GapBytes += o.GapBytes
	s.Transactions += o.Transactions
	s.Files += o.Files
	s.ParserErrors += o.ParserErrors
	s.ParserBugs += o.ParserBugs
	if s.FirstBug == "" {
		s.FirstBug = o.FirstBug
	}
	s.Anomalies += o.Anomalies
	s.ShuntedFlows += o.ShuntedFlows
	s.ShuntedBytes += o.ShuntedBytes
	s.Lost.Add(&o.Lost)
}

// Reader gives packets; io.EOF is the end. A live reader returns capture.ErrIdle when none came for a while: the clock
// goes on and the round is handed over, so that nothing waits for the next packet.
type Reader interface {
	Next(p *sensor.Packet) error
}
