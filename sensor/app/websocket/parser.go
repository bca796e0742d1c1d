package websocket

import (
	"encoding/binary"

	"khien/sensor"
)

// Protocol describes WebSocket to the pipeline. It is never recognised by content: HTTP upgrades to it.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoWebSocket,
		TCP:   true,
		New:   func(*sensor.Flow, any) sensor.Parser { return new(parser) },
	}
}

// parser reads one connection.
type parser struct {
	half [2]half
	next uint64
}

// half is one direction.
type half struct {
	tx      *Tx // frame that is read
	left    uint64
	at      int // place in the mask
	message []byte
	pieces  bool // a message is open
	first   byte // first byte of its first frame
	cut     bool // message has lost bytes to the limit
	file    *sensor.File
	window  []byte // last bytes decompressed, which later messages refer to
	lost    bool   // frames cannot be found any more
}

// Parse reads frames.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	h := &p.half[dir]
	if h.lost {
		return len(b), nil
	}
	used := 0
	for used < len(b) || h.tx != nil && h.left == 0 {
		if h.tx == nil {
			n := p.header(h, dir, b[used:], out)
			if n == 0 {
				break
			}
			used += n
			continue
		}
		n := len(b) - used
		if uint64(n) > h.left {
			n = int(h.left)
		}
		h.payload(b[used:used+n], out)
		used += n
		h.left -= uint64(n)
		if h.left == 0 {
			p.frame(h, dir, out)
		}
	}
	return used, nil
}

// header reads the header of a frame and returns its length, 0 when it is not complete (RFC 6455, 5.2).
func (p *parser) header(h *half, dir sensor.Dir, b []byte, out sensor.Emitter) int {
	if len(b) < 2 {
		return 0
	}
	n, size := 2, uint64(b[1]&0x7f)
	switch size {
	case 126:
		if n = 4; len(b) >= n {
			size = uint64(binary.BigEndian.Uint16(b[2:]))
		}
	case 127:
		if n = 10; len(b) >= n {
			size = binary.BigEndian.Uint64(b[2:])
		}
	}
	masked := b[1]&0x80 != 0
	if masked {
		n += 4
	}
	if len(b) < n {
		return 0
	}
	tx := &Tx{dir: dir, first: b[0], masked: masked, size: size}
	if masked {
		tx.mask = [4]byte(b[n-4 : n])
	}
	whole := -1 // of a length that nobody sends, the end does not matter
	if size < 1<<40 {
		whole = int(size)
		out.Frame(sensor.FrameWebSocketData, dir, b[n:], whole)
		whole += n
	}
	out.Frame(sensor.FrameWebSocketPDU, dir, b, whole)
	out.Frame(sensor.FrameWebSocketHeader, dir, b, n)
	h.tx, h.left, h.at = tx, size, 0
	if tx.control() {
		return n
	}
	if tx.opcode() != opContinuation || !h.pieces {
		h.endFile(out, false) // a message that was never finished
		h.message, h.pieces, h.cut, h.first = h.message[:0], true, false, tx.first
	}
	if h.file == nil && h.first&0x0f == opBinary && h.first&flagCompressed == 0 && size >= fileMin {
		h.file = out.OpenFile(tx, dir, nil)
		if len(h.message) > 0 {
			out.WriteFile(h.file, h.message)
		}
	}
	return n
}

// payload reads a piece of a frame's payload.
func (h *half) payload(b []byte, out sensor.Emitter) {
	tx := h.tx
	var piece [1024]byte
	for len(b) > 0 {
		n := copy(piece[:], b)
		b = b[n:]
		if tx.masked {
			for i := range n {
				piece[i] ^= tx.mask[(h.at+i)&3]
			}
		}
		h.at += n
		if tx.control() {
			tx.payload = append(tx.payload, piece[:min(n, max(controlMax-len(tx.payload), 0))]...)
			continue
		}
		if h.file != nil {
			out.WriteFile(h.file, piece[:n])
		}
		kept := min(n, payloadMax-len(h.message))
		h.message = append(h.message, piece[:kept]...)
		if kept < n && !h.cut {
			h.cut = true
			name := SkipEndOfPayload
			if uint64(len(h.message)) != tx.size {
				name = ReassemblyLimit
			}
			tx.Anomalies[tx.dir] = append(tx.Anomalies[tx.dir], name)
		}
	}
}

// frame ends a frame.
func (p *parser) frame(h *half, dir sensor.Dir, out sensor.Emitter) {
	tx := h.tx
	h.tx = nil
	if !tx.control() && tx.first&flagFinal != 0 && h.pieces {
		h.pieces = false
		if h.first&flagCompressed != 0 {
			data, ok := h.inflate()
			tx.payload = data
			if !ok {
				tx.Anomalies[dir] = append(tx.Anomalies[dir], DecompressionError)
			}
			if h.first&0x0f == opBinary && len(data) >= fileMin {
				h.file = out.OpenFile(tx, dir, nil)
				out.WriteFile(h.file, data)
			}
		} else {
			tx.payload = append([]byte(nil), h.message...)
		}
		h.endFile(out, true)
	}
	tx.ID, tx.Proto = p.next, sensor.ProtoWebSocket
	p.next++
	tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	tx.complete = true
	out.Tx(tx, dir)
	out.Done(tx)
}

func (h *half) endFile(out sensor.Emitter, complete bool) {
	if h.file != nil {
		out.CloseFile(h.file, complete)
		h.file = nil
	}
}

// Gap passes over missing payload; where a header is missing, the direction is lost.
func (p *parser) Gap(dir sensor.Dir, n int, out sensor.Emitter) error {
	h := &p.half[dir]
	if h.tx == nil || uint64(n) > h.left {
		h.lost = true
		h.endFile(out, false)
		return nil
	}
	if h.file != nil {
		out.GapFile(h.file, n)
	}
	h.left -= uint64(n)
	h.at += n
	return nil
}

// Close ends a file that is open.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) { p.half[dir].endFile(out, false) }
