package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2/hpack"
)

// flood writes a capture, packet by packet, as attackers would send it. Checksums are not set.
type flood struct {
	w    *bufio.Writer
	now  int64 // microseconds
	rec  [16]byte
	head [54]byte
	err  error
}

func newFlood(w io.Writer) *flood {
	f := &flood{w: bufio.NewWriterSize(w, 1<<20), now: 1_700_000_000_000_000}
	h := make([]byte, 24)
	copy(h, "\xd4\xc3\xb2\xa1\x02\x00\x04\x00")
	binary.LittleEndian.PutUint32(h[16:], 262144)
	h[20] = 1
	f.w.Write(h)
	copy(f.head[:], "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00\x45\x00\x00\x00\x00\x00\x40\x00\x40\x06")
	f.head[46] = 5 << 4
	f.head[48], f.head[49] = 0xff, 0xff
	return f
}

// side is one end of a connection that a flood writes.
type side struct {
	ip   uint32
	port uint16
}

func (f *flood) tcp(from, to side, flags byte, seq, ack uint32, data []byte) {
	f.now += 5
	h, n := f.head[:], len(f.head)+len(data)
	binary.LittleEndian.PutUint32(f.rec[0:], uint32(f.now/1e6))
	binary.LittleEndian.PutUint32(f.rec[4:], uint32(f.now%1e6))
	binary.LittleEndian.PutUint32(f.rec[8:], uint32(n))
	binary.LittleEndian.PutUint32(f.rec[12:], uint32(n))
	binary.BigEndian.PutUint16(h[16:], uint16(n-14))
	binary.BigEndian.PutUint32(h[26:], from.ip)
	binary.BigEndian.PutUint32(h[30:], to.ip)
	binary.BigEndian.PutUint16(h[34:], from.port)
	binary.BigEndian.PutUint16(h[36:], to.port)
	binary.BigEndian.PutUint32(h[38:], seq)
	binary.BigEndian.PutUint32(h[42:], ack)
	h[47] = flags
	f.w.Write(f.rec[:])
	f.w.Write(h)
	if _, err := f.w.Write(data); err != nil && f.err == nil {
		f.err = err
	}
}

const (
	tcpSYN, tcpACK, tcpPSH = 2, 16, 24
	web                    = 0xc6336450 // 198.51.100.80
)

// talk is an open connection of a flood.
type talk struct {
	c, s     side
	seq, ack uint32
}

func (f *flood) open(client uint32, port, server uint16) *talk {
	t := &talk{c: side{client, port}, s: side{web, server}, seq: client + 1, ack: uint32(port) + 1}
	f.tcp(t.c, t.s, tcpSYN, t.seq-1, 0, nil)
	f.tcp(t.s, t.c, tcpSYN|tcpACK, t.ack-1, t.seq, nil)
	f.tcp(t.c, t.s, tcpACK, t.seq, t.ack, nil)
	return t
}

// say sends data of the client, which the server acknowledges.
func (f *flood) say(t *talk, data []byte) {
	for len(data) > 0 {
		n := min(len(data), 1400)
		f.tcp(t.c, t.s, tcpPSH, t.seq, t.ack, data[:n])
		t.seq += uint32(n)
		data = data[n:]
	}
	f.tcp(t.s, t.c, tcpACK, t.ack, t.seq, nil)
}

// goods are connections that do what a rule looks for, in two halves: one before a part of the flood, one behind it.
type goods struct {
	f    *flood
	open []*talk
	n    int
}

const goodHead, goodRest = "POST /up.php HTTP/1.1\r\nHost: hoso.example\r\nContent-Le", "ngth: 28\r\n\r\n<?php system($_GET['c']); ?>"

// goodRule finds the good connections as the rule of the same number that ships.
const goodRule = `alert http any any -> any any (msg:"web shell"; http.method; content:"POST"; http.request_body; content:"<?php system("; sid:1000001;)`

func (g *goods) begin() {
	g.n++
	t := g.f.open(0x0a630000+uint32(g.n), 40000, 80)
	g.f.say(t, []byte(goodHead))
	g.open = append(g.open, t)
}

func (g *goods) end() {
	g.f.say(g.open[0], []byte(goodRest))
	g.open = g.open[1:]
}

// inFlood runs khien replay on what write sends and returns its findings of the rule that the good connections break, its
// peak memory, and its counts.
func inFlood(t *testing.T, mib int, alone bool, write func(f *flood, g *goods)) (found, want int, peak int64, stats string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "khien")
	if err := os.Symlink(exe, program); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "stats.json")
	args := []string{"replay", "--no-checksum", "--memory", fmt.Sprint(mib), "--findings", "-", "--stats", file}
	if alone {
		rules := filepath.Join(t.TempDir(), "one.rules")
		if err := os.WriteFile(rules, []byte(goodRule), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--no-default-rules", "--rules", rules)
	}
	cmd := exec.CommandContext(t.Context(), program, append(args, "-")...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(4*time.Minute, func() { cmd.Process.Kill() })
	defer watchdog.Stop()
	f := newFlood(in)
	g := &goods{f: f}
	write(f, g)
	if err := f.w.Flush(); f.err == nil {
		f.err = err
	}
	in.Close()
	if err := cmd.Wait(); err != nil || f.err != nil {
		t.Fatalf("%v, %v: %s", err, f.err, errs.String())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	peak = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	return strings.Count(out.String(), `"id":"1000001"`), g.n, peak, string(text)
}

// TestMemoryStaysWithinItsLimit sends what attackers send to exhaust a monitor. Its resident memory stays within the limit
// that it has by default, and the connections beside the flood are inspected.
func TestMemoryStaysWithinItsLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute: run without -short")
	}
	floods := []struct {
		name  string
		mib   int
		alone bool // with no rule but the one that the good connections break
		write func(f *flood, g *goods)
	}{
		{"half-open connections", memoryDefault, true, func(f *flood, g *goods) {
			for i := range uint32(2_000_000) {
				if i%100_000 == 0 {
					g.begin()
				}
				f.tcp(side{0x0b000000 + i/4, uint16(1024 + i%4)}, side{web, 80}, tcpSYN, i, 0, nil)
				if i%100_000 == 99_999 && len(g.open) > 3 {
					g.end()
				}
			}
		}},
		{"headers without end", memoryDefault, false, func(f *flood, g *goods) {
			line := []byte("X-" + strings.Repeat("a", 500) + ": " + strings.Repeat("b", 890) + "\r\n")
			attackers(f, g, 3000, 80, 100, "GET / HTTP/1.1\r\nHost: x\r\n", func(int) []byte { return line })
		}},
		{"CONTINUATION frames", memoryDefault, false, func(f *flood, g *goods) {
			var block bytes.Buffer
			e := hpack.NewEncoder(&block)
			for i := range 6 {
				e.WriteField(hpack.HeaderField{Name: fmt.Sprint("x-", i), Value: strings.Repeat("v", 300), Sensitive: true})
			}
			frame := func(kind byte) []byte {
				n := block.Len()
				return append([]byte{byte(n >> 16), byte(n >> 8), byte(n), kind, 0, 0, 0, 0, 1}, block.Bytes()...)
			}
			first := "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00" + string(frame(1))
			attackers(f, g, 4000, 80, 80, first, func(int) []byte { return frame(9) })
		}},
		{"bodies that drip", memoryDefault / 2, false, func(f *flood, g *goods) {
			piece := bytes.Repeat([]byte("drip "), 280)
			attackers(f, g, 1500, 80, 80, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", func(int) []byte { return piece })
		}},
		{"zips in zips", memoryDefault / 2, false, func(f *flood, g *goods) {
			bomb := nested(10_000)
			for i := range uint32(6) {
				g.begin()
				t := f.open(0x0b000000+i, 1024, 80)
				f.say(t, fmt.Appendf(nil, "POST /a.zip HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", len(bomb)))
				f.say(t, bomb)
				g.end()
			}
		}},
		{"segments behind a hole", memoryDefault / 2, false, func(f *flood, g *goods) {
			piece := bytes.Repeat([]byte("x"), 1400)
			var all []*talk
			for i := range uint32(4000) {
				all = append(all, f.open(0x0b000000+i, 1024, 80))
			}
			for round := range 80 {
				if round%20 == 0 {
					g.begin()
				}
				for _, t := range all {
					t.seq += 1401
					f.tcp(t.c, t.s, tcpPSH, t.seq, t.ack, piece[:600])
				}
				if round%20 == 19 {
					g.end()
				}
			}
		}},
	}
	for _, x := range floods {
		t.Run(x.name, func(t *testing.T) {
			start := time.Now()
			found, want, peak, stats := inFlood(t, x.mib, x.alone, func(f *flood, g *goods) {
				x.write(f, g)
				for len(g.open) > 0 {
					g.end()
				}
			})
			t.Logf("%d of %d good connections found, %d MiB at most, %.1f s, %s", found, want, peak>>20, time.Since(start).Seconds(), stats)
			if peak>>20 >= int64(x.mib) {
				t.Errorf("%d MiB of memory, want less than %d", peak>>20, x.mib)
			}
			if found != want {
				t.Errorf("%d of the good connections were found, want %d", found, want)
			}
		})
	}
}

// nested returns a zip with n zips, in each of which is a zip with a mebibyte of zeros.
func nested(n int) []byte {
	pack := func(name string, data []byte, count int) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for i := range count {
			f, err := w.Create(fmt.Sprint(name, i))
			if err != nil {
				panic("BUG: " + err.Error())
			}
			f.Write(data) // into memory: there is no error
		}
		w.Close()
		return b.Bytes()
	}
	return pack("c.zip", pack("b.zip", pack("a.bin", make([]byte, 1<<20), 1), 1), n)
}

// attackers opens n connections that all begin with first and then, in turn, send more.
func attackers(f *flood, g *goods, n int, port uint16, rounds int, first string, more func(round int) []byte) {
	var all []*talk
	for i := range n {
		t := f.open(0x0b000000+uint32(i), 1024, port)
		f.say(t, []byte(first))
		all = append(all, t)
	}
	for round := range rounds {
		if round%20 == 0 {
			g.begin()
		}
		for _, t := range all {
			f.say(t, more(round))
		}
		if round%20 == 19 {
			g.end()
		}
	}
}
