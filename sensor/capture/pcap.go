package capture

import (
	"encoding/binary"
	"fmt"

	"khien/sensor"
)

// Magic numbers of pcap files, as the writer's byte order has them.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Kuznetzov's patch: 8 more bytes in every record header
)

const pcapHeader = 24

// pcap is the classic format: a file header, then records of a 16-byte header and the packet.
type pcap struct {
	little bool
	record int   // bytes of a record header
	tick   int64 // nanoseconds a unit of the fraction field
	link   sensor.LinkType
	bad    error // why the link type cannot be decoded; told at the first packet
}

func openPcap(in *input) (*pcap, error) {
	head, err := in.must(4)
	if err != nil {
		return nil, unexpected(err)
	}
	f := &pcap{record: 16, tick: 1000}
	magic := binary.LittleEndian.Uint32(head)
	f.little = true
	if m := magic >> 16; m != 0xa1b2 {
		magic, f.little = binary.BigEndian.Uint32(head), false
	}
	switch magic {
	case magicMicro:
	case magicNano:
		f.tick = 1
	case magicModified:
		f.record = 24
	default:
		return nil, fmt.Errorf("%w: magic number % x", ErrFormat, head)
	}
	if head, err = in.must(pcapHeader); err != nil {
		return nil, fmt.Errorf("pcap file header: want %d bytes, have %d: %w", pcapHeader, len(head), unexpected(err))
	}
	if major := f.u16(head[4:]); major != 2 {
		return nil, fmt.Errorf("%w: pcap version %d, want 2", ErrFormat, major)
	}
	f.link, f.bad = link(f.u32(head[20:]))
	in.use(pcapHeader)
	return f, nil
}

func (f *pcap) u16(b []byte) uint16 {
	if f.little {
		return binary.LittleEndian.Uint16(b)
	}
	return binary.BigEndian.Uint16(b)
}

func (f *pcap) u32(b []byte) uint32 {
	if f.little {
		return binary.LittleEndian.Uint32(b)
	}
	return binary.BigEndian.Uint32(b)
}

func (f *pcap) next(in *input, p *sensor.Packet) error {
	head, err := in.peek(f.record)
	if err != nil {
		if len(head) == 0 || err == ErrIdle {
			return err
		}
		return fmt.Errorf("pcap record header: want %d bytes, have %d: %w", f.record, len(head), err)
	}
	if f.bad != nil {
		return f.bad
	}
	captured, wire := f.u32(head[8:]), f.u32(head[12:])
	if captured > maxPacket {
		return fmt.Errorf("pcap record header: a packet of %d bytes, want at most %d", captured, maxPacket)
	}
	n := int(captured)
	p.Time = int64(f.u32(head))*1e9 + int64(f.u32(head[4:]))*f.tick
	body, err := in.peek(f.record + n)
	if err == ErrIdle {
		return err
	}
	if err != nil {
		return fmt.Errorf("pcap record: want %d bytes, have %d: %w", n, len(body)-f.record, unexpected(err))
	}
	p.Data = body[f.record : f.record+n : f.record+n]
	p.Length = wireLength(n, wire)
	p.Link = f.link
	in.use(f.record + n)
	return nil
}

// wireLength returns the length on the wire that a record gives, kept between what was captured and what no network
// sends, so that byte counts stay sane.
func wireLength(captured int, wire uint32) int {
	if wire > maxPacket*64 || int(wire) < captured {
		return captured
	}
	return int(wire)
}
