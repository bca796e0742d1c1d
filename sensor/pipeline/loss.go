package pipeline

// Loss counts what was not inspected, by the stage that lost it. All counts are totals since the start.
type Loss struct {
	InterfacePackets uint64 `json:"interface_packets"`  // the network card or the kernel had no room before the ring
	RingPackets      uint64 `json:"ring_packets"`       // the ring that the kernel fills was full
	DecodeSegments   uint64 `json:"decode_segments"`    // malformed, or of more layers than are read
	FragmentPackets  uint64 `json:"fragment_packets"`   // fragmented packets given up: too late, or no room for more
	GapBytes         uint64 `json:"gap_bytes"`          // of TCP streams, missing in what was captured
	MemcapSegments   uint64 `json:"memcap_segments"`    // TCP segments for which the limit on memory left no room
	MemcapFlows      uint64 `json:"memcap_flows"`       // flows that ended before their time, as the table was full
	MemcapFiles      uint64 `json:"memcap_files"`       // files of which less was kept for want of room
	ParserLimitFlows uint64 `json:"parser_limit_flows"` // flows whose parser asked for more bytes than are kept
	Frames           uint64 `json:"frames"`             // pieces of streams that no rule could look at: too many at a time
	OverloadRounds   uint64 `json:"overload_rounds"`    // times that reading had to wait for detection
}

// Packets returns how many packets never came to be read.
func (l *Loss) Packets() uint64 { return l.InterfacePackets + l.RingPackets }

// Add adds the counts of o.
func (l *Loss) Add(o *Loss) {
	l.InterfacePackets += o.InterfacePackets
	l.RingPackets += o.RingPackets
	l.DecodeSegments += o.DecodeSegments
	l.FragmentPackets += o.FragmentPackets
	l.GapBytes += o.GapBytes
	l.MemcapSegments += o.MemcapSegments
	l.MemcapFlows += o.MemcapFlows
	l.MemcapFiles += o.MemcapFiles
	l.ParserLimitFlows += o.ParserLimitFlows
	l.Frames += o.Frames
	l.OverloadRounds += o.OverloadRounds
}

// lossy is a Reader that knows what was lost before it could read: packets since its start, by stage.
type lossy interface {
	Lost() (beforeRing, ringFull uint64)
}

// readerLoss takes over what the reader has lost. earlier are the losses of readers before it.
func (p *Pipeline) readerLoss(r lossy, earlier Loss) {
	if r == nil {
		return
	}
	before, full := r.Lost()
	p.stats.Lost.InterfacePackets = earlier.InterfacePackets + before
	p.stats.Lost.RingPackets = earlier.RingPackets + full
}

// count takes over what the stages of a worker have counted.
func (w *worker) count() {
	l := &w.stats.Lost
	l.DecodeSegments = w.stats.Invalid
	l.GapBytes = w.stats.GapBytes
	l.MemcapSegments = w.streams.Dropped()
	l.MemcapFiles = w.files.Dropped()
}
