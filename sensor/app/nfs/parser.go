package nfs

import (
	"encoding/binary"
	"errors"

	"khien/sensor"
)

var errNotRPC = errors.New("nfs: not a record")

// Protocol describes NFS to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoNFS,
		TCP:   true,
		UDP:   true,
		Ports: []uint16{2049},
		Probe: probe,
		New:   func(f *sensor.Flow, _ any) sensor.Parser { return &parser{datagrams: f.Proto == sensor.IPProtoUDP} },
	}
}

// probe wants a call of the program.
func probe(dir sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	if dir != sensor.ToServer {
		return sensor.No
	}
	if f.Proto != sensor.IPProtoUDP {
		if len(b) < 4 {
			return sensor.More
		}
		if n := binary.BigEndian.Uint32(b); n&(1<<31) == 0 || n&^(1<<31) < 40 || n&^(1<<31) > recordMax {
			return sensor.No
		}
		b = b[4:]
		if len(b) < 20 {
			return sensor.More
		}
	}
	r := xdr{b: b}
	r.u32()
	if r.u32() != 0 || r.u32() != 2 || r.u32() != program || r.bad {
		return sensor.No
	}
	if v := r.u32(); v < 2 || v > 4 || r.bad {
		return sensor.No
	}
	return sensor.Yes
}

// parser reads one flow.
type parser struct {
	datagrams bool
	half      [2]half
	next      uint64
	pending   []*request
	open      []*Tx
	names     map[string][]byte // of handles
	order     []string          // of names, oldest first
	files     map[string]*file
	fileOrder []string
	closed    [2]bool
	out       sensor.Emitter
}

// half is one direction's place in its records.
type half struct {
	skip   int
	file   *transfer
	left   int
	offset uint64
	lost   bool
}

// request is a call without its reply.
type request struct {
	call
	tx     *Tx    // nil for reads and writes
	handle []byte // of a read, or the directory of a lookup
	name   []byte
	offset uint64
	ops    []uint32
}

// Parse reads records.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	p.out = out
	if p.datagrams {
		p.record(dir, b, 0)
		return len(b), nil
	}
	h := &p.half[dir]
	used := 0
	for used < len(b) && !h.lost {
		rest := b[used:]
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
		if len(rest) < 4 {
			return used, nil
		}
		n := int(binary.BigEndian.Uint32(rest) &^ (1 << 31))
		if n > recordMax {
			return used, errNotRPC
		}
		head := min(n, headMax)
		if len(rest) < 4+head {
			return used, nil
		}
		h.skip = n - head
		p.record(dir, rest[4:4+head], n-head)
		used += 4 + head
	}
	if h.lost {
		return len(b), nil
	}
	return used, nil
}

// record reads a record, of which extra bytes follow.
func (p *parser) record(dir sensor.Dir, b []byte, extra int) {
	if dir == sensor.ToServer {
		if c, ok := readCall(b); ok {
			p.call(c, extra)
		}
		return
	}
	xid, results, accepted, ok := readReply(b)
	if !ok {
		return
	}
	for i, r := range p.pending {
		if r.xid == xid {
			p.pending = append(p.pending[:i], p.pending[i+1:]...)
			p.reply(r, results, accepted, extra)
			return
		}
	}
}

func (p *parser) begin(c *call) *Tx {
	tx := &Tx{version: c.version, proc: c.proc, xid: c.xid, cred: c.cred}
	tx.cred.machine = append([]byte{}, c.cred.machine...)
	tx.ID, tx.Proto = p.next, sensor.ProtoNFS
	p.next++
	p.open = append(p.open, tx)
	return tx
}

func (p *parser) finish(tx *Tx) {
	if tx.finished {
		return
	}
	tx.finished = true
	p.open = sensor.Without(p.open, tx)
	sensor.Finish(p.out, tx)
}

// ask remembers a call.
func (p *parser) ask(r *request) {
	if len(p.pending) == pendingMax {
		old := p.pending[0]
		p.pending = append(p.pending[:0], p.pending[1:]...)
		if old.tx != nil {
			p.finish(old.tx)
		}
	}
	r.args = xdr{} // points into the caller's bytes
	r.cred.machine = clone(r.cred.machine)
	p.pending = append(p.pending, r)
	if r.tx != nil {
		r.tx.Done[sensor.ToServer] = sensor.ProgressComplete
		p.out.Tx(r.tx, sensor.ToServer)
	}
}

// learn remembers the name of a handle.
func (p *parser) learn(handle, name []byte) {
	if len(handle) == 0 || len(name) == 0 {
		return
	}
	if p.names == nil {
		p.names = map[string][]byte{}
	}
	k := string(handle)
	if _, ok := p.names[k]; !ok {
		if len(p.order) == handlesMax {
			delete(p.names, p.order[0])
			p.order = p.order[1:]
		}
		p.order = append(p.order, k)
	}
	p.names[k] = name
}

// Gap passes over missing bytes inside a record; elsewhere the direction is lost.
func (p *parser) Gap(dir sensor.Dir, n int, out sensor.Emitter) error {
	p.out = out
	h := &p.half[dir]
	if k := min(h.left, n); k > 0 {
		h.left, h.offset, n = h.left-k, h.offset+uint64(k), n-k
	}
	if k := min(h.skip, n); k > 0 {
		h.skip, n = h.skip-k, n-k
	}
	h.lost = h.lost || n > 0
	return nil
}

// Close ends what is open when both directions are over.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.out = out
	p.closed[dir] = true
	if !p.closed[dir.Reverse()] {
		return
	}
	for _, k := range p.fileOrder {
		if f := p.files[k]; f != nil {
			f.close(p)
		}
	}
	for len(p.open) > 0 {
		p.finish(p.open[0])
	}
}
