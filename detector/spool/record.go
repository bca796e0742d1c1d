package spool

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// A segment is magic, then records: mark, length of the payload, number of the record, checksum of length, number and
// payload (all little endian), payload. Numbers of a lane grow by one.
const (
	magic      = "KHSPOOL1"
	headerSize = 4 + 4 + 8 + 4
)

// mark begins a record; after damage the next record is looked for by it.
var mark = []byte{0x9e, 'K', 'r', 0xc7}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendRecord(dst []byte, seq uint64, payload []byte) []byte {
	dst = append(dst, mark...)
	at := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	dst = binary.LittleEndian.AppendUint64(dst, seq)
	sum := crc32.Update(crc32.Checksum(dst[at:], castagnoli), castagnoli, payload)
	dst = binary.LittleEndian.AppendUint32(dst, sum)
	return append(dst, payload...)
}

// readState says what stands at a place.
type readState int

const (
	whole   readState = iota // a record
	short                    // a record of which the end is missing
	invalid                  // no record
)

// readRecord reads the record at the head of b. The payload is part of b; need is the length of the whole record, where
// that is known.
func readRecord(b []byte) (seq uint64, payload []byte, need int, state readState) {
	if len(b) < headerSize {
		if bytes.HasPrefix(mark, b[:min(len(b), len(mark))]) || bytes.HasPrefix(b, mark) {
			return 0, nil, headerSize, short
		}
		return 0, nil, 0, invalid
	}
	if !bytes.HasPrefix(b, mark) {
		return 0, nil, 0, invalid
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if n > RecordMax {
		return 0, nil, 0, invalid
	}
	need = headerSize + int(n)
	if len(b) < need {
		return 0, nil, need, short
	}
	sum := crc32.Update(crc32.Checksum(b[4:16], castagnoli), castagnoli, b[headerSize:need])
	if binary.LittleEndian.Uint32(b[16:]) != sum {
		return 0, nil, 0, invalid
	}
	return binary.LittleEndian.Uint64(b[8:]), b[headerSize:need], need, whole
}

// resync returns the offset of the first whole record in b behind its first byte whose number is in [from, to), -1 when
// there is none.
func resync(b []byte, from, to uint64) int {
	for at := 1; at < len(b); at++ {
		i := bytes.Index(b[at:], mark)
		if i < 0 {
			return -1
		}
		at += i
		if seq, _, _, state := readRecord(b[at:]); state == whole && seq >= from && seq < to {
			return at
		}
	}
	return -1
}
