package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"khien/sensor"
)

// Errors that callers may want to tell apart; they come wrapped with file, byte offset and what was expected.
var (
	ErrEmpty  = errors.New("the file is empty")
	ErrFormat = errors.New("not a pcap or pcapng capture")
)

// maxWindow bounds what a zstd frame may ask the decompressor to keep.
const maxWindow = 128 << 20

// A Reader reads the packets of one capture. It is not safe for concurrent use.
type Reader struct {
	name   string
	in     input
	format format
	number uint64
	err    error // sticky: what ended the capture
	close  []func() error
}

// format is one capture format, behind its file header.
type format interface {
	// next reads one packet and sets all of p but Number. io.EOF, and only at a record's beginning, is the regular end.
	next(in *input, p *sensor.Packet) error
}

// Open opens a capture and reads its header. The name "-" is standard input.
func Open(name string) (*Reader, error) {
	var src io.Reader = os.Stdin
	r := &Reader{name: name}
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("capture: %w", err)
		}
		r.close = append(r.close, f.Close)
		src = f
	}
	if err := r.open(src); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// NewReader reads a capture from a stream; name is what errors call it.
func NewReader(src io.Reader, name string) (*Reader, error) {
	r := &Reader{name: name}
	if err := r.open(src); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Reader) open(src io.Reader) error {
	r.in = input{src: src, buf: make([]byte, maxBlock)}
	head, err := r.in.must(4)
	if err != nil && !ended(err) {
		return r.fail(err)
	}
	if len(head) == 0 {
		return r.fail(ErrEmpty)
	}
	if err := r.decompress(head); err != nil {
		return r.fail(err)
	}
	if head, err = r.in.must(4); err != nil {
		if !ended(err) || len(head) == 0 && err != io.EOF {
			return r.fail(err)
		}
		if len(head) == 0 {
			return r.fail(ErrEmpty)
		}
		return r.fail(fmt.Errorf("%w: %d bytes, want a 4-byte magic number", ErrFormat, len(head)))
	}
	switch magic := binary.BigEndian.Uint32(head); magic {
	case blockSection:
		r.format, err = openNG(&r.in)
	default:
		r.format, err = openPcap(&r.in)
	}
	if err != nil {
		return r.fail(err)
	}
	return nil
}

// decompress puts a decompressor before the input when its first bytes ask for one.
func (r *Reader) decompress(head []byte) error {
	raw := input{src: r.in.src, buf: r.in.buf, r: r.in.r, w: r.in.w}
	switch {
	case len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		z, err := gzip.NewReader(&rest{raw})
		if err != nil {
			return fmt.Errorf("gzip header: %w", unexpected(err))
		}
		r.close = append(r.close, z.Close)
		r.in = input{src: z, buf: make([]byte, maxBlock)}
	case len(head) == 4 && (binary.LittleEndian.Uint32(head) == 0xfd2fb528 || binary.LittleEndian.Uint32(head)&^0xf == 0x184d2a50):
		z, err := zstd.NewReader(&rest{raw}, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return fmt.Errorf("zstd header: %w", unexpected(err))
		}
		r.close = append(r.close, func() error { z.Close(); return nil })
		r.in = input{src: z, buf: make([]byte, maxBlock)}
	}
	return nil
}

// rest reads what an input holds and what follows.
type rest struct{ in input }

func (s *rest) Read(p []byte) (int, error) {
	if s.in.r < s.in.w {
		n := copy(p, s.in.buf[s.in.r:s.in.w])
		s.in.r += n
		return n, nil
	}
	for {
		n, err := s.in.src.Read(p)
		if n > 0 || !errors.Is(err, ErrIdle) { // decompressors do not go on after an error
			return n, err
		}
	}
}

// Next reads the next packet into p. The error is io.EOF at the end of the capture; a capture that ends in the middle
// of a packet gives io.ErrUnexpectedEOF, wrapped, after everything before it has been delivered. p.Data is valid until
// the following Next. Once Next has failed it returns the same error again.
func (r *Reader) Next(p *sensor.Packet) error {
	if r.err != nil {
		return r.err
	}
	if err := r.format.next(&r.in, p); err != nil {
		if err == ErrIdle {
			return err
		}
		if err != io.EOF {
			err = r.fail(err)
		}
		r.err = err
		*p = sensor.Packet{}
		return err
	}
	r.number++
	p.Number = r.number
	return nil
}

// Offset returns how many bytes of the capture, decompressed, have been used.
func (r *Reader) Offset() int64 { return r.in.off }

// Close releases the file. Data of the last packet must not be used any more.
func (r *Reader) Close() error {
	var first error
	for i := len(r.close) - 1; i >= 0; i-- {
		if err := r.close[i](); err != nil && first == nil {
			first = fmt.Errorf("capture: %s: %w", r.name, err)
		}
	}
	r.close = nil
	if r.err == nil {
		r.err = fmt.Errorf("capture: %s: %w", r.name, os.ErrClosed)
	}
	return first
}

func (r *Reader) fail(err error) error {
	return fmt.Errorf("capture: %s: byte %d: %w", r.name, r.in.off, err)
}

func ended(err error) bool { return err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) }

// link checks that decode will understand a link type, and maps the numbers that mean the same.
func link(n uint32) (sensor.LinkType, error) {
	switch l := sensor.LinkType(n & 0xffff); l {
	case sensor.LinkNull, sensor.LinkEthernet, sensor.LinkPPP, sensor.LinkRaw, sensor.LinkLoop, sensor.LinkLinuxSLL,
		sensor.LinkIPv4, sensor.LinkIPv6, sensor.LinkLinuxSLL2:
		return l, nil
	case 12, 14: // DLT_RAW before it had a LINKTYPE of its own
		return sensor.LinkRaw, nil
	case 50: // PPP in HDLC-like framing: decode knows the framing bytes
		return sensor.LinkPPP, nil
	default:
		return 0, fmt.Errorf("link type %d is not supported", l)
	}
}
