package nfs

import (
	"khien/sensor"
	"khien/sensor/app/pieces"
)

// file is a handle whose content was read or written.
type file struct {
	handle []byte
	moved  [2]*transfer
}

// transfer is the content of a file that goes in one direction.
type transfer struct {
	pieces.Content
	tx *Tx
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
	t := &transfer{tx: tx}
	t.File = p.out.OpenFile(tx, dir, tx.name)
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
	if h := &p.half[dir]; h.file == t {
		h.skip, h.left, h.file = h.skip+h.left, 0, nil
	}
	t.Close(p.out)
	p.finish(t.tx)
}

// write adds bytes at an offset; those that came before are left out.
func (t *transfer) write(p *parser, offset uint64, data []byte) {
	if t.Write(p.out, offset, data) {
		t.tx.Done[t.tx.fileDir] = sensor.ProgressBody
		p.out.Tx(t.tx, t.tx.fileDir)
	}
}
