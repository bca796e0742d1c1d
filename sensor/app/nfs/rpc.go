package nfs

import "encoding/binary"

// xdr takes values apart (RFC 4506). After an error it gives nothing.
type xdr struct {
	b   []byte
	bad bool
}

func (r *xdr) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *xdr) u32() uint32 {
	if v := r.take(4); v != nil {
		return binary.BigEndian.Uint32(v)
	}
	return 0
}

func (r *xdr) u64() uint64 { return uint64(r.u32())<<32 | uint64(r.u32()) }

// opaque reads bytes with their length and padding.
func (r *xdr) opaque(limit int) []byte {
	n := int(r.u32())
	if n > limit {
		r.bad, r.b = true, nil
		return nil
	}
	v := r.take(n)
	r.take(min(-n&3, len(r.b)))
	return v
}

// bitmap passes over a list of words.
func (r *xdr) bitmap() {
	n := int(r.u32())
	if n > 16 {
		r.bad, r.b = true, nil
		return
	}
	r.take(4 * n)
}

// credential is who calls (RFC 5531, 8.2 and appendix A).
type credential struct {
	flavor   uint32
	machine  []byte
	uid, gid uint32
}

// call is the header of a call.
type call struct {
	xid           uint32
	version, proc uint32
	cred          credential
	args          xdr
}

// readCall reads a call of the program (RFC 5531, 9).
func readCall(b []byte) (c call, ok bool) {
	r := xdr{b: b}
	c.xid = r.u32()
	if r.u32() != 0 || r.u32() != 2 || r.u32() != program {
		return c, false
	}
	c.version, c.proc = r.u32(), r.u32()
	c.cred.flavor = r.u32()
	body := xdr{b: r.opaque(400)}
	if c.cred.flavor == 1 {
		body.u32()
		c.cred.machine = body.opaque(255)
		c.cred.uid, c.cred.gid = body.u32(), body.u32()
	}
	r.u32()
	r.opaque(400)
	c.args = r
	return c, !r.bad && c.version >= 2 && c.version <= 4
}

// readReply reads the header of a reply; accepted is false when there are no results.
func readReply(b []byte) (xid uint32, results xdr, accepted, ok bool) {
	r := xdr{b: b}
	xid = r.u32()
	if r.u32() != 1 || r.bad {
		return 0, r, false, false
	}
	if r.u32() != 0 {
		return xid, r, false, true
	}
	r.u32()
	r.opaque(400)
	status := r.u32()
	return xid, r, status == 0 && !r.bad, true
}
