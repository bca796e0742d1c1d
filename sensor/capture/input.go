package capture

import (
	"errors"
	"io"
)

// The buffer holds one whole packet record; what a file gives beyond these limits is an error, not an allocation.
const (
	maxPacket = 256 << 10 // bytes of one packet: libpcap's largest snap length
	maxBlock  = 512 << 10 // bytes of one pcapng block that must be looked at as a whole
)

// input is a buffered stream that lends its buffer and knows its position.
type input struct {
	src  io.Reader
	buf  []byte // maxBlock bytes
	r, w int    // buf[r:w] has been read and not used
	off  int64  // position of buf[r] in the (decompressed) stream
}

// peek returns the next n ≤ maxBlock bytes without using them. They stay valid until the following peek or skip. At the
// end of the stream the error is io.EOF when nothing is left and io.ErrUnexpectedEOF when less than n is.
func (in *input) peek(n int) ([]byte, error) {
	if in.w-in.r < n {
		if err := in.fill(n); err != nil {
			return in.buf[in.r:in.w], err
		}
	}
	return in.buf[in.r : in.r+n], nil
}

func (in *input) fill(n int) error {
	if len(in.buf)-in.r < n {
		in.w = copy(in.buf, in.buf[in.r:in.w])
		in.r = 0
	}
	for idle := 0; in.w-in.r < n; {
		m, err := in.src.Read(in.buf[in.w:])
		in.w += m
		if err != nil {
			if in.w-in.r >= n {
				return nil // an error that lasts is met again by the next read
			}
			if errors.Is(err, ErrIdle) {
				return ErrIdle
			}
			if errors.Is(err, io.EOF) {
				if in.w > in.r {
					return io.ErrUnexpectedEOF
				}
				return io.EOF
			}
			return err
		}
		if m > 0 {
			idle = 0
		} else if idle++; idle == 100 {
			return io.ErrNoProgress
		}
	}
	return nil
}

// must is peek that waits where nothing has come yet.
func (in *input) must(n int) ([]byte, error) {
	for {
		b, err := in.peek(n)
		if err != ErrIdle {
			return b, err
		}
	}
}

// use marks n bytes as used that peek has returned; it does not touch the buffer.
func (in *input) use(n int) {
	in.r += n
	in.off += int64(n)
}

// skip passes over n bytes, as many as there may be.
func (in *input) skip(n int64) error {
	for n > 0 {
		m := int64(in.w - in.r)
		if m == 0 {
			if _, err := in.must(1); err != nil {
				return unexpected(err)
			}
			continue
		}
		m = min(m, n)
		in.use(int(m))
		n -= m
	}
	return nil
}

// unexpected turns an end of input in the middle of something into io.ErrUnexpectedEOF.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
