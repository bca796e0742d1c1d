package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"khien/sensor"
)

const (
	mirrorBuffer = 64 << 20 // bytes that the kernel may hold for a mirror, where it allows as much
	mirrorFrame  = 64 << 10 // bytes of a datagram
)

// Mirror receives mirrored packets in VXLAN (RFC 7348) or GENEVE (RFC 8926) datagrams, as switches and cloud networks
// send them, and gives the packets inside. Stop and Lost may be called from other goroutines.
type Mirror struct {
	conn    *net.UDPConn
	buf     []byte
	control []byte
	number  uint64
	dropped atomic.Uint64 // that the kernel had no room for
	odd     atomic.Uint64 // datagrams that carry no packet
	stop    atomic.Bool
}

// ListenMirror receives on an address, of which the port may be any: what a datagram is shows by its header.
func ListenMirror(addr string) (*Mirror, error) {
	a, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("capture: mirror: %w", err)
	}
	conn, err := net.ListenUDP("udp", a)
	if err != nil {
		return nil, fmt.Errorf("capture: mirror: %w", err)
	}
	m := &Mirror{conn: conn, buf: make([]byte, mirrorFrame), control: make([]byte, 256)}
	raw, err := conn.SyscallConn()
	if err == nil {
		err = errors.Join(raw.Control(func(fd uintptr) {
			// The larger buffer needs CAP_NET_ADMIN; without, the system's limit is what there is.
			if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, mirrorBuffer) != nil {
				err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, mirrorBuffer)
			}
			err = errors.Join(err, unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1),
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1))
		}), err)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("capture: mirror: %w", err), conn.Close())
	}
	return m, nil
}

// Addr returns the address that is listened on.
func (m *Mirror) Addr() net.Addr { return m.conn.LocalAddr() }

// Next reads one mirrored packet; its Data are valid until the following Next. It returns ErrIdle when none came for a
// while and io.EOF after Stop.
func (m *Mirror) Next(p *sensor.Packet) error {
	if m.stop.Load() {
		return io.EOF
	}
	if err := m.conn.SetReadDeadline(time.Now().Add(followWait)); err != nil {
		return fmt.Errorf("capture: mirror: %w", err)
	}
	for {
		n, c, _, _, err := m.conn.ReadMsgUDPAddrPort(m.buf, m.control)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return ErrIdle
		case err != nil:
			return fmt.Errorf("capture: mirror: %w", err)
		}
		p.Time = 0
		m.readControl(m.control[:c], p)
		inner, link, ok := decapsulate(m.buf[:n])
		if !ok {
			m.odd.Add(1)
			continue
		}
		m.number++
		if p.Time == 0 {
			p.Time = time.Now().UnixNano()
		}
		p.Data, p.Length, p.Link, p.Number = inner, len(inner), link, m.number
		return nil
	}
}

// readControl takes the kernel's time of a datagram and its count of those that it had no room for.
func (m *Mirror) readControl(b []byte, p *sensor.Packet) {
	const head = unix.SizeofCmsghdr
	for len(b) >= head {
		n := int(binary.NativeEndian.Uint64(b))
		level, kind := binary.NativeEndian.Uint32(b[8:]), binary.NativeEndian.Uint32(b[12:])
		if n < head || n > len(b) {
			return
		}
		data := b[head:n]
		switch {
		case level != unix.SOL_SOCKET:
		case kind == unix.SO_RXQ_OVFL && len(data) >= 4:
			// The kernel counts in 32 bits.
			old := m.dropped.Load()
			m.dropped.Store(old + uint64(binary.NativeEndian.Uint32(data)-uint32(old)))
		case kind == unix.SO_TIMESTAMPNS && len(data) >= 16:
			p.Time = int64(binary.NativeEndian.Uint64(data))*1e9 + int64(binary.NativeEndian.Uint64(data[8:]))
		}
		b = b[min((n+7)&^7, len(b)):]
	}
}

// Protocols that a tunnel names by EtherType.
const (
	typeBridging = 0x6558 // Ethernet
	typeIPv4     = 0x0800
	typeIPv6     = 0x86dd
)

// decapsulate takes the tunnel's header off. A GENEVE header names the type of what it carries where a VXLAN header has
// zeros, so that the two cannot be taken for each other.
func decapsulate(b []byte) (inner []byte, link sensor.LinkType, ok bool) {
	if len(b) < 8 {
		return nil, 0, false
	}
	switch binary.BigEndian.Uint16(b[2:]) {
	case typeBridging:
		link = sensor.LinkEthernet
	case typeIPv4, typeIPv6:
		link = sensor.LinkRaw
	case 0:
		if b[0]&0x08 == 0 { // the identifier is not valid (RFC 7348, 5)
			return nil, 0, false
		}
		return b[8:], sensor.LinkEthernet, true
	default:
		return nil, 0, false
	}
	n := 8 + 4*int(b[0]&0x3f)
	if b[0]>>6 != 0 || n > len(b) { // RFC 8926, 3.4: version 0
		return nil, 0, false
	}
	return b[n:], link, true
}

// Lost returns how many datagrams the kernel had no room for. There is no ring.
func (m *Mirror) Lost() (beforeRing, ringFull uint64) { return m.dropped.Load(), 0 }

// Odd returns how many datagrams carried no mirrored packet.
func (m *Mirror) Odd() uint64 { return m.odd.Load() }

// Stop makes Next return io.EOF.
func (m *Mirror) Stop() { m.stop.Store(true) }

// Close ends the listening.
func (m *Mirror) Close() error {
	m.Stop()
	return m.conn.Close()
}
