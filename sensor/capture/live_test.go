package capture

import (
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"khien/sensor"
)

// inNamespace runs f in a network namespace of its own with a veth pair khien0–khien1, or skips where that needs rights
// that the test has not.
func inNamespace(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("live capture needs root (CAP_NET_RAW and a network namespace): run the tests with sudo")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("live capture is tested on a veth pair: install iproute2")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with its namespace
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			t.Logf("unshare: %v", err)
			return
		}
		for _, args := range [][]string{{"link", "add", "khien0", "type", "veth", "peer", "name", "khien1"},
			{"link", "set", "khien0", "up"}, {"link", "set", "khien1", "up"}} {
			if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
				t.Errorf("ip %v: %v: %s", args, err, out)
				return
			}
		}
		f()
	}()
	<-done
}

// frame is an Ethernet frame of a type that the kernel itself does not send, with a number in it.
func frame(n uint32) []byte {
	b := make([]byte, 60)
	copy(b, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x88\xb5")
	binary.BigEndian.PutUint32(b[14:], n)
	return b
}

// openWire captures on khien0 what send sends from khien1; nil when that failed, which it has told.
func openWire(t *testing.T) (l *Live, send func(frame []byte) error, end func()) {
	t.Helper()
	l, err := OpenLive("khien0", LiveConfig{RingBytes: 8 << 20, Promiscuous: true})
	if err != nil {
		t.Error(err)
		return nil, nil, nil
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		t.Error(err, l.Close())
		return nil, nil, nil
	}
	to := &unix.SockaddrLinklayer{Ifindex: interfaceIndex(t, "khien1"), Halen: 6}
	return l, func(frame []byte) error { return unix.Sendto(fd, frame, 0, to) }, func() {
		if err := errors.Join(unix.Close(fd), l.Close()); err != nil {
			t.Error(err)
		}
	}
}

// frames are the numbers of the frames that are read, until the capture ends.
func frames(l *Live) iter.Seq2[uint32, error] {
	return func(yield func(uint32, error) bool) {
		var p sensor.Packet
		for {
			err := l.Next(&p)
			if errors.Is(err, io.EOF) || err != nil && !errors.Is(err, ErrIdle) && !yield(0, err) {
				return
			}
			if err != nil || len(p.Data) < 18 || string(p.Data[12:14]) != "\x88\xb5" {
				continue // nothing, or the kernel's own neighbour discovery
			}
			if !yield(binary.BigEndian.Uint32(p.Data[14:]), nil) {
				return
			}
		}
	}
}

func TestLiveCountsEveryPacket(t *testing.T) {
	ran := false
	inNamespace(t, func() {
		ran = true
		const sent = 20000
		l, send, end := openWire(t)
		if l == nil {
			return
		}
		defer end()
		for i := range uint32(sent) {
			if err := send(frame(i)); err != nil {
				t.Errorf("send %d: %v", i, err)
				return
			}
		}
		l.Stop()
		seen, last := uint64(0), int64(-1)
		for number, err := range frames(l) {
			if err != nil {
				t.Error(err)
				return
			}
			if n := int64(number); n <= last {
				t.Errorf("packet %d after %d", n, last)
			} else {
				last = n
			}
			seen++
		}
		s, err := l.Stats()
		if err != nil {
			t.Error(err)
		}
		if seen+s.Dropped < sent || seen > sent {
			t.Errorf("sent %d, seen %d, dropped %d: packets are missing from the count", sent, seen, s.Dropped)
		}
		t.Logf("sent %d, seen %d, dropped %d", sent, seen, s.Dropped)
	})
	if !ran && !t.Failed() {
		t.Skip("network namespaces are not allowed here")
	}
}

// TestLiveStopsWhileBusy: where packets never cease, Stop ends the capture, and not before everything is read that had come.
func TestLiveStopsWhileBusy(t *testing.T) {
	ran := false
	inNamespace(t, func() {
		ran = true
		l, send, end := openWire(t)
		if l == nil {
			return
		}
		defer end()
		var sent atomic.Uint32
		stop, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := send(frame(sent.Load())); err != nil {
					t.Error(err)
					return
				}
				sent.Add(1)
				time.Sleep(100 * time.Microsecond)
			}
		}()
		defer func() { close(stop); <-ended }()
		for sent.Load() < 1000 {
			time.Sleep(time.Millisecond)
		}
		before, start := sent.Load(), time.Now()
		l.Stop()
		last := uint32(0)
		for number, err := range frames(l) {
			if err != nil {
				t.Error(err)
				return
			}
			last = number
			if time.Since(start) > 10*drainMost {
				t.Errorf("it still reads, packet %d", last)
				return
			}
		}
		s, err := l.Stats()
		if err != nil || s.Dropped == 0 && last+1 < before {
			t.Errorf("packet %d was read last of the %d that had come (%+v, %v)", last, before, s, err)
		}
	})
	if !ran && !t.Failed() {
		t.Skip("network namespaces are not allowed here")
	}
}

func TestLiveNamesTheInterface(t *testing.T) {
	if _, err := OpenLive("khien-none", LiveConfig{}); err == nil {
		t.Fatal("opened an interface that does not exist")
	}
}

// interfaceIndex asks the kernel through a socket of this thread, and so of its namespace.
func interfaceIndex(t *testing.T, name string) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r); err != nil {
		t.Fatal(err)
	}
	return int(r.Uint32())
}

// A tun device has no link layer: its packets begin with IP.
func TestLiveWithoutLinkLayer(t *testing.T) {
	ran, why := false, ""
	inNamespace(t, func() {
		tun, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			why = err.Error()
			return
		}
		defer unix.Close(tun)
		r, err := unix.NewIfreq("khien2")
		if err == nil {
			r.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
			err = unix.IoctlIfreq(tun, unix.TUNSETIFF, r)
		}
		if err != nil {
			why = err.Error()
			return
		}
		ran = true
		if out, err := exec.Command("ip", "link", "set", "khien2", "up").CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
			return
		}
		l, err := OpenLive("khien2", LiveConfig{RingBytes: 2 << 20, Promiscuous: true})
		if err != nil {
			t.Error(err)
			return
		}
		defer l.Close()
		sent := "\x45\x00\x00\x18\x00\x00\x00\x00\x40\xfd\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02data"
		if _, err := unix.Write(tun, []byte(sent)); err != nil {
			t.Error(err)
		}
		var p sensor.Packet
		for end := time.Now().Add(10 * time.Second); ; { // the kernel hands it over when it has time
			err := l.Next(&p)
			if errors.Is(err, ErrIdle) && time.Now().Before(end) {
				continue
			}
			if err != nil {
				t.Errorf("the packet did not come: %v", err)
				return
			}
			if string(p.Data) == sent {
				break
			}
		}
		if p.Link != sensor.LinkRaw {
			t.Errorf("link type %d", p.Link)
		}
	})
	if !ran && !t.Failed() {
		t.Skip("no tun device (modprobe tun; in a container, --device /dev/net/tun): " + why)
	}
}
