package capture

import (
	"encoding/binary"
	"fmt"
	"io"

	"khien/sensor"
)

// Option codes of pcapng blocks (draft-ietf-opsawg-pcapng, 3.5, 4.1 and 4.2).
const (
	optEnd         = 0
	optComment     = 1
	optApplication = 4 // shb_userappl
	optName        = 2 // if_name
	optResolution  = 9 // if_tsresol

	maxOption = 1<<16 - 1 // bytes of an option's value
)

// MaxPacket is how many bytes of one packet are read and written.
const MaxPacket = maxPacket

// Section is what a pcapng section tells of itself.
type Section struct {
	Comment     string // cut at 65,535 bytes
	Application string // what wrote it
}

// Interface is where packets of a section were captured.
type Interface struct {
	Name string // empty when it is not known
	Link sensor.LinkType
}

// Writer writes a pcapng section with times in nanoseconds, little endian. It buffers nothing: every call is one Write of
// whole blocks, so that a reader never finds more than the last block cut off. Not safe for concurrent use.
type Writer struct {
	w   io.Writer
	n   uint32 // interfaces so far
	buf []byte
}

// NewWriter writes the section header.
func NewWriter(w io.Writer, s Section) (*Writer, error) {
	x := &Writer{w: w}
	x.buf = AppendSection(x.buf[:0], s)
	return x, x.flush()
}

// Interface describes an interface and returns the number that packets name it by.
func (x *Writer) Interface(i Interface) (uint32, error) {
	if x.n == maxInterfaces {
		return 0, fmt.Errorf("capture: write pcapng: more than %d interfaces", maxInterfaces)
	}
	x.buf = AppendInterface(x.buf[:0], i)
	if err := x.flush(); err != nil {
		return 0, err
	}
	x.n++
	return x.n - 1, nil
}

// Packet writes a packet of an interface that Interface has returned.
func (x *Writer) Packet(iface uint32, p *sensor.Packet) error {
	if iface >= x.n || len(p.Data) > maxPacket {
		return fmt.Errorf("capture: write pcapng: packet of %d bytes on interface %d of %d", len(p.Data), iface, x.n)
	}
	x.buf = AppendPacket(x.buf[:0], iface, p)
	return x.flush()
}

func (x *Writer) flush() error {
	if _, err := x.w.Write(x.buf); err != nil {
		return fmt.Errorf("capture: write pcapng: %w", err)
	}
	return nil
}

// AppendSection appends a section header block.
func AppendSection(dst []byte, s Section) []byte {
	dst, at := openBlock(dst, blockSection)
	dst = binary.LittleEndian.AppendUint32(dst, byteOrderMagic)
	dst = binary.LittleEndian.AppendUint16(dst, 1) // version 1.0
	dst = binary.LittleEndian.AppendUint16(dst, 0)
	dst = binary.LittleEndian.AppendUint64(dst, 1<<64-1) // length of the section: not given
	dst = appendOption(dst, optComment, s.Comment)
	dst = appendOption(dst, optApplication, s.Application)
	return closeBlock(appendOption(dst, optEnd, ""), at)
}

// AppendInterface appends an interface description block.
func AppendInterface(dst []byte, i Interface) []byte {
	dst, at := openBlock(dst, blockInterface)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(i.Link))
	dst = binary.LittleEndian.AppendUint16(dst, 0)
	dst = binary.LittleEndian.AppendUint32(dst, maxPacket)
	dst = appendOption(dst, optName, i.Name)
	dst = appendOption(dst, optResolution, "\x09") // 10^-9 seconds
	return closeBlock(appendOption(dst, optEnd, ""), at)
}

// AppendPacket appends an enhanced packet block.
func AppendPacket(dst []byte, iface uint32, p *sensor.Packet) []byte {
	dst, at := openBlock(dst, blockEnhanced)
	dst = binary.LittleEndian.AppendUint32(dst, iface)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(uint64(p.Time)>>32))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(p.Time))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(p.Data)))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(max(p.Length, len(p.Data))))
	return closeBlock(pad(append(dst, p.Data...), len(p.Data)), at)
}

// openBlock appends a block's type and room for its length.
func openBlock(dst []byte, kind uint32) (out []byte, at int) {
	at = len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, kind)
	return binary.LittleEndian.AppendUint32(dst, 0), at
}

// closeBlock writes the length of the block that begins at at, before and behind it.
func closeBlock(dst []byte, at int) []byte {
	n := uint32(len(dst) - at + 4)
	binary.LittleEndian.PutUint32(dst[at+4:], n)
	return binary.LittleEndian.AppendUint32(dst, n)
}

// appendOption appends an option. One without a value is left out, but for the one that ends the options.
func appendOption(dst []byte, code uint16, value string) []byte {
	if value == "" && code != optEnd {
		return dst
	}
	value = value[:min(len(value), maxOption)]
	dst = binary.LittleEndian.AppendUint16(dst, code)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(value)))
	return pad(append(dst, value...), len(value))
}

// pad appends zeros behind n bytes up to the next multiple of four.
func pad(dst []byte, n int) []byte { return append(dst, 0, 0, 0)[:len(dst)+(-n&3)] }
