// Package pieces puts the content of a file that comes in pieces with offsets into order, as SMB and NFS read and write
// it. In go pieces of the caller's, out go the bytes of a sensor.File, each once and in order, and its gaps. What has to
// wait for its turn is copied.
package pieces

import "khien/sensor"

// Limits of what waits for its turn. Beyond them the missing bytes are given up.
const (
	Max   = 64      // pieces
	Bytes = 1 << 20 // bytes of them
)

// Content is the content of a file that goes in one direction.
type Content struct {
	File *sensor.File
	Next uint64 // offset of the byte that is expected
	Gaps bool   // bytes are missing

	waiting []piece
	held    int // bytes of waiting
}

type piece struct {
	offset uint64
	data   []byte
}

// Write adds bytes at an offset; of bytes that came twice the first count. It reports whether the file grew.
func (c *Content) Write(out sensor.Emitter, offset uint64, data []byte) (grew bool) {
	if end := offset + uint64(len(data)); end <= c.Next || end < offset {
		return false
	}
	if offset < c.Next {
		offset, data = c.Next, data[c.Next-offset:]
	}
	if offset > c.Next {
		return c.hold(out, offset, data)
	}
	c.put(out, data)
	c.drain(out)
	return true
}

// Close gives out what waits and ends the file.
func (c *Content) Close(out sensor.Emitter) {
	for len(c.waiting) > 0 {
		c.skipTo(out, c.waiting[c.first()].offset)
	}
	out.CloseFile(c.File, !c.Gaps)
}

func (c *Content) put(out sensor.Emitter, data []byte) {
	out.WriteFile(c.File, data)
	c.Next += uint64(len(data))
}

// hold keeps a piece until its turn.
func (c *Content) hold(out sensor.Emitter, offset uint64, data []byte) (grew bool) {
	for len(c.waiting) > 0 && (len(c.waiting) >= Max || c.held+len(data) > Bytes) {
		c.skipTo(out, c.waiting[c.first()].offset)
		grew = true
		if offset <= c.Next {
			return c.Write(out, offset, data) || grew
		}
	}
	if len(data) > Bytes {
		c.skipTo(out, offset)
		c.put(out, data)
		return true
	}
	c.waiting = append(c.waiting, piece{offset, append([]byte(nil), data...)})
	c.held += len(data)
	return grew
}

// first returns the index of the waiting piece with the lowest offset.
func (c *Content) first() int {
	k := 0
	for i, p := range c.waiting {
		if p.offset < c.waiting[k].offset {
			k = i
		}
	}
	return k
}

// drain writes the pieces whose turn has come.
func (c *Content) drain(out sensor.Emitter) {
	for len(c.waiting) > 0 {
		k := c.first()
		p := c.waiting[k]
		if p.offset > c.Next {
			return
		}
		c.waiting = append(c.waiting[:k], c.waiting[k+1:]...)
		c.held -= len(p.data)
		if end := p.offset + uint64(len(p.data)); end > c.Next {
			c.put(out, p.data[c.Next-p.offset:])
		}
	}
}

// skipTo gives up the bytes before an offset.
func (c *Content) skipTo(out sensor.Emitter, offset uint64) {
	if offset > c.Next {
		out.GapFile(c.File, int(min(offset-c.Next, 1<<30)))
		c.Next, c.Gaps = offset, true
	}
	c.drain(out)
}
