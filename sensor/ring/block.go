package ring

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"khien/sensor"
	"khien/sensor/capture"
)

// Blocks of the parts that we write: a section header, interface descriptions and enhanced packets, little endian, times
// in nanoseconds (draft-ietf-opsawg-pcapng, 4). Whatever else a part holds is damage.
const (
	kindSection   = 0x0a0d0d0a
	kindInterface = 1
	kindPacket    = 6

	blockOverhead = 32 + 3 // bytes of a packet's block beside the packet, with padding
	maxBlock      = capture.MaxPacket + blockOverhead
	maxIfaces     = 1024 // of a part
)

// ifaceKey tells the interfaces of a part apart.
type ifaceKey struct {
	name string
	link sensor.LinkType
}

// errCut says that a part ends in the middle of a block, as one does that is being written.
var errCut = errors.New("ends in the middle of a block")

// file reads the blocks of a part. Not safe for concurrent use.
type file struct {
	r    io.ReaderAt
	size int64
	buf  []byte // bytes of the part from at
	at   int64
}

// windowSize is how much of a part is read at once.
const windowSize = 256 << 10

// peek returns n bytes at off, valid until the next peek.
func (f *file) peek(off int64, n int) ([]byte, error) {
	if off < 0 || off > f.size || int64(n) > f.size-off {
		return nil, errCut
	}
	if off < f.at || off+int64(n) > f.at+int64(len(f.buf)) {
		want := int(min(int64(max(n, windowSize)), f.size-off))
		if cap(f.buf) < want {
			f.buf = make([]byte, want)
		}
		f.buf = f.buf[:want]
		m, err := f.r.ReadAt(f.buf, off)
		if m < want {
			f.buf = f.buf[:0]
			if err == nil || errors.Is(err, io.EOF) {
				return nil, errCut
			}
			return nil, err
		}
		f.at = off
	}
	return f.buf[off-f.at:][:n], nil
}

// block returns the block at off, its head and tail included, valid until the next call.
func (f *file) block(off int64) (kind uint32, raw []byte, err error) {
	head, err := f.peek(off, 8)
	if err != nil {
		return 0, nil, err
	}
	kind, length := binary.LittleEndian.Uint32(head), binary.LittleEndian.Uint32(head[4:])
	if kind == 0 && length == 0 {
		return 0, nil, fmt.Errorf("byte %d: zeros: %w", off, errCut) // as after a power failure
	}
	if length < 12 || length%4 != 0 || length > maxBlock {
		return 0, nil, fmt.Errorf("byte %d: block of %d bytes, want a multiple of 4 from 12 to %d", off, length, maxBlock)
	}
	if raw, err = f.peek(off, int(length)); err != nil {
		return 0, nil, err
	}
	if tail := binary.LittleEndian.Uint32(raw[length-4:]); tail != length {
		return 0, nil, fmt.Errorf("byte %d: block lengths %d and %d, want the same", off, length, tail)
	}
	return kind, raw, nil
}

// packetOf reads an enhanced packet block. Data points into raw.
func packetOf(raw []byte, p *sensor.Packet) (iface uint32, err error) {
	if len(raw) < 32 {
		return 0, errors.New("packet block without its head")
	}
	captured, wire := binary.LittleEndian.Uint32(raw[20:]), binary.LittleEndian.Uint32(raw[24:])
	if captured > capture.MaxPacket || int(captured) > len(raw)-32 || len(raw)-32-int(captured) > 3 {
		return 0, fmt.Errorf("packet of %d bytes in a block of %d", captured, len(raw))
	}
	p.Time = packetTime(raw)
	p.Data = raw[28 : 28+captured : 28+captured]
	p.Length = int(max(wire, captured))
	return binary.LittleEndian.Uint32(raw[8:]), nil
}

func packetTime(raw []byte) int64 {
	return int64(uint64(binary.LittleEndian.Uint32(raw[12:]))<<32 | uint64(binary.LittleEndian.Uint32(raw[16:])))
}

// ifaceOf reads an interface description block.
func ifaceOf(raw []byte) (ifaceKey, error) {
	if len(raw) < 20 {
		return ifaceKey{}, errors.New("interface description without its head")
	}
	k := ifaceKey{link: sensor.LinkType(binary.LittleEndian.Uint16(raw[8:]))}
	units := false
	for b := raw[16 : len(raw)-4]; len(b) >= 4; {
		code, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		padded := (n + 3) &^ 3
		if code == 0 || padded > len(b)-4 {
			break
		}
		switch {
		case code == 2:
			k.name = string(b[4 : 4+n])
		case code == 9 && n == 1:
			units = b[4] == 9
		}
		b = b[4+padded:]
	}
	if !units {
		return k, errors.New("interface description without times in nanoseconds")
	}
	return k, nil
}

// isSection checks a part's first block.
func isSection(kind uint32, raw []byte) error {
	if kind != kindSection || len(raw) < 28 || binary.LittleEndian.Uint32(raw[8:]) != 0x1a2b3c4d ||
		binary.LittleEndian.Uint16(raw[12:]) != 1 {
		return errors.New("does not begin with a little-endian pcapng section header")
	}
	return nil
}
