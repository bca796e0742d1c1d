package nfs

import "khien/sensor"

// reply reads the results of a call.
func (p *parser) reply(r *request, v xdr, accepted bool, extra int) {
	status := uint32(0)
	if accepted && r.proc != 0 {
		status = v.u32()
	}
	if tx := r.tx; tx != nil {
		tx.status, tx.answered, tx.accepted = status, true, accepted
	}
	if accepted && status == 0 {
		switch r.version {
		case 2:
			p.reply2(r, &v, extra)
		case 3:
			p.reply3(r, &v, extra)
		case 4:
			p.reply4(r, &v, extra)
		}
	}
	if r.tx != nil {
		p.finish(r.tx)
	}
}

func (p *parser) reply2(r *request, v *xdr, extra int) {
	const attributes = 68
	switch r.proc {
	case v2Lookup, v2Create:
		p.learn(v.take(32), r.name)
	case v2Read:
		v.take(attributes)
		if n := int(v.u32()); !v.bad && n > 0 {
			p.content(r, r.handle, r.offset, n, v.b, extra, sensor.ToClient)
		}
	}
}

// attributes3 passes over attributes that may be left out (RFC 1813, 2.6).
func attributes3(v *xdr) {
	if v.u32() == 1 {
		v.take(84)
	}
}

func (p *parser) reply3(r *request, v *xdr, extra int) {
	switch r.proc {
	case v3Lookup:
		p.learn(v.opaque(handleMax), r.name)
	case v3Create:
		if v.u32() == 1 {
			p.learn(v.opaque(handleMax), r.name)
		}
	case v3Read:
		attributes3(v)
		v.u32()
		eof := v.u32() == 1
		n := int(v.u32())
		if v.bad || n == 0 {
			return
		}
		p.content(r, r.handle, r.offset, n, v.b, extra, sensor.ToClient)
		if eof && extra == 0 {
			p.endFile(r.handle, sensor.ToClient)
		}
	}
}
