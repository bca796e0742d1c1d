package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"khien/sensor"
)

// SchemeOverIP is how the name of a capture begins that comes over a TCP connection: pcap-over-ip://host:port.
const SchemeOverIP = "pcap-over-ip://"

// dialMax is how long a connection to a sender of packets may take.
const dialMax = 10 * time.Second

// headMax is how long a sender may take to send the header of its capture.
const headMax = 30 * time.Second

// Stream reads a capture that another program sends over a TCP connection, in any format that a file may have. Stop may
// be called from other goroutines.
type Stream struct {
	r      *Reader
	conn   net.Conn
	headBy time.Time // zero when the header has come
	stop   atomic.Bool
}

// Dial connects to a program that sends a capture to whoever connects. name begins with SchemeOverIP.
func Dial(ctx context.Context, name string) (*Stream, error) {
	addr, ok := strings.CutPrefix(name, SchemeOverIP)
	if !ok {
		return nil, fmt.Errorf("capture: %s does not begin with %s", name, SchemeOverIP)
	}
	d := net.Dialer{Timeout: dialMax}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("capture: %s: %w", name, err)
	}
	return NewStream(ctx, conn, name)
}

// NewStream reads the capture that comes over a connection. The connection is the stream's from then on, also after an
// error. It returns when the capture's header has come, which must not take longer than half a minute.
func NewStream(ctx context.Context, conn net.Conn, name string) (*Stream, error) {
	s := &Stream{conn: conn, headBy: time.Now().Add(headMax)}
	stop := context.AfterFunc(ctx, s.Stop)
	defer stop()
	r, err := NewReader(s, name)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	s.r, s.headBy = r, time.Time{}
	return s, nil
}

// Read reads from the connection; ErrIdle says that nothing came for a while.
func (s *Stream) Read(p []byte) (int, error) {
	if s.stop.Load() {
		return 0, net.ErrClosed
	}
	if err := s.conn.SetReadDeadline(time.Now().Add(followWait)); err != nil {
		return 0, err
	}
	n, err := s.conn.Read(p)
	if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && (s.headBy.IsZero() || time.Now().Before(s.headBy)) {
		return 0, ErrIdle
	}
	if n > 0 {
		err = nil
	}
	return n, err
}

// Next reads the next packet. It returns ErrIdle when none has come for a while, and io.EOF when the sender has closed.
func (s *Stream) Next(p *sensor.Packet) error {
	err := s.r.Next(p)
	if err != nil && s.stop.Load() && errors.Is(err, net.ErrClosed) {
		return io.EOF
	}
	return err
}

// Stop makes Next return io.EOF, at the latest when the wait for the next bytes is over.
func (s *Stream) Stop() { s.stop.Store(true) }

// Close closes the connection.
func (s *Stream) Close() error {
	s.Stop()
	return errors.Join(s.r.Close(), s.conn.Close())
}
