package spool

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// cursor is how far a reader has come. Its file holds two slots that are written in turn, so that one of them is whole
// after any crash. It is not synced: an older place means repeats, which readers bear.
type cursor struct {
	name     string
	f        *os.File
	turn     uint64
	acked    uint64 // number of the first record that is not acknowledged
	taken    uint64 // of the first that Next has not returned
	began    uint64 // what was acknowledged when it was opened
	acks     uint64 // records acknowledged since then
	dropped  uint64 // records that went before they were taken
	hand     uint64 // from here to handEnd: taken, and dropped before they were acknowledged
	handEnd  uint64
	follower bool
}

const slotSize = 8 + 8 + 4 // turn, number, checksum

// openCursors opens the cursors of the named readers and removes those of others. A new one begins at oldest.
func openCursors(dir string, readers []string, oldest uint64) ([]*cursor, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.cursor"))
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	for _, n := range names {
		if !slices.Contains(readers, strings.TrimSuffix(filepath.Base(n), ".cursor")) {
			if err := os.Remove(n); err != nil {
				return nil, fmt.Errorf("spool: %w", err)
			}
		}
	}
	var out []*cursor
	for _, name := range readers {
		if name == "" || strings.ContainsAny(name, "/\x00") {
			return nil, fmt.Errorf("spool: %q cannot be the name of a reader", name)
		}
		f, err := os.OpenFile(filepath.Join(dir, name+".cursor"), os.O_CREATE|os.O_RDWR, 0o640)
		if err != nil {
			return nil, fmt.Errorf("spool: %w", err)
		}
		c := &cursor{name: name, f: f, acked: oldest}
		out = append(out, c)
		if c.read(); c.turn == 0 { // a new one: what it will not get is told from its first start on
			if err := c.write(oldest); err != nil {
				return nil, err
			}
		}
		c.taken = c.acked
	}
	return out, nil
}

// read takes the newer of the slots that are whole; without any the reader begins anew.
func (c *cursor) read() {
	for i := range int64(2) {
		var b [slotSize]byte
		if n, _ := c.f.ReadAt(b[:], i*slotSize); n < slotSize {
			continue
		}
		if crc32.Checksum(b[:16], castagnoli) != binary.LittleEndian.Uint32(b[16:]) {
			continue
		}
		if turn := binary.LittleEndian.Uint64(b[:]); turn > c.turn {
			c.turn, c.acked = turn, binary.LittleEndian.Uint64(b[8:])
		}
	}
}

func (c *cursor) write(acked uint64) error {
	c.turn++
	c.acked = acked
	var b [slotSize]byte
	binary.LittleEndian.PutUint64(b[:], c.turn)
	binary.LittleEndian.PutUint64(b[8:], acked)
	binary.LittleEndian.PutUint32(b[16:], crc32.Checksum(b[:16], castagnoli))
	if _, err := c.f.WriteAt(b[:], int64(c.turn%2)*slotSize); err != nil {
		return fmt.Errorf("spool: cursor: %w", err)
	}
	return nil
}

// pass moves the cursor over what was dropped. What its reader has taken already it has in hand.
func (c *cursor) pass(end uint64) {
	if end <= c.acked {
		return
	}
	c.keep(c.acked, min(c.taken, end))
	if end > c.taken {
		c.dropped += end - c.taken
		c.taken = end
	}
	c.acked = end
}

// keep adds records to those in hand, which they follow.
func (c *cursor) keep(from, end uint64) {
	if end <= from {
		return
	}
	if c.hand == c.handEnd {
		c.hand = from
	}
	c.handEnd = end
}

// took notes that a reader has read records. When some of them were dropped meanwhile it has them all the same.
func (c *cursor) took(from, end uint64) {
	if c.taken > from {
		known := min(end, c.taken)
		c.dropped -= known - from
		c.keep(from, known)
	}
	c.taken = max(c.taken, end)
}

// ack counts what was acknowledged, and reports whether the place on the disk changes.
func (c *cursor) ack(seq uint64) bool {
	if n := min(seq, c.handEnd); n > c.hand {
		c.acks += n - c.hand
		c.hand = n
	}
	if seq <= c.acked {
		return false
	}
	c.acks += seq - c.acked
	return true
}
