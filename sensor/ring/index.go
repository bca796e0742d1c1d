package ring

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"sort"

	"github.com/cespare/xxhash/v2"
)

// An index file has a head, the places of the part's interface descriptions, its flows in order of their keys, and the
// places of each flow's packets. All numbers are little endian; a place is an offset in the part divided by four.
const (
	indexMagic = "khienix1"
	headSize   = 64
	entrySize  = 64
	// maxEntries bounds the flows of a part: one that reaches it is closed. A flood of new flows would otherwise make an
	// index as large as what it indexes.
	maxEntries = 1 << 17
)

// index tells where the packets of a flow lie in a part.
type index struct {
	size     int64 // of the part
	packets  uint64
	min, max int64
	ifaces   []uint32
	entries  []entry
	postings uint32
	r        io.ReaderAt // the index file, nil when places are in memory
	from     int64       // where its postings begin
}

var errIndex = errors.New("index is damaged")

// append appends the index file.
func (ix *index) append(dst []byte) []byte {
	at := len(dst)
	dst = append(dst, indexMagic...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(ix.size))
	dst = binary.LittleEndian.AppendUint64(dst, ix.packets)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(ix.min))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(ix.max))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(ix.ifaces)))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(ix.entries)))
	dst = append(dst, make([]byte, 16)...) // hashes
	for _, o := range ix.ifaces {
		dst = binary.LittleEndian.AppendUint32(dst, o)
	}
	var scratch []byte
	for i := range ix.entries {
		e := &ix.entries[i]
		dst = append(dst, e.key[:]...)
		a, b := e.a.As16(), e.b.As16()
		dst = append(append(dst, a[:]...), b[:]...)
		flags := byte(0)
		if e.loose {
			flags = 1
		}
		dst = append(dst, e.proto, flags, 0, 0)
		dst = binary.LittleEndian.AppendUint32(dst, e.count)
		scratch = scratch[:0]
		for _, p := range e.places {
			scratch = binary.LittleEndian.AppendUint32(scratch, p)
		}
		dst = binary.LittleEndian.AppendUint32(dst, uint32(xxhash.Sum64(scratch)))
	}
	table := dst[at+headSize:]
	binary.LittleEndian.PutUint64(dst[at+48:], xxhash.Sum64(table))
	binary.LittleEndian.PutUint64(dst[at+56:], xxhash.Sum64(dst[at:at+56]))
	for i := range ix.entries {
		for _, p := range ix.entries[i].places {
			dst = binary.LittleEndian.AppendUint32(dst, p)
		}
	}
	return dst
}

// readIndex reads an index file but for its postings. What it says agrees with itself, and with the size of the part.
func readIndex(r io.ReaderAt, size, partSize int64) (*index, error) {
	head := make([]byte, headSize)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("%w: %d bytes, want at least %d", errIndex, size, headSize)
	}
	if string(head[:8]) != indexMagic || binary.LittleEndian.Uint64(head[56:]) != xxhash.Sum64(head[:56]) {
		return nil, fmt.Errorf("%w: its head is not one", errIndex)
	}
	ix := &index{r: r, size: int64(binary.LittleEndian.Uint64(head[8:])), packets: binary.LittleEndian.Uint64(head[16:]),
		min: int64(binary.LittleEndian.Uint64(head[24:])), max: int64(binary.LittleEndian.Uint64(head[32:]))}
	ifaces, entries := binary.LittleEndian.Uint32(head[40:]), binary.LittleEndian.Uint32(head[44:])
	if ix.size != partSize {
		return nil, fmt.Errorf("%w: of a part of %d bytes, this one has %d", errIndex, ix.size, partSize)
	}
	// Decoding a packet gives several segments at most, so one packet cannot make the table grow much past its limit.
	table := int64(ifaces)*4 + int64(entries)*entrySize
	if ifaces > maxIfaces || entries > 2*maxEntries || headSize+table > size {
		return nil, fmt.Errorf("%w: %d flows in %d bytes", errIndex, entries, size)
	}
	b := make([]byte, table)
	if _, err := r.ReadAt(b, headSize); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	if xxhash.Sum64(b) != binary.LittleEndian.Uint64(head[48:]) {
		return nil, fmt.Errorf("%w: its flows do not agree with their checksum", errIndex)
	}
	for ; ifaces > 0; ifaces-- {
		ix.ifaces = append(ix.ifaces, binary.LittleEndian.Uint32(b))
		b = b[4:]
	}
	ix.from = headSize + table
	return ix, ix.readEntries(b, size)
}

func (ix *index) readEntries(b []byte, size int64) error {
	ix.entries = make([]entry, 0, len(b)/entrySize)
	for ; len(b) > 0; b = b[entrySize:] {
		e := entry{key: digest(b), a: address(b[20:]), b: address(b[36:]), proto: b[52], loose: b[53] == 1, first: ix.postings,
			count: binary.LittleEndian.Uint32(b[56:]), sum: binary.LittleEndian.Uint32(b[60:])}
		if n := len(ix.entries); n > 0 && string(ix.entries[n-1].key[:]) >= string(e.key[:]) {
			return fmt.Errorf("%w: its flows are not in order", errIndex)
		}
		if uint64(ix.from)+4*(uint64(ix.postings)+uint64(e.count)) > uint64(size) {
			return fmt.Errorf("%w: a flow of %d packets reaches behind its end", errIndex, e.count)
		}
		ix.postings += e.count
		ix.entries = append(ix.entries, e)
	}
	return nil
}

func address(b []byte) netip.Addr { return netip.AddrFrom16([16]byte(b[:16])).Unmap() }

// places returns where the packets of an entry lie, in their order.
func (ix *index) places(e *entry) ([]uint32, error) {
	if ix.r == nil {
		return e.places, nil
	}
	b := make([]byte, 4*int(e.count))
	if n, err := ix.r.ReadAt(b, ix.from+4*int64(e.first)); n < len(b) {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	if uint32(xxhash.Sum64(b)) != e.sum {
		return nil, fmt.Errorf("%w: the packets of a flow do not agree with their checksum", errIndex)
	}
	out := make([]uint32, e.count)
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(b[4*i:])
		if i > 0 && out[i] <= out[i-1] {
			return nil, fmt.Errorf("%w: the packets of a flow are not in order", errIndex)
		}
	}
	return out, nil
}

// find returns the entry of a key, nil when there is none.
func (ix *index) find(key digest) *entry {
	i := sort.Search(len(ix.entries), func(i int) bool { return string(ix.entries[i].key[:]) >= string(key[:]) })
	if i < len(ix.entries) && ix.entries[i].key == key {
		return &ix.entries[i]
	}
	return nil
}

// openIndex opens the index file of a part; the caller closes it.
func openIndex(dir, partName string, partSize int64) (*index, *os.File, error) {
	f, err := os.Open(filepath.Join(dir, indexName(partName)))
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil {
		var ix *index
		if ix, err = readIndex(f, info.Size(), partSize); err == nil {
			return ix, f, nil
		}
	}
	f.Close() // was only read
	return nil, nil, err
}

// writeIndex writes the index file of a part, whole or not at all.
func writeIndex(dir, partName string, ix *index) (size int64, err error) {
	b := ix.append(nil)
	name := filepath.Join(dir, indexName(partName))
	if err := os.WriteFile(name+extUnsure, b, 0o600); err != nil {
		return 0, errors.Join(err, removeIfThere(name+extUnsure))
	}
	return int64(len(b)), os.Rename(name+extUnsure, name)
}

func removeIfThere(name string) error {
	if err := os.Remove(name); !isGone(err) {
		return err
	}
	return nil
}
