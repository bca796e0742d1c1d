package smb

import (
	"khien/sensor"
	"khien/sensor/app/dcerpc"
	"khien/sensor/app/pieces"
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
	pieces.Content
	tx *Tx
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
		t.Next, t.Gaps = offset, offset > 0
	}
	t.File = p.out.OpenFile(tx, dir, h.name)
	h.moved[dir] = t
	return t
}

// write adds bytes of the file at an offset.
func (t *transfer) write(p *parser, offset uint64, data []byte) {
	if len(data) == 0 || t.File == nil {
		return
	}
	again := offset < t.Next
	if again && !t.tx.overlapped {
		t.tx.overlapped = true
		p.anomaly(t.tx, t.File.Dir, FileOverlap)
	}
	grew := t.Write(p.out, offset, data)
	if grew {
		t.tx.Done[t.File.Dir] = sensor.ProgressBody
	}
	if grew || again {
		p.out.Tx(t.tx, t.File.Dir)
	}
}

// close ends the transfers and calls of a handle.
func (h *handle) close(p *parser) {
	for dir, t := range h.moved {
		if t == nil {
			continue
		}
		for d := range p.half {
			if f := &p.half[d]; f.file == t {
				f.skip, f.left, f.file = f.skip+f.left, 0, nil
			}
		}
		t.Close(p.out)
		h.moved[dir] = nil
		p.finish(t.tx)
	}
	if h.rpc != nil {
		h.rpc.Close(pipeOwner{p: p, h: h})
	}
}
