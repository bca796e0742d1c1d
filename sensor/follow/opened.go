package follow

import (
	"cmp"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// opened is a file that is open for reading, compressed or not.
type opened struct {
	*os.File
	name string
	info os.FileInfo
	gzip *gzip.Reader
	at   int64 // place of gzip
}

func open(name string) (*opened, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	o := &opened{File: file, name: name}
	if o.info, err = file.Stat(); err == nil && !o.info.Mode().IsRegular() {
		err = &os.PathError{Op: "read", Path: name, Err: errors.New("no regular file")}
	}
	if err == nil && strings.HasSuffix(name, ".gz") {
		o.gzip, err = gzip.NewReader(file)
	}
	if err != nil {
		file.Close() // it was only opened
		return nil, err
	}
	return o, nil
}

// ReadAt reads at a place; of a compressed file, forward only or again from its beginning.
func (o *opened) ReadAt(b []byte, at int64) (int, error) {
	if o.gzip == nil {
		return o.File.ReadAt(b, at)
	}
	if at < o.at {
		if _, err := o.File.Seek(0, io.SeekStart); err != nil {
			return 0, err
		}
		if err := o.gzip.Reset(o.File); err != nil {
			return 0, err
		}
		o.at = 0
	}
	n, err := io.CopyN(io.Discard, o.gzip, at-o.at)
	o.at += n
	if err != nil {
		return 0, err
	}
	m, err := io.ReadFull(o.gzip, b)
	o.at += int64(m)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return m, err
}

// head returns the first bytes, nil when they cannot be read.
func (o *opened) head() []byte {
	b := make([]byte, headMax)
	n, err := o.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return nil
	}
	return b[:n]
}

// before returns the n bytes before a place, nil when they cannot be read.
func (o *opened) before(at int64, n int) []byte {
	b := make([]byte, n)
	if m, err := o.ReadAt(b, at-int64(n)); m < n || err != nil && err != io.EOF {
		return nil
	}
	return b
}

// startMin is how many bytes tell files apart by their beginning: logs of one program begin alike, up to their first time.
const startMin = 128

// startsAs reports whether the file begins with bytes. Of too few it is not known: then it does not.
func (o *opened) startsAs(b []byte) bool {
	head := o.head()
	n := min(len(head), len(b))
	return n >= startMin && string(head[:n]) == string(b[:n])
}

// find opens a file if a place is in it.
func find(name string, p *Position) *opened {
	if p.HeadSize < 0 || p.HeadSize > headMax || p.LastSize < 0 || p.LastSize > printMax || int64(p.LastSize) > p.Offset {
		return nil
	}
	o, err := open(name)
	if err != nil {
		return nil
	}
	head := o.head()
	if len(head) < p.HeadSize || xxhash.Sum64(head[:p.HeadSize]) != p.HeadHash {
		o.Close() // it was only read from
		return nil
	}
	last := o.before(p.Offset, p.LastSize)
	if last == nil || xxhash.Sum64(last) != p.LastHash {
		o.Close() // it was only read from
		return nil
	}
	return o
}

// siblings are the files that the file may have been renamed or copied to, the oldest first. Among those of one time, a
// higher number is older, as logrotate counts.
func (f *File) siblings() []string {
	type sibling struct {
		name   string
		time   int64
		number int
	}
	var out []sibling
	base := filepath.Base(f.path)
	for _, dir := range f.folders() {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // no folder, no siblings
		}
		for _, e := range entries {
			if !e.Type().IsRegular() || e.Name() == base && dir == filepath.Dir(f.path) || !setAside(base, e.Name()) {
				continue
			}
			info, err := e.Info()
			if err != nil {
				continue // removed meanwhile
			}
			out = append(out, sibling{filepath.Join(dir, e.Name()), info.ModTime().UnixNano(), number(e.Name())})
		}
	}
	slices.SortFunc(out, func(a, b sibling) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(b.number, a.number), cmp.Compare(a.name, b.name))
	})
	names := make([]string, len(out))
	for i := range out {
		names[i] = out[i].name
	}
	return names
}

// setAside reports whether a name is what rotation makes of base: "eve.json.1", "eve.json-20261129.gz",
// "conn-26-11-29_07.00.00.log", "conn.07:00:00-08:00:00.log.gz".
func setAside(base, name string) bool {
	name = strings.TrimSuffix(name, ".gz")
	if rest, ok := strings.CutPrefix(name, base); ok {
		return len(rest) > 1 && (rest[0] == '.' || rest[0] == '-') && isDigit(rest[1])
	}
	ext := filepath.Ext(base)
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(base, ext))
	return ok && ext != "" && strings.HasSuffix(rest, ext) && len(rest) > 1 && (rest[0] == '.' || rest[0] == '-') && isDigit(rest[1])
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// number reads the number at the end of a name; 0 where there is none.
func number(name string) int {
	name = strings.TrimSuffix(name, ".gz")
	n, err := strconv.Atoi(name[strings.LastIndexByte(name, '.')+1:])
	if err != nil {
		return 0
	}
	return n
}
