package smb

import "khien/sensor"

// Commands of version 1 (MS-CIFS, 2.2.2.1).
const (
	cmd1CreateDir      = 0x00
	cmd1Open           = 0x02
	cmd1Close          = 0x04
	cmd1Delete         = 0x06
	cmd1Rename         = 0x07
	cmd1Read           = 0x0a
	cmd1Write          = 0x0b
	cmd1Trans          = 0x25
	cmd1OpenAndX       = 0x2d
	cmd1ReadAndX       = 0x2e
	cmd1WriteAndX      = 0x2f
	cmd1WriteAndClose  = 0x2c
	cmd1LockAndX       = 0x24
	cmd1Trans2         = 0x32
	cmd1TreeDisconnect = 0x71
	cmd1Negotiate      = 0x72
	cmd1SessionSetup   = 0x73
	cmd1Logoff         = 0x74
	cmd1TreeConnect    = 0x75
	cmd1NTCreate       = 0xa2
	cmd1None           = 0xff
)

const (
	header1Len    = 32
	flag1Response = 0x80
	flag1Unicode  = 0x8000
	andxMax       = 8
)

// message1 is a command of version 1. In a chain each has the header of the record.
type message1 struct {
	command uint8
	dir     sensor.Dir
	status  uint32
	tree    uint32
	user    uint16
	id      uint64
	wide    bool
	all     []byte // from the header on; offsets count from here
	words   []byte // parameters
	data    []byte
	dataAt  int // offset of data
	extra   int // bytes of the record that follow all and can be content
}

// smb1 reads the chain of commands of a record, of which n bytes were announced.
func (p *parser) smb1(dir sensor.Dir, b []byte, n int) {
	if len(b) < header1Len {
		return
	}
	m := message1{command: b[4], dir: dir, status: le.Uint32(b[5:]), tree: uint32(le.Uint16(b[24:])), user: le.Uint16(b[28:]),
		id: uint64(le.Uint16(b[30:])) | uint64(le.Uint16(b[26:]))<<16, wide: le.Uint16(b[10:])&flag1Unicode != 0,
		all: b, extra: n - len(b)}
	reply := b[9]&flag1Response != 0
	if reply && dir == sensor.ToServer || !reply && dir == sensor.ToClient {
		p.out.Anomaly(dir, map[bool]string{true: WrongWayBack, false: WrongWay}[reply])
		return
	}
	p.session = uint64(m.user)
	at := header1Len
	for range andxMax {
		if at >= len(b) {
			return
		}
		words := 2 * int(b[at])
		if at+1+words > len(b) {
			return
		}
		m.words = b[at+1 : at+1+words]
		m.dataAt = min(at+3+words, len(b))
		m.data = b[m.dataAt:]
		if at+3+words <= len(b) {
			m.data = m.data[:min(len(m.data), int(le.Uint16(b[at+1+words:])))]
		}
		if reply {
			p.response1(&m)
		} else {
			p.request1(&m)
		}
		if !isAndX(m.command) || len(m.words) < 4 || m.words[0] == cmd1None {
			return
		}
		next := int(le.Uint16(m.words[2:]))
		if next <= at {
			return // backwards would be a loop
		}
		m.command, at = m.words[0], next
	}
}

func isAndX(command uint8) bool {
	switch command {
	case cmd1LockAndX, cmd1OpenAndX, cmd1ReadAndX, cmd1WriteAndX, cmd1SessionSetup, cmd1Logoff, cmd1TreeConnect, cmd1NTCreate:
		return true
	}
	return false
}

func (p *parser) command1(m *message1) *Tx {
	tx := p.begin(1, uint16(m.command))
	tx.tree = m.tree
	return tx
}

func (p *parser) request1(m *message1) {
	r := &request{version: 1, id: m.id, command: uint16(m.command)}
	w := m.words
	switch m.command {
	case cmd1ReadAndX:
		if len(w) >= 20 {
			r.handle, r.offset = p.handle1(m, 4), uint64(le.Uint32(w[6:]))
			if len(w) >= 24 {
				r.offset |= uint64(le.Uint32(w[20:])) << 32
			}
		}
	case cmd1WriteAndX:
		if !p.writeAndX1(m) {
			r.tx = p.command1(m) // a pipe with something else than DCE/RPC
		}
	case cmd1Write, cmd1WriteAndClose:
		if !p.write1(m) {
			r.tx = p.command1(m)
		}
	case cmd1Read:
		if len(w) >= 10 {
			r.handle, r.offset = p.handle1(m, 0), uint64(le.Uint32(w[4:]))
		}
	case cmd1Trans:
		p.trans1(m, r)
	case cmd1Trans2:
		if tx := p.trans2(m); tx != nil {
			r.tx = tx
		}
	default:
		r.tx = p.command1(m)
		p.fill1(m, r)
	}
	p.ask(r)
}

// fill1 reads the request of a command with a transaction.
func (p *parser) fill1(m *message1, r *request) {
	tx, w, d := r.tx, m.words, m.data
	switch m.command {
	case cmd1Negotiate:
		tx.kind = kindNegotiate
		for len(d) > 0 && len(tx.dialects) < dialectsMax {
			if d[0] != 2 {
				p.anomaly(tx, m.dir, BadDialects)
				break
			}
			name, n := cString(d[1:], false)
			tx.dialects = append(tx.dialects, name)
			d = d[1+n:]
		}
	case cmd1SessionSetup:
		p.sessionSetup1(m, tx)
	case cmd1TreeConnect:
		tx.kind = kindTree
		if len(w) >= 8 {
			d = d[min(len(d), int(le.Uint16(w[6:]))):]
			if m.wide && (m.dataAt+len(m.data)-len(d))%2 != 0 && len(d) > 0 {
				d = d[1:]
			}
			var n int
			tx.share, n = cString(d, m.wide)
			tx.service[0], _ = cString(d[n:], false)
			tx.pipe = endsIPC(tx.share)
		}
	case cmd1NTCreate:
		tx.kind = kindCreate
		if len(w) >= 48 {
			tx.disposition, tx.options = le.Uint32(w[35:]), le.Uint32(w[39:])
			if m.wide && m.dataAt%2 != 0 && len(d) > 0 {
				d = d[1:]
			}
			tx.name = text(d[:min(len(d), int(le.Uint16(w[5:])))], m.wide)
		}
	case cmd1OpenAndX:
		tx.kind = kindCreate
		if m.wide && m.dataAt%2 != 0 && len(d) > 0 {
			d = d[1:]
		}
		tx.name, _ = cString(d, m.wide)
	case cmd1Close:
		r.handle = p.handle1(m, 0)
	case cmd1Delete:
		tx.kind, tx.options = kindDelete, 1
		tx.name = bufferName(d, m, 0)
	case cmd1Rename:
		tx.kind = kindRename
		tx.name = bufferName(d, m, 0)
		tx.to = bufferName(d, m, 1)
	}
}

// bufferName returns string i of data in which each begins with the format byte 4 (MS-CIFS, 2.2.4.7.1).
func bufferName(d []byte, m *message1, i int) []byte {
	at := m.dataAt
	for ; len(d) > 0; i-- {
		d, at = d[1:], at+1
		if m.wide && at%2 != 0 && len(d) > 0 {
			d, at = d[1:], at+1
		}
		name, n := cString(d, m.wide)
		if i == 0 {
			return name
		}
		d, at = d[n:], at+n
	}
	return nil
}

func (p *parser) sessionSetup1(m *message1, tx *Tx) {
	tx.kind = kindSession
	w, d := m.words, m.data
	switch len(w) {
	case 24: // extended security: MS-SMB, 2.2.4.6.1
		n := min(len(d), int(le.Uint16(w[14:])))
		if tx.security(d[:n]) {
			p.anomaly(tx, m.dir, MalformedNTLM)
		}
		d = d[n:]
	case 26: // MS-CIFS, 2.2.4.53.1
		n := int(le.Uint16(w[14:])) + int(le.Uint16(w[16:]))
		d = d[min(len(d), n):]
	default:
		return
	}
	if m.wide && (m.dataAt+len(m.data)-len(d))%2 != 0 && len(d) > 0 {
		d = d[1:]
	}
	next := func() (s []byte) {
		var n int
		s, n = cString(d, m.wide)
		d = d[n:]
		return s
	}
	if len(w) == 26 {
		tx.ntlm.user, tx.ntlm.domain = next(), next()
		tx.ntlm.seen = len(tx.ntlm.user) > 0
	}
	tx.native[0], tx.lanman[0] = next(), next()
}
