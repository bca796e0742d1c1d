package websocket

import (
	"encoding/binary"

	"khien/sensor"
	"khien/sensor/evejson"
)

// Bits of a frame's first byte.
const (
	flagFinal      = 0x80
	flagCompressed = 0x40
)

// Tx is one frame; one that ends a message has the message's payload.
type Tx struct {
	sensor.TxBase
	dir      sensor.Dir
	first    byte
	masked   bool
	mask     [4]byte
	size     uint64
	payload  []byte
	complete bool
}

func (tx *Tx) opcode() byte  { return tx.first & 0x0f }
func (tx *Tx) control() bool { return tx.first&0x08 != 0 }

// Buffer returns the payload.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if dir != tx.dir || i != 0 {
		return nil, false
	}
	return tx.payload, b == sensor.WebSocketPayload && tx.payload != nil
}

// Number returns opcode, flags and mask.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if dir != tx.dir || i != 0 {
		return 0, false
	}
	switch b {
	case sensor.WebSocketOpcode:
		return uint64(tx.opcode()), true
	case sensor.WebSocketFlags:
		return uint64(tx.first & 0xf0), true
	case sensor.WebSocketMask:
		return uint64(binary.BigEndian.Uint32(tx.mask[:])), tx.masked
	}
	return 0, false
}

// LogReady is true in the frame's direction.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == tx.dir && tx.complete }

// AppendEVE appends the object of the frame.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = evejson.AppendBool(append(dst, '{'), "fin", tx.first&flagFinal != 0)
	if tx.masked {
		dst = evejson.AppendUint(dst, "mask", uint64(binary.BigEndian.Uint32(tx.mask[:])))
	}
	dst = evejson.AppendStr(dst, "opcode", opcodeName(tx.opcode()))
	return append(dst, '}')
}
