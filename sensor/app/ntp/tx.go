package ntp

import (
	"encoding/binary"

	"khien/sensor"
	"khien/sensor/evejson"
)

// Tx is a request, or a datagram that is no message.
type Tx struct {
	sensor.TxBase
	good   bool
	head   [16]byte // what a good one begins with, up to the reference id
	parser *parser
}

// Release gives the transaction back to its parser.
func (tx *Tx) Release() {
	tx.Detect = nil
	if p := tx.parser; len(p.free) < freeMax {
		p.free = append(p.free, tx)
	}
}

// Buffer has none.
func (tx *Tx) Buffer(sensor.Buffer, sensor.Dir, int) ([]byte, bool) { return nil, false }

// Number has none.
func (tx *Tx) Number(sensor.Buffer, sensor.Dir, int) (uint64, bool) { return 0, false }

// LogReady is false: there is no record.
func (tx *Tx) LogReady(sensor.Dir) bool { return false }

// AppendEVE appends what an alert tells of a request.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	if tx.good {
		dst = evejson.AppendUint(dst, "version", uint64(tx.head[0]>>3&7))
		dst = evejson.AppendUint(dst, "mode", uint64(tx.head[0]&7))
		dst = evejson.AppendUint(dst, "stratum", uint64(tx.head[1]))
		dst = evejson.AppendUint(dst, "reference_id", uint64(binary.BigEndian.Uint32(tx.head[12:])))
	}
	return append(dst, '}')
}
