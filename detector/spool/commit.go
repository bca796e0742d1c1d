package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"khien/detector/wholefile"
)

// retryDelay is the pause after the disk has refused a write.
const retryDelay = 200 * time.Millisecond

// commit writes what is put, on a goroutine of its own. While it waits for the disk more comes together, which the next
// write and sync take at once.
func (s *Spool) commit() {
	defer close(s.done)
	for {
		s.mu.Lock()
		for !s.closed && !s.waiting() {
			s.changed.Wait()
		}
		closed := s.closed
		s.mu.Unlock()
		var err error
		for _, l := range s.lanes {
			err = errors.Join(err, s.commitLane(l))
		}
		s.mu.Lock()
		s.trouble = err
		s.changed.Broadcast()
		s.mu.Unlock()
		if closed {
			return
		}
		if err != nil {
			time.Sleep(retryDelay)
		}
	}
}

func (s *Spool) waiting() bool {
	for _, l := range s.lanes {
		if len(l.buf) > 0 {
			return true
		}
	}
	return false
}

// commitLane brings a lane's buffer to the disk. After an error the buffer is as before and the file ends behind its last
// whole record; since a failed sync may have thrown away pages, the next try writes to a new file.
func (s *Spool) commitLane(l *lane) error {
	s.mu.Lock()
	b, n := head(l.buf, l.most)
	first := l.readable
	end := first + n
	stale := l.active == nil
	s.mu.Unlock()
	if len(b) == 0 {
		return nil
	}
	if stale && l.w != nil { // its segment was dropped
		l.w.Close()
		l.w = nil
	}
	if l.w == nil {
		if err := s.begin(l, first); err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.makeSpace(l, err)
			return err
		}
	}
	s.mu.Lock()
	seg := l.active
	s.mu.Unlock()
	if seg == nil {
		return nil // dropped in between: the loop comes again
	}
	_, err := l.w.WriteAt(b, seg.size)
	if err == nil && l.class == Findings {
		err = l.w.Sync()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if e := l.w.Truncate(seg.size); e != nil {
			err = errors.Join(err, e)
		}
		l.w.Close()
		l.w, l.active = nil, nil
		// An empty segment goes: the next one has the same name.
		if n := len(l.segments); seg.size == int64(len(magic)) && n > 0 && l.segments[n-1] == seg {
			l.segments = l.segments[:n-1]
			if e := os.Remove(seg.path); e != nil {
				err = errors.Join(err, e)
			}
		}
		s.makeSpace(l, err)
		return fmt.Errorf("spool: write %s: %w", l.class, err)
	}
	seg.size += int64(len(b))
	l.readable = end
	l.most = min(2*l.most, s.cfg.SegmentBytes)
	// What was put meanwhile stands behind b.
	l.buf = append([]byte(nil), l.buf[len(b):]...)
	if seg.size >= s.cfg.SegmentBytes {
		err := l.w.Close()
		l.w, l.active = nil, nil
		return err
	}
	return nil
}

// head returns the records at the head of a buffer that together have at most that many bytes, at least one, and how many
// they are.
func head(buf []byte, most int64) ([]byte, uint64) {
	at, n := 0, uint64(0)
	for at < len(buf) {
		next := at + headerSize + int(binary.LittleEndian.Uint32(buf[at+len(mark):]))
		if n > 0 && int64(next) > most {
			break
		}
		at = next
		n++
	}
	return buf[:at], n
}

// begin makes the next segment.
func (s *Spool) begin(l *lane, first uint64) error {
	seg := &segment{path: segmentPath(l.dir, first), first: first, size: int64(len(magic))}
	w, err := os.OpenFile(seg.path, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o640)
	if err == nil {
		if _, err = w.WriteString(magic); err == nil {
			err = wholefile.SyncFolder(l.dir)
		}
		if err != nil {
			w.Close()
			os.Remove(seg.path)
		}
	}
	if err != nil {
		return fmt.Errorf("spool: begin %s: %w", seg.path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l.w, l.active = w, seg
	l.segments = append(l.segments, seg)
	return nil
}

// makeSpace gives up telemetry when the disk refuses to take more: what waits of it, so that memory is bounded, and its
// oldest segment when findings find a full disk. Without any, the oldest findings that only followers lack go.
func (s *Spool) makeSpace(l *lane, err error) {
	l.most = max(l.most/2, segmentMin) // what is left of the disk may hold a part
	if l.class == Telemetry {
		l.dropped += l.next - l.readable
		l.buf, l.readable = nil, l.next
	} else if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG) {
		_ = s.lanes[Telemetry].dropOldest() || s.lanes[Findings].dropBehind() // what helps, the next try shows
	}
}
