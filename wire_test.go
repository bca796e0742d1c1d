package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"khien/detector/cli"
	"khien/detector/store"
	"khien/detector/store/embedded"
)

// wire is a veth pair between two network namespaces of the test: khien0 in the sensor's, khien1 in the sender's.
type wire struct {
	t              *testing.T
	sensor, sender string // names of the namespaces
	program        string // the test's own binary under the name of the program
	process        *os.Process
}

// newWire makes the namespaces, or skips where that needs rights that the test has not.
func newWire(t *testing.T) *wire {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a wire needs root (network namespaces and CAP_NET_RAW): run the tests with sudo")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("a wire is made with ip: install iproute2")
	}
	w := &wire{t: t, sensor: fmt.Sprintf("khien-a%d", os.Getpid()), sender: fmt.Sprintf("khien-b%d", os.Getpid())}
	for _, ns := range []string{w.sensor, w.sender} {
		if out, err := exec.Command("ip", "netns", "add", ns).CombinedOutput(); err != nil {
			t.Skipf("network namespaces are not allowed here (run on a host, or in a container with --privileged): %s", out)
		}
		t.Cleanup(func() {
			if out, err := exec.Command("ip", "netns", "del", ns).CombinedOutput(); err != nil {
				t.Errorf("ip netns del: %s", out)
			}
		})
	}
	w.ip("-n", w.sensor, "link", "add", "khien0", "type", "veth", "peer", "name", "khien1", "netns", w.sender)
	if _, err := os.Stat("/proc/net/if_inet6"); err == nil {
		// Without an address the kernel says nothing on the wire by itself.
		w.ip("-n", w.sensor, "link", "set", "khien0", "addrgenmode", "none")
		w.ip("-n", w.sender, "link", "set", "khien1", "addrgenmode", "none")
	}
	w.ip("-n", w.sensor, "link", "set", "lo", "up")
	w.ip("-n", w.sensor, "link", "set", "khien0", "up")
	w.ip("-n", w.sender, "link", "set", "khien1", "up")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w.program = filepath.Join(t.TempDir(), "khien")
	if err := os.Symlink(exe, w.program); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *wire) ip(args ...string) {
	w.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		w.t.Fatalf("ip %v: %v: %s", args, err, out)
	}
}

// watch runs khien run on the sensor's side while send works on the sender's, and returns what --stats tells.
func (w *wire) watch(send func(fd, index int) uint64, flags ...string) (sent uint64, s replayStats, stderr string) {
	w.t.Helper()
	return w.watchWith("run", "Console: ", w.t.TempDir(), send, flags...)
}

// watchWith runs a command that captures, whose data lies in a folder and that is ready when it says so.
func (w *wire) watchWith(command, ready, data string, send func(fd, index int) uint64, flags ...string) (sent uint64, s replayStats, stderr string) {
	w.t.Helper()
	stats := filepath.Join(w.t.TempDir(), "stats.json")
	args := append([]string{"netns", "exec", w.sensor, w.program, command, "-i", "khien0", "--data", data, "--stats", stats}, flags...)
	cmd := exec.Command("ip", args...)
	var out, errs bytes.Buffer
	cmd.Stderr = &errs
	said, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.process = cmd.Process
	defer cmd.Process.Kill()
	watchdog := time.AfterFunc(60*time.Second, func() { cmd.Process.Kill() })
	defer watchdog.Stop()
	for b := make([]byte, 4096); !strings.Contains(out.String(), ready); {
		n, err := said.Read(b)
		out.Write(b[:n])
		if err != nil {
			w.t.Fatalf("khien %s ended: %v: %s", command, cmd.Wait(), errs.String())
		}
	}
	w.inside(w.sender, "khien1", func(fd, index int) { sent = send(fd, index) })
	// ip has become khien: it is the process of the command.
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != cli.Input { // cli.Input: packets were lost
		w.t.Fatalf("khien %s: %v: %s", command, err, errs.String())
	}
	text, err := os.ReadFile(stats)
	if err != nil {
		w.t.Fatalf("%v: %s", err, errs.String())
	}
	if err := json.Unmarshal(text, &s); err != nil {
		w.t.Fatal(err)
	}
	return sent, s, errs.String()
}

// inside calls f in a namespace, with a packet socket and the index of an interface there.
func (w *wire) inside(space, name string, f func(fd, index int)) {
	w.t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its namespace
		done <- func() error {
			ns, err := os.Open("/run/netns/" + space)
			if err != nil {
				return err
			}
			defer ns.Close()
			if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
				return fmt.Errorf("setns: %w", err)
			}
			fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			r, err := unix.NewIfreq(name)
			if err == nil {
				err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r)
			}
			if err != nil {
				return err
			}
			if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1); err != nil {
				return err
			}
			f(fd, int(r.Uint32()))
			return nil
		}()
	}()
	if err := <-done; err != nil {
		w.t.Fatal(err)
	}
}

// Traffic of the sender: datagrams of many flows, in the mix of sizes that the internet has.
const (
	wireFlows = 256
	wireBatch = 64
)

func wireFrames() [][]byte {
	frames := make([][]byte, wireFlows)
	for i := range frames {
		size := [...]int{60, 60, 60, 60, 60, 60, 60, 590, 590, 590, 590, 1514}[i%12]
		b := make([]byte, size)
		copy(b, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00\x45\x00\x00\x00\x00\x00\x40\x00\x40\x11\x00\x00\x0a\x00\x00\x01\xc6\x33\x64\x01")
		binary.BigEndian.PutUint16(b[16:], uint16(size-14))
		b[29], b[33] = byte(i), byte(i>>4)
		binary.BigEndian.PutUint16(b[34:], uint16(20000+i))
		binary.BigEndian.PutUint16(b[36:], 9) // discard
		binary.BigEndian.PutUint16(b[38:], uint16(size-34))
		sum := uint32(0)
		for j := 14; j < 34; j += 2 {
			sum += uint32(binary.BigEndian.Uint16(b[j:]))
		}
		sum = sum&0xffff + sum>>16
		binary.BigEndian.PutUint16(b[24:], ^uint16(sum&0xffff+sum>>16))
		frames[i] = b
	}
	return frames
}

// mmsghdr is struct mmsghdr of sendmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
	_   [4]byte
}

// sendFor sends frames for a time at a rate in packets a second, as fast as the machine can when it is 0. It returns how
// many the kernel has taken.
func sendFor(t *testing.T, fd, index int, d time.Duration, rate float64) (sent uint64) {
	all := binary.NativeEndian.Uint16([]byte{unix.ETH_P_ALL >> 8, unix.ETH_P_ALL & 0xff})
	to := unix.RawSockaddrLinklayer{Family: unix.AF_PACKET, Protocol: all, Ifindex: int32(index), Halen: 6}
	frames := wireFrames()
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&to)
	iov, msgs := make([]unix.Iovec, len(frames)), make([]mmsghdr, len(frames))
	for i, f := range frames {
		pin.Pin(&f[0])
		iov[i].Base = &f[0]
		iov[i].SetLen(len(f))
		msgs[i].hdr.Name, msgs[i].hdr.Namelen = (*byte)(unsafe.Pointer(&to)), unix.SizeofSockaddrLinklayer
		msgs[i].hdr.Iov = &iov[i]
		msgs[i].hdr.SetIovlen(1)
	}
	pin.Pin(&iov[0])
	start := time.Now()
	for at := 0; ; at = (at + wireBatch) % len(msgs) {
		if rate > 0 {
			if ahead := float64(sent)/rate - time.Since(start).Seconds(); ahead > 0 {
				time.Sleep(time.Duration(ahead * 1e9))
			}
		}
		if time.Since(start) >= d {
			return sent
		}
		for left := msgs[at : at+wireBatch]; len(left) > 0; {
			n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&left[0])), uintptr(len(left)), 0, 0, 0)
			switch errno {
			case 0:
				sent += uint64(n)
				left = left[n:]
			case unix.EINTR, unix.ENOBUFS, unix.EAGAIN: // not taken: it is not counted
				left = left[1:]
			default:
				t.Errorf("sendmmsg: %v", errno)
				return sent
			}
		}
	}
}

// TestNothingIsLostSilently sends over a wire as fast as the machine can: every packet was read, or is counted where it
// was lost. At half of that rate none is lost.
func TestNothingIsLostSilently(t *testing.T) {
	w := newWire(t)
	const length = 2 * time.Second
	run := func(what string, rate float64) (sent uint64, lost uint64) {
		sent, s, stderr := w.watch(func(fd, index int) uint64 { return sendFor(t, fd, index, length, rate) }, "--no-default-rules")
		l := s.Lost
		t.Logf("%s: sent %d (%.0f a second), seen %d, dropped: interface %d, ring %d; reading waited for detection %d times; %.2f s of processor",
			what, sent, float64(sent)/length.Seconds(), s.Packets, l.InterfacePackets, l.RingPackets, l.OverloadRounds, s.CPUSeconds)
		if sent == 0 || sent != s.Packets+l.Packets() {
			t.Errorf("%s: sent %d, seen %d, dropped %d: packets are missing from the count\n%s", what, sent, s.Packets, l.Packets(), stderr)
		}
		if s.Segments != s.Packets || s.Flows != wireFlows && l.Packets() == 0 {
			t.Errorf("%s: of %d packets %d segments and %d flows, want %d", what, s.Packets, s.Segments, s.Flows, wireFlows)
		}
		return sent, l.Packets()
	}
	most, _ := run("highest rate", 0)
	rate := float64(most) / length.Seconds() / 2
	if _, lost := run("half of it", rate); lost > 0 {
		t.Errorf("at half of the highest rate %d packets were lost", lost)
	}
}

// TestFullRingIsTold holds the sensor up until the kernel's ring is full: what is lost is counted, and there is a finding
// that says so.
func TestFullRingIsTold(t *testing.T) {
	w := newWire(t)
	sent, s, stderr := w.watch(func(fd, index int) uint64 {
		if err := w.process.Signal(syscall.SIGSTOP); err != nil {
			t.Error(err)
		}
		n := sendFor(t, fd, index, 300*time.Millisecond, 50_000)
		if err := w.process.Signal(syscall.SIGCONT); err != nil {
			t.Error(err)
		}
		return n
	}, "--no-default-rules", "--ring", "2")
	t.Logf("sent %d, seen %d, dropped: interface %d, ring %d", sent, s.Packets, s.Lost.InterfacePackets, s.Lost.RingPackets)
	if s.Lost.RingPackets == 0 || sent != s.Packets+s.Lost.Packets() {
		t.Errorf("packets are missing from the count\n%s", stderr)
	}
	if s.Findings != 1 || !strings.Contains(stderr, "were lost before the ring and") {
		t.Errorf("%d findings tell of it, want 1; and on standard error: %s", s.Findings, stderr)
	}
}

// rights returns what the kernel says of the programs on the sensor's side.
func (w *wire) rights() string {
	text, err := exec.Command("ip", "netns", "pids", w.sensor).Output()
	if err != nil {
		w.t.Error(err)
		return ""
	}
	status := ""
	for pid := range strings.FieldsSeq(string(text)) {
		b, err := os.ReadFile("/proc/" + pid + "/status")
		if err != nil {
			w.t.Error(err)
		}
		status += string(b)
	}
	return status
}

// noRights are lines of a program that can do no more than an ordinary one.
var noRights = []string{"CapEff:\t0000000000000000\n", "CapPrm:\t0000000000000000\n", "NoNewPrivs:\t1\n"}

// TestCapabilitiesAreGivenUp looks at the running program from outside.
func TestCapabilitiesAreGivenUp(t *testing.T) {
	w := newWire(t)
	status := ""
	_, s, _ := w.watch(func(fd, index int) uint64 {
		status = w.rights()
		return sendFor(t, fd, index, 50*time.Millisecond, 10_000)
	}, "--no-default-rules")
	for _, want := range noRights {
		if !strings.Contains(status, want) {
			t.Errorf("%q is missing in\n%s", want, status)
		}
	}
	if s.Packets == 0 {
		t.Error("nothing was captured")
	}
}

// TestSensorOnTheWire: a sensor that sends to a core counts its packets, keeps them and gives up its rights as khien run
// does. The core here has not started when the sensor does.
func TestSensorOnTheWire(t *testing.T) {
	w := newWire(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	const hub = "127.0.0.1:8687"
	token, err := exec.Command(w.program, "core", "token", "--data", at("core"), "--url", "tls://"+hub, "so-y-te").Output()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(w.program, "sensor", "enroll", "--data", at("sensor"), strings.TrimSpace(string(token))).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	rules := at("one.rules")
	if err := os.WriteFile(rules, []byte(`alert udp any 20001 -> any any (msg:"flow from port 20001"; flow:to_server; threshold:type limit, track by_src, count 1, seconds 3600; sid:1; rev:1;)`), 0o600); err != nil {
		t.Fatal(err)
	}
	status := ""
	sent, s, stderr := w.watchWith("sensor", "Sensor so-y-te", at("sensor"), func(fd, index int) uint64 {
		status = w.rights()
		n := sendFor(t, fd, index, 200*time.Millisecond, 10_000)
		core := exec.Command("ip", "netns", "exec", w.sensor, w.program, "core", "--data", at("core"), "--listen", hub, "--store", "embedded:"+at("store"))
		core.Stderr = os.Stderr
		if err := core.Start(); err != nil {
			t.Error(err)
			return n
		}
		t.Cleanup(func() { core.Process.Kill(); core.Wait() })
		st, err := embedded.Open(at("store"))
		if err != nil {
			t.Error(err)
			return n
		}
		defer st.Close()
		for range 300 { // this goroutine is not the test's: it must not end the test
			p, err := st.Find(t.Context(), store.Query{Rule: []string{"1"}})
			if err != nil {
				t.Error(err)
				return n
			}
			if len(p.Findings) == 1 && p.Findings[0].Sensor == "so-y-te" {
				return n
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Error("the finding is not stored after 30 s")
		return n
	}, "--no-default-rules", "--rules", rules)
	for _, want := range noRights {
		if !strings.Contains(status, want) {
			t.Errorf("%q is missing in\n%s", want, status)
		}
	}
	if sent == 0 || s.Packets+s.Lost.Packets() != sent {
		t.Errorf("sent %d, seen %d, lost %d: %s", sent, s.Packets, s.Lost.Packets(), stderr)
	}
	var carved bytes.Buffer
	cmd := exec.Command(w.program, "packets", "--data", at("sensor"), "-o", at("all.pcapng"))
	cmd.Stderr = &carved
	if err := cmd.Run(); err != nil {
		t.Errorf("khien packets: %v: %s", err, carved.String())
	}
}

// TestFilterOnTheWire lets only the datagrams of one port pass.
func TestFilterOnTheWire(t *testing.T) {
	w := newWire(t)
	name := filepath.Join(t.TempDir(), "port.bpf")
	// ldh [34]; jeq #20001 jt 0 jf 1; ret #262144; ret #0
	if err := os.WriteFile(name, []byte("4\n40 0 0 34\n21 0 1 20001\n6 0 0 262144\n6 0 0 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sent, s, stderr := w.watch(func(fd, index int) uint64 { return sendFor(t, fd, index, 200*time.Millisecond, 20_000) }, "--no-default-rules", "--bpf", name)
	if s.Flows != 1 || s.Packets == 0 || s.Packets > sent/wireFlows+1 || s.Lost.Packets() != 0 {
		t.Errorf("sent %d of %d flows, seen %d of %d flows, lost %d\n%s", sent, wireFlows, s.Packets, s.Flows, s.Lost.Packets(), stderr)
	}
}

// TestOwnTrafficIsInspected talks over the wire with this host's TCP, which leaves checksums to the network card: the
// packets that the sensor captures have none yet.
func TestOwnTrafficIsInspected(t *testing.T) {
	w := newWire(t)
	w.ip("-n", w.sensor, "addr", "add", "192.0.2.1/24", "dev", "khien0")
	w.ip("-n", w.sender, "addr", "add", "192.0.2.2/24", "dev", "khien1")
	var l net.Listener
	w.inside(w.sensor, "khien0", func(int, int) {
		var err error
		if l, err = net.Listen("tcp4", "192.0.2.1:80"); err != nil {
			t.Error(err)
		}
	})
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 1000)
			c.Read(b)
			c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
			c.Close()
		}
	}()
	_, s, stderr := w.watch(func(fd, index int) uint64 {
		c, err := net.Dial("tcp4", "192.0.2.1:80")
		if err != nil {
			t.Error(err)
			return 0
		}
		defer c.Close()
		c.Write([]byte("POST /up.php HTTP/1.1\r\nHost: hoso.example\r\nContent-Length: 28\r\n\r\n<?php system($_GET['c']); ?>"))
		answer, err := io.ReadAll(c)
		if err != nil || len(answer) == 0 {
			t.Errorf("%q, %v", answer, err)
		}
		return 0
	})
	if s.Findings == 0 || s.BadChecksum > 0 || s.Transactions != 1 {
		t.Errorf("%d findings, %d transactions, %d wrong checksums: %s", s.Findings, s.Transactions, s.BadChecksum, stderr)
	}
}

// TestMetricsOnTheWire asks the running program.
func TestMetricsOnTheWire(t *testing.T) {
	w := newWire(t)
	text := ""
	w.watch(func(fd, index int) uint64 {
		sent := sendFor(t, fd, index, 200*time.Millisecond, 5_000)
		time.Sleep(500 * time.Millisecond)
		out, err := exec.Command("ip", "netns", "exec", w.sensor, "bash", "-c",
			`exec 3<>/dev/tcp/127.0.0.1/9686; printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3; cat <&3`).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s", err, out)
		}
		text = string(out)
		return sent
	}, "--no-default-rules", "--metrics", net.JoinHostPort("127.0.0.1", "9686"))
	for _, want := range []string{"khien_capture_ring_dropped_packets_total{sensor=\"khien0\"} 0\n", "khien_flow_opened_flows_total{sensor=\"khien0\"} 256\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}
