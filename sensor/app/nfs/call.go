package nfs

import "khien/sensor"

func clone(b []byte) []byte { return append([]byte{}, b...) }

// call reads the arguments of a call.
func (p *parser) call(c call, extra int) {
	r := &request{call: c}
	a := &c.args
	switch c.version {
	case 2:
		p.call2(r, a, extra)
	case 3:
		p.call3(r, a, extra)
	case 4:
		p.call4(r, a, extra)
	}
}

// call2 reads arguments of version 2 (RFC 1094, 2.2), whose handles have 32 bytes.
func (p *parser) call2(r *request, a *xdr, extra int) {
	switch r.proc {
	case v2Read:
		r.handle, r.offset = clone(a.take(32)), uint64(a.u32())
	case v2Write:
		fh := a.take(32)
		a.u32()
		offset := uint64(a.u32())
		a.u32()
		p.written(r, fh, offset, a, extra)
	default:
		r.tx = p.begin(&r.call)
		r.tx.handle = clone(a.take(min(32, len(a.b))))
		switch r.proc {
		case v2Lookup, v2Create, v2Remove, v2Rename, 14, 15:
			r.name = clone(a.opaque(nameMax))
			r.tx.name = r.name
			if r.proc == v2Rename {
				a.take(32)
				r.tx.to = clone(a.opaque(nameMax))
			}
		default:
			r.tx.name = p.names[string(r.tx.handle)]
		}
	}
	p.ask(r)
}

// call3 reads arguments of version 3 (RFC 1813, 3.3).
func (p *parser) call3(r *request, a *xdr, extra int) {
	fh := a.opaque(handleMax)
	switch r.proc {
	case v3Read:
		r.handle, r.offset = clone(fh), a.u64()
	case v3Write:
		offset := a.u64()
		a.u32()
		a.u32()
		p.written(r, fh, offset, a, extra)
	case v3Commit:
		r.tx = p.begin(&r.call)
		r.tx.handle, r.tx.name = clone(fh), p.names[string(fh)]
		p.endFile(fh, sensor.ToServer)
	default:
		r.tx = p.begin(&r.call)
		r.tx.handle = clone(fh)
		switch r.proc {
		case v3Lookup, v3Create, v3Mkdir, v3Remove, v3Rmdir, v3Rename, 10, 11:
			r.name = clone(a.opaque(nameMax))
			r.tx.name = r.name
			if r.proc == v3Rename {
				a.opaque(handleMax)
				r.tx.to = clone(a.opaque(nameMax))
			}
		default:
			r.tx.name = p.names[string(fh)]
		}
	}
	p.ask(r)
}

// written hands the content of a write to its file: data with its length, of which extra bytes follow the record's head.
func (p *parser) written(r *request, fh []byte, offset uint64, a *xdr, extra int) {
	n := int(a.u32())
	if a.bad || fh == nil {
		return
	}
	p.content(r, fh, offset, n, a.b, extra, sensor.ToServer)
}

// content hands on n bytes of a file; data holds the first of them and what follows.
func (p *parser) content(r *request, fh []byte, offset uint64, n int, data []byte, extra int, dir sensor.Dir) {
	data = data[:min(n, len(data))]
	t := p.file(fh).transfer(p, r, dir)
	t.tx.chunks++
	t.tx.lastXID = r.xid
	t.write(p, offset, data)
	if rest := min(n-len(data), extra); rest > 0 {
		h := &p.half[dir]
		h.file, h.offset, h.left = t, offset+uint64(len(data)), rest
		h.skip -= rest
	}
}
