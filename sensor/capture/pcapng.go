package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"khien/sensor"
)

// Block types of pcapng (draft-ietf-opsawg-pcapng, 4) that carry packets or say how to read them.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockEnhanced  = 6

	byteOrderMagic = 0x1a2b3c4d
	maxInterfaces  = 4096 // of one section
)

// ng is a pcapng file: blocks of a type, a length, a body and the length again.
type ng struct {
	little bool
	ifaces []iface
	last   int64 // time of the last packet, for simple blocks, which have none
}

// iface is what an interface description says about the packets that name it.
type iface struct {
	link   sensor.LinkType
	bad    error
	snap   uint32
	units  uint64 // timestamp units a second
	offset int64  // seconds to add
}

func openNG(in *input) (*ng, error) {
	f := &ng{}
	if err := f.section(in); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *ng) u16(b []byte) uint16 {
	if f.little {
		return binary.LittleEndian.Uint16(b)
	}
	return binary.BigEndian.Uint16(b)
}

func (f *ng) u32(b []byte) uint32 {
	if f.little {
		return binary.LittleEndian.Uint32(b)
	}
	return binary.BigEndian.Uint32(b)
}

func (f *ng) next(in *input, p *sensor.Packet) error {
	for {
		head, err := in.peek(8)
		if err != nil {
			if err == io.EOF || err == ErrIdle {
				return err
			}
			return fmt.Errorf("pcapng block header: want 8 bytes, have %d: %w", len(head), err)
		}
		if binary.BigEndian.Uint32(head) == blockSection {
			if err := f.section(in); err != nil {
				return err
			}
			continue
		}
		kind, length := f.u32(head), f.u32(head[4:])
		if err := checkLength(length, 12); err != nil {
			return err
		}
		switch kind {
		case blockInterface, blockPacket, blockSimple, blockEnhanced:
		default:
			if err := in.skip(int64(length) - 4); err != nil {
				return fmt.Errorf("pcapng block of type %d: %w", kind, err)
			}
			if err := f.trailer(in, length); err != nil {
				return err
			}
			continue
		}
		if length > maxBlock {
			return fmt.Errorf("pcapng block of type %d: %d bytes, want at most %d", kind, length, maxBlock)
		}
		block, err := in.peek(int(length))
		if err == ErrIdle {
			return err
		}
		if err != nil {
			return fmt.Errorf("pcapng block of type %d: want %d bytes, have %d: %w", kind, length, len(block), unexpected(err))
		}
		if tail := f.u32(block[length-4:]); tail != length {
			return fmt.Errorf("pcapng block of type %d: lengths %d and %d, want the same", kind, length, tail)
		}
		body := block[8 : length-4]
		if kind == blockInterface {
			if err := f.iface(body); err != nil {
				return err
			}
			in.use(int(length))
			continue
		}
		if err := f.packet(kind, body, p); err != nil {
			return err
		}
		in.use(int(length))
		return nil
	}
}

// section reads a section header block, which sets the byte order and forgets all interfaces.
func (f *ng) section(in *input) error {
	head, err := in.must(24)
	if err != nil {
		return fmt.Errorf("pcapng section header: want 24 bytes, have %d: %w", len(head), unexpected(err))
	}
	switch {
	case binary.LittleEndian.Uint32(head[8:]) == byteOrderMagic:
		f.little = true
	case binary.BigEndian.Uint32(head[8:]) == byteOrderMagic:
		f.little = false
	default:
		return fmt.Errorf("%w: pcapng byte-order magic % x", ErrFormat, head[8:12])
	}
	length := f.u32(head[4:])
	if err := checkLength(length, 28); err != nil {
		return err
	}
	if major := f.u16(head[12:]); major != 1 {
		return fmt.Errorf("%w: pcapng version %d, want 1", ErrFormat, major)
	}
	f.ifaces = f.ifaces[:0]
	if err := in.skip(int64(length) - 4); err != nil {
		return fmt.Errorf("pcapng section header: %w", err)
	}
	return f.trailer(in, length)
}

func checkLength(length, least uint32) error {
	if length < least || length%4 != 0 {
		return fmt.Errorf("pcapng block length %d, want a multiple of 4 from %d up", length, least)
	}
	return nil
}

// trailer reads the length that ends a block.
func (f *ng) trailer(in *input, length uint32) error {
	b, err := in.must(4)
	if err != nil {
		return fmt.Errorf("pcapng block end: want 4 bytes, have %d: %w", len(b), unexpected(err))
	}
	if tail := f.u32(b); tail != length {
		return fmt.Errorf("pcapng block: lengths %d and %d, want the same", length, tail)
	}
	in.use(4)
	return nil
}

// iface reads an interface description block.
func (f *ng) iface(b []byte) error {
	if len(b) < 8 {
		return errors.New("pcapng interface description: want 8 bytes")
	}
	if len(f.ifaces) == maxInterfaces {
		return fmt.Errorf("pcapng interface description: more than %d interfaces", maxInterfaces)
	}
	i := iface{snap: f.u32(b[4:]), units: 1e6}
	i.link, i.bad = link(uint32(f.u16(b)))
	for b = b[8:]; len(b) >= 4; {
		code, n := f.u16(b), int(f.u16(b[2:]))
		padded := (n + 3) &^ 3
		if code == 0 || len(b)-4 < padded {
			break
		}
		v := b[4 : 4+n]
		switch {
		case code == 9 && n == 1: // if_tsresol: a power of ten, or of two with the high bit
			var ok bool
			if i.units, ok = resolution(v[0]); !ok && i.bad == nil {
				i.bad = fmt.Errorf("pcapng timestamp resolution 0x%02x is not supported", v[0])
			}
		case code == 14 && n == 8: // if_tsoffset
			hi, lo := uint64(f.u32(v)), uint64(f.u32(v[4:]))
			if f.little {
				hi, lo = lo, hi
			}
			i.offset = int64(hi<<32 | lo)
		}
		b = b[4+padded:]
	}
	f.ifaces = append(f.ifaces, i)
	return nil
}

// packet reads the body of a block that carries a packet.
func (f *ng) packet(kind uint32, b []byte, p *sensor.Packet) error {
	var id, captured, wire uint32
	var ts uint64
	var data []byte
	if kind == blockSimple {
		if len(b) < 4 {
			return errors.New("pcapng simple packet: want 4 bytes")
		}
		wire = f.u32(b)
		data = b[4:]
		captured = wire
		if len(f.ifaces) > 0 && f.ifaces[0].snap > 0 {
			captured = min(captured, f.ifaces[0].snap)
		}
		captured = min(captured, uint32(len(data)))
	} else {
		if len(b) < 20 {
			return fmt.Errorf("pcapng packet: want 20 bytes, have %d", len(b))
		}
		id = f.u32(b)
		if kind == blockPacket {
			id = uint32(f.u16(b))
		}
		ts = uint64(f.u32(b[4:]))<<32 | uint64(f.u32(b[8:]))
		captured, wire = f.u32(b[12:]), f.u32(b[16:])
		data = b[20:]
	}
	if captured > maxPacket {
		return fmt.Errorf("pcapng packet of %d bytes, want at most %d", captured, maxPacket)
	}
	if int(captured) > len(data) {
		return fmt.Errorf("pcapng packet of %d bytes in a block that has %d", captured, len(data))
	}
	if uint64(id) >= uint64(len(f.ifaces)) {
		return fmt.Errorf("pcapng packet names interface %d of %d", id, len(f.ifaces))
	}
	i := &f.ifaces[id]
	if i.bad != nil {
		return i.bad
	}
	if kind != blockSimple {
		f.last = nanoseconds(ts, i.units, i.offset)
	}
	p.Time = f.last
	p.Data = data[:captured:captured]
	p.Length = wireLength(int(captured), wire)
	p.Link = i.link
	return nil
}
