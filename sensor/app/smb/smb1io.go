package smb

import "khien/sensor"

// handle1 returns the handle that a request names at an offset of its parameters.
func (p *parser) handle1(m *message1, at int) *handle {
	if len(m.words) < at+2 {
		return nil
	}
	return p.handleFID(m, le.Uint16(m.words[at:]))
}

func key1(tree uint32, fid uint16) handleKey {
	return handleKey{1, [16]byte{byte(fid), byte(fid >> 8), byte(tree), byte(tree >> 8)}}
}

func (p *parser) handleFID(m *message1, fid uint16) *handle {
	k := key1(m.tree, fid)
	h, ok := p.handles.get(k)
	if !ok {
		h = &handle{version: 1, id: k.id}
		if t, ok := p.trees.get(m.tree); ok {
			h.share, h.pipe = t.share, t.pipe
		}
		p.keep(k, h)
	}
	return h
}

func (p *parser) owner1(m *message1, h *handle) pipeOwner {
	return pipeOwner{p: p, h: h, command: uint16(m.command), tree: m.tree, status: m.status}
}

// content1 hands on what is read or written: n bytes at an offset of the message. It reports whether they belong to a file
// or a call.
func (p *parser) content1(h *handle, m *message1, at, n int, offset uint64, dir sensor.Dir) bool {
	if h == nil || at < 0 || at > len(m.all) {
		return true
	}
	data := m.all[at:min(at+n, len(m.all))]
	if h.pipe || !h.known && h.moved[dir] == nil && looksRPC(data) {
		h.pipe = true
		h.pipeBytes(p, dir, data, p.owner1(m, h))
		return !h.pipeBad[dir]
	}
	t := h.transfer(p, dir, uint16(m.command), offset)
	t.write(p, offset, data)
	if at+len(data) == len(m.all) && n > len(data) {
		p.half[m.dir].stream(t, offset+uint64(len(data)), min(n-len(data), m.extra))
	}
	return true
}

// writeAndX1 reads WRITE_ANDX (MS-CIFS, 2.2.4.43.1; MS-SMB, 2.2.4.3.1).
func (p *parser) writeAndX1(m *message1) bool {
	w := m.words
	if len(w) < 24 {
		return true
	}
	n := int(le.Uint16(w[20:])) | int(le.Uint16(w[18:]))<<16
	offset := uint64(le.Uint32(w[6:]))
	if len(w) >= 28 {
		offset |= uint64(le.Uint32(w[24:])) << 32
	}
	return p.content1(p.handle1(m, 4), m, int(le.Uint16(w[22:])), n, offset, sensor.ToServer)
}

// write1 reads WRITE and WRITE_AND_CLOSE (MS-CIFS, 2.2.4.12.1 and 2.2.4.40.1).
func (p *parser) write1(m *message1) bool {
	w := m.words
	if len(w) < 10 {
		return true
	}
	n := int(le.Uint16(w[2:]))
	skip := 3
	if m.command == cmd1WriteAndClose {
		skip = 1
	}
	return p.content1(p.handle1(m, 0), m, m.dataAt+skip, n, uint64(le.Uint32(w[4:])), sensor.ToServer)
}

// trans1 reads TRANSACTION: a call over a pipe when it transacts on one (MS-CIFS, 2.2.5.6).
func (p *parser) trans1(m *message1, r *request) {
	w := m.words
	if len(w) < 28 {
		return
	}
	n, at := int(le.Uint16(w[22:])), int(le.Uint16(w[24:]))
	if len(w) >= 32 && w[26] >= 2 && le.Uint16(w[28:]) == transactNamedPipe && at <= len(m.all) {
		h := p.handleFID(m, le.Uint16(w[30:]))
		h.pipe, r.handle = true, h
		h.pipeBytes(p, sensor.ToServer, m.all[at:min(at+n, len(m.all))], p.owner1(m, h))
	}
}

const transactNamedPipe = 0x26

// trans2 reads the TRANSACTION2 requests that rename or delete (MS-CIFS, 2.2.6.8 and 2.2.6.9).
func (p *parser) trans2(m *message1) *Tx {
	w := m.words
	if len(w) < 30 {
		return nil
	}
	sub := le.Uint16(w[28:])
	n, at := int(le.Uint16(w[18:])), int(le.Uint16(w[20:]))
	dn, dat := int(le.Uint16(w[22:])), int(le.Uint16(w[24:]))
	if at > len(m.all) || dat > len(m.all) {
		return nil
	}
	params, data := m.all[at:min(at+n, len(m.all))], m.all[dat:min(dat+dn, len(m.all))]
	const setPathInfo, setFileInfo = 6, 8
	if sub == setFileInfo && len(params) >= 4 {
		h := p.handleFID(m, le.Uint16(params))
		switch le.Uint16(params[2:]) {
		case 0x102, 1013: // disposition
			tx := p.command1(m)
			tx.kind, tx.name, tx.options = kindDelete, h.name, uint32(first(data))
			return tx
		case 1010: // rename
			if len(data) < 12 {
				return nil
			}
			tx := p.command1(m)
			tx.kind, tx.name = kindRename, h.name
			tx.to = text(data[12:min(len(data), 12+int(le.Uint32(data[8:])&0xffff))], true)
			return tx
		}
	}
	if sub == setPathInfo && len(params) >= 6 && le.Uint16(params) == 1010 && len(data) >= 12 {
		tx := p.command1(m)
		tx.kind, tx.name = kindRename, text(params[6:], m.wide)
		tx.to = text(data[12:min(len(data), 12+int(le.Uint32(data[8:])&0xffff))], true)
		return tx
	}
	return nil
}

// response1 reads an answer of version 1.
func (p *parser) response1(m *message1) {
	r := p.answered(1, m.id, uint16(m.command))
	if r == nil {
		return
	}
	tx, w := r.tx, m.words
	if tx != nil {
		tx.status, tx.answered = m.status, true
	}
	switch m.command {
	case cmd1Negotiate:
		if len(w) >= 2 {
			if i := int(le.Uint16(w)); i < len(tx.dialects) {
				p.dialect = string(tx.dialects[i])
			}
		}
		if len(w) == 34 && len(m.data) >= 16 {
			tx.server = [16]byte(m.data)
		}
	case cmd1SessionSetup:
		p.sessionReply1(m, tx)
	case cmd1TreeConnect:
		tx.tree = m.tree
		if m.status == 0 {
			tx.service[1], _ = cString(m.data, false)
			tx.pipe = tx.pipe || string(tx.service[1]) == "IPC"
			p.trees.put(m.tree, tree{share: tx.share, pipe: tx.pipe}, treesMax)
		}
	case cmd1NTCreate, cmd1OpenAndX:
		p.created1(m, tx)
	case cmd1ReadAndX:
		if len(w) >= 24 && m.status == 0 {
			n := int(le.Uint16(w[10:])) | int(le.Uint32(w[14:])&0xff)<<16
			p.content1(r.handle, m, int(le.Uint16(w[12:])), n, r.offset, sensor.ToClient)
		}
	case cmd1Read:
		if len(w) >= 10 && m.status == 0 {
			p.content1(r.handle, m, m.dataAt+3, int(le.Uint16(w)), r.offset, sensor.ToClient)
		}
	case cmd1Trans:
		if h := r.handle; h != nil && len(w) >= 20 {
			n, at := int(le.Uint16(w[12:])), int(le.Uint16(w[14:]))
			if at <= len(m.all) {
				h.pipeBytes(p, sensor.ToClient, m.all[at:min(at+n, len(m.all))], p.owner1(m, h))
			}
		}
	case cmd1Close:
		if h := r.handle; h != nil {
			h.close(p)
			p.handles.drop(handleKey{1, h.id})
		}
	}
	if tx != nil {
		p.finish(tx)
	}
}

func (p *parser) sessionReply1(m *message1, tx *Tx) {
	d := m.data
	tx.session = uint64(m.user)
	if len(m.words) == 8 {
		d = d[min(len(d), int(le.Uint16(m.words[6:]))):]
	}
	if m.wide && (m.dataAt+len(m.data)-len(d))%2 != 0 && len(d) > 0 {
		d = d[1:]
	}
	var n int
	tx.native[1], n = cString(d, m.wide)
	tx.lanman[1], _ = cString(d[n:], m.wide)
}

// created1 reads the answers to NT_CREATE_ANDX (MS-CIFS, 2.2.4.64.2) and OPEN_ANDX.
func (p *parser) created1(m *message1, tx *Tx) {
	w := m.words
	if m.status != 0 || len(w) < 7 {
		return
	}
	fid := le.Uint16(w[4:])
	if m.command == cmd1NTCreate {
		if len(w) < 68 {
			return
		}
		fid = le.Uint16(w[5:])
		for i := range tx.times {
			tx.times[i] = le.Uint64(w[11+8*i:])
		}
		tx.size = le.Uint64(w[55:])
	}
	k := key1(m.tree, fid)
	tx.opened, tx.fuid = true, k.id
	h := &handle{name: tx.name, id: k.id, version: 1, known: true}
	if t, ok := p.trees.get(m.tree); ok {
		h.share, h.pipe = t.share, t.pipe
	} else {
		h.known = false
	}
	p.keep(k, h)
}
