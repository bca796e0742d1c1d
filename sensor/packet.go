package sensor

// LinkType is the link layer of a capture, numbered as in the pcap LINKTYPE registry (IANA, RFC 9981 draft).
type LinkType uint16

// Link types that decode understands.
const (
	LinkNull      LinkType = 0
	LinkEthernet  LinkType = 1
	LinkPPP       LinkType = 9
	LinkRaw       LinkType = 101
	LinkLoop      LinkType = 108
	LinkLinuxSLL  LinkType = 113
	LinkIPv4      LinkType = 228
	LinkIPv6      LinkType = 229
	LinkLinuxSLL2 LinkType = 276
)

// Packet is one frame as it was captured. Data is valid until the capture callback returns.
type Packet struct {
	Time   int64    // nanoseconds since 1970-01-01 UTC
	Data   []byte   // captured bytes, starting at the link layer
	Length int      // bytes on the wire; more than len(Data) when the capture was cut off by a snap length
	Link   LinkType // layer of Data[0]
	Number uint64   // 1 for the first packet of a capture
	// Unsummed says that the transport checksum was not computed when the packet was captured: this host sends it, and
	// leaves the sum to its network card.
	Unsummed bool
}
