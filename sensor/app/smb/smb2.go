package smb

import (
	"encoding/binary"

	"khien/sensor"
)

// Commands of version 2 (MS-SMB2, 2.2.1.2).
const (
	cmd2Negotiate = iota
	cmd2SessionSetup
	cmd2Logoff
	cmd2TreeConnect
	cmd2TreeDisconnect
	cmd2Create
	cmd2Close
	cmd2Flush
	cmd2Read
	cmd2Write
	cmd2Lock
	cmd2Ioctl
	cmd2Cancel
	cmd2Echo
	cmd2QueryDirectory
	cmd2ChangeNotify
	cmd2QueryInfo
	cmd2SetInfo
	cmd2OplockBreak
)

const (
	header2Len    = 64
	flag2Response = 1
	flag2Async    = 2
	flag2Related  = 4
	statusPending = 0x103
)

// header2 is the header of version 2 (MS-SMB2, 2.2.1).
type header2 struct {
	command uint16
	flags   uint32
	status  uint32
	message uint64
	tree    uint32
	session uint64
}

// message2 is a command of version 2 with its header.
type message2 struct {
	header2
	dir   sensor.Dir
	all   []byte // from the header on; offsets count from here
	body  []byte // behind the header
	extra int    // bytes of the record that follow all and can be content
}

var le = binary.LittleEndian

// smb2 reads the commands of a record, of which n bytes were announced.
func (p *parser) smb2(dir sensor.Dir, b []byte, n int) {
	extra := n - len(b)
	var last *handle // of the command before, for related ones
	for range compoundMax {
		if len(b) < header2Len || string(b[:4]) != magic2 {
			return
		}
		next := int(le.Uint32(b[20:]))
		m := message2{header2: header2{command: le.Uint16(b[12:]), flags: le.Uint32(b[16:]), status: le.Uint32(b[8:]),
			message: le.Uint64(b[24:]), session: le.Uint64(b[40:])}, dir: dir, all: b, extra: extra}
		if m.flags&flag2Async == 0 {
			m.tree = le.Uint32(b[36:])
		}
		if next >= header2Len && next <= len(b) {
			m.all, m.extra = b[:next], 0
		}
		m.body = m.all[header2Len:]
		p.session = m.session
		if m.flags&flag2Response != 0 {
			p.response2(&m)
		} else {
			p.request2(&m, &last)
		}
		if next < header2Len || next > len(b) {
			return
		}
		b = b[next:]
	}
}

// creates2 tells which commands have a transaction of their own.
func creates2(command uint16) bool {
	switch command {
	case cmd2Read, cmd2Write, cmd2QueryInfo, cmd2SetInfo:
		return false
	}
	return true
}

func (p *parser) request2(m *message2, last **handle) {
	if m.dir == sensor.ToClient && m.command != cmd2OplockBreak {
		p.out.Anomaly(m.dir, WrongWay)
		return
	}
	r := &request{version: 2, id: m.message, command: m.command}
	switch m.command {
	case cmd2Read:
		p.read2(m, r, last)
	case cmd2Write:
		if !p.write2(m, last) {
			r.tx = p.command2(m) // a pipe with something else than DCE/RPC
		}
	case cmd2Ioctl:
		if !p.ioctl2(m, r, last) {
			r.tx = p.command2(m)
			if len(m.body) >= 8 {
				r.tx.kind, r.tx.function = kindIoctl, le.Uint32(m.body[4:])
			}
		}
	case cmd2SetInfo:
		if tx := p.setInfo2(m, last); tx != nil {
			r.tx = tx
		}
	case cmd2Close:
		r.handle = p.handle2(m, 8, last)
		r.tx = p.command2(m)
	default:
		if !creates2(m.command) {
			break
		}
		r.tx = p.command2(m)
		p.fill2(m, r)
		if m.command == cmd2Create {
			r.handle = p.opening2(m, r.tx.name)
			*last = r.handle
		}
	}
	p.ask(r)
}

func (p *parser) command2(m *message2) *Tx {
	tx := p.begin(2, m.command)
	tx.tree = m.tree
	return tx
}

// fill2 reads the request of a command with a transaction.
func (p *parser) fill2(m *message2, r *request) {
	b, tx := m.body, r.tx
	switch m.command {
	case cmd2Negotiate:
		tx.kind = kindNegotiate
		if len(b) < 36 {
			p.anomaly(tx, m.dir, MalformedData)
			return
		}
		p.client = [16]byte(b[12:28])
		tx.client = p.client
		for i, k := int(le.Uint16(b[2:])), 36; i > 0 && k+2 <= len(b) && len(tx.dialects) < dialectsMax; i, k = i-1, k+2 {
			tx.dialects = append(tx.dialects, []byte(dialect2(le.Uint16(b[k:]))))
		}
	case cmd2SessionSetup:
		tx.kind = kindSession
		if len(b) < 16 {
			return
		}
		if tx.security(m.part(int(le.Uint16(b[12:])), int(le.Uint16(b[14:])))) {
			p.anomaly(tx, m.dir, MalformedNTLM)
		}
	case cmd2TreeConnect:
		tx.kind = kindTree
		if len(b) < 8 {
			return
		}
		tx.share = text(m.part(int(le.Uint16(b[4:])), int(le.Uint16(b[6:]))), true)
		tx.pipe = endsIPC(tx.share)
	case cmd2Create:
		tx.kind = kindCreate
		if len(b) < 48 {
			return
		}
		tx.disposition, tx.options = le.Uint32(b[36:]), le.Uint32(b[40:])
		tx.name = text(m.part(int(le.Uint16(b[44:])), int(le.Uint16(b[46:]))), true)
	}
}

// opening2 makes the handle of a CREATE. It gets its ID with the answer; commands of the same record use it before.
func (p *parser) opening2(m *message2, name []byte) *handle {
	h := &handle{name: name, version: 2}
	if t, ok := p.trees.get(m.tree); ok {
		h.share, h.pipe, h.known = t.share, t.pipe, true
	}
	return h // without its tree, whether it is a pipe shows in what is written
}

// part returns the bytes at an offset from the header.
func (m *message2) part(offset, n int) []byte {
	if offset < 0 || n < 0 || offset > len(m.all) {
		return nil
	}
	return m.all[offset:min(offset+n, len(m.all))]
}

// handle2 returns the handle that a request names at an offset of its body. A related command means the one before.
func (p *parser) handle2(m *message2, at int, last **handle) *handle {
	if len(m.body) < at+16 {
		return nil
	}
	id := [16]byte(m.body[at:])
	if m.flags&flag2Related != 0 && id == relatedID {
		return *last
	}
	k := handleKey{2, id}
	h, ok := p.handles.get(k)
	if !ok {
		h = &handle{id: id, version: 2}
		if t, ok := p.trees.get(m.tree); ok {
			h.share, h.pipe = t.share, t.pipe
		}
		p.keep(k, h)
	}
	*last = h
	return h
}

// relatedID stands for the handle of the command before (MS-SMB2, 3.2.4.1.4).
var relatedID = [16]byte([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))

// keep remembers a handle; the one that it pushes out is closed.
func (p *parser) keep(k handleKey, h *handle) {
	if old, dropped := p.handles.put(k, h, handlesMax); dropped && old != h {
		old.close(p)
	}
}

func (p *parser) owner(m *message2, h *handle) pipeOwner {
	return pipeOwner{p: p, h: h, command: m.command, tree: m.tree, status: m.status}
}

// read2 reads a READ request (MS-SMB2, 2.2.19).
func (p *parser) read2(m *message2, r *request, last **handle) {
	if len(m.body) < 48 {
		return
	}
	r.handle, r.offset = p.handle2(m, 16, last), le.Uint64(m.body[8:])
}

// write2 reads a WRITE request (MS-SMB2, 2.2.21): content of a file or of a pipe.
func (p *parser) write2(m *message2, last **handle) bool {
	if len(m.body) < 48 {
		return true
	}
	h := p.handle2(m, 16, last)
	if h == nil {
		return true
	}
	offset, n := int(le.Uint16(m.body[2:])), int(le.Uint32(m.body[4:]))
	return p.content(h, m, offset, n, le.Uint64(m.body[8:]), sensor.ToServer)
}

// content hands on what is read or written. It reports whether that belongs to a file or a call.
func (p *parser) content(h *handle, m *message2, at, n int, offset uint64, dir sensor.Dir) bool {
	data := m.part(at, n)
	if h.pipe || !h.known && h.moved[dir] == nil && looksRPC(data) {
		h.pipe = true
		h.pipeBytes(p, dir, data, p.owner(m, h))
		return !h.pipeBad[dir]
	}
	t := h.transfer(p, dir, m.command, offset)
	t.write(p, offset, data)
	if at+len(data) == len(m.all) && n > len(data) {
		p.half[m.dir].stream(t, offset+uint64(len(data)), min(n-len(data), m.extra))
	}
	return true
}

// ioctl2 reads an IOCTL request (MS-SMB2, 2.2.31) and reports whether it carried a call.
func (p *parser) ioctl2(m *message2, r *request, last **handle) bool {
	if len(m.body) < 56 || le.Uint32(m.body[4:]) != fsctlPipeTransceive {
		return false
	}
	h := p.handle2(m, 8, last)
	if h == nil {
		return false
	}
	data := m.part(int(le.Uint32(m.body[24:])), int(le.Uint32(m.body[28:])))
	if !h.pipe && !looksRPC(data) {
		return false
	}
	h.pipe, r.handle = true, h
	h.pipeBytes(p, sensor.ToServer, data, p.owner(m, h))
	return true
}

// setInfo2 reads a SET_INFO request (MS-SMB2, 2.2.39) that renames or deletes.
func (p *parser) setInfo2(m *message2, last **handle) *Tx {
	b := m.body
	if len(b) < 32 || b[2] != 1 {
		return nil
	}
	info := m.part(int(le.Uint16(b[8:])), int(le.Uint32(b[4:])))
	h := p.handle2(m, 16, last)
	var from []byte
	if h != nil {
		from = h.name
	}
	switch b[3] {
	case infoRename:
		if len(info) < 20 {
			return nil
		}
		n := int(le.Uint32(info[16:]))
		tx := p.command2(m)
		tx.kind, tx.name = kindRename, from
		tx.to = text(info[20:min(20+max(n, 0), len(info))], true)
		return tx
	case infoDisposition:
		tx := p.command2(m)
		tx.kind, tx.name, tx.options = kindDelete, from, uint32(first(info))
		return tx
	}
	return nil
}

// File information classes (MS-FSCC, 2.4).
const (
	infoRename      = 10
	infoDisposition = 13
)

func endsIPC(share []byte) bool {
	n := len(share)
	if n < 4 {
		return false
	}
	s := share[n-4:]
	return (s[0]|0x20) == 'i' && (s[1]|0x20) == 'p' && (s[2]|0x20) == 'c' && s[3] == '$'
}

func first(b []byte) byte {
	if len(b) == 0 {
		return 0
	}
	return b[0]
}
