package follow

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// log is a program that writes numbered lines, and whoever rotates its file.
type log struct {
	t    *testing.T
	path string
	w    *os.File
	n    int
}

func newLog(t *testing.T) *log {
	l := &log{t: t, path: filepath.Join(t.TempDir(), "eve.json")}
	l.open()
	return l
}

func (l *log) check(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *log) open() {
	var err error
	l.w, err = os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	l.check(err)
}

func (l *log) write(s string) {
	_, err := l.w.WriteString(s)
	l.check(err)
}

// text is a line, not shorter than a record of Suricata and, as that, unlike others in its parts.
func text(n int) string {
	return fmt.Sprintf("%d %s\n", n, strings.Repeat(string(rune('a'+n%26)), 250+n*37%300))
}

// line appends a line, whose length differs from the next one's.
func (l *log) line() {
	l.n++
	l.write(text(l.n))
}

// shift moves the files that were set aside on by one. Rotations come at different times of the file system's clock.
func (l *log) shift(compress bool) {
	time.Sleep(10 * time.Millisecond)
	names, err := filepath.Glob(l.path + ".*")
	l.check(err)
	slices.SortFunc(names, func(a, b string) int { return number(b) - number(a) })
	for _, name := range names {
		gz := ""
		if strings.HasSuffix(name, ".gz") {
			gz = ".gz"
		}
		i := number(name)
		to := fmt.Sprintf("%s.%d%s", l.path, i+1, gz)
		l.check(os.Rename(name, to))
		if compress && gz == "" {
			squeeze(l, to)
		}
	}
}

func squeeze(l *log, name string) {
	data, err := os.ReadFile(name)
	l.check(err)
	info, err := os.Stat(name)
	l.check(err)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err = z.Write(data)
	l.check(errors.Join(err, z.Close()))
	l.check(os.WriteFile(name+".gz", b.Bytes(), 0o600))
	l.check(os.Chtimes(name+".gz", info.ModTime(), info.ModTime()))
	l.check(os.Remove(name))
}

// rename rotates as logrotate does with create: who writes goes on in the old file until it is told.
func (l *log) rename(late int, compress bool) {
	l.shift(compress)
	l.check(os.Rename(l.path, l.path+".1"))
	old := l.w
	if late%2 == 0 { // logrotate makes the new file before the writer knows
		f, err := os.Create(l.path)
		l.check(errors.Join(err, f.Close()))
	}
	for range late {
		l.line()
	}
	l.check(old.Close())
	time.Sleep(10 * time.Millisecond)
	l.open()
}

// copyTruncate rotates as logrotate does with copytruncate.
func (l *log) copyTruncate(compress bool) {
	l.shift(compress)
	data, err := os.ReadFile(l.path)
	l.check(err)
	l.check(os.WriteFile(l.path+".1", data, 0o600))
	l.check(os.Truncate(l.path, 0))
}

// read takes all lines that are there; position is where to go on from.
func read(t *testing.T, f *File, most int) (got []int, err error) {
	for len(got) < most {
		line, err := f.Next()
		if err != nil {
			return got, err
		}
		n := 0
		if _, err := fmt.Sscanf(string(line.Text), "%d", &n); err != nil || string(line.Text)+"\n" != text(n) {
			t.Fatalf("%s:%d: %q is no line that was written", line.File, line.Number, line.Text)
		}
		got = append(got, n)
	}
	return got, nil
}

// TestRotation: whatever is written, rotated, stopped and begun again in whatever order, every line comes, in order, and
// none twice but those behind the position that was kept.
func TestRotation(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			l := newLog(t)
			tell := func(err error) { t.Error(err) }
			f, err := NewFile(l.path, nil, tell)
			l.check(err)
			var kept []byte
			last, saved := 0, 0
			take := func(most int) {
				t.Helper()
				got, err := read(t, f, most)
				if err != nil && err != ErrIdle {
					t.Fatal(err)
				}
				for _, n := range got {
					if n != last+1 {
						t.Fatalf("line %d behind line %d", n, last)
					}
					last = n
				}
			}
			l.line() // of what was never read, nothing tells a copy
			take(1)
			kept, err = json.Marshal(f.Position())
			l.check(err)
			saved = 1
			for range 60 {
				switch r.IntN(10) {
				case 0:
					l.rename(r.IntN(4), r.IntN(2) == 0)
				case 1:
					l.copyTruncate(r.IntN(2) == 0)
				case 2: // half a line
					l.n++
					s := text(l.n)
					i := r.IntN(len(s))
					l.write(s[:i])
					take(1 << 20)
					l.write(s[i:])
				case 3, 4:
					take(r.IntN(20))
				case 5:
					take(1 << 20)
				case 6: // what was handed on is durable
					kept, err = json.Marshal(f.Position())
					l.check(err)
					saved = last
				case 7: // killed
					l.check(f.Close())
					var from *Position
					if kept != nil {
						l.check(json.Unmarshal(kept, &from))
					}
					if from == nil || from.Offset == 0 {
						if l.hasSetAside() { // begins with the file as it is now, which the test cannot tell
							return
						}
						from, saved = nil, 0
					}
					f, err = NewFile(l.path, from, tell)
					l.check(err)
					last = saved
				default:
					for range r.IntN(12) {
						l.line()
					}
				}
			}
			take(1 << 20)
			take(1 << 20)
			if last != l.n {
				t.Errorf("the last line that came is %d of %d", last, l.n)
			}
			l.check(f.Close())
		})
	}
}

func (l *log) hasSetAside() bool {
	names, err := filepath.Glob(l.path + ".*")
	l.check(err)
	return len(names) > 0
}

func TestLostCopy(t *testing.T) {
	l := newLog(t)
	var told []string
	f, err := NewFile(l.path, nil, func(err error) { told = append(told, err.Error()) })
	l.check(err)
	l.line()
	l.line()
	if got, err := read(t, f, 9); len(got) != 2 || err != ErrIdle {
		t.Fatalf("%d lines, %v", len(got), err)
	}
	at := f.Position()
	l.check(os.Truncate(l.path, 0))
	l.line()
	if got, err := read(t, f, 9); len(got) != 1 || got[0] != 3 || err != ErrIdle {
		t.Fatalf("lines %v, %v", got, err)
	}
	if len(told) != 1 || !strings.Contains(told[0], "cut back at line 2") {
		t.Errorf("told %q", told)
	}
	told = nil
	if _, err := NewFile(l.path, &at, func(err error) { told = append(told, err.Error()) }); err != nil || len(told) != 1 {
		t.Errorf("%v, told %q", err, told)
	}
	if _, err := NewFile(filepath.Dir(l.path), nil, nil); err == nil {
		t.Error("a folder is followed")
	}
}

// TestZeekFolders: zeekctl moves what it has rotated into a folder by day.
func TestZeekFolders(t *testing.T) {
	dir := t.TempDir()
	l := &log{t: t, path: filepath.Join(dir, "current", "conn.log")}
	l.check(os.Mkdir(filepath.Dir(l.path), 0o700))
	l.check(os.Mkdir(filepath.Join(dir, "2026-11-29"), 0o700))
	l.open()
	l.line()
	f, err := NewFile(l.path, nil, func(err error) { t.Error(err) })
	l.check(err)
	if got, _ := read(t, f, 9); len(got) != 1 {
		t.Fatalf("lines %v", got)
	}
	at := f.Position()
	l.check(f.Close())
	l.line()
	to := filepath.Join(dir, "2026-11-29", "conn.21:00:00-22:00:00.log")
	l.check(os.Rename(l.path, to))
	squeeze(l, to)
	l.open()
	l.line()
	f, err = NewFile(l.path, &at, func(err error) { t.Error(err) })
	l.check(err)
	if got, err := read(t, f, 9); !slices.Equal(got, []int{2, 3}) || err != ErrIdle {
		t.Errorf("lines %v, %v", got, err)
	}
	l.check(f.Close())
}

func TestLongLines(t *testing.T) {
	l := newLog(t)
	l.write("a\n" + strings.Repeat("b", 1<<20) + "\n\x00\x00\x00c\r\nlast")
	f, err := OpenFile(l.path)
	l.check(err)
	f.Next()
	line, err := f.Next()
	if err != nil || line.Over != 1<<20 || line.Number != 2 || len(line.Text) != printMax {
		t.Fatalf("%d bytes over, line %d, %d bytes, %v", line.Over, line.Number, len(line.Text), err)
	}
	if n := cap(f.buf); n > 2*(LineMax+chunkSize) {
		t.Errorf("%d bytes are held", n)
	}
	if line, err = f.Next(); string(line.Text) != "c" || line.Number != 3 || line.Over != 0 {
		t.Errorf("line %d %q, %v", line.Number, line.Text, err)
	}
	if line, err = f.Next(); string(line.Text) != "last" || line.Number != 4 {
		t.Errorf("line %d %q, %v", line.Number, line.Text, err)
	}
	if _, err = f.Next(); err != io.EOF {
		t.Errorf("%v", err)
	}
}

func next(t *testing.T, s *Socket) Line {
	t.Helper()
	for range 1000 {
		line, err := s.Next()
		if err == nil {
			return line
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("no line")
	return Line{}
}

func TestSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "eve.sock")
	s, err := Listen(path, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path, nil); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second listener: %v", err)
	}
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		io.WriteString(c, "a\nb")
		io.WriteString(c, "c\n"+strings.Repeat("d", 1<<20)+"\n\ne\n")
		io.WriteString(c, "f")
		c.Close()
	}()
	for i, want := range []string{"a", "bc", strings.Repeat("d", printMax), "", "e", "f"} {
		line := next(t, s)
		if string(line.Text) != want || line.Number != i+1 || (i == 2) != (line.Over > 0) || i == 2 && line.Over < 1<<20 {
			t.Errorf("line %d (want %d): %.80q, %d over", line.Number, i+1, line.Text, line.Over)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket stays")
	}
}

// TestSocketWriters: those who are too many are refused and told of.
func TestSocketWriters(t *testing.T) {
	told := make(chan error, 8)
	s, err := Listen(filepath.Join(t.TempDir(), "s"), func(err error) { told <- err })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range writersMax + 1 {
		c, err := net.Dial("unix", s.path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	if err := <-told; !strings.Contains(err.Error(), "16 programs are connected") {
		t.Error(err)
	}
}

// FuzzLines: the lines of a file are those between its line ends, wherever it is stopped and gone on with.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\r\n\n\x00c\nd"), uint8(1))
	f.Add(bytes.Repeat([]byte("0123456789\n"), 40), uint8(17))
	f.Fuzz(func(t *testing.T, data []byte, stop uint8) {
		path := filepath.Join(t.TempDir(), "x.json")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, line := range bytes.SplitAfter(data, []byte{'\n'}) {
			if len(line) > 0 && line[len(line)-1] == '\n' {
				want = append(want, string(bytes.TrimLeft(bytes.TrimSuffix(line[:len(line)-1], []byte{'\r'}), "\x00")))
			}
		}
		var at *Position
		for i := 0; ; {
			x, err := NewFile(path, at, func(err error) { t.Fatal(err) })
			if err != nil {
				t.Fatal(err)
			}
			for range int(stop) + 1 {
				line, err := x.Next()
				if err == ErrIdle {
					if i != len(want) {
						t.Fatalf("%d lines of %d", i, len(want))
					}
					return
				}
				if err != nil || i >= len(want) || string(line.Text) != want[i] || line.Number != i+1 {
					t.Fatalf("line %d: %q, %v", i, line.Text, err)
				}
				i++
			}
			p := x.Position()
			at = &p
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
