package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"khien/sensor"
)

// LiveConfig says how to capture from an interface.
type LiveConfig struct {
	RingBytes   int           // memory that the kernel fills, 64 MiB when 0
	Wait        time.Duration // how long Next waits for a packet before it returns ErrIdle, 100 ms when 0
	Promiscuous bool          // also take frames for other stations, as a mirror port needs
}

// blockBytes is the size of a ring's block: the kernel hands over packets a block at a time.
const blockBytes = 1 << 20

// blockTimeout is after how many milliseconds the kernel hands over a block that is not full.
const blockTimeout = 20

// ErrIdle is what Next returns when no packet came within LiveConfig.Wait: the caller may look at the clock and go on.
var ErrIdle = errors.New("capture: no packet")

// LiveStats counts what the kernel saw and had no room for.
type LiveStats struct {
	Received uint64 // packets, dropped ones included
	Dropped  uint64 // packets lost because the ring was full
	Freezes  uint64 // times that the ring was full
}

// Live reads the packets of a network interface from a TPACKET_V3 ring that it shares with the kernel (packet(7)). It
// needs CAP_NET_RAW. Stop, Stats and Dropped may be called from other goroutines.
type Live struct {
	name   string
	fd     int
	ring   []byte
	blocks int
	block  int    // block that is read, or waited for
	left   uint32 // packets of the block that were not read yet
	next   uint32 // offset of the next packet in the block
	held   bool   // the block belongs to us
	number uint64
	wait   int
	frame  []byte     // a frame into which a VLAN tag was put back
	mu     sync.Mutex // guards total: Stats may be asked from outside
	total  LiveStats
	stop   atomic.Bool
}

// OpenLive starts capturing on an interface.
func OpenLive(name string, c LiveConfig) (*Live, error) {
	ifc, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("capture: interface %s: %w", name, err)
	}
	if c.RingBytes <= 0 {
		c.RingBytes = 64 << 20
	}
	if c.Wait <= 0 {
		c.Wait = 100 * time.Millisecond
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		if errors.Is(err, unix.EPERM) {
			return nil, fmt.Errorf("capture: interface %s: %w (run as root, or give the program CAP_NET_RAW: setcap cap_net_raw+ep khien)", name, err)
		}
		return nil, fmt.Errorf("capture: interface %s: %w", name, err)
	}
	l := &Live{name: name, fd: fd, blocks: max(c.RingBytes/blockBytes, 2), wait: int(c.Wait / time.Millisecond)}
	if err := l.setUp(ifc.Index, c.Promiscuous); err != nil {
		l.Close()
		return nil, fmt.Errorf("capture: interface %s: %w", name, err)
	}
	return l, nil
}

// setUp makes the ring and binds the socket, in the order that loses no packet between the two.
func (l *Live) setUp(index int, promiscuous bool) error {
	if err := unix.SetsockoptInt(l.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("TPACKET_V3: %w", err)
	}
	req := unix.TpacketReq3{Block_size: blockBytes, Block_nr: uint32(l.blocks), Frame_size: 2048,
		Frame_nr: uint32(l.blocks) * (blockBytes / 2048), Retire_blk_tov: blockTimeout}
	if err := unix.SetsockoptTpacketReq3(l.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return fmt.Errorf("ring of %d MiB: %w", l.blocks, err)
	}
	ring, err := unix.Mmap(l.fd, 0, l.blocks*blockBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map the ring: %w", err)
	}
	l.ring = ring
	all := binary.NativeEndian.Uint16([]byte{unix.ETH_P_ALL >> 8, unix.ETH_P_ALL & 0xff})
	if err := unix.Bind(l.fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if promiscuous {
		mreq := unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(l.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &mreq); err != nil {
			return fmt.Errorf("promiscuous mode: %w", err)
		}
	}
	return nil
}

// Next reads one packet; its Data are valid until the following Next. It returns ErrIdle when none came in time and
// io.EOF after Stop.
func (l *Live) Next(p *sensor.Packet) error {
	for l.left == 0 {
		if err := l.nextBlock(); err != nil {
			return err
		}
	}
	base := l.block * blockBytes
	at := base + int(l.next)
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&l.ring[at]))
	start, end := at+int(h.Mac), at+int(h.Mac)+int(h.Snaplen)
	if end > base+blockBytes {
		return fmt.Errorf("capture: interface %s: the kernel's ring is inconsistent at %d", l.name, at)
	}
	l.number++
	p.Time = int64(h.Sec)*1e9 + int64(h.Nsec)
	p.Data = l.ring[start:end:end]
	p.Length = int(h.Len)
	p.Link = sensor.LinkEthernet
	p.Number = l.number
	if h.Status&unix.TP_STATUS_VLAN_VALID != 0 && len(p.Data) >= 12 {
		l.putBackTag(p, h)
	}
	l.left--
	l.next += h.Next_offset
	return nil
}

// putBackTag restores the VLAN tag that the kernel took off the frame.
func (l *Live) putBackTag(p *sensor.Packet, h *unix.Tpacket3Hdr) {
	tpid := uint16(0x8100)
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 && h.Hv1.Vlan_tpid != 0 {
		tpid = h.Hv1.Vlan_tpid
	}
	l.frame = append(l.frame[:0], p.Data[:12]...)
	l.frame = binary.BigEndian.AppendUint16(l.frame, tpid)
	l.frame = binary.BigEndian.AppendUint16(l.frame, uint16(h.Hv1.Vlan_tci))
	l.frame = append(l.frame, p.Data[12:]...)
	p.Data = l.frame
	p.Length += 4
}

// nextBlock gives the read block back and takes the next one that the kernel has filled.
func (l *Live) nextBlock() error {
	if l.held {
		atomic.StoreUint32(l.status(), unix.TP_STATUS_KERNEL)
		l.held = false
		l.block = (l.block + 1) % l.blocks
	}
	for atomic.LoadUint32(l.status())&unix.TP_STATUS_USER == 0 {
		// After Stop, a block that the kernel is still filling is waited for once.
		stopping, wait := l.stop.Load(), l.wait
		if stopping {
			wait = 3 * blockTimeout
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN | unix.POLLERR}}, wait)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("capture: interface %s: %w", l.name, os.NewSyscallError("poll", err))
		}
		switch {
		case n > 0:
		case stopping:
			return io.EOF
		default:
			return ErrIdle
		}
	}
	h := l.header()
	l.held, l.left, l.next = true, h.Num_pkts, h.Offset_to_first_pkt
	return nil
}

// header is the head of the current block: a version, an offset, then the counts.
func (l *Live) header() *unix.TpacketHdrV1 {
	return (*unix.TpacketHdrV1)(unsafe.Pointer(&l.ring[l.block*blockBytes+8]))
}

func (l *Live) status() *uint32 { return &l.header().Block_status }

// Stats returns the kernel's counts since the start.
func (l *Live) Stats() (LiveStats, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fd < 0 {
		return l.total, nil
	}
	s, err := unix.GetsockoptTpacketStatsV3(l.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return l.total, fmt.Errorf("capture: interface %s: %w", l.name, err)
	}
	// Reading resets the kernel's counters.
	l.total.Received += uint64(s.Packets)
	l.total.Dropped += uint64(s.Drops)
	l.total.Freezes += uint64(s.Freeze_q_cnt)
	return l.total, nil
}

// Dropped returns how many packets were lost since the start because the ring was full.
func (l *Live) Dropped() uint64 {
	s, err := l.Stats()
	if err != nil {
		return 0 // the interface has gone; Next says so
	}
	return s.Dropped
}

// Stop makes Next return io.EOF once what was captured has been read.
func (l *Live) Stop() { l.stop.Store(true) }

// Close ends the capture.
func (l *Live) Close() error {
	var errs []error
	if l.ring != nil {
		errs = append(errs, unix.Munmap(l.ring))
		l.ring = nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fd >= 0 {
		errs = append(errs, unix.Close(l.fd))
		l.fd = -1
	}
	return errors.Join(errs...)
}
