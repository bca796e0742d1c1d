package capture

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"khien/sensor"
)

// followWait is how long a reader waits at the end of what a writer has written so far before it says ErrIdle.
const followWait = 100 * time.Millisecond

// followMax bounds the names of one folder that are looked at.
const followMax = 1 << 20

// Dir reads the captures of a folder, one behind the other in the order of their names, as one capture: flows go on from
// one file into the next. Numbers in names count as numbers, as the programs write that rotate captures (tcpdump -C and
// -G, dumpcap -b). Stop and Lost may be called from other goroutines.
type Dir struct {
	dir    string
	follow bool
	name   string // of the file that is read, without its folder
	r      *Reader
	number uint64
	stop   atomic.Bool
	failed []error
}

// OpenDir opens a folder. With follow it is read for ever: what is written to its newest file is read as it comes, and a
// file whose name sorts behind it ends it. Without, the end of the last file is io.EOF.
func OpenDir(dir string, follow bool) (*Dir, error) {
	s, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	if !s.IsDir() {
		return nil, fmt.Errorf("capture: %s: not a folder", dir)
	}
	return &Dir{dir: dir, follow: follow}, nil
}

// Next reads the next packet. It returns ErrIdle when none has come for a while. A file that cannot be read is passed over;
// Err tells of it.
func (d *Dir) Next(p *sensor.Packet) error {
	for {
		if d.r == nil {
			next, err := d.after(d.name)
			switch {
			case err != nil:
				return err
			case next != "":
				d.open(next)
			case !d.follow || d.stop.Load():
				return io.EOF
			default:
				time.Sleep(followWait)
				return ErrIdle
			}
			continue
		}
		err := d.r.Next(p)
		switch {
		case err == nil:
			d.number++
			p.Number = d.number
			return nil
		case errors.Is(err, ErrIdle):
			return ErrIdle
		case err != io.EOF && !(d.stop.Load() && ended(err)): // a record that is still being written
			d.fail(err)
		}
		d.close()
	}
}

// maxFailed bounds the errors that are kept for Err.
const maxFailed = 16

func (d *Dir) fail(err error) {
	if len(d.failed) < maxFailed {
		d.failed = append(d.failed, err)
	}
}

// open begins to read a file.
func (d *Dir) open(name string) {
	d.name = name
	path := filepath.Join(d.dir, name)
	f, err := os.Open(path)
	if err != nil {
		d.fail(fmt.Errorf("capture: %w", err))
		return
	}
	r, err := NewReader(&growing{d: d, f: f}, path)
	if err != nil {
		if errors.Is(err, ErrEmpty) && d.follow {
			err = nil // nothing was written to it
		}
		if err = errors.Join(err, f.Close()); err != nil {
			d.fail(err)
		}
		return
	}
	r.close = append([]func() error{f.Close}, r.close...)
	d.r = r
}

func (d *Dir) close() {
	if d.r != nil {
		if err := d.r.Close(); err != nil {
			d.fail(err)
		}
		d.r = nil
	}
}

// after returns the name of the first capture that sorts behind name; "" when there is none yet.
func (d *Dir) after(name string) (string, error) {
	f, err := os.Open(d.dir)
	if err != nil {
		return "", fmt.Errorf("capture: %w", err)
	}
	defer f.Close()
	best := ""
	for seen := 0; seen < followMax; {
		entries, err := f.ReadDir(1024)
		for _, e := range entries {
			n := e.Name()
			if e.IsDir() || strings.HasPrefix(n, ".") || name != "" && compareNames(n, name) <= 0 || best != "" && compareNames(n, best) >= 0 {
				continue
			}
			best = n
		}
		seen += len(entries)
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", fmt.Errorf("capture: %w", err)
		}
	}
	return best, nil
}

// compareNames orders names with the numbers in them as numbers.
func compareNames(a, b string) int {
	whole := cmp.Compare(a, b)
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x == 0 || y == 0 {
			if c := cmp.Compare(a[0], b[0]); c != 0 {
				return c
			}
			a, b = a[1:], b[1:]
			continue
		}
		n, m := strings.TrimLeft(a[:x], "0"), strings.TrimLeft(b[:y], "0")
		if c := cmp.Or(cmp.Compare(len(n), len(m)), cmp.Compare(n, m)); c != 0 {
			return c
		}
		a, b = a[x:], b[y:]
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), whole)
}

// digits returns how many digits s begins with.
func digits(s string) int {
	n := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if n < 0 {
		return len(s)
	}
	return n
}

// Stop makes Next return io.EOF once what has been written was read.
func (d *Dir) Stop() { d.stop.Store(true) }

// Err tells of the files that could not be read to their end. Call it when Next has returned an error.
func (d *Dir) Err() error { return errors.Join(slices.Clone(d.failed)...) }

// Close ends the reading.
func (d *Dir) Close() error {
	d.Stop()
	d.close()
	return nil
}

// growing reads a file that somebody may still be writing to.
type growing struct {
	d *Dir
	f *os.File
}

// Read returns ErrIdle at the end of what was written so far, and io.EOF when nothing more will come.
func (g *growing) Read(p []byte) (int, error) {
	// Whether the writer has gone on to another file is asked before the read: what it wrote until then is read by it.
	over := !g.d.follow || g.d.stop.Load()
	if !over {
		next, err := g.d.after(g.d.name)
		if err != nil {
			return 0, err
		}
		over = next != ""
	}
	n, err := g.f.Read(p)
	if err == io.EOF && n == 0 && !over {
		time.Sleep(followWait)
		return 0, ErrIdle
	}
	return n, err
}
