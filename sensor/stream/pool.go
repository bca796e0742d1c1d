package stream

import (
	"math/bits"

	"khien/sensor"
)

// Defaults and limits.
const (
	DefaultDepth  = 1 << 20
	DefaultMemCap = 256 << 20
	maxHeld       = 8 << 20 // bytes that one connection may hold
	maxPieces     = 8192    // segments that one direction may hold
	maxSynAcks    = 5       // different answers to a SYN that are remembered
	maxFree       = 4096    // connections that are kept for reuse; of buffers it is an eighth of MemCap
	pieceCost     = 64      // what a held segment costs beside its bytes
)

// Config sets what streams depend on. The zero value is the default.
type Config struct {
	// Midstream follows connections whose handshake was not captured.
	Midstream bool
	// OneSided follows connections of which one direction was not captured: their bytes are delivered at once.
	OneSided bool
	// Depth is how many bytes of a direction are delivered; 0 means DefaultDepth, less than 0 no limit.
	Depth int64
	// MemCap is how many bytes all connections of the pool may hold; 0 means DefaultMemCap. What finds no room is lost
	// and told as a gap.
	MemCap int
	// Policy decides which bytes count where segments overlap.
	Policy Policy
	// UrgentInline delivers urgent bytes with the others. Hosts take them out unless a program asks otherwise.
	UrgentInline bool
}

// Pool makes connections and holds their memory. It belongs to one worker and is not safe for concurrent use.
type Pool struct {
	config  Config
	held    int // bytes of buffers that hold data
	spare   int // bytes of buffers that wait for data
	free    []*Conn
	buffers [17][][]byte // by log2 of their size
	scratch []piece
	dropped uint64
}

// NewPool returns a pool.
func NewPool(c Config) *Pool {
	if c.Depth == 0 {
		c.Depth = DefaultDepth
	}
	if c.MemCap <= 0 {
		c.MemCap = DefaultMemCap
	}
	return &Pool{config: c}
}

// Get returns a connection that has seen nothing.
func (p *Pool) Get() *Conn {
	var c *Conn
	if n := len(p.free); n > 0 {
		c, p.free = p.free[n-1], p.free[:n-1]
	} else {
		c = &Conn{}
	}
	c.pool = p
	for d := range c.half {
		c.half[d].depth = p.config.Depth
	}
	return c
}

// Put takes a connection back. It must not be used any more.
func (p *Pool) Put(c *Conn) {
	var keep [2][]piece
	for d := range c.half {
		h := &c.half[d]
		for i := range h.pieces {
			p.release(&h.pieces[i])
		}
		if cap(h.pieces) <= 64 {
			keep[d] = h.pieces[:0]
		}
	}
	*c = Conn{}
	c.half[0].pieces, c.half[1].pieces = keep[0], keep[1]
	if len(p.free) < maxFree {
		p.free = append(p.free, c)
	}
}

// Held returns how many bytes of memory hold data that wait for delivery.
func (p *Pool) Held() int { return p.held }

// Dropped returns how many segments were lost because there was no room to hold them.
func (p *Pool) Dropped() uint64 { return p.dropped }

// smallest is the log2 of the smallest buffer.
const smallest = 7

// hold copies data into a buffer, or returns nil when there is no room.
func (p *Pool) hold(c *Conn, data []byte) []byte {
	class := smallest
	if len(data) > 1<<smallest {
		class = bits.Len(uint(len(data) - 1))
	}
	size := 1 << class
	if class >= len(p.buffers) || p.held+size+pieceCost > p.config.MemCap || c.held+size+pieceCost > maxHeld {
		p.dropped++
		return nil
	}
	p.held += size + pieceCost
	c.held += size + pieceCost
	var b []byte
	if n := len(p.buffers[class]); n > 0 {
		b, p.buffers[class] = p.buffers[class][n-1], p.buffers[class][:n-1]
		p.spare -= size
	} else {
		b = make([]byte, size)
	}
	return b[:copy(b[:size], data)]
}

// release gives back the buffer of a piece.
func (p *Pool) release(x *piece) {
	size := cap(x.buf)
	if size == 0 {
		return
	}
	p.held -= size + pieceCost
	if class := bits.Len(uint(size - 1)); p.spare+size <= p.config.MemCap/8 {
		p.spare += size
		p.buffers[class] = append(p.buffers[class], x.buf[:size])
	}
	x.buf, x.data = nil, nil
}

// Sink takes the bytes of a connection.
type Sink interface {
	// Bytes takes the next bytes of a direction; offset counts the bytes of the direction from 0, gaps included. data is
	// valid until Bytes returns.
	Bytes(dir sensor.Dir, data []byte, offset uint64)
	// Gap tells that n bytes at offset were not captured.
	Gap(dir sensor.Dir, n int, offset uint64)
	// End tells that a direction is over: all bytes up to its FIN have been delivered, or the flow has ended.
	End(dir sensor.Dir)
}
