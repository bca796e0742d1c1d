package sensor

// Progress is how far one direction of a transaction has come. All protocols share these stages, so that a detector
// knows which buffers are final without knowing the protocol.
type Progress uint8

// Protocols without lines, headers or bodies go from ProgressNone to ProgressComplete.
const (
	ProgressNone     Progress = iota
	ProgressLine              // request or status line; TLS: hello; SMTP: command
	ProgressHeaders           // headers are final; TLS: certificates
	ProgressBody              // the part of the body that is inspected is final (its end or the limit)
	ProgressTrailer           // trailers are final
	ProgressComplete          // nothing more will come in this direction
)

// TxBase is what every transaction has; protocols embed it. Reset it with *b = TxBase{…} when a transaction is reused.
type TxBase struct {
	ID        uint64      // counts the flow's transactions from 0
	Proto     Proto       // protocol of the transaction
	Done      [2]Progress // progress by direction
	Anomalies [2][]string // names of what was malformed, without the protocol's name; constants of the protocol's package
	Files     []*File     // files that the transaction carries, in either direction
	Detect    any         // state of the detector engine
	Logged    [2]bool     // records that the event writer has written
	Told      [2]int      // anomalies that the event writer has written
	Held      int         // bytes of memory that the pipeline counts for it
}

// Base returns b, so that embedding TxBase gives a transaction its Base method.
func (b *TxBase) Base() *TxBase { return b }

// Transaction is one exchange of an application protocol: a request and its response, a mail, a handshake. It lives
// until the packet that completes it in both directions has been handled.
type Transaction interface {
	Base() *TxBase
	// Buffer returns value i of a named buffer of one direction, and false where there is none (no such buffer in this
	// protocol, not seen yet, or i is past the last). Most buffers have one value, at index 0. The bytes are valid until
	// the next change of the transaction.
	Buffer(b Buffer, dir Dir, i int) ([]byte, bool)
	// Number is Buffer for values that are numbers (status code, DNS rcode, record type).
	Number(b Buffer, dir Dir, i int) (uint64, bool)
	// LogReady reports whether the EVE record of a direction is complete. Protocols with one record for both directions
	// are ready in ToServer only, once nothing more can change it; those that write a record a message (DNS) are ready in
	// the message's direction.
	LogReady(Dir) bool
	// AppendEVE appends the JSON object that EVE has under the protocol's name and returns the extended slice. dir matters
	// only for protocols that write a record for each direction (DNS).
	AppendEVE(dst []byte, dir Dir) []byte
}

// EVEExtra is implemented by transactions that have further top-level members in EVE beside their own object.
type EVEExtra interface {
	// AppendEVEExtra appends members, each with a leading comma: `,"email":{…}`.
	AppendEVEExtra(dst []byte, dir Dir) []byte
}

// EVEAlert is implemented by transactions whose object in the record of an alert is not that of their own record.
type EVEAlert interface {
	// AppendEVEAlert is AppendEVE for alerts.
	AppendEVEAlert(dst []byte, dir Dir) []byte
}

// Parser reads the bytes of one flow. It is made when its protocol has been recognised and sees the flow from its start.
type Parser interface {
	// Parse reads data, the bytes of one direction that follow those used before (TCP), or one datagram (UDP, SCTP).
	// Using fewer than len(data) bytes means that it needs more: the caller keeps the rest, up to a limit, and calls again
	// with more. An error means that this is not the protocol: the flow goes on unparsed and an anomaly is reported.
	Parse(dir Dir, data []byte, out Emitter) (n int, err error)
	// Gap tells that n bytes of a direction are missing. An error means that the parser cannot go on.
	Gap(dir Dir, n int, out Emitter) error
	// Close tells that no more bytes will come in a direction; kept bytes that were never used are lost.
	Close(dir Dir, out Emitter)
}

// Inside is implemented by Emitters that follow the conversation which a flow carries within its own: what is said over an
// encrypted connection, where the keys are known. It is recognised and parsed as a flow's bytes are.
type Inside interface {
	// Inside takes the next bytes of a direction, valid until it returns.
	Inside(dir Dir, data []byte)
	// InsideGap tells that bytes of a direction are missing, about n.
	InsideGap(dir Dir, n int)
}

// Finisher is implemented by parsers that may come to a point behind which they learn nothing more from either direction,
// whatever comes: all that follows is encrypted.
type Finisher interface {
	Finished() bool
}

// Predecessor is implemented by parsers that hand something over to the parser that an Upgrade asks for: its context.
type Predecessor interface {
	// Context returns it, once.
	Context() any
}

// Emitter is how a parser speaks to the pipeline.
type Emitter interface {
	Flow() *Flow
	// Time is the packet time, in nanoseconds since 1970.
	Time() int64
	// Tx tells that a transaction is new or has changed in a direction. Call it after each change of progress.
	Tx(tx Transaction, dir Dir)
	// Done tells that a transaction will not change any more; it may be reused once the packet has been handled:
	// the pipeline then calls Release if the transaction has such a method.
	Done(tx Transaction)
	// OpenFile begins a transferred file. WriteFile adds to it, CloseFile ends it; complete is false when bytes are missing.
	OpenFile(tx Transaction, dir Dir, name []byte) *File
	WriteFile(f *File, data []byte)
	GapFile(f *File, n int)
	CloseFile(f *File, complete bool)
	// Upgrade tells that what follows in this flow, in both directions, is another protocol; ProtoNone asks for detection.
	Upgrade(to Proto)
	// Expect announces another flow: from client to server:port (FTP data), parsed as proto with the given context.
	Expect(e Expectation)
	// Anomaly reports something malformed outside any transaction.
	Anomaly(dir Dir, name string)
	// Frame marks what data begins with, the bytes that have come so far, as a frame of n bytes; n is negative while nobody
	// knows where the frame ends. What follows data in the stream belongs to the frame until it is whole. Frames that nobody
	// asks for cost nothing.
	Frame(b Buffer, dir Dir, data []byte, n int)
	// EndFrame ends the latest open frame of unknown length: of the bytes that have come, the last beyond follow its end.
	EndFrame(b Buffer, dir Dir, beyond int)
	// Wanted reports whether anyone asks for a buffer; what nobody wants need not be computed.
	Wanted(b Buffer) bool
}

// Expectation is a flow that another flow has announced.
type Expectation struct {
	Server  Endpoint // address and port that will be connected to
	Proto   Proto
	Context any // handed to the new flow's parser
}

// Match is the answer of a protocol's probe.
type Match uint8

// A probe knows, or wants more bytes.
const (
	No Match = iota
	More
	Yes
)

// Protocol is how the pipeline knows an application protocol. Parsers are found by content: Probe is asked with the
// first bytes of each direction until one protocol answers Yes or all answer No.
type Protocol struct {
	Proto Proto
	TCP   bool
	UDP   bool
	SCTP  bool
	// Ports are tried first, and are asked for by protocols whose bytes alone are ambiguous; never enough by themselves.
	Ports []uint16
	Probe func(dir Dir, data []byte, f *Flow) Match
	New   func(f *Flow, context any) Parser
}
