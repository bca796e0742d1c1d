package stream

import "khien/sensor"

// half is what one side sends.
type half struct {
	seen   bool   // it has sent a segment that was accepted
	known  bool   // isn, next and base are known
	isn    uint32 // initial sequence number
	next   uint32 // behind the highest sequence number sent
	acked  uint32 // what the other side has acknowledged
	edge   uint32 // highest sequence number that the other side's window allows
	window uint32 // what this side offers to receive, scaled
	scale  uint8
	scaled bool // it sent the window scale option
	fin    bool
	finSeq uint32 // sequence number of the FIN itself
	rst    bool   // it has sent a valid RST
	ts     uint32 // newest timestamp
	hasTS  bool
	tsTime int64 // packet time of ts

	base   uint32 // next sequence number to deliver
	offset uint64 // its place in the stream
	depth  int64  // bytes to deliver; less than 0 means all
	ended  bool

	pieces []piece // held bytes from base on, sorted and disjoint; those before first are gone
	first  int
}

// piece is a run of held bytes of one segment; from and to are where that segment began and ended.
type piece struct {
	seq, end uint32
	from, to uint32
	data     []byte // nil for an urgent byte, which takes a sequence number and is not delivered
	buf      []byte // what the pool gets back
}

// before reports a < b in sequence space (RFC 9293, 3.4).
func before(a, b uint32) bool { return int32(a-b) < 0 }

func maxSeq(a, b uint32) uint32 {
	if before(a, b) {
		return b
	}
	return a
}

func minSeq(a, b uint32) uint32 {
	if before(a, b) {
		return a
	}
	return b
}

func (h *half) start(isn uint32) {
	h.known, h.isn, h.next, h.base, h.acked, h.edge = true, isn, isn+1, isn+1, isn+1, isn+1
	h.offset = 0
}

// deep reports whether the limit on delivered bytes has been reached n bytes behind base.
func (h *half) deep(n uint32) bool { return h.depth >= 0 && h.offset+uint64(n) >= uint64(h.depth) }

// take holds what a segment brings. It reports whether bytes differ from those that were held, and whether bytes were
// lost for want of room.
func (c *Conn) take(h *half, seq uint32, data []byte) (differ, lost bool) {
	if before(seq, h.base) {
		n := h.base - seq
		if uint64(n) >= uint64(len(data)) {
			return false, false
		}
		seq, data = h.base, data[n:]
	}
	if len(data) == 0 || h.deep(seq-h.base) {
		return false, false
	}
	end := seq + uint32(len(data))
	live := h.pieces[h.first:]
	if n := len(live); n == 0 || !before(seq, live[n-1].end) { // in order
		return false, !c.add(h, piece{seq: seq, end: end, from: seq, to: end}, data)
	}
	if len(live) >= maxPieces {
		c.pool.dropped++
		return false, true
	}
	out := c.pool.scratch[:0]
	cur := seq
	fill := func(to uint32) {
		if before(cur, to) {
			if b := c.pool.hold(c, data[cur-seq:to-seq]); b != nil {
				out = append(out, piece{seq: cur, end: to, from: seq, to: end, data: b, buf: b})
			} else {
				lost = true
			}
			cur = to
		}
	}
	for i := range live {
		p := &live[i]
		switch {
		case !before(seq, p.end):
			out = append(out, *p)
		case !before(p.seq, end):
			fill(end)
			out = append(out, *p)
		default:
			lo, hi := maxSeq(p.seq, seq), minSeq(p.end, end)
			if p.data != nil && string(p.data[lo-p.seq:hi-p.seq]) != string(data[lo-seq:hi-seq]) {
				differ = true
			}
			if p.data == nil || c.pool.config.Policy.keepsOld(p.from, p.to, seq, end) {
				fill(minSeq(lo, end))
				out = append(out, *p)
				cur = maxSeq(cur, p.end)
				continue
			}
			var tail []byte
			if before(end, p.end) {
				if tail = c.pool.hold(c, p.data[end-p.seq:]); tail == nil {
					lost = true
				}
			}
			if old := *p; before(p.seq, seq) {
				old.end, old.data = seq, p.data[:seq-p.seq]
				out = append(out, old)
			} else {
				c.drop(p)
				old.buf = nil
			}
			if tail != nil {
				fill(end)
				out = append(out, piece{seq: end, end: p.end, from: p.from, to: p.to, data: tail, buf: tail})
			}
		}
	}
	fill(end)
	c.pool.scratch, h.pieces, h.first = h.pieces[:0], out, 0
	return differ, lost
}

// add appends a piece behind the others.
func (c *Conn) add(h *half, p piece, data []byte) bool {
	if len(h.pieces)-h.first >= maxPieces {
		c.pool.dropped++
		return false
	}
	if data != nil {
		if p.buf = c.pool.hold(c, data); p.buf == nil {
			return false
		}
		p.data = p.buf
	}
	if h.first > 0 && len(h.pieces) == cap(h.pieces) {
		h.pieces = h.pieces[:copy(h.pieces, h.pieces[h.first:])]
		h.first = 0
	}
	h.pieces = append(h.pieces, p)
	return true
}

// drop gives back what a piece holds.
func (c *Conn) drop(p *piece) {
	if n := cap(p.buf); n > 0 {
		c.held -= n + pieceCost
		c.pool.release(p)
	}
}

// deliver gives the sink all that follows in order up to limit. force also steps over what is missing.
func (c *Conn) deliver(dir sensor.Dir, limit uint32, force bool, out Sink) {
	h := &c.half[dir]
	if !h.known {
		return
	}
	for before(h.base, limit) {
		if h.first == len(h.pieces) {
			h.pieces, h.first = h.pieces[:0], 0
			// Everything up to limit was acknowledged. When its sequence numbers were seen, the bytes are lost or beyond the
			// depth; when they were not, the capture may be late.
			if to := minSeq(limit, h.next); before(h.base, to) && (force || !before(h.next, limit)) {
				c.gap(dir, to-h.base, out)
			}
			break
		}
		p := &h.pieces[h.first]
		if before(h.base, p.seq) {
			to := minSeq(p.seq, limit)
			if !force && !before(p.seq, limit) && before(h.next, limit) {
				break
			}
			c.gap(dir, to-h.base, out)
			continue
		}
		n := minSeq(p.end, limit) - h.base
		if p.data == nil {
			h.base += n
		} else {
			at := h.base - p.seq
			data := p.data[at : at+n]
			offset := h.offset
			h.base += n
			h.offset += uint64(n)
			if h.depth >= 0 {
				if offset >= uint64(h.depth) {
					data = nil
				} else if left := uint64(h.depth) - offset; left < uint64(len(data)) {
					data = data[:left]
				}
			}
			if len(data) > 0 {
				out.Bytes(dir, data, offset)
			}
		}
		if p = &h.pieces[h.first]; h.base == p.end {
			c.drop(p)
			h.first++
		}
	}
	if h.fin && h.base == h.finSeq && !h.ended {
		h.ended = true
		out.End(dir)
	}
}

// gap steps over n bytes that are missing.
func (c *Conn) gap(dir sensor.Dir, n uint32, out Sink) {
	h := &c.half[dir]
	offset := h.offset
	beyond := h.deep(0)
	h.base += n
	h.offset += uint64(n)
	if beyond {
		return
	}
	c.gapped = true
	out.Gap(dir, int(n), offset)
}
