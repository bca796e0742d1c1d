package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/sensor"
)

// trickle gives a file in pieces with pauses between them, as a writer or a network does.
type trickle struct {
	data []byte
	size int
	idle bool
}

func (r *trickle) Read(p []byte) (int, error) {
	if r.idle = !r.idle; r.idle {
		return 0, ErrIdle
	}
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.data[:min(r.size, len(r.data))])
	r.data = r.data[n:]
	return n, nil
}

// A pause anywhere changes nothing: Next says ErrIdle and goes on where it was.
func TestPausesChangeNothing(t *testing.T) {
	le := binary.LittleEndian
	for name, file := range map[string][]byte{
		"pcap": pcapFile(le, magicMicro, 1, "first", "", "third packet"),
		"pcapng": bytes.Join([][]byte{section(le), description(le, 1, 0), block(le, 0x0bad, make([]byte, 3000)), enhanced(le, 0, 1, "one"),
			section(le), description(le, 1, 0), enhanced(le, 0, 2, "two")}, nil),
	} {
		whole, err := readAll(t, file)
		if err != nil {
			t.Fatal(err)
		}
		for size := 1; size < 40; size += 3 {
			r, err := NewReader(&trickle{data: file, size: size}, name)
			if err != nil {
				t.Fatal(err)
			}
			var got []packet
			var p sensor.Packet
			idle := 0
			for err == nil {
				switch err = r.Next(&p); {
				case err == nil:
					got = append(got, packet{p.Time, string(p.Data), p.Length, p.Link})
				case errors.Is(err, ErrIdle):
					err = nil
					idle++
				}
			}
			if err != io.EOF || !slices.Equal(got, whole) || idle == 0 {
				t.Errorf("%s in pieces of %d: %v, %d pauses, %v, want %v", name, size, got, idle, err, whole)
			}
		}
	}
}

func TestFolderGrows(t *testing.T) {
	dir := t.TempDir()
	le := binary.LittleEndian
	write := func(name string, data []byte) {
		t.Helper()
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write("x9.pcap", pcapFile(le, magicMicro, 1, "a", "b"))
	d, err := OpenDir(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var p sensor.Packet
	next := func(want string) {
		t.Helper()
		for range 100 {
			switch err := d.Next(&p); {
			case errors.Is(err, ErrIdle):
				if want == "" {
					return
				}
			case err != nil:
				t.Fatalf("want %q: %v", want, err)
			case string(p.Data) != want:
				t.Fatalf("%q, want %q", p.Data, want)
			default:
				return
			}
		}
		t.Fatalf("%q did not come", want)
	}
	next("a")
	next("b")
	next("")
	record := pcapFile(le, magicMicro, 1, "cc")[pcapHeader:]
	write("x9.pcap", record[:10])
	next("")
	write("x9.pcap", record[10:])
	next("cc")
	write("x9.pcap", record) // written before the writer goes on, read after
	write("x10.pcap", pcapFile(le, magicNano, 1, "d"))
	next("cc")
	next("d")
	write("x11.pcap", []byte("this is no capture"))
	write("x12.pcap", pcapFile(le, magicNano, 1, "e"))
	next("e")
	if p.Number != 6 {
		t.Errorf("the packet has number %d, want 6", p.Number)
	}
	d.Stop()
	if err := d.Next(&p); err != io.EOF {
		t.Errorf("after Stop: %v", err)
	}
	if err := d.Err(); err == nil || !strings.Contains(err.Error(), "x11.pcap") {
		t.Errorf("the file that is no capture: %v", err)
	}
	if d, err = OpenDir(dir, false); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	n := 0
	for ; err == nil; n++ {
		err = d.Next(&p)
	}
	if n != 7 || err != io.EOF {
		t.Errorf("%d packets without --follow, %v", n-1, err)
	}
}

func TestNamesAreOrderedByNumber(t *testing.T) {
	want := []string{"a", "a1", "a02", "a2", "a10", "a10b", "b_00001_20261123", "b_00002_20261122", "b_00010_1"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, compareNames)
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestOverIP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file := pcapFile(binary.LittleEndian, magicMicro, 1, "first", "second")
	sent := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, err = c.Write(file[:50])
			time.Sleep(3 * followWait)
			_, err2 := c.Write(file[50:])
			err = errors.Join(err, err2, c.Close())
		}
		sent <- err
	}()
	s, err := Dial(t.Context(), SchemeOverIP+l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var p sensor.Packet
	var got []string
	idle := 0
	for {
		err := s.Next(&p)
		if err == io.EOF {
			break
		}
		if errors.Is(err, ErrIdle) {
			idle++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(p.Data))
	}
	if err := <-sent; err != nil || fmt.Sprint(got) != "[first second]" || idle == 0 {
		t.Errorf("%q, %d pauses, %v", got, idle, err)
	}
	if _, err := Dial(t.Context(), "tcp://127.0.0.1:1"); err == nil {
		t.Error("a name with another scheme was taken")
	}
}

func TestOverIPEnds(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(2*followWait, cancel)
	if _, err := NewStream(ctx, a, "silent"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a sender that says nothing, after the end: %v", err)
	}
	a, b = net.Pipe()
	defer b.Close()
	go b.Write(pcapFile(binary.LittleEndian, magicMicro, 1))
	s, err := NewStream(t.Context(), a, "x")
	if err != nil {
		t.Fatal(err)
	}
	s.Stop()
	var p sensor.Packet
	if err := s.Next(&p); err != io.EOF {
		t.Errorf("after Stop: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestMirror(t *testing.T) {
	m, err := ListenMirror("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c, err := net.Dial("udp", m.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	before := time.Now()
	for _, d := range []string{
		"\x08\x00\x00\x00\x00\x00\x2a\x00vxlan frame",
		"short",
		"\x00\x00\x00\x00\x00\x00\x2a\x00no identifier",
		"\x02\x00\x65\x58\x00\x00\x2a\x00optionesgeneve frame",
		"\x08\x00\x65\x58\x00\x00\x2a\x00options that are not there",
		"\x00\x00\x08\x00\x00\x00\x2a\x00geneve packet",
		"\x40\x00\x65\x58\x00\x00\x2a\x00of another version",
	} {
		if _, err := c.Write([]byte(d)); err != nil {
			t.Fatal(err)
		}
	}
	want := []packet{{0, "vxlan frame", 11, sensor.LinkEthernet}, {0, "geneve frame", 12, sensor.LinkEthernet}, {0, "geneve packet", 13, sensor.LinkRaw}}
	var p sensor.Packet
	for i := 0; i < len(want); {
		err := m.Next(&p)
		if errors.Is(err, ErrIdle) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := (packet{0, string(p.Data), p.Length, p.Link}); got != want[i] || p.Number != uint64(i+1) {
			t.Errorf("packet %d: %+v, want %+v", p.Number, got, want[i])
		}
		if at := time.Unix(0, p.Time); at.Before(before.Add(-time.Second)) || at.After(time.Now().Add(time.Second)) {
			t.Errorf("time %v", at)
		}
		i++
	}
	if err := m.Next(&p); !errors.Is(err, ErrIdle) {
		t.Errorf("nothing came: %v", err)
	}
	if m.Odd() != 4 {
		t.Errorf("%d datagrams carried nothing, want 4", m.Odd())
	}
	if before, full := m.Lost(); before != 0 || full != 0 {
		t.Errorf("lost %d, %d", before, full)
	}
	m.Stop()
	if err := m.Next(&p); err != io.EOF {
		t.Errorf("after Stop: %v", err)
	}
}

// Datagrams for which the kernel has no room are counted with the next that it has room for.
func TestMirrorCountsWhatIsLost(t *testing.T) {
	m, err := ListenMirror("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.conn.SetReadBuffer(8 << 10); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("udp", m.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const sent = 2000
	d := append([]byte("\x08\x00\x00\x00\x00\x00\x2a\x00"), make([]byte, 400)...)
	for range sent - 1 {
		if _, err := c.Write(d); err != nil {
			t.Fatal(err)
		}
	}
	var p sensor.Packet
	seen, last := 0, false
	for {
		err := m.Next(&p)
		if errors.Is(err, ErrIdle) {
			if last {
				break
			}
			last = true
			if _, err := c.Write(d); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		seen++
	}
	lost, _ := m.Lost()
	if lost == 0 || uint64(seen)+lost != sent {
		t.Errorf("sent %d, seen %d, lost %d", sent, seen, lost)
	}
}

func TestFilter(t *testing.T) {
	// tcpdump -ddd 'udp port 53' on an Ethernet
	const dns = "20\n40 0 0 12\n21 0 6 34525\n48 0 0 20\n21 0 15 17\n40 0 0 54\n21 12 0 53\n40 0 0 56\n21 10 11 53\n21 0 10 2048\n48 0 0 23\n21 0 8 17\n40 0 0 20\n69 6 0 8191\n177 0 0 14\n72 0 0 14\n21 2 0 53\n72 0 0 16\n21 0 1 53\n6 0 0 262144\n6 0 0 0\n"
	f, err := parseFilter(strings.NewReader(dns), "dns")
	if err != nil || len(f) != 20 {
		t.Fatalf("%d instructions, %v", len(f), err)
	}
	vm, err := f.vm()
	if err != nil {
		t.Fatal(err)
	}
	frame := append([]byte("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00\x45\x00\x00\x20\x00\x00\x00\x00\x40\x11\x00\x00"),
		"\x0a\x00\x00\x01\x0a\x00\x00\x02\x30\x39\x00\x35\x00\x0c\x00\x00data"...)
	if n, err := vm.Run(frame); err != nil || n == 0 {
		t.Errorf("a packet to port 53: %d, %v", n, err)
	}
	frame[37] = 54
	if n, err := vm.Run(frame); err != nil || n != 0 {
		t.Errorf("a packet to port 54: %d, %v", n, err)
	}
	bad := func(text, want string) {
		t.Helper()
		f, err := parseFilter(strings.NewReader(text), "x.bpf")
		if err == nil || f != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %q", text, f, err, want)
		}
	}
	bad("", "0 instructions, want 1")
	bad("udp port 53", "x.bpf:1: ")
	bad("5000\n", "from 1 to 4096")
	bad("1\n6 0 0\n", "x.bpf:2: 3 numbers, want 4")
	bad("1\n6 0 0 x\n", `"x" is not a number of 32 bits`)
	bad("1\n6 300 0 0\n", `"300" is not a number of 8 bits`)
	bad("2\n6 0 0 0\n", "1 instructions, want 2")
	bad("1\n6 0 0 0\n6 0 0 0\n", "more than 1 instructions")
	bad("1\n5 0 0 7\n", "x.bpf: ")
	if _, err := ReadFilter(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestReceiveLoss(t *testing.T) {
	const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       1       2    3    4    5    6          7         8        9       0    0    0    0     0       0          0
  eth0:1234567 1000    0   70    8    0          0         0  1234567    1000    0    0    0     0       0          0
`
	if n, err := receiveLoss(text, "eth0"); err != nil || n != 78 {
		t.Errorf("%d, %v, want 78", n, err)
	}
	if _, err := receiveLoss(text, "eth"); err == nil {
		t.Error("an interface that is not there has a count")
	}
}

// FuzzDecapsulate: what a tunnel carries is the end of its datagram, and has a link layer that is known.
func FuzzDecapsulate(f *testing.F) {
	f.Add([]byte("\x08\x00\x00\x00\x00\x00\x2a\x00frame"))
	f.Add([]byte("\x02\x00\x65\x58\x00\x00\x2a\x00optionesframe"))
	f.Fuzz(func(t *testing.T, b []byte) {
		inner, link, ok := decapsulate(b)
		if ok && (len(inner) > len(b)-8 || !bytes.HasSuffix(b, inner) || link != sensor.LinkEthernet && link != sensor.LinkRaw) || !ok && inner != nil {
			t.Fatalf("%x: %x, %d, %v", b, inner, link, ok)
		}
	})
}

// FuzzFilter: a program that is taken runs on any packet, and prints as it was read.
func FuzzFilter(f *testing.F) {
	f.Add("4\n40 0 0 34\n21 0 1 20001\n6 0 0 262144\n6 0 0 0\n", []byte("packet"))
	f.Fuzz(func(t *testing.T, text string, packet []byte) {
		p, err := parseFilter(strings.NewReader(text), "x")
		if err != nil {
			if p != nil {
				t.Fatal("a program with an error")
			}
			return
		}
		vm, err := p.vm()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := vm.Run(packet); err != nil {
			t.Fatal(err)
		}
		again := fmt.Sprintln(len(p))
		for _, i := range p {
			again += fmt.Sprintln(i.Code, i.Jt, i.Jf, i.K)
		}
		if q, err := parseFilter(strings.NewReader(again), "x"); err != nil || !slices.Equal(p, q) {
			t.Fatalf("%v, %v", q, err)
		}
	})
}
