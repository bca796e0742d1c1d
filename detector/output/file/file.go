// Package file appends messages to a file, a line each. It opens the file for each batch, so that it may be renamed or
// removed at any time, and returns from Write when the lines are on the disk.
package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"khien/detector/output"
	"khien/detector/wholefile"
)

// tailMax is how far from the end of a file the last line end is looked for: a line is shorter.
const tailMax = 16 << 20

// File is an output.Place.
type File struct{ path string }

// Open checks that the file can be written.
func Open(path string) (*File, error) {
	f := &File{path}
	w, err := f.open()
	if err != nil {
		return nil, err
	}
	return f, w.Close()
}

// Write appends a line for each message.
func (f *File) Write(ctx context.Context, ms []output.Message) error {
	w, err := f.open()
	if err != nil {
		return err
	}
	var b []byte
	for i := range ms {
		b = append(append(b, ms[i].Line...), '\n')
	}
	if _, err = w.Write(b); err == nil {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("file: %w", err)
	}
	return nil
}

// Close has nothing to do.
func (f *File) Close() error { return nil }

// open opens the file at its end. A line that was not finished there, when the process was killed or the disk was full, is
// cut off: its batch has not been acknowledged and comes again.
func (f *File) open() (*os.File, error) {
	_, err := os.Stat(f.path)
	fresh := errors.Is(err, os.ErrNotExist)
	w, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o640)
	if err == nil {
		if err = cut(w); err == nil && fresh {
			err = wholefile.SyncFolder(filepath.Dir(f.path))
		}
		if err != nil {
			w.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	return w, nil
}

// cut removes an unfinished line from the end. Nobody else may be writing meanwhile.
func cut(w *os.File) error {
	info, err := w.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", w.Name())
	}
	if err := unix.Flock(int(w.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("%s is written by another process: %w", w.Name(), err)
	}
	if info, err = w.Stat(); err != nil || info.Size() == 0 {
		return err
	}
	size := info.Size()
	for step := int64(1); ; step = min(step*64, size, tailMax) { // nearly always the last byte is enough
		tail := make([]byte, step)
		if _, err := w.ReadAt(tail, size-step); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		end := bytes.LastIndexByte(tail, '\n') + 1
		switch {
		case end == len(tail):
			return nil
		case end == 0 && step == size || end > 0:
			if tail[end] != '{' {
				return fmt.Errorf("%s: its last line was not written by this program: give the output a file of its own", w.Name())
			}
			return w.Truncate(size - step + int64(end))
		case step >= tailMax:
			return fmt.Errorf("%s: no line end in the last %d bytes: give the output a file of its own", w.Name(), tailMax)
		}
	}
}
