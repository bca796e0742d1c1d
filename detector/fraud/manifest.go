package fraud

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// Chunk types of Android's binary XML (frameworks/base/libs/androidfw/include/androidfw/ResourceTypes.h).
const (
	chunkStrings   = 0x0001
	chunkXML       = 0x0003
	chunkStartElem = 0x0102
	chunkResources = 0x0180
)

// Resource identifiers of attributes, which hold where a tool has emptied the names.
const (
	attrLabel      = 0x01010001
	attrName       = 0x01010003
	attrPermission = 0x01010006
)

// Limits of a manifest.
const (
	maxStrings  = 20_000
	maxElements = 20_000
	maxString   = 1 << 10
)

// stringPool is the table of strings of a binary XML file.
type stringPool struct {
	offsets []byte // four bytes each
	data    []byte
	utf8    bool
}

func parseStrings(c []byte) (stringPool, bool) {
	if len(c) < 28 {
		return stringPool{}, false
	}
	count := uint64(binary.LittleEndian.Uint32(c[8:]))
	flags := binary.LittleEndian.Uint32(c[16:])
	start := uint64(binary.LittleEndian.Uint32(c[20:]))
	if count > maxStrings || 28+4*count > uint64(len(c)) || start > uint64(len(c)) {
		return stringPool{}, false
	}
	return stringPool{offsets: c[28 : 28+4*count], data: c[start:], utf8: flags&0x100 != 0}, true
}

// get returns string i, "" where there is none.
func (p *stringPool) get(i uint32) string {
	if uint64(i)*4+4 > uint64(len(p.offsets)) {
		return ""
	}
	off := binary.LittleEndian.Uint32(p.offsets[4*i:])
	if uint64(off) >= uint64(len(p.data)) {
		return ""
	}
	b := p.data[off:]
	if p.utf8 {
		_, b, ok := shortLength(b) // length in UTF-16 units
		if !ok {
			return ""
		}
		n, b, ok := shortLength(b)
		if !ok {
			return ""
		}
		return string(b[:min(n, len(b), maxString)])
	}
	if len(b) < 2 {
		return ""
	}
	n := int(binary.LittleEndian.Uint16(b))
	b = b[2:]
	if n&0x8000 != 0 {
		if len(b) < 2 {
			return ""
		}
		n = n&0x7fff<<16 | int(binary.LittleEndian.Uint16(b))
		b = b[2:]
	}
	n = min(n, len(b)/2, maxString)
	u := make([]uint16, n)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

func shortLength(b []byte) (n int, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	if b[0]&0x80 == 0 {
		return int(b[0]), b[1:], true
	}
	if len(b) < 2 {
		return 0, nil, false
	}
	return int(b[0]&0x7f)<<8 | int(b[1]), b[2:], true
}

// parseManifest reads package, label and permissions from a binary AndroidManifest.xml. A chunk whose length is wrong ends
// the reading; false means that no package name was found.
func parseManifest(b []byte, a *app) bool {
	if len(b) < 8 || binary.LittleEndian.Uint16(b) != chunkXML {
		return false
	}
	head := int(binary.LittleEndian.Uint16(b[2:]))
	if head < 8 || head > len(b) {
		return false
	}
	var pool stringPool
	var ids []byte
	elements := 0
	for b = b[head:]; len(b) >= 8; {
		kind := binary.LittleEndian.Uint16(b)
		size := uint64(binary.LittleEndian.Uint32(b[4:]))
		if size < 8 {
			break
		}
		chunk := b[:min(size, uint64(len(b)))]
		switch kind {
		case chunkStrings:
			if p, ok := parseStrings(chunk); ok && pool.offsets == nil {
				pool = p
			}
		case chunkResources:
			ids = chunk[8:]
		case chunkStartElem:
			if elements++; elements > maxElements {
				return a.Package != ""
			}
			element(chunk, &pool, ids, a)
		}
		b = b[len(chunk):]
	}
	return a.Package != ""
}

// element reads a start-element chunk.
func element(c []byte, pool *stringPool, ids []byte, a *app) {
	if len(c) < 36 {
		return
	}
	tag := pool.get(binary.LittleEndian.Uint32(c[20:]))
	start, size, count := 16+int(binary.LittleEndian.Uint16(c[24:])), int(binary.LittleEndian.Uint16(c[26:])), int(binary.LittleEndian.Uint16(c[28:]))
	if size < 20 {
		return
	}
	for i := range count {
		at := start + i*size
		if at+20 > len(c) {
			return
		}
		nameRef := binary.LittleEndian.Uint32(c[at+4:])
		name := pool.get(nameRef)
		if uint64(nameRef)*4+4 <= uint64(len(ids)) {
			switch binary.LittleEndian.Uint32(ids[4*nameRef:]) {
			case attrLabel:
				name = "label"
			case attrName:
				name = "name"
			case attrPermission:
				name = "permission"
			}
		}
		value := pool.get(binary.LittleEndian.Uint32(c[at+8:]))
		if value == "" && c[at+15] == 3 { // typed value: a string
			value = pool.get(binary.LittleEndian.Uint32(c[at+16:]))
		}
		a.attribute(tag, name, value)
	}
}

// attribute takes what matters of an attribute.
func (a *app) attribute(tag, name, value string) {
	switch {
	case tag == "manifest" && name == "package":
		a.Package = value
	case tag == "application" && name == "label" && a.Label == "":
		a.Label = value
	case name == "permission" || name == "name" && strings.HasPrefix(tag, "uses-permission"):
		if p, ok := strings.CutPrefix(value, "android.permission."); ok {
			a.Perms |= permNames[p]
		}
	}
}
