package ring

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A part's name is its number, and once it is closed the times of its earliest and latest packets:
//
//	00000042_20261129T193655.123456789Z_20261129T193701.000000000Z.pcapng   with its index .idx
//	00000043.pcapng                                                         is being written, or was when a process died
//
// so that a listing of the folder tells which parts a query has to look at.
type part struct {
	number   uint64
	closed   bool
	min, max int64 // packet time, nanoseconds since 1970
	name     string
}

const (
	nameTime  = "20060102T150405.000000000Z"
	extPart   = ".pcapng"
	extIndex  = ".idx"
	extUnsure = ".tmp" // an index that is being written
)

func openName(number uint64) string { return fmt.Sprintf("%08d%s", number, extPart) }

func closedName(number uint64, min, max int64) string {
	t := func(ns int64) string { return time.Unix(0, ns).UTC().Format(nameTime) }
	return fmt.Sprintf("%08d_%s_%s%s", number, t(min), t(max), extPart)
}

func indexName(partName string) string { return strings.TrimSuffix(partName, extPart) + extIndex }

// parseName reads the name of a part; false for files that are none.
func parseName(name string) (part, bool) {
	p := part{name: name}
	stem, ok := strings.CutSuffix(name, extPart)
	if !ok {
		return p, false
	}
	fields := strings.Split(stem, "_")
	var err error
	if p.number, err = strconv.ParseUint(fields[0], 10, 63); err != nil {
		return p, false
	}
	if len(fields) == 1 {
		return p, name == openName(p.number)
	}
	if len(fields) != 3 {
		return p, false
	}
	var bounds [2]int64
	for i, f := range fields[1:] {
		t, err := time.Parse(nameTime, f)
		if err != nil {
			return p, false
		}
		bounds[i] = t.UnixNano()
	}
	p.closed, p.min, p.max = true, bounds[0], bounds[1]
	return p, name == closedName(p.number, p.min, p.max)
}

// list returns the parts in a folder, in the order in which they were written.
func list(dir string) ([]part, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("ring: %w", err)
	}
	var out []part
	for _, e := range names {
		if p, ok := parseName(e.Name()); ok && e.Type().IsRegular() {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.number, b.number), strings.Compare(a.name, b.name))
	})
	return out, nil
}

// sizeOf returns the bytes of a part and its index, and when it was written.
func sizeOf(dir string, p part) (bytes int64, written time.Time, err error) {
	info, err := os.Stat(filepath.Join(dir, p.name))
	if err != nil {
		return 0, written, err
	}
	bytes, written = info.Size(), info.ModTime()
	if info, err := os.Stat(filepath.Join(dir, indexName(p.name))); err == nil {
		bytes += info.Size()
	}
	return bytes, written, nil
}

// remove deletes a part and its index. That somebody else has deleted them is no error.
func remove(dir, name string) error {
	for _, n := range [...]string{name, indexName(name)} {
		if err := os.Remove(filepath.Join(dir, n)); err != nil && !isGone(err) {
			return fmt.Errorf("ring: %w", err)
		}
	}
	return nil
}

func isGone(err error) bool { return errors.Is(err, fs.ErrNotExist) }
