package sensor

import "net/netip"

// IP protocol numbers (IANA) that stages name.
const (
	IPProtoICMP   = 1
	IPProtoIGMP   = 2
	IPProtoTCP    = 6
	IPProtoUDP    = 17
	IPProtoGRE    = 47
	IPProtoESP    = 50
	IPProtoAH     = 51
	IPProtoICMPv6 = 58
	IPProtoSCTP   = 132
)

// TCP flag bits in the order of RFC 9293, 3.1.
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// Source says how a segment came to be.
type Source uint8

// A segment is read off the wire, out of a tunnel, or put together from fragments.
const (
	SourceWire Source = iota
	SourceTunnel
	SourceDefrag
)

// Segment is one decoded packet: the headers of one network layer and what it carries. A tunnelled packet gives one
// segment for each network layer, outermost first. Slices point into the packet (or into decode's own memory for
// reassembled fragments) and are valid until the next Decode.
type Segment struct {
	Packet *Packet
	Source Source
	Depth  uint8 // tunnels around this segment; 0 for the outermost
	Outer  bool  // the packet gives another segment after this one: what the tunnel carries, or what the fragment completes
	Length int   // bytes on the wire: of the frame, of what the tunnel carries, or of the reassembled packet

	EtherType uint16    // 0x0800, 0x86dd, …; 0 where the link layer has none
	Ether     []byte    // link-layer header, nil where there is none
	VLAN      [3]uint16 // VLAN identifiers, outermost first
	VLANs     uint8     // how many of VLAN are set

	IPVersion uint8 // 4, 6, or 0 when there is no network layer
	Src, Dst  netip.Addr
	TTL       uint8  // IPv4 time to live or IPv6 hop limit
	TOS       uint8  // IPv4 type of service or IPv6 traffic class
	IPID      uint32 // identification of IPv4 or of the IPv6 fragment header
	FragOff   uint16 // fragment offset in bytes
	MoreFrags bool
	DontFrag  bool
	Fragment  bool   // Payload is a part of a fragmented packet; it has no L4
	IP        []byte // IP header with options; for IPv6 with its extension headers
	IPPayload []byte // what the IP header carries, up to the length it gives
	IPProto   uint8  // protocol of IPPayload after extension headers

	L4               []byte // transport header (TCP, UDP, ICMP, SCTP), nil when absent or malformed
	Payload          []byte // what the transport header carries; for other protocols the IP payload
	SrcPort, DstPort uint16 // TCP, UDP, SCTP; 0 for others
	ICMPType         uint8
	ICMPCode         uint8

	Seq, Ack    uint32
	Flags       uint8 // TCP flags
	Window      uint16
	Urgent      uint16
	MSS         uint16 // TCP option 2, 0 when absent
	WindowScale int8   // TCP option 3, -1 when absent
	TSVal       uint32 // TCP option 8
	TSEcr       uint32
	HasTS       bool
	SACKOK      bool

	BadIPSum bool // IPv4 header checksum is wrong
	BadL4Sum bool // TCP, UDP, ICMP or ICMPv6 checksum is wrong (never set for fragments and cut-off packets)

	// Anomalies names what is malformed, by Suricata's decode-event names ("ipv4.trunc_pkt") and, once the stream stage
	// has seen the segment, its stream-event names ("stream.3whs_ack_in_wrong_dir"). The strings are constants.
	Anomalies []string
	// Invalid is set when the packet is so malformed that nothing behind the broken header was read.
	Invalid bool
}
