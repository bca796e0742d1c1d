package nfs

import "khien/sensor"

// Operations of version 4 (RFC 8881, 18) whose arguments are known here.
const (
	opAccess    = 3
	opClose     = 4
	opCommit    = 5
	opGetAttr   = 9
	opGetFH     = 10
	opLookup    = 15
	opOpen      = 18
	opPutFH     = 22
	opPutRoot   = 24
	opRead      = 25
	opReadDir   = 26
	opRemove    = 28
	opRename    = 29
	opRestoreFH = 31
	opSaveFH    = 32
	opWrite     = 38
	opSequence  = 53
)

// call4 reads the operations of a compound up to one whose arguments are not known here.
func (p *parser) call4(r *request, a *xdr, extra int) {
	if r.proc != v4Compound {
		r.tx = p.begin(&r.call)
		p.ask(r)
		return
	}
	a.opaque(1024) // tag
	a.u32()        // minor version
	count := int(a.u32())
	var fh []byte
	main := uint32(0)
	moved := false
	for i := 0; i < count && i < opsMax && !a.bad; i++ {
		op := a.u32()
		if a.bad {
			break
		}
		r.ops = append(r.ops, op)
		switch op {
		case opSequence:
			a.take(32)
		case opPutFH:
			fh = a.opaque(handleMax)
			r.handle = clone(fh)
		case opPutRoot, opGetFH, opSaveFH, opRestoreFH:
		case opGetAttr:
			a.bitmap()
		case opAccess:
			a.u32()
		case opLookup, opRemove:
			r.name = clone(a.opaque(nameMax))
			main = op
		case opRename:
			r.name = clone(a.opaque(nameMax))
			a.opaque(nameMax)
			main = op
		case opOpen:
			r.name = open4(a)
			main = op
		case opClose:
			a.take(20)
			main = op
			p.endFile(fh, sensor.ToServer)
			p.endFile(fh, sensor.ToClient)
		case opCommit:
			a.take(12)
			main = op
		case opRead:
			a.take(16)
			r.offset = a.u64()
			a.u32()
			main, moved = op, true
		case opWrite:
			a.take(16)
			offset := a.u64()
			a.u32()
			n := int(a.u32())
			main, moved = op, true
			if a.bad || fh == nil {
				break
			}
			r.proc = op
			p.content(r, fh, offset, n, a.b, extra, sensor.ToServer)
			a.take(min(n+(-n&3), len(a.b)))
		case opReadDir:
			a.take(24)
			a.bitmap()
			main = op
		default:
			main = op
			a.b = nil // what follows cannot be found
			i = count
		}
		if main == 0 {
			main = op
		}
	}
	if main != 0 {
		r.proc = main
	}
	if !moved {
		r.tx = p.begin(&r.call)
		r.tx.handle, r.tx.name = r.handle, r.name
		if r.name == nil {
			r.tx.name = p.names[string(r.handle)]
		}
	}
	p.ask(r)
}

// open4 reads the arguments of OPEN and returns the file's name (RFC 8881, 18.16.1).
func open4(a *xdr) []byte {
	a.take(12) // sequence, access, deny
	a.u64()
	a.opaque(1024) // owner
	if a.u32() == 1 {
		switch a.u32() {
		case 0, 1:
			a.bitmap()
			a.opaque(1024)
		case 2:
			a.u64()
		case 3:
			a.u64()
			a.bitmap()
			a.opaque(1024)
		}
	}
	if a.u32() == 0 {
		return clone(a.opaque(nameMax))
	}
	return nil
}

// reply4 reads the results of the operations up to one whose results are not known here.
func (p *parser) reply4(r *request, v *xdr, extra int) {
	v.opaque(1024)
	count := int(v.u32())
	for i := 0; i < count && i < len(r.ops) && !v.bad; i++ {
		if op, status := v.u32(), v.u32(); op != r.ops[i] || status != 0 {
			return
		}
		switch r.ops[i] {
		case opSequence:
			v.take(36)
		case opPutFH, opPutRoot, opLookup, opSaveFH, opRestoreFH:
		case opGetAttr:
			v.bitmap()
			v.opaque(headMax)
		case opAccess:
			v.take(8)
		case opGetFH:
			p.learn(v.opaque(handleMax), r.name)
		case opOpen:
			v.take(16 + 4 + 8 + 8 + 4)
			v.bitmap()
			if v.u32() != 0 {
				return // a delegation
			}
		case opRead:
			v.u32()
			if n := int(v.u32()); !v.bad && n > 0 {
				p.content(r, r.handle, r.offset, n, v.b, extra, sensor.ToClient)
			}
			return
		default:
			return
		}
	}
}
