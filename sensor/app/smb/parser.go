package smb

import (
	"errors"

	"khien/sensor"
)

// NetBIOS session service types (RFC 1002, 4.3.1).
const (
	nbMessage   = 0x00
	nbRequest   = 0x81
	nbPositive  = 0x82
	nbNegative  = 0x83
	nbRetarget  = 0x84
	nbKeepAlive = 0x85
)

var errNotSMB = errors.New("smb: not a record")

// parser reads one connection.
type parser struct {
	half    [2]half
	closed  [2]bool
	next    uint64
	pending []*request
	open    []*Tx // transactions that can change
	handles table[handleKey, *handle]
	trees   table[uint32, tree]
	dialect string // chosen by the server
	client  [16]byte
	server  [16]byte
	out     sensor.Emitter
	session uint64 // of the record that is read
}

// half is one direction's place in its records.
type half struct {
	skip   int       // bytes of the record that nobody looks at
	file   *transfer // takes the next bytes
	left   int       // how many
	offset uint64    // of the next one in the file
	lost   bool      // records are searched after missing bytes
}

// request is a command without its answer.
type request struct {
	version uint8
	id      uint64
	command uint16
	tx      *Tx // nil for reads and writes
	handle  *handle
	offset  uint64 // of a read
}

// tree is a share that the client uses.
type tree struct {
	share []byte
	pipe  bool
}

func newParser() *parser { return new(parser) }

// Parse reads records.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	p.out = out
	h := &p.half[dir]
	used := 0
	for used < len(b) {
		rest := b[used:]
		if h.lost {
			n, found := resync(rest)
			used += n
			if !found {
				break
			}
			h.lost = false
			continue
		}
		if h.left > 0 {
			n := min(h.left, len(rest))
			h.file.write(p, h.offset, rest[:n])
			h.left, h.offset, used = h.left-n, h.offset+uint64(n), used+n
			continue
		}
		if h.skip > 0 {
			n := min(h.skip, len(rest))
			h.skip, used = h.skip-n, used+n
			continue
		}
		n, err := p.record(dir, rest)
		if err != nil {
			return used, err
		}
		if n == 0 {
			break
		}
		used += n
	}
	return used, nil
}

// record reads the record that b begins with, or its head when it is long; 0 when it needs more bytes.
func (p *parser) record(dir sensor.Dir, b []byte) (int, error) {
	if len(b) < 4 {
		return 0, nil
	}
	n := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	switch b[0] {
	case nbMessage:
	case nbRequest, nbPositive, nbNegative, nbRetarget, nbKeepAlive:
		p.half[dir].skip = n
		return 4, nil
	default:
		return 0, errNotSMB
	}
	head := min(n, headMax)
	if len(b) < 4+head {
		return 0, nil
	}
	p.frames(dir, netbios, b, 4, 4+n)
	p.half[dir].skip = n - head
	body := b[4 : 4+head]
	if len(body) < 4 {
		return 4 + head, nil
	}
	switch string(body[:4]) {
	case magic1:
		p.frames(dir, version1, b[4:], header1Len, n)
		p.smb1(dir, body, n)
	case magic2:
		p.frames2(dir, b[4:], head, n)
		p.smb2(dir, body, n)
	case magicEncrypted:
		p.frames(dir, version3, b[4:], transformLen, n)
	}
	return 4 + head, nil
}

// stream sends the rest of a record to a file: rest bytes that follow the head, from an offset on.
func (h *half) stream(t *transfer, offset uint64, rest int) {
	rest = min(rest, h.skip)
	if rest <= 0 || t == nil {
		return
	}
	h.file, h.offset, h.left = t, offset, rest
	h.skip -= rest
}

// resync looks for a record after a gap.
func resync(b []byte) (n int, found bool) {
	for n = 0; n+8 <= len(b); n++ {
		if b[n] == 0 && b[n+5] == 'S' && isMagic(b[n+4:]) {
			return n, true
		}
	}
	return n, false
}

// Gap passes over missing bytes.
func (p *parser) Gap(dir sensor.Dir, n int, out sensor.Emitter) error {
	p.out = out
	h := &p.half[dir]
	if h.left > 0 {
		k := min(h.left, n)
		h.left, h.offset, n = h.left-k, h.offset+uint64(k), n-k
	}
	if h.skip > 0 {
		k := min(h.skip, n)
		h.skip, n = h.skip-k, n-k
	}
	if n > 0 {
		*h = half{lost: true}
	}
	return nil
}

// Close ends what is open when both directions are over.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.out = out
	p.closed[dir] = true
	if !p.closed[dir.Reverse()] {
		return
	}
	for _, k := range p.handles.order {
		if h, ok := p.handles.get(k); ok {
			h.close(p)
		}
	}
	for len(p.open) > 0 {
		p.finish(p.open[0])
	}
}

// begin makes a transaction.
func (p *parser) begin(version uint8, command uint16) *Tx {
	tx := &Tx{p: p, version: version, command: command, session: p.session}
	tx.ID, tx.Proto = p.next, sensor.ProtoSMB
	p.next++
	p.open = append(p.open, tx)
	return tx
}

// finish ends a transaction.
func (p *parser) finish(tx *Tx) {
	if tx.finished {
		return
	}
	tx.finished, tx.dialect = true, p.dialect
	p.open = sensor.Without(p.open, tx)
	sensor.Finish(p.out, tx)
}

// ask remembers a request.
func (p *parser) ask(r *request) {
	if len(p.pending) == pendingMax {
		old := p.pending[0]
		p.pending = append(p.pending[:0], p.pending[1:]...)
		if old.tx != nil {
			p.finish(old.tx)
		}
	}
	p.pending = append(p.pending, r)
	if r.tx != nil {
		r.tx.Done[sensor.ToServer] = sensor.ProgressComplete
		p.out.Tx(r.tx, sensor.ToServer)
	}
}

// answered takes the request that an answer belongs to.
func (p *parser) answered(version uint8, id uint64, command uint16) *request {
	for i, r := range p.pending {
		if r.version == version && r.id == id && r.command == command {
			p.pending = append(p.pending[:i], p.pending[i+1:]...)
			return r
		}
	}
	return nil
}

// anomaly notes something malformed.
func (p *parser) anomaly(tx *Tx, dir sensor.Dir, name string) {
	if tx == nil {
		p.out.Anomaly(dir, name)
		return
	}
	if len(tx.Anomalies[dir]) < anomalyMax {
		tx.Anomalies[dir] = append(tx.Anomalies[dir], name)
	}
}
