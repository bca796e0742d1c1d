package tftp

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"khien/sensor"
)

// Protocol describes TFTP to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoTFTP,
		UDP:   true,
		Ports: []uint16{portTFTP},
		Probe: probe,
		New: func(f *sensor.Flow, context any) sensor.Parser {
			if t, ok := context.(*transfer); ok {
				f.ParentFlow = t.parent
				return &dataParser{transfer: t, block: 512}
			}
			return new(parser)
		},
	}
}

// probe takes a request with a known mode, and only to the port: its two bytes are too few to go by.
func probe(dir sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	if dir != sensor.ToServer || f.DstPort != portTFTP {
		return sensor.No
	}
	if _, ok := parseRequest(b); ok {
		return sensor.Yes
	}
	return sensor.No
}

// request is a read or write request.
type request struct {
	op         uint16
	file, mode []byte
	block      int // asked for, 0 when not
}

func parseRequest(b []byte) (r request, ok bool) {
	if len(b) < 6 || b[0] != 0 || b[1] != opRead && b[1] != opWrite {
		return r, false
	}
	r.op = uint16(b[1])
	parts := bytes.SplitN(b[2:], []byte{0}, 16)
	if len(parts) < 3 || len(parts[0]) == 0 || len(parts[0]) > nameMax {
		return r, false
	}
	r.file, r.mode = parts[0], parts[1]
	for i := 2; i+1 < len(parts); i += 2 {
		if bytes.EqualFold(parts[i], []byte("blksize")) {
			r.block, _ = strconv.Atoi(string(parts[i+1]))
		}
	}
	mode := string(bytes.ToLower(r.mode))
	return r, mode == "octet" || mode == "netascii" || mode == "mail"
}

// transfer is the context of the flow that a request announces.
type transfer struct {
	parent uint64
	tx     Tx // what the request said
	write  bool
}

// parser reads requests.
type parser struct{ next uint64 }

// Parse reads a datagram.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	r, ok := parseRequest(b)
	if dir != sensor.ToServer || !ok {
		return len(b), nil
	}
	tx := &Tx{op: r.op, file: append([]byte{}, r.file...), mode: append([]byte{}, r.mode...), log: true}
	tx.ID, tx.Proto = p.next, sensor.ProtoTFTP
	p.next++
	tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	out.Tx(tx, dir)
	out.Done(tx)
	f := out.Flow()
	t := &transfer{parent: f.ID, write: r.op == opWrite, tx: Tx{op: tx.op, file: tx.file, mode: tx.mode}}
	out.Expect(sensor.Expectation{Server: sensor.Endpoint{Addr: f.Src, Port: f.SrcPort}, Proto: sensor.ProtoTFTP, Context: t})
	return len(b), nil
}

// Gap does not happen to datagrams.
func (p *parser) Gap(sensor.Dir, int, sensor.Emitter) error { return nil }

// Close has nothing to end.
func (p *parser) Close(sensor.Dir, sensor.Emitter) {}

// dataParser reads the transfer. The flow's client is the server of the request.
type dataParser struct {
	transfer *transfer
	tx       *Tx
	file     *sensor.File
	dir      sensor.Dir
	next     uint16 // block that is expected
	block    int
	gap      bool
	done     bool
}

// Parse reads a block, an acknowledgement, an option or an error.
func (p *dataParser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	if len(b) < 4 || p.done {
		return len(b), nil
	}
	switch binary.BigEndian.Uint16(b) {
	case opOptions:
		parts := bytes.Split(b[2:min(len(b), 2+nameMax)], []byte{0})
		for i := 0; i+1 < len(parts); i += 2 {
			if bytes.EqualFold(parts[i], []byte("blksize")) {
				if n, err := strconv.Atoi(string(parts[i+1])); err == nil && n >= 8 && n <= blockMax {
					p.block = n
				}
			}
		}
	case opData:
		p.data(dir, binary.BigEndian.Uint16(b[2:]), b[4:], out)
	case opError:
		p.end(out, false)
	}
	return len(b), nil
}

func (p *dataParser) data(dir sensor.Dir, block uint16, b []byte, out sensor.Emitter) {
	if p.tx == nil {
		tx := p.transfer.tx
		p.tx, p.dir, p.next = &tx, dir, 1
		p.tx.Proto = sensor.ProtoTFTP
		p.file = out.OpenFile(p.tx, dir, p.tx.file)
	}
	if dir != p.dir || block-p.next > 1<<15 {
		return // sent again
	}
	if block != p.next {
		p.gap = true
		out.GapFile(p.file, int(block-p.next)*p.block)
	}
	p.next = block + 1
	out.WriteFile(p.file, b)
	p.tx.Done[dir] = sensor.ProgressBody
	out.Tx(p.tx, dir)
	if len(b) < p.block {
		p.end(out, true)
	}
}

func (p *dataParser) end(out sensor.Emitter, complete bool) {
	if p.done || p.tx == nil {
		return
	}
	p.done = true
	out.CloseFile(p.file, complete && !p.gap)
	p.tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	out.Tx(p.tx, p.dir)
	out.Done(p.tx)
}

// Gap does not happen to datagrams.
func (p *dataParser) Gap(sensor.Dir, int, sensor.Emitter) error { return nil }

// Close ends a transfer that was broken off.
func (p *dataParser) Close(_ sensor.Dir, out sensor.Emitter) { p.end(out, false) }
