package file

import (
	"bytes"
	"encoding/binary"
	"sort"
	"strings"
)

// entry is a file in a zip (APPNOTE.TXT, 4.3.7 and 4.3.12).
type entry struct {
	name         string
	method       uint16
	flags        uint16
	packed, size uint32
	data         int // where its data begin, -1 when it is outside
	member       int // index in members
}

const (
	zipLocal   = 30
	zipCentral = 46
	zipEnd     = 22
)

// zip lists the entries and unpacks them, those that tell most first: a file that has filler in front hides nothing.
func (a *Archive) zip(data []byte, complete bool) {
	var entries []entry
	if complete {
		entries = a.central(data)
	}
	if entries == nil {
		entries = a.locals(data)
	}
	order := make([]int, len(entries))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return rank(entries[order[i]].name) < rank(entries[order[j]].name) })
	for _, i := range order {
		e := &entries[i]
		if e.data < 0 || strings.HasSuffix(e.name, "/") {
			continue
		}
		a.unpack(e, data)
	}
}

// rank orders entries by what they tell.
func rank(name string) int {
	switch {
	case name == "AndroidManifest.xml", name == "[Content_Types].xml", strings.HasPrefix(name, "META-INF/"):
		return 0
	case strings.HasSuffix(name, ".dex"), strings.HasSuffix(name, "vbaProject.bin"), strings.HasSuffix(name, ".rels"),
		name == "resources.arsc":
		return 1
	case strings.HasPrefix(name, "assets/"), strings.HasPrefix(name, "word/"), strings.HasPrefix(name, "xl/"):
		return 2
	case strings.HasPrefix(name, "res/"):
		return 4
	}
	return 3
}

// unpack gives an entry its data.
func (a *Archive) unpack(e *entry, data []byte) {
	rest := data[e.data:]
	packed := rest
	if n := uint64(e.packed); n > 0 && n < uint64(len(rest)) {
		packed = rest[:n]
	}
	if e.method == 8 {
		// The flag for encryption is not believed: Android does not look at it, and samples set it to fool readers.
		out, _, _ := a.inflate(packed)
		if len(out) > 0 {
			a.fill(e.member, out)
		}
		return
	}
	if e.flags&1 != 0 && e.method == 0 && e.packed != e.size {
		return // encrypted
	}
	// Android takes every other method for "stored".
	if e.method != 0 {
		a.odd(Malformed)
	}
	n := min(len(packed), a.room())
	if e.packed == 0 {
		n = min(n, int(e.size))
	}
	if n > 0 {
		a.fill(e.member, bytes.Clone(packed[:n]))
	}
}

// central reads the central directory; nil when there is none that can be used.
func (a *Archive) central(d []byte) []entry {
	end := -1
	for i := len(d) - zipEnd; i >= 0 && i >= len(d)-zipEnd-0xffff; i-- {
		if d[i] == 'P' && string(d[i:i+4]) == "PK\x05\x06" {
			end = i
			break
		}
	}
	if end < 0 {
		a.odd(Malformed)
		return nil
	}
	size, at := uint64(binary.LittleEndian.Uint32(d[end+12:])), uint64(binary.LittleEndian.Uint32(d[end+16:]))
	shift := 0 // bytes in front of the archive, as in self-extracting ones
	if at+size > uint64(end) {
		a.odd(Malformed)
		return nil
	}
	if at+4 > uint64(len(d)) || string(d[at:at+4]) != "PK\x01\x02" {
		shift = end - int(size) - int(at)
	}
	pos := int(at) + shift
	var list []entry
	for pos+zipCentral <= end && string(d[pos:pos+4]) == "PK\x01\x02" {
		h := d[pos:]
		n, x, c := int(binary.LittleEndian.Uint16(h[28:])), int(binary.LittleEndian.Uint16(h[30:])), int(binary.LittleEndian.Uint16(h[32:]))
		if pos+zipCentral+n > end {
			a.odd(Malformed)
			break
		}
		e := entry{name: string(h[zipCentral : zipCentral+n]), flags: binary.LittleEndian.Uint16(h[8:]),
			method: binary.LittleEndian.Uint16(h[10:]), packed: binary.LittleEndian.Uint32(h[20:]), size: binary.LittleEndian.Uint32(h[24:])}
		e.data = a.dataOf(d, int(binary.LittleEndian.Uint32(h[42:]))+shift)
		if e.member = len(a.run.members); !a.list(e.name, uint64(e.size)) {
			break
		}
		list = append(list, e)
		pos += zipCentral + n + x + c
	}
	return list
}

// dataOf returns where the data of the entry with its local header at at begin.
func (a *Archive) dataOf(d []byte, at int) int {
	if at < 0 || at > len(d)-zipLocal || string(d[at:at+4]) != "PK\x03\x04" {
		a.odd(Malformed)
		return -1
	}
	n, x := int(binary.LittleEndian.Uint16(d[at+26:])), int(binary.LittleEndian.Uint16(d[at+28:]))
	if at+zipLocal+n+x > len(d) {
		return -1
	}
	return at + zipLocal + n + x
}

// locals reads local headers one after the other, for archives whose directory is not there or not yet.
func (a *Archive) locals(d []byte) []entry {
	var list []entry
	for pos := 0; pos <= len(d)-zipLocal; {
		h := d[pos:]
		if string(h[:4]) != "PK\x03\x04" {
			// A data descriptor, or the sizes were not given: look for the next header.
			i := bytes.Index(h, []byte("PK\x03\x04"))
			if i < 0 {
				break
			}
			pos += i
			continue
		}
		n, x := int(binary.LittleEndian.Uint16(h[26:])), int(binary.LittleEndian.Uint16(h[28:]))
		if zipLocal+n+x > len(h) {
			break
		}
		e := entry{name: string(h[zipLocal : zipLocal+n]), flags: binary.LittleEndian.Uint16(h[6:]),
			method: binary.LittleEndian.Uint16(h[8:]), packed: binary.LittleEndian.Uint32(h[18:]), size: binary.LittleEndian.Uint32(h[22:])}
		e.data = pos + zipLocal + n + x
		if e.flags&8 != 0 && e.packed == 0 {
			e.packed = a.untilDescriptor(d[e.data:])
		}
		if e.member = len(a.run.members); !a.list(e.name, uint64(e.size)) {
			break
		}
		list = append(list, e)
		if uint64(e.packed) > uint64(len(d)-e.data) {
			break
		}
		pos = e.data + int(e.packed)
	}
	return list
}

// untilDescriptor returns the size of data whose size stands behind them.
func (a *Archive) untilDescriptor(d []byte) uint32 {
	end := bytes.Index(d, []byte("PK\x07\x08"))
	if end < 0 {
		if end = bytes.Index(d, []byte("PK\x03\x04")); end < 0 {
			end = len(d)
		}
	}
	return uint32(min(uint64(end), 1<<32-1))
}
