package ftp

import (
	"bytes"

	"khien/sensor"
	"khien/sensor/evejson"
)

// DataTx is what was transferred over a data connection.
type DataTx struct {
	sensor.TxBase
	command  string
	name     []byte
	finished bool
}

// dataParser makes a file of the bytes of a data connection.
type dataParser struct {
	context *transfer
	tx      *DataTx
	file    *sensor.File
	fileDir sensor.Dir
}

func newData(f *sensor.Flow, context any) sensor.Parser {
	t, _ := context.(*transfer)
	if t == nil {
		t = new(transfer)
	}
	f.ParentFlow = t.parent
	return &dataParser{context: t}
}

// isFile tells transfers of files from listings.
func (t *transfer) isFile() bool {
	switch t.command {
	case "RETR", "STOR", "APPE", "STOU":
		return true
	}
	return false
}

// Parse adds to the file. The direction of the bytes is that of the connection, whoever opened it.
func (p *dataParser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	if p.tx == nil {
		p.tx = &DataTx{command: p.context.command, name: p.context.name}
		p.tx.Proto = sensor.ProtoFTPData
		if p.context.isFile() {
			p.fileDir = dir
			p.file = out.OpenFile(p.tx, dir, p.tx.name)
		}
	}
	if p.tx.finished {
		return len(b), nil
	}
	if p.file != nil && dir == p.fileDir {
		out.WriteFile(p.file, b)
	}
	p.tx.Done[dir] = sensor.ProgressBody
	out.Tx(p.tx, dir)
	return len(b), nil
}

// Gap tells that a part of the file is missing.
func (p *dataParser) Gap(dir sensor.Dir, n int, out sensor.Emitter) error {
	if p.file != nil && dir == p.fileDir {
		out.GapFile(p.file, n)
	}
	return nil
}

// Close ends the file with the direction that it came in.
func (p *dataParser) Close(dir sensor.Dir, out sensor.Emitter) {
	if p.tx == nil || p.tx.finished || p.file != nil && dir != p.fileDir || p.file == nil && dir != sensor.ToClient {
		return
	}
	p.tx.finished = true
	p.tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	if p.file != nil {
		out.CloseFile(p.file, true)
	}
	out.Tx(p.tx, dir)
	out.Tx(p.tx, dir.Reverse())
	out.Done(p.tx)
}

// Buffer returns the command in lower case, in either direction.
func (tx *DataTx) Buffer(b sensor.Buffer, _ sensor.Dir, i int) ([]byte, bool) {
	if b != sensor.FTPDataCommand || i != 0 || tx.command == "" {
		return nil, false
	}
	return bytes.ToLower([]byte(tx.command)), true
}

// Number returns nothing.
func (tx *DataTx) Number(sensor.Buffer, sensor.Dir, int) (uint64, bool) { return 0, false }

// LogReady reports whether the transfer is over.
func (tx *DataTx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && tx.finished }

// AppendEVE appends {"filename":…,"command":…}.
func (tx *DataTx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	if tx.name != nil {
		dst = evejson.AppendBytes(dst, "filename", tx.name)
	}
	if tx.command != "" {
		dst = evejson.AppendStr(dst, "command", tx.command)
	}
	return append(dst, '}')
}
