package ring

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"khien/sensor/capture"
)

// writer writes the parts. It belongs to one goroutine.
type writer struct {
	cfg    Config
	parts  []part // closed ones, oldest first
	sizes  []int64
	times  []time.Time // when they were written
	next   uint64      // number of the next part
	f      *os.File    // the part that is being written, nil when there is none
	name   string
	size   int64
	index  *indexer
	ifaces map[ifaceKey]uint32
	buf    []byte
	full   bool // the disk had no room when it was last looked at
	err    error
	stats  Stats
}

func newWriter(cfg Config) writer { return writer{cfg: cfg} }

// store writes a batch. What cannot be written is counted.
func (w *writer) store(b *batch) {
	if w.full {
		w.stats.Full += uint64(b.n)
		return
	}
	if err := w.write(b); err != nil {
		w.stats.Full += uint64(b.n)
		w.fail(err)
		return
	}
	w.stats.Stored += uint64(b.n)
	w.ok()
	if w.size >= w.cfg.PartBytes || len(w.index.entries) >= maxEntries || len(w.ifaces) == maxIfaces {
		w.seal()
	}
}

// ok notes that writing works.
func (w *writer) ok() { w.err, w.stats.Error = nil, "" }

// fail notes an error. Nothing is written until tidy finds that there is room.
func (w *writer) fail(err error) {
	w.full = true
	w.err = fmt.Errorf("ring: %w", err)
	w.stats.Error = w.err.Error()
}

func (w *writer) write(b *batch) error {
	if w.f == nil {
		if err := w.roomy(); err != nil {
			return err
		}
		if err := w.begin(); err != nil {
			return err
		}
	}
	out := w.buf[:0]
	id, ok := w.ifaces[b.iface]
	if !ok {
		id = uint32(len(w.ifaces))
		out = capture.AppendInterface(out, capture.Interface{Name: b.iface.name, Link: b.iface.link})
	}
	head := len(out)
	out = append(out, b.buf...)
	for at := head; at < len(out); at += int(binary.LittleEndian.Uint32(out[at+4:])) {
		binary.LittleEndian.PutUint32(out[at+8:], id)
	}
	w.buf = out
	if _, err := w.f.WriteAt(out, w.size); err != nil {
		// A part ends with a whole block. Where even that cannot be had, the next start cuts it. How much was written is not
		// asked: os.File counts nothing of the piece that failed, of which some may be there.
		return errors.Join(err, w.f.Truncate(w.size))
	}
	if !ok {
		w.ifaces[b.iface] = id
		if err := w.index.iface(w.size, b.iface); err != nil {
			return err
		}
	}
	for at := head; at < len(out); {
		n := int(binary.LittleEndian.Uint32(out[at+4:]))
		if err := w.index.packet(w.size+int64(at), out[at:at+n]); err != nil {
			panic("BUG: " + err.Error()) // the recorder wrote the block
		}
		w.stats.Bytes += uint64(len(w.index.pkt.Data))
		at += n
	}
	w.size += int64(len(out))
	return nil
}

// begin makes a new part.
func (w *writer) begin() error {
	name := openName(w.next)
	f, err := os.OpenFile(filepath.Join(w.cfg.Dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	head := capture.AppendSection(nil, capture.Section{Application: "khien"})
	if _, err := f.WriteAt(head, 0); err != nil {
		return errors.Join(err, f.Close(), removeIfThere(f.Name()))
	}
	w.next++
	w.f, w.name, w.size = f, name, int64(len(head))
	w.index, w.ifaces = newIndexer(), map[ifaceKey]uint32{}
	return nil
}

// seal closes the part that is being written: it gets its index and its name.
func (w *writer) seal() {
	if w.f == nil {
		return
	}
	f, size := w.f, w.size
	w.f = nil
	err := f.Sync()
	err = errors.Join(err, f.Close())
	if err == nil {
		err = w.adopt(w.name, w.index.index(size))
	}
	if err != nil {
		w.fail(err) // the part keeps its packets and is read as a whole; the next start closes it
	}
	w.tidy(time.Now())
}

// adopt closes a part whose index is known.
func (w *writer) adopt(name string, ix *index) error {
	if ix.packets == 0 {
		return remove(w.cfg.Dir, name)
	}
	number, _ := parseName(name)
	p := part{number: number.number, closed: true, min: ix.min, max: ix.max, name: closedName(number.number, ix.min, ix.max)}
	// The index comes first: a part with the name of a closed one always has it, unless somebody takes it away.
	n, err := writeIndex(w.cfg.Dir, p.name, ix)
	if err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(w.cfg.Dir, name), filepath.Join(w.cfg.Dir, p.name)); err != nil {
		return errors.Join(err, removeIfThere(filepath.Join(w.cfg.Dir, indexName(p.name))))
	}
	w.add(p, ix.size+n, time.Now())
	return nil
}

func (w *writer) add(p part, size int64, written time.Time) {
	w.parts, w.sizes, w.times = append(w.parts, p), append(w.sizes, size), append(w.times, written)
	w.stats.DiskBytes += size
	w.show()
}

func (w *writer) show() {
	w.stats.Parts, w.stats.Oldest = len(w.parts), 0
	if len(w.parts) > 0 {
		w.stats.Oldest = w.parts[0].min
	}
}

// tidy makes room for the part that is being written, deletes parts that are too old, and looks whether there is room on
// the disk.
func (w *writer) tidy(now time.Time) {
	for len(w.parts) > 0 && (w.stats.DiskBytes+w.cfg.PartBytes > w.cfg.Quota ||
		w.cfg.MaxAge > 0 && now.Sub(w.times[0]) > w.cfg.MaxAge) {
		if err := remove(w.cfg.Dir, w.parts[0].name); err != nil {
			w.fail(err) // storing on would break the quota
			return
		}
		w.stats.DiskBytes -= w.sizes[0]
		w.parts, w.sizes, w.times = w.parts[1:], w.sizes[1:], w.times[1:]
		w.show()
	}
	if err := w.roomy(); err != nil {
		w.fail(err)
		return
	}
	w.full = false
}

// roomy returns an error when the file system has less room than others must find.
func (w *writer) roomy() error {
	var s unix.Statfs_t
	if err := unix.Statfs(w.cfg.Dir, &s); err != nil {
		return os.NewSyscallError("statfs", err)
	}
	if free := int64(s.Bavail) * int64(s.Bsize); free < w.cfg.MinFree {
		return fmt.Errorf("%d MiB free in %s, %d MiB are left to others: packets are not stored", free>>20, w.cfg.Dir, w.cfg.MinFree>>20)
	}
	return nil
}
