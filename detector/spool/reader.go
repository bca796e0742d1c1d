package spool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Record is what a reader gets.
type Record struct {
	Seq     uint64 // its number in the lane
	Payload []byte
}

// Reader reads one lane for one place. It is used by one goroutine at a time.
type Reader struct {
	s    *Spool
	l    *lane
	c    *cursor
	next uint64 // number of the record that is read next

	seg *segment
	f   *os.File
	b   *bufio.Reader
	off int64
	at  uint64 // lowest number that the record at off can have
}

// Reader returns the reader of a name that Config.Readers holds. It begins at the first record that was not acknowledged.
func (s *Spool) Reader(c Class, name string) (*Reader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.lanes[c].cursors {
		if x.name == name {
			return &Reader{s: s, l: s.lanes[c], c: x, next: x.acked}, nil
		}
	}
	return nil, fmt.Errorf("spool: nobody of the name %q reads %s", name, c)
}

// Next waits for records and returns at least one and at most records of them, and of bytes as long as one is less than
// that. What was returned before counts as taken, acknowledged or not.
func (r *Reader) Next(ctx context.Context, records, bytes int) ([]Record, error) {
	var out []Record
	size := 0
	for {
		seg, limit, err := r.await(ctx, len(out) == 0)
		if err != nil || seg == nil {
			return out, err
		}
		if seg != r.seg {
			if err := r.open(seg); err != nil {
				return out, err
			}
		}
		from := r.next
		for len(out) < records && size < bytes && r.off < limit {
			seq, payload, err := r.read(limit)
			if err != nil {
				return out, err
			}
			if payload == nil { // the end of a damaged segment
				break
			}
			r.at = seq + 1
			if seq < r.next {
				continue // on the way to the first that is not acknowledged
			}
			r.next = seq + 1
			out = append(out, Record{seq, payload})
			size += len(payload)
		}
		r.s.mu.Lock()
		r.c.took(from, r.next)
		r.s.mu.Unlock()
		if len(out) >= records || size >= bytes {
			return out, nil
		}
	}
}

// await returns the segment that holds the next record and how far it may be read; nil when there is none and wait is
// false. It skips what was dropped.
func (r *Reader) await(ctx context.Context, wait bool) (*segment, int64, error) {
	stop := context.AfterFunc(ctx, r.s.wakeAll)
	defer stop()
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	for {
		if r.s.closed {
			return nil, 0, ErrClosed
		}
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		if seg, limit := r.find(); seg != nil {
			return seg, limit, nil
		}
		if !wait {
			return nil, 0, nil
		}
		r.s.changed.Wait()
	}
}

// find looks for a segment with something to read.
func (r *Reader) find() (*segment, int64) {
	for i, seg := range r.l.segments {
		if seg == r.seg {
			if r.off < seg.size {
				return seg, seg.size
			}
			continue
		}
		// A segment before the one that is being read is done with.
		if r.seg != nil && seg.first <= r.seg.first || r.l.end(i) <= r.next || seg.size <= int64(len(magic)) {
			continue
		}
		r.next = max(r.next, r.c.acked) // what was dropped is counted
		if seg.first > r.next && r.l.class == Findings && r.next > 1 {
			r.s.damaged(fmt.Errorf("spool: %s: %d findings before it are missing", seg.path, seg.first-r.next))
		}
		r.next = max(r.next, seg.first)
		return seg, seg.size
	}
	return nil, 0
}

func (r *Reader) open(seg *segment) error {
	if r.f != nil {
		r.f.Close()
	}
	r.seg, r.f, r.off = nil, nil, 0
	f, err := os.Open(seg.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // dropped in between
	}
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	r.seg, r.f, r.off, r.at = seg, f, int64(len(magic)), seg.first
	var head [len(magic)]byte
	if _, err := f.ReadAt(head[:], 0); err != nil || string(head[:]) != magic {
		r.s.damaged(fmt.Errorf("spool: %s: offset 0: not the head of a segment", seg.path))
	}
	if _, err := f.Seek(r.off, io.SeekStart); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	r.b = bufio.NewReaderSize(f, 256<<10)
	return nil
}

// read reads the record at the place where the reader stands, or, when that is damaged, the next one behind it; nil when
// there is no other in the segment.
func (r *Reader) read(limit int64) (uint64, []byte, error) {
	head, err := r.b.Peek(int(min(headerSize, limit-r.off)))
	if err != nil {
		return 0, nil, fmt.Errorf("spool: %s: offset %d: %w", r.seg.path, r.off, err)
	}
	_, _, need, state := readRecord(head)
	if state == short && r.off+int64(need) <= limit {
		b := make([]byte, need)
		if _, err := io.ReadFull(r.b, b); err != nil {
			return 0, nil, fmt.Errorf("spool: %s: offset %d: %w", r.seg.path, r.off, err)
		}
		if seq, payload, _, state := readRecord(b); state == whole && seq >= r.at {
			r.off += int64(need)
			return seq, payload, nil
		}
	} else if seq, _, need, state := readRecord(head); state == whole && seq >= r.at { // an empty payload
		r.off += int64(need)
		_, err := r.b.Discard(need)
		return seq, []byte{}, err
	}
	return r.skip(limit)
}

// skip looks for the next whole record behind damage.
func (r *Reader) skip(limit int64) (uint64, []byte, error) {
	rest := make([]byte, limit-r.off)
	if _, err := r.f.ReadAt(rest, r.off); err != nil {
		return 0, nil, fmt.Errorf("spool: %s: offset %d: %w", r.seg.path, r.off, err)
	}
	at := r.off
	to := r.at + uint64(len(rest)) // a record is longer than a byte
	i := resync(rest, r.at, to)
	if i < 0 {
		r.off = limit
		r.s.damaged(fmt.Errorf("spool: %s: offset %d: damaged; nothing behind it in this file can be read", r.seg.path, at))
		return 0, nil, nil
	}
	seq, payload, need, _ := readRecord(rest[i:])
	r.s.damaged(fmt.Errorf("spool: %s: offset %d: damaged; %d bytes with %d records are lost, reading goes on behind them", r.seg.path, at, i, seq-r.at))
	r.off += int64(i + need)
	if _, err := r.f.Seek(r.off, io.SeekStart); err != nil {
		return 0, nil, fmt.Errorf("spool: %w", err)
	}
	r.b.Reset(r.f)
	return seq, append([]byte(nil), payload...), nil
}

// Ack says that everything before number seq has arrived: it is not read again, and goes when no other reader needs it.
func (r *Reader) Ack(seq uint64) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.s.closed {
		return ErrClosed
	}
	if !r.c.ack(seq) {
		return nil
	}
	if err := r.c.write(seq); err != nil {
		return err
	}
	r.c.taken = max(r.c.taken, seq)
	err := r.l.trim()
	r.s.limitFollowers()
	r.s.changed.Broadcast()
	return err
}

// Close closes the reader's file. The spool goes on.
func (r *Reader) Close() error {
	if r.f == nil {
		return nil
	}
	return r.f.Close()
}

// Limits on the pause after a refused write.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// Drain gives records to write until ctx ends or the spool is closed, in order, each call with at least one. What write
// returns nil for is acknowledged; otherwise the same records come again after a pause that grows up to 5 seconds. told, when
// not nil, gets the error of each refused write, and nil when one succeeds after that.
func (r *Reader) Drain(ctx context.Context, records, bytes int, write func(context.Context, []Record) error, told func(error)) error {
	for {
		batch, err := r.Next(ctx, records, bytes)
		if errors.Is(err, ErrClosed) || ctx.Err() != nil {
			return nil
		}
		if err != nil && len(batch) == 0 {
			return err
		}
		pause := firstPause
		for failed := false; ; failed = true {
			if err = write(ctx, batch); err == nil {
				if failed && told != nil {
					told(nil)
				}
				break
			}
			if ctx.Err() != nil {
				return nil
			}
			if told != nil {
				told(err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(pause):
			}
			pause = min(2*pause, lastPause)
		}
		if err := r.Ack(batch[len(batch)-1].Seq + 1); err != nil && !errors.Is(err, ErrClosed) {
			return err
		}
	}
}
