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
	Filter      Filter        // packets that it refuses are not captured, and not counted
	Socket      int           // of OpenSocket, which is then Live's; 0 opens one
	Promiscuous bool          // also take frames for other stations, as a mirror port needs
}

// blockBytes is the size of a ring's block: the kernel hands over packets a block at a time.
const blockBytes = 1 << 20

// blockTimeout is after how many milliseconds the kernel hands over a block that is not full.
const blockTimeout = 20

// After Stop, packets that the kernel has counted and not handed over are waited for, and those that come behind are read for
// a moment: where they never cease there is always one more.
const (
	drainMost  = 2 * time.Second
	behindMost = 5 * blockTimeout * time.Millisecond
)

// ErrIdle is what Next returns when no packet came within LiveConfig.Wait: the caller may look at the clock and go on.
var ErrIdle = errors.New("capture: no packet")

// LiveStats counts what the kernel saw and had no room for.
type LiveStats struct {
	Received  uint64 // packets that came to the ring, dropped ones included
	Dropped   uint64 // packets lost because the ring was full
	Freezes   uint64 // times that the ring was full
	Interface uint64 // packets that the interface or the kernel lost before they came to the ring
}

// Live reads the packets of a network interface from a TPACKET_V3 ring that it shares with the kernel (packet(7)). It
// needs CAP_NET_RAW. Stop, Stats and Lost may be called from other goroutines.
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
	last   uint64    // number of the packet that came last before Stop
	ended  time.Time // when Next learned of Stop
	link   sensor.LinkType
	wait   int
	frame  []byte     // a frame into which a VLAN tag was put back
	mu     sync.Mutex // guards total: Stats may be asked from outside
	total  LiveStats
	device *device
	stop   atomic.Bool
}

// OpenLive starts capturing on an interface.
func OpenLive(name string, c LiveConfig) (*Live, error) {
	l := &Live{name: name, fd: -1}
	if c.Socket > 0 {
		l.fd = c.Socket
	}
	if err := l.open(c); err != nil {
		return nil, errors.Join(fmt.Errorf("capture: interface %s: %w", name, err), l.Close())
	}
	return l, nil
}

// open opens what is not open yet and begins.
func (l *Live) open(c LiveConfig) error {
	ifc, err := net.InterfaceByName(l.name)
	if err != nil {
		return err
	}
	if l.device, err = openDevice(l.name); err != nil {
		return err
	}
	if c.RingBytes <= 0 {
		c.RingBytes = 64 << 20
	}
	if c.Wait <= 0 {
		c.Wait = 100 * time.Millisecond
	}
	if l.fd < 0 {
		if l.fd, err = OpenSocket(); err != nil {
			return err
		}
	}
	l.blocks, l.wait = max(c.RingBytes/blockBytes, 2), int(c.Wait/time.Millisecond)
	return l.setUp(ifc.Index, c)
}

// OpenSocket opens a packet socket that receives nothing yet: the one step of capturing that needs CAP_NET_RAW.
func OpenSocket() (fd int, err error) {
	fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if errors.Is(err, unix.EPERM) {
		err = fmt.Errorf("%w (run as root, or give the program CAP_NET_RAW: setcap cap_net_raw+ep khien)", err)
	}
	if err != nil {
		return -1, fmt.Errorf("packet socket: %w", err)
	}
	return fd, nil
}

// setUp makes the ring and binds the socket, in the order that loses no packet between the two.
func (l *Live) setUp(index int, c LiveConfig) error {
	var err error
	if l.link, err = linkOf(l.fd, l.name); err != nil {
		return err
	}
	if err := c.Filter.attach(l.fd); err != nil {
		return fmt.Errorf("filter: %w", err)
	}
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
	if c.Promiscuous {
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
	p.Link = l.link
	p.Number = l.number
	p.Unsummed = h.Status&unix.TP_STATUS_CSUMNOTREADY != 0
	if h.Status&unix.TP_STATUS_VLAN_VALID != 0 && len(p.Data) >= 12 && l.link == sensor.LinkEthernet {
		l.putBackTag(p, h)
	}
	l.left--
	l.next += h.Next_offset
	return nil
}

// linkOf asks what stands before the network layer on an interface (linux/if_arp.h).
func linkOf(fd int, name string) (sensor.LinkType, error) {
	r, err := unix.NewIfreq(name)
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCGIFHWADDR, r)
	}
	if err != nil {
		return 0, fmt.Errorf("link layer: %w", err)
	}
	switch kind := r.Uint16(); kind {
	case unix.ARPHRD_ETHER, unix.ARPHRD_LOOPBACK:
		return sensor.LinkEthernet, nil
	case unix.ARPHRD_NONE, unix.ARPHRD_RAWIP, unix.ARPHRD_TUNNEL, unix.ARPHRD_TUNNEL6, unix.ARPHRD_SIT, unix.ARPHRD_IPGRE, unix.ARPHRD_PPP:
		return sensor.LinkRaw, nil // tun devices, WireGuard, tunnels of the kernel: nothing
	default:
		return 0, fmt.Errorf("link layer %d is not supported", kind)
	}
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
	if l.stopped() && l.number >= l.last && time.Since(l.ended) > behindMost {
		return io.EOF
	}
	for atomic.LoadUint32(l.status())&unix.TP_STATUS_USER == 0 {
		stopped, wait := l.stopped(), l.wait
		if stopped {
			wait = 3 * blockTimeout // until a block that the kernel is still filling comes
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN | unix.POLLERR}}, wait)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("capture: interface %s: %w", l.name, os.NewSyscallError("poll", err))
		}
		switch {
		case n > 0:
		case stopped && err != nil:
			// A signal, of which the runtime sends some, is no reason to end.
		case stopped && l.number < l.last && time.Since(l.ended) < drainMost:
			// The kernel's timer is late, as it may be on a busy machine.
		case stopped:
			return io.EOF
		default:
			return ErrIdle
		}
	}
	h := l.header()
	l.held, l.left, l.next = true, h.Num_pkts, h.Offset_to_first_pkt
	return nil
}

// stopped reports whether Stop was called, and notes the first time what is still to be read.
func (l *Live) stopped() bool {
	if !l.stop.Load() {
		return false
	}
	if l.ended.IsZero() {
		l.ended = time.Now()
		if s, err := l.Stats(); err == nil { // else there is nothing to wait for
			l.last = s.Received - s.Dropped
		}
	}
	return true
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
	if l.total.Interface, err = l.device.lost(); err != nil {
		return l.total, fmt.Errorf("capture: interface %s: %w", l.name, err)
	}
	return l.total, nil
}

// Lost returns how many packets were lost since the start: before they came to the ring, and because it was full. When
// the interface has gone, which Next tells, the counts are the last ones.
func (l *Live) Lost() (beforeRing, ringFull uint64) {
	s, _ := l.Stats()
	return s.Interface, s.Dropped
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
	if l.device != nil {
		errs = append(errs, l.device.close())
		l.device = nil
	}
	return errors.Join(errs...)
}
