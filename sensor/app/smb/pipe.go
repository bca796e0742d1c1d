package smb

import (
	"khien/sensor"
	"khien/sensor/app/dcerpc"
)

// pipeOwner makes the transactions of the calls over a pipe.
type pipeOwner struct {
	p       *parser
	h       *handle
	command uint16
	tree    uint32
	status  uint32
}

// NewCall makes a transaction.
func (o pipeOwner) NewCall() *dcerpc.Call {
	tx := o.p.begin(o.h.version, o.command)
	tx.kind, tx.tree, tx.name = kindRPC, o.tree, o.h.name
	tx.call = new(dcerpc.Call)
	return tx.call
}

// CallChanged tells the pipeline.
func (o pipeOwner) CallChanged(c *dcerpc.Call, dir sensor.Dir) {
	for _, tx := range o.p.open {
		if tx.call != c {
			continue
		}
		for d := range tx.Done {
			if c.Complete[d] {
				tx.Done[d] = sensor.ProgressComplete
			}
		}
		if dir == sensor.ToClient {
			tx.status, tx.answered = o.status, true
		}
		if c.Complete[sensor.ToClient] {
			o.p.finish(tx)
		} else {
			o.p.out.Tx(tx, dir)
		}
		return
	}
}

// pipeBytes reads bytes of a pipe. They may be a part of a PDU or several.
func (h *handle) pipeBytes(p *parser, dir sensor.Dir, data []byte, o pipeOwner) {
	if h.pipeBad[dir] || len(data) == 0 {
		return
	}
	if h.rpc == nil {
		h.rpc = new(dcerpc.Conn)
	}
	buf := append(h.pipeBuf[dir], data[:min(len(data), pipeMax)]...)
	rest := buf
	for len(rest) > 0 {
		n, err := dcerpc.Length(rest)
		if err != nil || n == 0 && len(rest) > pipeMax {
			h.pipeBad[dir] = true
			h.pipeBuf[dir] = nil
			return
		}
		if n == 0 || n > len(rest) {
			break
		}
		h.rpc.PDU(rest[:n], o)
		rest = rest[n:]
	}
	h.pipeBuf[dir] = append(buf[:0], rest...)
}

// looksRPC tells whether bytes of a handle whose opening was not seen begin a PDU.
func looksRPC(b []byte) bool {
	if len(b) < 16 || b[0] != 5 || b[1] != 0 || b[3]&3 == 0 {
		return false
	}
	n, err := dcerpc.Length(b)
	return err == nil && n <= len(b)+pipeMax && b[2] < 20
}
