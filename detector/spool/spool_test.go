package spool

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var one = map[Class][]string{Findings: {"store"}, Telemetry: {"store"}}

func open(t *testing.T, c Config) *Spool {
	t.Helper()
	if c.Readers == nil {
		c.Readers = one
	}
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

func put(t *testing.T, s *Spool, c Class, payloads ...string) {
	t.Helper()
	for _, p := range payloads {
		if err := s.Put(c, []byte(p)); err != nil {
			t.Fatal(err)
		}
	}
}

func reader(t *testing.T, s *Spool, c Class, name string) *Reader {
	t.Helper()
	r, err := s.Reader(c, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// rest reads until nothing more comes.
func rest(t *testing.T, r *Reader) (out []Record) {
	t.Helper()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		recs, err := r.Next(ctx, 3, 1<<20)
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if len(recs) == 0 {
			return out
		}
		out = append(out, recs...)
	}
}

func text(recs []Record) string {
	var b []string
	for _, r := range recs {
		b = append(b, string(r.Payload))
	}
	return strings.Join(b, " ")
}

func sync1(t *testing.T, s *Spool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Sync(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestOrderIsKeptAndWhatIsNotAcknowledgedComesAgain(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	put(t, s, Findings, "a", "", "b", "c")
	put(t, s, Telemetry, "x")
	sync1(t, s)
	r := reader(t, s, Findings, "store")
	if got := text(rest(t, r)); got != "a  b c" {
		t.Errorf("got %q", got)
	}
	if err := r.Ack(3); err != nil {
		t.Fatal(err)
	}
	if st := s.Stats(); st.Findings.Records != 2 || st.Telemetry.Records != 1 || st.Findings.Next != 5 {
		t.Errorf("%+v", st)
	}
	if _, err := Open(Config{Dir: dir, Readers: one}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("opened twice: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, Config{Dir: dir, Damaged: func(err error) { t.Error(err) }})
	put(t, s, Findings, "d")
	got := rest(t, reader(t, s, Findings, "store"))
	if text(got) != "b c d" || got[0].Seq != 3 || got[2].Seq != 5 {
		t.Errorf("after opening again: %q %v", text(got), got)
	}
}

func TestEveryReaderGetsAll(t *testing.T) {
	dir := t.TempDir()
	names := map[Class][]string{Findings: {"store", "syslog"}, Telemetry: {"store"}}
	s := open(t, Config{Dir: dir, SegmentBytes: 1, Readers: names})
	big := strings.Repeat("f", segmentMin)
	put(t, s, Findings, "a", big)
	sync1(t, s)
	put(t, s, Findings, "b", big)
	sync1(t, s)
	a, b := reader(t, s, Findings, "store"), reader(t, s, Findings, "syslog")
	if n := len(rest(t, a)); n != 4 {
		t.Fatalf("%d records", n)
	}
	if err := a.Ack(5); err != nil {
		t.Fatal(err)
	}
	files := func() int {
		n, err := filepath.Glob(filepath.Join(dir, "findings", "*.seg"))
		if err != nil {
			t.Fatal(err)
		}
		return len(n)
	}
	if files() != 2 || s.Stats().Findings.Records != 4 {
		t.Errorf("%d files, %+v while the second reader has read nothing", files(), s.Stats())
	}
	if n := len(rest(t, b)); n != 4 {
		t.Fatalf("%d records", n)
	}
	if err := b.Ack(3); err != nil {
		t.Fatal(err)
	}
	if files() != 1 {
		t.Errorf("%d files after the first was acknowledged by both", files())
	}
	if err := b.Ack(5); err != nil {
		t.Fatal(err)
	}
	if st := s.Stats(); files() != 0 || st.Findings.Bytes != 0 || st.Findings.Records != 0 {
		t.Errorf("%d files, %+v after all was acknowledged", files(), st)
	}
}

// segmentOf writes records and returns their segment's bytes and where each record begins.
func segmentOf(n int) (b []byte, at []int) {
	b = []byte(magic)
	for i := range n {
		at = append(at, len(b))
		b = appendRecord(b, uint64(i+1), fmt.Appendf(nil, "record %d %s", i+1, strings.Repeat("x", i%7)))
	}
	return b, at
}

func TestTornTailIsCutAtTheLastWholeRecord(t *testing.T) {
	whole, at := segmentOf(4)
	for cut := 0; cut <= len(whole); cut++ {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "findings"), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(segmentPath(filepath.Join(dir, "findings"), 1), whole[:cut], 0o640); err != nil {
			t.Fatal(err)
		}
		s := open(t, Config{Dir: dir})
		put(t, s, Findings, "new")
		sync1(t, s)
		want := 0
		for i := range at {
			if end := append(at, len(whole))[i+1]; end <= cut {
				want = i + 1
			}
		}
		got := rest(t, reader(t, s, Findings, "store"))
		if len(got) != want+1 || string(got[want].Payload) != "new" || got[want].Seq != uint64(want+1) {
			t.Errorf("cut at %d: %q, want %d records and the new one", cut, text(got), want)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDamageIsNamedAndTheRestIsRead(t *testing.T) {
	whole, at := segmentOf(4)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "findings"), 0o750); err != nil {
		t.Fatal(err)
	}
	path := segmentPath(filepath.Join(dir, "findings"), 1)
	whole[at[1]+headerSize+2] ^= 0x40
	if err := os.WriteFile(path, whole, 0o640); err != nil {
		t.Fatal(err)
	}
	var told []string
	s := open(t, Config{Dir: dir, Damaged: func(err error) { told = append(told, err.Error()) }})
	got := rest(t, reader(t, s, Findings, "store"))
	if len(got) != 3 || got[0].Seq != 1 || got[1].Seq != 3 || got[2].Seq != 4 {
		t.Errorf("got %q", text(got))
	}
	if len(told) != 1 || !strings.Contains(told[0], path) || !strings.Contains(told[0], fmt.Sprintf("offset %d:", at[1])) || !strings.Contains(told[0], "1 records are lost") {
		t.Errorf("told %q, want file, offset %d and the number", told, at[1])
	}
}

func TestOldestTelemetryMakesRoomAndFindingsWait(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir(), Quota: 64 << 10, SegmentBytes: segmentMin})
	kilo := strings.Repeat("k", 1000)
	const events = 200
	for i := range events {
		put(t, s, Telemetry, fmt.Sprintf("t%03d %s", i, kilo))
		sync1(t, s)
	}
	st := s.Stats()
	if st.Telemetry.Dropped == 0 || st.Telemetry.Records+st.Telemetry.Dropped != events || st.Telemetry.Bytes > 64<<10 {
		t.Fatalf("%+v", st)
	}
	for range 40 {
		put(t, s, Findings, kilo)
		sync1(t, s)
	}
	got := rest(t, reader(t, s, Telemetry, "store"))
	st = s.Stats()
	if len(got) == 0 || string(got[len(got)-1].Payload[:4]) != "t199" || uint64(len(got))+st.Telemetry.Dropped != events {
		t.Errorf("%d events are left, %+v", len(got), st)
	}
	for s.Stats().Findings.Bytes < 60<<10 {
		put(t, s, Findings, kilo)
		sync1(t, s)
	}
	if st = s.Stats(); st.Telemetry.Bytes != 0 || st.Findings.Dropped != 0 {
		t.Fatalf("telemetry is left beside %+v", st)
	}
	before := st.Telemetry.Dropped
	var wg sync.WaitGroup
	passed := make(chan int, 20)
	wg.Go(func() {
		for i := range 10 {
			put(t, s, Findings, kilo)
			passed <- i
		}
	})
	time.Sleep(100 * time.Millisecond)
	if len(passed) >= 10 {
		t.Error("findings went beyond the quota")
	}
	put(t, s, Telemetry, kilo, kilo)
	for s.Stats().Telemetry.Dropped < before+1 {
		t.Fatal("telemetry was taken where there is no room")
	}
	r := reader(t, s, Findings, "store")
	recs, err := r.Next(t.Context(), 20, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Ack(recs[len(recs)-1].Seq + 1); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if s.Stats().Findings.Dropped != 0 {
		t.Errorf("findings were dropped: %+v", s.Stats())
	}
}

func TestEndingLetsNobodyWait(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir(), Quota: 16 << 10, SegmentBytes: segmentMin})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 100 {
			put(t, s, Findings, strings.Repeat("k", 1000))
		}
	}()
	time.Sleep(50 * time.Millisecond)
	s.Ending()
	<-done
	sync1(t, s)
	if n := len(rest(t, reader(t, s, Findings, "store"))); n != 100 {
		t.Errorf("%d records", n)
	}
}

func TestDrainRepeatsWhatIsRefused(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir()})
	put(t, s, Findings, "a", "b", "c")
	sync1(t, s)
	var got, told []string
	tries := 0
	ctx, cancel := context.WithCancel(t.Context())
	err := reader(t, s, Findings, "store").Drain(ctx, 2, 1<<20, func(_ context.Context, recs []Record) error {
		if tries++; tries < 3 {
			return errors.New("away")
		}
		got = append(got, text(recs))
		if len(got) == 2 {
			cancel()
		}
		return nil
	}, func(err error) { told = append(told, fmt.Sprint(err)) })
	if err != nil || strings.Join(got, "|") != "a b|c" || strings.Join(told, " ") != "away away <nil>" {
		t.Errorf("got %q, told %q, %v", got, told, err)
	}
	if st := s.Stats(); st.Findings.Records != 0 {
		t.Errorf("%+v", st)
	}
}

// TestFullDisk: a disk that has no room takes nothing; when it has again, everything is there.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("mounting a small file system needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	s := open(t, Config{Dir: dir, SegmentBytes: 32 << 10})
	kilo := strings.Repeat("k", 1000)
	for range 50 {
		put(t, s, Telemetry, kilo)
		sync1(t, s)
	}
	for i := range 400 {
		put(t, s, Findings, fmt.Sprintf("%03d%s", i, kilo))
	}
	for end := time.Now().Add(10 * time.Second); s.Stats().Trouble == ""; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody tells that the disk is full")
		}
	}
	put(t, s, Telemetry, kilo) // does not hold anybody up
	r := reader(t, s, Findings, "store")
	var got []Record
	for end := time.Now().Add(30 * time.Second); len(got) < 400 && time.Now().Before(end); {
		recs := rest(t, r)
		got = append(got, recs...)
		if len(recs) > 0 {
			if err := r.Ack(recs[len(recs)-1].Seq + 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, rec := range got {
		if string(rec.Payload[:3]) != fmt.Sprintf("%03d", i) {
			t.Fatalf("record %d is %.3s", i, rec.Payload)
		}
	}
	sync1(t, s)
	if st := s.Stats(); len(got) != 400 || st.Trouble != "" || st.Findings.Dropped != 0 || st.Telemetry.Dropped == 0 {
		t.Errorf("%d findings, %+v", len(got), st)
	}
}

// TestKill: what Sync has acknowledged survives SIGKILL, and nothing that comes back is damaged.
func TestKill(t *testing.T) {
	if dir := os.Getenv("KHIEN_TEST_SPOOL"); dir != "" {
		killed(t, dir)
		return
	}
	dir := t.TempDir()
	acked := 0
	for round := range 5 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestKill$")
		cmd.Env = append(os.Environ(), "KHIEN_TEST_SPOOL="+dir, fmt.Sprintf("KHIEN_TEST_FROM=%d", acked))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewScanner(out)
		for lines := 0; lines < 20+7*round && in.Scan(); lines++ {
			if _, err := fmt.Sscan(in.Text(), &acked); err != nil {
				t.Fatalf("%q: %v", in.Text(), err)
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for in.Scan() { // what it had acknowledged before it died
			if _, err := fmt.Sscan(in.Text(), &acked); err != nil {
				break
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the writer was not killed")
		}
	}
	var damage []error
	s := open(t, Config{Dir: dir, Damaged: func(err error) { damage = append(damage, err) }})
	seen := map[string]bool{}
	for _, r := range rest(t, reader(t, s, Findings, "store")) {
		seen[string(bytes.TrimRight(r.Payload, "."))] = true
	}
	if acked < 100 {
		t.Fatalf("only %d records were acknowledged", acked)
	}
	for i := range acked {
		if !seen[fmt.Sprint(i)] {
			t.Errorf("record %d of %d acknowledged ones is lost", i, acked)
		}
	}
	for _, err := range damage {
		t.Error(err)
	}
}

// killed writes and says how many records are on the disk, until it is killed.
func killed(t *testing.T, dir string) {
	s, err := Open(Config{Dir: dir, SegmentBytes: 64 << 10, Readers: one})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	fmt.Sscan(os.Getenv("KHIEN_TEST_FROM"), &n)
	for {
		for range 10 {
			put(t, s, Findings, fmt.Sprint(n)+strings.Repeat(".", n%500))
			n++
		}
		sync1(t, s)
		fmt.Println(n)
	}
}

// FuzzSegment: whatever happened to a file, a reader gives back only records that were written, in order and with their
// numbers, and those put after opening all.
func FuzzSegment(f *testing.F) {
	f.Add(uint8(5), uint16(60), uint8(0x40), uint16(1000), []byte(nil))
	f.Add(uint8(3), uint16(10), uint8(0), uint16(70), []byte("KHSPOOL1"))
	f.Add(uint8(2), uint16(0), uint8(1), uint16(5), mark)
	f.Fuzz(func(t *testing.T, n uint8, at uint16, flip uint8, cut uint16, tail []byte) {
		b, _ := segmentOf(int(n % 16))
		want, _ := segmentOf(16)
		b = b[:min(int(cut), len(b))]
		if int(at) < len(b) {
			b[at] ^= flip
		}
		b = append(b, tail...)
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "findings"), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(segmentPath(filepath.Join(dir, "findings"), 1), b, 0o640); err != nil {
			t.Fatal(err)
		}
		s, err := Open(Config{Dir: dir, Readers: one})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		put(t, s, Findings, "after")
		sync1(t, s)
		r := reader(t, s, Findings, "store")
		last := uint64(0)
		for {
			recs, err := r.Next(t.Context(), 4, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			for _, rec := range recs {
				if rec.Seq <= last {
					t.Fatalf("record %d after %d", rec.Seq, last)
				}
				last = rec.Seq
				if string(rec.Payload) == "after" {
					return
				}
				if !bytes.Contains(want, appendRecord(nil, rec.Seq, rec.Payload)) && !bytes.Contains(tail, rec.Payload) {
					t.Fatalf("record %d was never written: %q", rec.Seq, rec.Payload)
				}
			}
		}
	})
}
