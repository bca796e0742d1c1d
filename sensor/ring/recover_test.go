package ring

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/decode"
)

// childVariable names the folder that a child of the test writes to until it is killed.
const childVariable = "KHIEN_RING_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		if err := writeForever(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeForever stores packets that hold their number. It waits for the disk, so that none is missing.
func writeForever(dir string) error {
	s, err := Open(Config{Dir: dir, Quota: 1 << 30, PartBytes: 2 << 20, Plain: -1})
	if err != nil {
		return err
	}
	r := s.Recorder("eth0")
	frame := numbered(0)
	dec := decode.New(decode.Config{})
	e := &sensor.Event{}
	for n := uint64(1); ; n++ {
		binary.BigEndian.PutUint64(frame[42:], n)
		p := sensor.Packet{Time: int64(n) * 1000, Data: frame, Length: len(frame), Link: sensor.LinkEthernet, Number: n}
		e.Kind, e.Segment = sensor.KindPacket, dec.Decode(&p)[0]
		r.Handle(e)
		if n%500 == 0 {
			e.Kind = sensor.KindTick
			r.Handle(e)
			for len(s.free) < 4 {
				time.Sleep(time.Millisecond)
			}
		}
	}
}

// numbered is a UDP datagram over IPv4 with eight bytes of payload for a number, and 700 more.
func numbered(port byte) []byte {
	b := make([]byte, 14+20+8+8+700)
	b[12] = 8
	ip := b[14:]
	ip[0], ip[8], ip[9] = 0x45, 64, 17
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
	copy(ip[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	fixSum(ip[:20])
	ip[21], ip[23] = 53, port
	binary.BigEndian.PutUint16(ip[24:], uint16(len(ip)-20))
	return b
}

// TestKilled kills a process that writes, some times, and looks at what it left.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), childVariable+"="+dir)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		before := onDisk(t, dir)
		for i := 0; onDisk(t, dir) < before+5<<20 && i < 1000; i++ {
			time.Sleep(10 * time.Millisecond)
		}
		if err := cmd.Process.Kill(); err != nil { // SIGKILL
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil || stderr.Len() > 0 {
			t.Fatalf("the child ended by itself: %v %s", err, stderr.String())
		}
		left, err := filepath.Glob(filepath.Join(dir, "????????.pcapng"))
		if err != nil {
			t.Fatal(err)
		}
		// A write is one system call, which a signal may let end half-way: cut the part as if it had been.
		if len(left) == 1 && round == 0 {
			info, err := os.Stat(left[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(left[0], info.Size()-5); err != nil {
				t.Fatal(err)
			}
		}
		read, res := carve(t, dir, Query{}) // before anything was recovered
		if len(res.Problems) != 0 {
			t.Errorf("%v", res.Problems)
		}
		s := open(t, Config{Dir: dir, Quota: 1 << 30, PartBytes: 2 << 20})
		closeStore(t, s)
		if left, err = filepath.Glob(filepath.Join(dir, "????????.pcapng")); err != nil || len(left) != 0 {
			t.Errorf("not closed: %v %v", left, err)
		}
		got, res := carve(t, dir, Query{})
		same(t, "after recovery", got, read)
		if len(res.Problems) != 0 || len(got) < 1000 {
			t.Errorf("%d packets, %v", len(got), res.Problems)
		}
		checkIndexes(t, dir)
		seen := map[uint64]int{}
		for _, p := range got {
			seen[binary.BigEndian.Uint64(p.Data[42:])]++
		}
		for x := uint64(1); x <= uint64(len(seen)); x++ {
			if seen[x] == 0 {
				t.Fatalf("round %d: packet %d is missing of %d", round, x, len(seen))
			}
		}
	}
}

func onDisk(t *testing.T, dir string) (n int64) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if info, err := e.Info(); err == nil { // the child renames
			n += info.Size()
		}
	}
	return n
}

// checkIndexes compares every index with one made from its part.
func checkIndexes(t *testing.T, dir string) {
	t.Helper()
	all, err := list(dir)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d parts, %v", len(all), err)
	}
	for _, p := range all {
		f, err := os.Open(filepath.Join(dir, p.name))
		if err != nil {
			t.Fatal(err)
		}
		ix, damage, err := rebuild(f)
		if err != nil || damage != nil {
			t.Fatal(damage, err)
		}
		f.Close()
		got, err := os.ReadFile(filepath.Join(dir, indexName(p.name)))
		if err != nil || !bytes.Equal(got, ix.append(nil)) {
			t.Errorf("index of %s differs from its part's: %v", p.name, err)
		}
		if p.min != ix.min || p.max != ix.max {
			t.Errorf("%s holds packets from %d to %d", p.name, ix.min, ix.max)
		}
	}
}

// TestDamage damages a part or its index: what can be read is served, and the result names the file.
func TestDamage(t *testing.T) {
	packets := flood(t, 6000, 1000)
	id := FlowID(17, netip.MustParseAddrPort("10.1.1.1:775"), netip.MustParseAddrPort("10.1.1.2:2000")) // one of the ports of flood
	dir := t.TempDir()
	s := open(t, Config{Dir: dir, PartBytes: 1 << 20, Plain: -1})
	record(t, s, 1, packets)
	closeStore(t, s)
	all, err := list(dir)
	if err != nil || len(all) < 5 {
		t.Fatal(len(all), err)
	}
	whole, res := carve(t, dir, Query{CommunityID: id})
	if len(res.Problems) != 0 || len(whole) == 0 {
		t.Fatalf("%d packets, %v", len(whole), res.Problems)
	}
	f := func(what, ext, problem string, all bool, change func([]byte) []byte) {
		t.Helper()
		name := filepath.Join(dir, strings.TrimSuffix(firstPart(t, dir), extPart)+ext)
		old, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, change(bytes.Clone(old)), 0o600); err != nil {
			t.Fatal(err)
		}
		got, res := carve(t, dir, Query{CommunityID: id})
		if len(res.Problems) != 1 || !strings.Contains(res.Problems[0].Error(), problem) || !strings.Contains(res.Problems[0].Error(), "ring: 00000000_") {
			t.Errorf("%s: problems %v, want %s", what, res.Problems, problem)
		}
		if all {
			same(t, what, got, whole)
		} else if len(got) == 0 || len(got) >= len(whole) {
			t.Errorf("%s: %d of %d packets", what, len(got), len(whole))
		}
		if err := os.WriteFile(name, old, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f("index cut in its head", extIndex, "index is damaged", true, func(b []byte) []byte { return b[:10] })
	f("empty index", extIndex, "index is damaged", true, func(b []byte) []byte { return nil })
	f("index cut in its flows", extIndex, "index is damaged", true, func(b []byte) []byte { return b[:headSize+20] })
	f("changed head", extIndex, "its head is not one", true, func(b []byte) []byte { b[20]++; return b })
	f("changed flow", extIndex, "checksum", true, func(b []byte) []byte { b[headSize+4+60]++; return b })
	f("changed places", extIndex, "checksum", true, func(b []byte) []byte {
		for i := len(b) / 2; i < len(b); i++ {
			b[i] ^= 0x55
		}
		return b
	})
	f("part cut off", extPart, "ends in the middle of a block", false, func(b []byte) []byte { return b[:len(b)/2+1] })
	f("zeros in a part", extPart, "zeros", false, func(b []byte) []byte { clear(b[middle(b):]); return b[:len(b)-4] })
	f("another file", extPart, "section header", false, func(b []byte) []byte { return b[middle(b):] })
	f("a length", extPart, "want a multiple of 4", false, func(b []byte) []byte {
		binary.LittleEndian.PutUint32(b[middle(b)+4:], 1<<31)
		return b[:len(b)-4]
	})
	if err := os.Remove(filepath.Join(dir, indexName(firstPart(t, dir)))); err != nil {
		t.Fatal(err)
	}
	got, res := carve(t, dir, Query{CommunityID: id})
	same(t, "without an index", got, whole)
	if len(res.Problems) != 1 {
		t.Errorf("%v", res.Problems)
	}
	s = open(t, Config{Dir: dir, PartBytes: 1 << 20})
	closeStore(t, s)
	checkIndexes(t, dir)
}

func firstPart(t *testing.T, dir string) string {
	t.Helper()
	all, err := list(dir)
	if err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	return all[0].name
}

// middle returns the offset of a block in the middle of a part.
func middle(b []byte) (off int) {
	for off < len(b)/2 {
		off += int(binary.LittleEndian.Uint32(b[off+4:]))
	}
	return off
}

// smallDisk is a file system of 6 MiB of which half is taken by a file.
func smallDisk(t *testing.T) (dir, filler string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs a file system of its own: run the tests as root")
	}
	dir = t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=6m"); err != nil {
		t.Skipf("needs the right to mount (CAP_SYS_ADMIN): %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	filler = filepath.Join(dir, "filler")
	takeRoom(t, filler)
	return dir, filler
}

func takeRoom(t *testing.T, filler string) {
	t.Helper()
	if err := os.WriteFile(filler, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestFailedWriteLeavesNothing: a part that could not take its last packets ends with a whole block.
func TestFailedWriteLeavesNothing(t *testing.T) {
	dir, filler := smallDisk(t)
	s := open(t, Config{Dir: filepath.Join(dir, "packets"), Quota: 256 << 20, PartBytes: 32 << 20, MinFree: 1, Plain: -1})
	packets := flood(t, 5000, 1000)
	record(t, s, 1, packets)
	settle(t, s, len(packets))
	st := s.Stats()
	if st.Full == 0 {
		t.Fatalf("the disk is not full: %+v", st)
	}
	if err := os.Remove(filler); err != nil { // the index needs room
		t.Fatal(err)
	}
	if err := s.Close(); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("how the last write ended is not told: %v", err)
	}
	got, res := carve(t, s.Dir(), Query{})
	if len(res.Problems) != 0 || uint64(len(got)) != st.Stored {
		t.Errorf("%d packets of %d, %v", len(got), st.Stored, res.Problems)
	}
}

// TestFullDisk fills a small file system: packets are counted, and stored again once there is room.
func TestFullDisk(t *testing.T) {
	dir, filler := smallDisk(t)
	for _, minFree := range []int64{1, 2 << 20} { // found by the failed write, and before it
		takeRoom(t, filler)
		s := open(t, Config{Dir: filepath.Join(dir, "packets"), Quota: 64 << 20, PartBytes: 1 << 20, MinFree: minFree, Plain: -1})
		packets := flood(t, 5000, 1000)
		record(t, s, 1, packets)
		settle(t, s, len(packets))
		st := s.Stats()
		if st.Full == 0 || st.Error == "" || minFree > 1 && !strings.Contains(st.Error, "are left to others") {
			t.Errorf("%+v", st)
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		for i := 0; s.Stats().Error != "" && i < 50; i++ {
			time.Sleep(100 * time.Millisecond)
			record(t, s, 1, packets[:100])
		}
		settle(t, s, 0)
		after := s.Stats()
		if after.Stored <= st.Stored || after.Error != "" {
			t.Errorf("after there was room: %+v, before %+v", after, st)
		}
		closeStore(t, s)
		got, res := carve(t, s.Dir(), Query{})
		if len(res.Problems) != 0 || uint64(len(got)) != after.Stored {
			t.Errorf("%d packets of %d, %v", len(got), after.Stored, res.Problems)
		}
		if err := os.RemoveAll(s.Dir()); err != nil {
			t.Fatal(err)
		}
	}
}

// settle waits until the writer has taken everything, at least n packets.
func settle(t *testing.T, s *Store, n int) {
	t.Helper()
	for i := 0; i < 500; i++ {
		if st := s.Stats(); len(s.free) == cap(s.free) && st.Stored+st.Full+st.Dropped >= uint64(n) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the writer does not come to an end: %+v", s.Stats())
}

// TestCarveWhileWriting reads the part that is being written.
func TestCarveWhileWriting(t *testing.T) {
	packets := flood(t, 900, 1000)
	s := open(t, Config{Plain: -1})
	record(t, s, 1, packets)
	settle(t, s, len(packets))
	got, res := carve(t, s.Dir(), Query{})
	same(t, "an open part", got, packets)
	if len(res.Problems) != 0 {
		t.Errorf("%v", res.Problems)
	}
	closeStore(t, s)
}

// FuzzIndex: an index that is taken is the same when it is written again, and never leads out of its part.
func FuzzIndex(f *testing.F) {
	x := newIndexer()
	part, _, _ := fuzzPart(f)
	if _, err := scan(&file{r: bytes.NewReader(part), size: int64(len(part))}, x, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(x.index(int64(len(part))).append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		ix, err := readIndex(bytes.NewReader(data), int64(len(data)), int64(len(part)))
		if err != nil {
			if ix != nil && len(ix.entries) > len(data) {
				t.Fatal("more flows than bytes")
			}
			return
		}
		if int64(ix.postings)*4+ix.from > int64(len(data)) {
			t.Fatal("places behind the end")
		}
		for i := range ix.entries {
			e := &ix.entries[i]
			if e.places, err = ix.places(e); err != nil && !errors.Is(err, errIndex) {
				t.Fatal(err)
			} else if err != nil {
				return
			}
			if ix.find(e.key) != e {
				t.Fatal("a flow that is there is not found")
			}
		}
		if again := ix.append(nil); !bytes.Equal(again, data[:len(again)]) {
			t.Fatal("written again it is another")
		}
	})
}

// fuzzPart is a part with two interfaces.
func fuzzPart(t testing.TB) (part []byte, packets []sensor.Packet, id string) {
	t.Helper()
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, capture.Section{Application: "khien"})
	if err != nil {
		t.Fatal(err)
	}
	packets = packetsOf(t, "dns 10.20.3.14:4000 vneid-gov.example A 203.0.113.9\nicmp 10.20.3.14 > 203.0.113.10\n")
	for i := range 2 {
		if _, err := w.Interface(capture.Interface{Name: fmt.Sprint("eth", i), Link: sensor.LinkEthernet}); err != nil {
			t.Fatal(err)
		}
		for j := range packets {
			if err := w.Packet(uint32(i), &packets[j]); err != nil {
				t.Fatal(err)
			}
		}
	}
	return b.Bytes(), packets, FlowID(17, netip.MustParseAddrPort("10.20.3.14:4000"), netip.MustParseAddrPort("10.20.0.53:53"))
}

// FuzzPart: whatever lies in a part, it is read up to a place at which it could be cut without changing anything.
func FuzzPart(f *testing.F) {
	part, _, _ := fuzzPart(f)
	f.Add(part)
	f.Add(part[:len(part)-7])
	f.Fuzz(func(t *testing.T, data []byte) {
		read := func(data []byte) (int64, []byte, error) {
			x := newIndexer()
			whole, err := scan(&file{r: bytes.NewReader(data), size: int64(len(data))}, x, nil)
			if whole < 0 || whole > int64(len(data)) || err == nil && whole != int64(len(data)) {
				t.Fatalf("%d of %d bytes, %v", whole, len(data), err)
			}
			return whole, x.index(whole).append(nil), err
		}
		whole, index, _ := read(data)
		again, same, err := read(data[:whole])
		if err != nil || again != whole || !bytes.Equal(index, same) {
			t.Fatalf("cut at %d it is read to %d, %v", whole, again, err)
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, openName(1)), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Carve(dir, io.Discard, Query{}, capture.Section{}); err != nil {
			t.Fatal(err)
		}
	})
}
