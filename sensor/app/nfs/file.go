package nfs

import "khien/sensor"

// Limits of content that comes before its turn.
const (
	chunksMax = 64
	heldMax   = 1 << 20
)

// file is a handle whose content was read or written.
type file struct {
	handle []byte
	moved  [2]*transfer
}

// transfer is the content of a file that goes in one direction.
type transfer struct {
	tx     *Tx
	file   *sensor.File
	next   uint64
	chunks []piece
	held   int
	gaps   bool
}

// piece came before its turn.
type piece struct {
	offset uint64
	data   []byte
}

// file returns the file of a handle; the oldest is closed when there are too many.
func (p *parser) file(handle []byte) *file {
	if p.files == nil {
		p.files = map[string]*file{}
	}
	k := string(handle)
	if f := p.files[k]; f != nil {
		return f
	}
	if len(p.fileOrder) == handlesMax {
		old := p.fileOrder[0]
		p.fileOrder = p.fileOrder[1:]
		p.files[old].close(p)
		delete(p.files, old)
	}
	f := &file{handle: clone(handle)}
	p.files[k] = f
	p.fileOrder = append(p.fileOrder, k)
	return f
}

// transfer returns the transfer of a direction, opened when it is the first.
func (f *file) transfer(p *parser, r *request, dir sensor.Dir) *transfer {
	if t := f.moved[dir]; t != nil {
		return t
	}
	tx := p.begin(&r.call)
	tx.isFile, tx.fileDir, tx.handle, tx.name = true, dir, f.handle, p.names[string(f.handle)]
	t := &transfer{tx: tx, file: p.out.OpenFile(tx, dir, tx.name)}
	f.moved[dir] = t
	return t
}

// endFile closes the transfer of a direction.
func (p *parser) endFile(handle []byte, dir sensor.Dir) {
	f := p.files[string(handle)]
	if f == nil || f.moved[dir] == nil || p.half[dir].left > 0 && p.half[dir].file == f.moved[dir] {
		return
	}
	f.end(p, dir)
}

func (f *file) close(p *parser) {
	for dir := sensor.ToServer; dir <= sensor.ToClient; dir++ {
		if f.moved[dir] != nil {
			f.end(p, dir)
		}
	}
}

func (f *file) end(p *parser, dir sensor.Dir) {
	t := f.moved[dir]
	f.moved[dir] = nil
	for len(t.chunks) > 0 {
		t.skipTo(p, t.chunks[t.first()].offset)
	}
	if h := &p.half[dir]; h.file == t {
		h.skip, h.left, h.file = h.skip+h.left, 0, nil
	}
	p.out.CloseFile(t.file, !t.gaps)
	p.finish(t.tx)
}

// write adds bytes at an offset; those that came before are left out.
func (t *transfer) write(p *parser, offset uint64, data []byte) {
	if end := offset + uint64(len(data)); len(data) == 0 || end <= t.next || end < offset {
		return
	}
	if offset < t.next {
		offset, data = t.next, data[t.next-offset:]
	}
	if offset > t.next {
		t.hold(p, offset, data)
		return
	}
	t.put(p, data)
	t.drain(p)
	t.tx.Done[t.tx.fileDir] = sensor.ProgressBody
	p.out.Tx(t.tx, t.tx.fileDir)
}

func (t *transfer) put(p *parser, data []byte) {
	p.out.WriteFile(t.file, data)
	t.next += uint64(len(data))
}

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
	t.chunks = append(t.chunks, piece{offset, clone(data)})
	t.held += len(data)
}

func (t *transfer) first() int {
	k := 0
	for i, c := range t.chunks {
		if c.offset < t.chunks[k].offset {
			k = i
		}
	}
	return k
}

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
