package prefilter

/*
#include <stdlib.h>
#include <hs.h>
*/
import "C"

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
	"unsafe"
)

// Cache keeps compiled sets in a folder. A file's name is the hash of everything that its content depends on: literals,
// flags, library version and processor. What cannot be read or written is compiled anew; a nil Cache keeps nothing.
// It is not safe for concurrent use.
type Cache struct {
	Dir string
	buf []byte // of the file that is read
}

// fileMax limits what is read back: a damaged cache must not exhaust memory.
const fileMax = 1 << 28

func (c *Cache) key(lits []Literal) string {
	if c == nil || c.Dir == "" {
		return ""
	}
	h := sha256.New()
	h.Write([]byte(C.GoString(C.hs_version())))
	var info C.hs_platform_info_t
	C.hs_populate_platform(&info)
	var b []byte
	b = binary.LittleEndian.AppendUint64(b, uint64(info.cpu_features))
	b = binary.LittleEndian.AppendUint32(b, uint32(info.tune))
	b = binary.LittleEndian.AppendUint32(b, literalFlags)
	for _, l := range lits {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(l.Bytes)))
		if l.NoCase {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
		b = append(b, l.Bytes...)
	}
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil)[:20])
}

func (c *Cache) load(key string) *C.hs_database_t {
	if key == "" {
		return nil
	}
	name := filepath.Join(c.Dir, key+".hs")
	st, err := os.Stat(name)
	if err != nil || st.Size() > fileMax || st.Size() <= sha256.Size {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	c.buf = slices.Grow(c.buf[:0], int(st.Size()))[:st.Size()]
	data := c.buf
	if _, err := io.ReadFull(f, data); err != nil {
		return nil
	}
	// The library trusts what it deserialises, so the file proves that it is whole.
	sum := sha256.Sum256(data[sha256.Size:])
	if string(sum[:]) != string(data[:sha256.Size]) {
		return nil
	}
	data = data[sha256.Size:]
	var db *C.hs_database_t
	if C.hs_deserialize_database((*C.char)(unsafe.Pointer(&data[0])), C.size_t(len(data)), &db) != C.HS_SUCCESS {
		return nil
	}
	return db
}

func (c *Cache) store(key string, db *C.hs_database_t) {
	if key == "" {
		return
	}
	var p *C.char
	var n C.size_t
	if C.hs_serialize_database(db, &p, &n) != C.HS_SUCCESS {
		return
	}
	defer C.free(unsafe.Pointer(p))
	data := C.GoBytes(unsafe.Pointer(p), C.int(n))
	if os.MkdirAll(c.Dir, 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(c.Dir, "new-*")
	if err != nil {
		return
	}
	sum := sha256.Sum256(data)
	_, err1 := f.Write(sum[:])
	_, err2 := f.Write(data)
	err3 := f.Close()
	if err1 != nil || err2 != nil || err3 != nil || os.Rename(f.Name(), filepath.Join(c.Dir, key+".hs")) != nil {
		os.Remove(f.Name())
	}
}
