package decode

import "khien/sensor"

// Limits on what one packet may ask for.
const (
	maxSegments  = 16 // network layers of one packet, reassembled ones included
	maxAnomalies = 15 // of one segment
	maxVLANs     = 3
)

// Ports of tunnels over UDP (IANA).
const (
	portTeredo = 3544
	portVXLAN  = 4789
	portGeneve = 6081
)

// Config sets what decoding depends on. The zero value is the default.
type Config struct {
	// NoChecksum leaves checksums unread: BadIPSum and BadL4Sum are never set.
	NoChecksum bool
	// Policy decides which bytes count where fragments overlap.
	Policy Policy
	// FragTimeout is how long fragments wait for the rest of their packet, in nanoseconds; 0 means 60 s.
	FragTimeout int64
	// MaxFragPackets is how many incomplete packets are kept; 0 means 65536.
	MaxFragPackets int
	// MaxFragMemory is how many bytes their fragments may take; 0 means 32 MiB.
	MaxFragMemory int
}

// A Decoder decodes packets. It is not safe for concurrent use, and fragments of one packet must meet in one Decoder.
type Decoder struct {
	config Config
	packet *sensor.Packet
	segs   [maxSegments]sensor.Segment
	out    [maxSegments]*sensor.Segment
	n      int
	defrag defrag
}

// New returns a Decoder.
func New(c Config) *Decoder {
	d := &Decoder{config: c}
	for i := range d.segs {
		d.out[i] = &d.segs[i]
		d.segs[i].Anomalies = make([]string, 0, maxAnomalies+8) // the stream stage adds its own
	}
	d.defrag.init(c)
	return d
}

// Decode decodes one packet. There is at least one segment; the slice and the segments are valid until the next Decode.
func (d *Decoder) Decode(p *sensor.Packet) []*sensor.Segment {
	d.packet = p
	d.n = 0
	d.defrag.begin(p.Time)
	s := d.segment()
	s.Length = p.Length
	d.link(s, p.Link, p.Data)
	for _, s := range d.out[:d.n-1] {
		s.Outer = true
	}
	return d.out[:d.n]
}

// Tick tells the packet time, in nanoseconds since 1970, so that fragments are given up where no packets come.
func (d *Decoder) Tick(now int64) { d.defrag.expire(now) }

// Lost returns how many fragmented packets were given up before they were complete: their fragments came too late, or
// others needed the room.
func (d *Decoder) Lost() uint64 { return d.defrag.lost }

// segment returns the next segment, reset, or nil when the packet has too many.
func (d *Decoder) segment() *sensor.Segment {
	if d.n == maxSegments {
		return nil
	}
	s := &d.segs[d.n]
	d.n++
	anomalies := s.Anomalies[:0]
	*s = sensor.Segment{Packet: d.packet, WindowScale: -1, Anomalies: anomalies}
	return s
}

// sums reports whether transport checksums are to be looked at.
func (d *Decoder) sums() bool { return !d.config.NoChecksum && !d.packet.Unsummed }

// tunnel returns the segment of a packet inside s, of which the tunnel carries n bytes.
func (d *Decoder) tunnel(s *sensor.Segment, n int) *sensor.Segment {
	t := d.segment()
	if t == nil {
		anomaly(s, "decoder.too_many_layers")
		return nil
	}
	t.Source = sensor.SourceTunnel
	t.Depth = s.Depth + 1
	t.Length = n
	return t
}

// routed is tunnel for packets without a link layer of their own: they keep the outer VLANs.
func (d *Decoder) routed(s *sensor.Segment, etherType uint16, n int) *sensor.Segment {
	t := d.tunnel(s, n)
	if t != nil {
		t.VLAN, t.VLANs, t.EtherType = s.VLAN, s.VLANs, etherType
	}
	return t
}

// anomaly names something malformed, once a segment.
func anomaly(s *sensor.Segment, name string) {
	if len(s.Anomalies) >= maxAnomalies {
		return
	}
	for _, a := range s.Anomalies {
		if a == name {
			return
		}
	}
	s.Anomalies = append(s.Anomalies, name)
}

// invalid is anomaly for what ends decoding.
func invalid(s *sensor.Segment, name string) {
	anomaly(s, name)
	s.Invalid = true
}

func be16(b []byte) uint16 { _ = b[1]; return uint16(b[0])<<8 | uint16(b[1]) }

func be32(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}
