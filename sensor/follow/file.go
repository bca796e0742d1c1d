package follow

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// File follows one file. It is not safe for concurrent use.
type File struct {
	path string
	once bool
	tell func(error)

	cur   *opened  // file that is being read; nil before there is one
	buf   []byte   // of cur: what was read and not given out, behind up to printMax bytes that were
	start int      // in buf: the next line
	base  int64    // in cur: place of buf[0]
	line  int      // lines of cur that were given out
	over  int64    // bytes of the line at start that were passed over
	head  []byte   // of cur: its first bytes
	sum   uint64   // of head
	chunk []byte   // read into
	done  []fileID // read to their end
	next  bool     // another file has bytes: cur ends where it ends now
	last  bool     // the line without an end, at the end of cur, was given out
	pos   Position
}

// fileID is a file that does not change any more.
type fileID struct {
	info os.FileInfo
	sum  uint64 // of its first size bytes
	size int
}

// NewFile follows the file at path, which need not exist yet, from its beginning or from a place behind which everything is
// new. What the reader of lines cannot know otherwise goes to tell: a place that is nowhere to be found, bytes that were cut
// off before they were read.
func NewFile(path string, from *Position, tell func(error)) (*File, error) {
	if s, err := os.Stat(path); err == nil && !s.Mode().IsRegular() {
		return nil, fmt.Errorf("follow: %s is no regular file", path)
	}
	f := &File{path: path, tell: tell}
	if from == nil || from.Offset == 0 {
		return f, f.begin()
	}
	for _, name := range slices.Backward(append(f.siblings(), path)) {
		if o := find(name, from); o != nil {
			f.take(o, from.Offset, from.Line)
			f.pos = *from
			f.pos.File = name
			return f, nil
		}
	}
	tell(fmt.Errorf("follow: what followed line %d of %s is in no file beside it any more: %s is read from its beginning", from.Line, from.File, path))
	return f, f.begin()
}

// begin opens the file if there is one.
func (f *File) begin() error {
	o, err := open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	f.take(o, 0, 0)
	return nil
}

// OpenFile reads a file, which may be compressed with gzip, once to its end.
func OpenFile(path string) (*File, error) {
	o, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("follow: %w", err)
	}
	f := &File{path: path, once: true, tell: func(error) {}}
	f.take(o, 0, 0)
	return f, nil
}

// Close closes the file.
func (f *File) Close() error {
	if f.cur == nil {
		return nil
	}
	err := f.cur.Close()
	f.cur = nil
	return err
}

// Position returns the place behind the line that Next has returned last.
func (f *File) Position() Position { return f.pos }

// take goes on in another file.
func (f *File) take(o *opened, at int64, line int) {
	if f.cur != nil {
		f.cur.Close() // it was only read from
	}
	f.cur, f.buf, f.start, f.base, f.line, f.over = o, f.buf[:0], 0, at, line, 0
	f.head, f.sum, f.next, f.last = o.head(), 0, false, false
	f.sum = xxhash.Sum64(f.head)
	if at > 0 { // so that what is appended is seen to follow what was read
		n := min(at, printMax)
		f.buf, f.base = append(f.buf, o.before(at, int(n))...), at-n
		f.start = len(f.buf)
	}
}

// Next returns the next line, ErrIdle when there is none yet, or io.EOF at the end of a file that is read once.
func (f *File) Next() (Line, error) {
	for {
		if i := bytes.IndexByte(f.buf[f.start:], '\n'); i >= 0 {
			return f.give(f.start+i, 1), nil
		}
		if len(f.buf)-f.start > LineMax {
			f.pass()
		}
		n, err := f.fill()
		if err != nil {
			return Line{}, err
		}
		if n > 0 {
			continue
		}
		switch line, ok, err := f.atEnd(); {
		case err != nil:
			return Line{}, err
		case ok:
			return line, nil
		}
	}
}

// give returns the line up to end, behind which so many bytes end it.
func (f *File) give(end, ending int) Line {
	text := f.buf[f.start:end]
	line := Line{File: f.cur.name, Over: f.over}
	if f.over > 0 || len(text) > LineMax {
		line.Over, text = f.over+int64(len(text)), text[:min(len(text), printMax)]
	}
	if n := len(text); n > 0 && text[n-1] == '\r' {
		text = text[:n-1]
	}
	f.start, f.over = end+ending, 0
	f.line++
	line.Text, line.Number = bytes.TrimLeft(text, "\x00"), f.line // who writes on behind where a file was cut back leaves zeros before
	print := f.buf[max(0, f.start-printMax):f.start]
	f.pos = Position{File: f.cur.name, Offset: f.base + int64(f.start), Line: f.line, HeadHash: f.sum, HeadSize: len(f.head),
		LastHash: xxhash.Sum64(print), LastSize: len(print)}
	return line
}

// pass lets go of the beginning of a line that is too long.
func (f *File) pass() {
	drop := len(f.buf) - printMax - f.start
	f.over += int64(drop)
	f.start += drop
}

// errReplaced tells that the file does not hold any more what was read from it.
var errReplaced = errors.New("replaced")

// fill reads more of the current file. It opens the first one.
func (f *File) fill() (int, error) {
	if f.cur == nil {
		if err := f.begin(); err != nil {
			return 0, err
		}
		if f.cur == nil {
			return 0, ErrIdle
		}
	}
	if keep := max(0, f.start-printMax); keep > 0 {
		f.buf = append(f.buf[:0], f.buf[keep:]...)
		f.base, f.start = f.base+int64(keep), f.start-keep
	}
	n, err := f.read()
	if err == errReplaced {
		return f.replaced()
	}
	return n, err
}

// read reads behind what was read, together with the end of that, which tells whether it is still there.
func (f *File) read() (int, error) {
	if f.chunk == nil {
		f.chunk = make([]byte, printMax+chunkSize)
	}
	again := 0
	if f.cur.gzip == nil {
		again = min(len(f.buf), printMax)
	}
	n, err := f.cur.ReadAt(f.chunk[:again+chunkSize], f.base+int64(len(f.buf)-again))
	if err != nil && err != io.EOF {
		return 0, fmt.Errorf("follow: %w", err)
	}
	if n < again || !bytes.Equal(f.chunk[:again], f.buf[len(f.buf)-again:]) {
		return 0, errReplaced
	}
	f.buf = append(f.buf, f.chunk[again:n]...)
	if len(f.head) < headMax && f.base == 0 && f.start == 0 && f.line == 0 {
		f.head = append(f.head[:0], f.buf[:min(len(f.buf), headMax)]...)
		f.sum = xxhash.Sum64(f.head)
	}
	return n - again, nil
}

// replaced goes on where the file's earlier content is, and else at its beginning.
func (f *File) replaced() (int, error) {
	print := f.buf[max(0, len(f.buf)-printMax):]
	at := Position{Offset: f.base + int64(len(f.buf)), HeadHash: f.sum, HeadSize: len(f.head), LastHash: xxhash.Sum64(print), LastSize: len(print)}
	for _, name := range slices.Backward(f.siblings()) { // the copy is the latest
		if o := find(name, &at); o != nil {
			f.cur.Close() // it was only read from
			f.cur = o     // the copy goes on where the file ended
			return f.read()
		}
	}
	f.tell(fmt.Errorf("follow: %s was cut back at line %d and there is no copy of it beside it: what was written there and not read yet is lost", f.path, f.line))
	o, err := open(f.path)
	if err != nil {
		return 0, fmt.Errorf("follow: %w", err)
	}
	f.take(o, 0, 0)
	return f.read()
}

// atEnd decides what follows when all of the current file was read.
func (f *File) atEnd() (line Line, ok bool, err error) {
	var o *opened
	if !f.once {
		if o, err = f.successor(); err != nil {
			return Line{}, false, err
		}
		defer func() {
			if o != nil {
				o.Close() // it was only opened
			}
		}()
		if !f.next {
			f.next = true // what was written before the other file was begun is here now
			return Line{}, false, nil
		}
	}
	if f.over+int64(len(f.buf)-f.start) > 0 && !f.last {
		f.last = true
		return f.give(len(f.buf), 0), true, nil
	}
	if f.once {
		return Line{}, false, io.EOF
	}
	if info, err := f.cur.Stat(); err == nil {
		f.done = append(f.done[max(0, len(f.done)-doneMax+1):], fileID{info, f.sum, len(f.head)})
	}
	f.take(o, 0, 0)
	o = nil
	return Line{}, false, nil
}

// successor opens the file that was begun after the current one: the oldest that was set aside since, or the file itself. It
// is ErrIdle when whoever writes has not gone on to another.
func (f *File) successor() (*opened, error) {
	live, err := open(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		live = nil
	case err != nil:
		return nil, fmt.Errorf("follow: %w", err)
	case os.SameFile(live.info, f.cur.info):
		live.Close() // it was only opened
		return nil, ErrIdle
	}
	now, err := f.cur.Stat()
	if err != nil {
		return nil, fmt.Errorf("follow: %w", err)
	}
	for _, name := range f.siblings() {
		o, err := open(name)
		if err != nil {
			continue // it may be moved or compressed at this moment, and is found when the next one ends
		}
		if f.isNext(o, now, live) {
			if live != nil {
				live.Close() // it was only opened
			}
			return o, nil
		}
		o.Close() // it was only opened
	}
	if live != nil && live.info.Size() == 0 {
		live.Close() // it was only opened
		live = nil
	}
	if live == nil {
		return nil, ErrIdle
	}
	return live, nil
}

// isNext reports whether o was set aside after the current file and is no copy of it, of the live one or of one that was read.
func (f *File) isNext(o *opened, now os.FileInfo, live *opened) bool {
	if o.info.Size() == 0 || o.info.ModTime().Before(now.ModTime()) || os.SameFile(o.info, now) || o.startsAs(f.head) ||
		live != nil && (os.SameFile(o.info, live.info) || o.startsAs(live.head())) {
		return false
	}
	head := o.head()
	for _, d := range f.done {
		same := os.SameFile(d.info, o.info) && d.info.ModTime().Equal(o.info.ModTime())
		if same || d.size >= startMin && len(head) >= d.size && xxhash.Sum64(head[:d.size]) == d.sum {
			return false
		}
	}
	return true
}

// dayGlob are the folders into which zeekctl moves the logs of its folder "current".
const dayGlob = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"

// daysMax is how many of them are looked into, the latest.
const daysMax = 8

func (f *File) folders() []string {
	dir := filepath.Dir(f.path)
	out := []string{dir}
	if filepath.Base(dir) == "current" {
		days, err := filepath.Glob(filepath.Join(filepath.Dir(dir), dayGlob))
		if err != nil {
			panic("BUG: " + err.Error())
		}
		out = append(out, days[max(0, len(days)-daysMax):]...)
	}
	return out
}
