package smb

import "khien/sensor"

// response2 reads an answer of version 2.
func (p *parser) response2(m *message2) {
	if m.dir == sensor.ToServer {
		p.out.Anomaly(m.dir, WrongWayBack)
		return
	}
	if m.status == statusPending && m.flags&flag2Async != 0 {
		return // the answer will come
	}
	r := p.answered(2, m.message, m.command)
	if r == nil && m.command == cmd2Negotiate {
		r = p.upgraded()
	}
	if r == nil {
		return
	}
	tx := r.tx
	if tx != nil {
		tx.status, tx.answered = m.status, true
	}
	b := m.body
	switch m.command {
	case cmd2Negotiate:
		if len(b) >= 64 && m.status == 0 {
			p.dialect = dialect2(le.Uint16(b[4:]))
			p.server = [16]byte(b[8:24])
			tx.server = p.server
		}
	case cmd2SessionSetup:
		tx.session = m.session
	case cmd2TreeConnect:
		p.treeConnected2(m, tx)
	case cmd2Create:
		p.created2(m, r)
	case cmd2Read:
		if r.handle != nil && len(b) >= 16 && m.status == 0 {
			p.content(r.handle, m, int(b[2]), int(le.Uint32(b[4:])), r.offset, sensor.ToClient)
		}
	case cmd2Ioctl:
		if r.handle != nil && len(b) >= 48 {
			data := m.part(int(le.Uint32(b[32:])), int(le.Uint32(b[36:])))
			r.handle.pipeBytes(p, sensor.ToClient, data, p.owner(m, r.handle))
		}
	case cmd2Close:
		if h := r.handle; h != nil {
			h.close(p)
			p.handles.drop(handleKey{2, h.id})
		}
	}
	if tx != nil {
		p.finish(tx)
	}
}

// upgraded takes the negotiation of version 1 that is answered with version 2 (MS-SMB2, 3.3.5.3).
func (p *parser) upgraded() *request {
	for _, r := range p.pending {
		if r.version == 1 && r.command == cmd1Negotiate {
			return p.answered(1, r.id, r.command)
		}
	}
	return nil
}

func (p *parser) treeConnected2(m *message2, tx *Tx) {
	tx.tree = m.tree
	if m.status != 0 || len(m.body) < 16 {
		return
	}
	tx.shareType = m.body[2]
	tx.pipe = tx.pipe || tx.shareType == shareTypePipe
	p.trees.put(m.tree, tree{share: tx.share, pipe: tx.pipe}, treesMax)
}

// shareTypePipe is a share of pipes (MS-SMB2, 2.2.10).
const shareTypePipe = 2

// created2 reads the answer to CREATE (MS-SMB2, 2.2.14).
func (p *parser) created2(m *message2, r *request) {
	b, tx, h := m.body, r.tx, r.handle
	if m.status != 0 || len(b) < 88 {
		return
	}
	for i := range tx.times {
		tx.times[i] = le.Uint64(b[8+8*i:])
	}
	tx.size, tx.opened = le.Uint64(b[48:]), true
	tx.fuid = [16]byte(b[64:])
	h.id = tx.fuid
	p.keep(handleKey{2, tx.fuid}, h)
}
