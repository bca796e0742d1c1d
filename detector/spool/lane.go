package spool

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// lane is the records of one class. The spool's lock guards it, except that only the committer uses w.
type lane struct {
	class    Class
	dir      string
	segments []*segment // oldest first
	active   *segment   // the last, when it is written to
	w        *os.File   // of active
	next     uint64     // number of the next record that is put
	readable uint64     // number behind the last that readers may see
	buf      []byte     // records that wait for the committer
	most     int64      // bytes that the committer writes at once; less after the disk has refused
	cursors  []*cursor
	dropped  uint64
	waited   uint64
	ages     ages
	began    uint64 // what was acknowledged when it was opened
}

// segment is a file of records.
type segment struct {
	path  string
	first uint64 // number of its first record; the file's name
	size  int64  // bytes that are whole records on the disk
}

func segmentPath(dir string, first uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d.seg", first))
}

// openLane reads what a lane holds. Numbers go on behind everything that was ever acknowledged, so that a reader whose
// telemetry was lost in a power failure misses nothing that comes later.
func openLane(class Class, dir string, readers, followers []string, damaged func(error)) (*lane, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("spool: make directory: %w", err)
	}
	l := &lane{class: class, dir: dir, next: 1, most: segmentMin}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	for _, e := range entries {
		base, ok := strings.CutSuffix(e.Name(), ".seg")
		if !ok {
			continue
		}
		first, err := strconv.ParseUint(base, 10, 64)
		if err != nil || first == 0 || first == math.MaxUint64 {
			return nil, fmt.Errorf("spool: %s is no segment of ours", filepath.Join(dir, e.Name()))
		}
		info, err := e.Info()
		if err != nil {
			return nil, fmt.Errorf("spool: %w", err)
		}
		l.segments = append(l.segments, &segment{path: filepath.Join(dir, e.Name()), first: first, size: info.Size()})
	}
	slices.SortFunc(l.segments, func(a, b *segment) int { return strings.Compare(a.path, b.path) })
	if n := len(l.segments); n > 0 {
		if err := l.recover(l.segments[n-1], damaged); err != nil {
			return nil, err
		}
	}
	oldest := l.next
	if len(l.segments) > 0 {
		oldest = l.segments[0].first
	}
	if l.cursors, err = openCursors(dir, slices.Concat(readers, followers), oldest); err != nil {
		return nil, err
	}
	for i, c := range l.cursors {
		c.began = c.acked
		if c.follower = i >= len(readers); c.follower && c.acked < oldest { // it was dropped
			c.pass(oldest)
		}
		l.next = max(l.next, c.acked)
	}
	l.readable = l.next
	l.began = l.acked()
	if err := l.trim(); err != nil {
		return nil, err
	}
	n := 0 // the first segment that not only followers lack
	for n < len(l.segments) && l.end(n) <= l.began {
		n++
	}
	if n < len(l.segments) {
		info, err := os.Stat(l.segments[n].path)
		if err != nil {
			return nil, fmt.Errorf("spool: %w", err)
		}
		l.ages.put(l.began, info.ModTime())
	}
	return l, nil
}

// recover finds the end of the last segment and cuts off what a crash left half written there.
func (l *lane) recover(s *segment, damaged func(error)) error {
	b, err := os.ReadFile(s.path)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	l.next = s.first
	at := min(len(magic), len(b))
	for at < len(b) {
		seq, _, need, state := readRecord(b[at:])
		if state == whole && seq >= l.next && seq < math.MaxUint64 {
			l.next = seq + 1
			at += need
			continue
		}
		// Damage before further records stays for the reader to tell of; without any it is the torn end.
		skip := resync(b[at:], l.next, math.MaxUint64)
		if skip < 0 {
			break
		}
		at += skip
	}
	s.size = int64(at)
	if at == len(b) {
		return nil
	}
	if err := os.Truncate(s.path, s.size); err != nil {
		return fmt.Errorf("spool: cut off a torn record: %w", err)
	}
	damaged(fmt.Errorf("spool: %s: offset %d: %d bytes of a record that was not finished were cut off", s.path, at, len(b)-at))
	return nil
}

// bytes are those of all segments, and of these what waits for followers only.
func (l *lane) bytes() (all, behind int64) {
	acked := l.acked()
	for i, s := range l.segments {
		all += s.size
		if s != l.active && l.end(i) <= acked {
			behind += s.size
		}
	}
	return all, behind
}

// acked is the number that all readers but the followers have come to.
func (l *lane) acked() uint64 {
	n := l.readable
	for _, c := range l.cursors {
		if !c.follower {
			n = min(n, c.acked)
		}
	}
	return n
}

// end is the number behind the last record of the nth segment.
func (l *lane) end(n int) uint64 {
	if n+1 < len(l.segments) {
		return l.segments[n+1].first
	}
	return l.readable
}

// trim removes the segments that all readers are done with.
func (l *lane) trim() error {
	acked := l.acked()
	for _, c := range l.cursors {
		acked = min(acked, c.acked)
	}
	for len(l.segments) > 0 && l.segments[0] != l.active && l.end(0) <= acked {
		if err := os.Remove(l.segments[0].path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("spool: %w", err)
		}
		l.segments = l.segments[1:]
	}
	return nil
}

// dropBehind lets the oldest segment go when only followers lack it.
func (l *lane) dropBehind() bool {
	return len(l.segments) > 0 && l.segments[0] != l.active && l.end(0) <= l.acked() && l.dropOldest()
}

// dropOldest lets the oldest segment go, if there is one.
func (l *lane) dropOldest() bool {
	if len(l.segments) == 0 {
		return false
	}
	s, end := l.segments[0], l.end(0)
	// What the readers have taken already they have in hand.
	from := end
	for _, c := range l.cursors {
		if !c.follower {
			from = min(from, max(c.taken, s.first))
		}
	}
	if err := os.Remove(s.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return false
	}
	l.dropped += end - from
	for _, c := range l.cursors {
		c.pass(end)
	}
	l.segments = l.segments[1:]
	if s == l.active {
		l.active = nil // the committer begins another
	}
	return true
}

func (l *lane) stats() LaneStats {
	bytes, _ := l.bytes()
	st := LaneStats{Records: l.next - l.acked(), Bytes: bytes, Acked: l.acked() - l.began, Waited: l.waited, Dropped: l.dropped, Next: l.next}
	if st.Records > 0 {
		st.Oldest = l.ages.oldest(l.acked())
	}
	return st
}

func (l *lane) close() error {
	var errs []error
	if l.w != nil {
		errs = append(errs, l.w.Close())
	}
	for _, c := range l.cursors {
		errs = append(errs, c.f.Close())
	}
	return errors.Join(errs...)
}
