package tftp

import (
	"khien/sensor"
	"khien/sensor/evejson"
)

// Tx is a request, or the transfer that follows it.
type Tx struct {
	sensor.TxBase
	op         uint16
	file, mode []byte
	log        bool // the request is written, not the transfer
}

// Buffer returns a part of the request.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if !tx.log || dir != sensor.ToServer || i != 0 {
		return nil, false
	}
	switch b {
	case sensor.TFTPFile:
		return tx.file, true
	case sensor.TFTPMode:
		return tx.mode, true
	}
	return nil, false
}

// Number returns the operation.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	return uint64(tx.op), b == sensor.TFTPOpcode && tx.log && dir == sensor.ToServer && i == 0
}

// LogReady is true of a request.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return tx.log && dir == sensor.ToServer }

// AppendEVE appends {"packet":…,"file":…,"mode":…}.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	packet := "read"
	if tx.op == opWrite {
		packet = "write"
	}
	dst = evejson.AppendStr(append(dst, '{'), "packet", packet)
	dst = evejson.AppendBytes(dst, "file", tx.file)
	dst = evejson.AppendBytes(dst, "mode", tx.mode)
	return append(dst, '}')
}
