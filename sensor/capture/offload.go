package capture

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Commands and bits of the ethtool interface (linux/ethtool.h).
const (
	ethtoolGetGRO   = 0x2b
	ethtoolGetFlags = 0x25
	ethtoolFlagLRO  = 1 << 15
)

// ethtoolValue is struct ethtool_value.
type ethtoolValue struct{ cmd, data uint32 }

// ethtoolRequest is struct ifreq with the pointer that ethtool uses.
type ethtoolRequest struct {
	name [unix.IFNAMSIZ]byte
	data unsafe.Pointer
	_    [16]byte
}

// Offloads returns which of GRO and LRO are on: with them the kernel or the card joins packets before they are captured.
func Offloads(name string) (on []string, err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	gro, err := ethtoolGet(fd, name, ethtoolGetGRO)
	if err != nil {
		return nil, err
	}
	if gro != 0 {
		on = append(on, "GRO")
	}
	flags, err := ethtoolGet(fd, name, ethtoolGetFlags)
	if err != nil {
		return on, err
	}
	if flags&ethtoolFlagLRO != 0 {
		on = append(on, "LRO")
	}
	return on, nil
}

func ethtoolGet(fd int, name string, cmd uint32) (uint32, error) {
	v := &ethtoolValue{cmd: cmd}
	var p runtime.Pinner // the kernel follows a pointer in memory that it is given
	p.Pin(v)
	defer p.Unpin()
	req := &ethtoolRequest{data: unsafe.Pointer(v)}
	copy(req.name[:unix.IFNAMSIZ-1], name)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(req))); errno != 0 {
		return 0, errno
	}
	return v.data, nil
}
