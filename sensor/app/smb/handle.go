package smb

import (
	"khien/sensor"
	"khien/sensor/app/dcerpc"
)

// handleKey is a file ID: 16 bytes in version 2, two and the tree in version 1.
type handleKey struct {
	version uint8
	id      [16]byte
}

// handle is an open file or pipe.
type handle struct {
	name    []byte
	share   []byte
	id      [16]byte
	version uint8
	known   bool // its create was seen
	pipe    bool
	rpc     *dcerpc.Conn
	pipeBuf [2][]byte
	pipeBad [2]bool // bytes that are no DCE/RPC
	moved   [2]*transfer
}

// transfer is the content of a file that goes in one direction.
type transfer struct {
	tx     *Tx
	file   *sensor.File
	next   uint64 // offset that is expected
	chunks []piece
	held   int
	gaps   bool
}

// piece came before its turn.
type piece struct {
	offset uint64
	data   []byte
}

// transfer returns the transfer of a direction, opened when it is the first.
func (h *handle) transfer(p *parser, dir sensor.Dir, command uint16, offset uint64) *transfer {
	if t := h.moved[dir]; t != nil {
		return t
	}
	tx := p.begin(h.version, command)
	tx.kind, tx.name, tx.share, tx.fuid = kindFile, h.name, h.share, h.id
	t := &transfer{tx: tx}
	if !h.known {
		t.next, t.gaps = offset, offset > 0
	}
	t.file = p.out.OpenFile(tx, dir, h.name)
	h.moved[dir] = t
	return t
}

// write adds bytes of the file at an offset.
func (t *transfer) write(p *parser, offset uint64, data []byte) {
	if len(data) == 0 || t.file == nil {
		return
	}
	if offset < t.next {
		if !t.tx.overlapped {
			t.tx.overlapped = true
			p.anomaly(t.tx, t.file.Dir, FileOverlap)
		}
		if old := t.next - offset; old < uint64(len(data)) {
			offset, data = t.next, data[old:]
		} else {
			p.out.Tx(t.tx, t.file.Dir)
			return
		}
	}
	if offset > t.next {
		t.hold(p, offset, data)
		return
	}
	t.put(p, data)
	t.drain(p)
	t.tx.Done[t.file.Dir] = sensor.ProgressBody
	p.out.Tx(t.tx, t.file.Dir)
}

func (t *transfer) put(p *parser, data []byte) {
	p.out.WriteFile(t.file, data)
	t.next += uint64(len(data))
}

// hold keeps a piece until its turn; when there are too many, the missing bytes are given up.
func (t *transfer) hold(p *parser, offset uint64, data []byte) {
	for len(t.chunks) > 0 && (len(t.chunks) >= chunksMax || t.held+len(data) > heldMax) {
		t.skipTo(p, t.chunks[t.first()].offset)
		if offset <= t.next {
			t.write(p, offset, data)
			return
		}
	}
	if len(data) > heldMax {
		t.skipTo(p, offset)
		t.put(p, data)
		return
	}
	t.chunks = append(t.chunks, piece{offset, append([]byte(nil), data...)})
	t.held += len(data)
}

// first returns the index of the piece with the lowest offset.
func (t *transfer) first() int {
	k := 0
	for i, c := range t.chunks {
		if c.offset < t.chunks[k].offset {
			k = i
		}
	}
	return k
}

// drain writes the pieces whose turn has come.
func (t *transfer) drain(p *parser) {
	for len(t.chunks) > 0 {
		k := t.first()
		c := t.chunks[k]
		if c.offset > t.next {
			return
		}
		t.chunks = append(t.chunks[:k], t.chunks[k+1:]...)
		t.held -= len(c.data)
		if end := c.offset + uint64(len(c.data)); end > t.next {
			t.put(p, c.data[t.next-c.offset:])
		}
	}
}

// skipTo gives up the bytes before an offset.
func (t *transfer) skipTo(p *parser, offset uint64) {
	if offset > t.next {
		p.out.GapFile(t.file, int(min(offset-t.next, 1<<30)))
		t.next, t.gaps = offset, true
	}
	t.drain(p)
}

// close ends the transfers and calls of a handle.
func (h *handle) close(p *parser) {
	for dir, t := range h.moved {
		if t == nil {
			continue
		}
		for len(t.chunks) > 0 {
			t.skipTo(p, t.chunks[t.first()].offset)
		}
		for d := range p.half {
			if f := &p.half[d]; f.file == t {
				f.skip, f.left, f.file = f.skip+f.left, 0, nil
			}
		}
		p.out.CloseFile(t.file, !t.gaps)
		h.moved[dir] = nil
		p.finish(t.tx)
	}
	if h.rpc != nil {
		h.rpc.Close(pipeOwner{p: p, h: h})
	}
}
