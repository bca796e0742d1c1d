// Package content undoes content encodings: gzip, deflate, br, zstd, one or several on top of each other. Encoded bytes
// are pushed in as they arrive, decoded bytes come out at once; nothing is kept but the decoders' windows.
//
// It is as lenient as browsers are and then some, since what a browser shows and a monitor does not is a hiding place:
// checksums are not looked at, a stream that is cut off gives what it held, a body that is not encoded although its
// header says so is passed on as it is, and one that is encoded in another of the known ways is recognised by its
// first bytes.
package content

import "sync"

// Sink takes decoded bytes. They are valid until Write returns.
type Sink interface {
	Write(p []byte)
}

// Encoding is a way to encode content.
type Encoding uint8

// The encodings, by their names in RFC 9110, 8.4.1, RFC 7932 and RFC 8878.
const (
	Identity Encoding = iota
	Gzip
	Deflate
	Brotli
	Zstd
	Unknown
)

// Limits of decoding.
const (
	MaxLayers = 3       // encodings on top of each other; more are left undecoded
	bombSize  = 1 << 20 // a layer that has given more than this ...
	bombRatio = 2048    // ... and so many times its input, is a bomb: the rest is dropped
)

// Status says what was wrong with a body. Several may hold.
type Status uint8

// What can be wrong.
const (
	Broken    Status = 1 << iota // a stream is malformed; what came before is given
	Bomb                         // a stream gives too much for its size
	Mislabel                     // the content is not encoded as announced
	TooMany                      // more layers than MaxLayers
	BadName                      // an encoding that nobody knows was announced
	Truncated                    // the stream ended before its end mark
)

// ByName finds an encoding by its name in a header, in any case, with what senders put around and into it: blanks,
// control characters, quotes, "x-" in front.
func ByName(name []byte) Encoding {
	var buf [16]byte
	b := buf[:0]
	for _, c := range name {
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c >= 'a' && c <= 'z', c == '-', c == '_':
		default:
			continue
		}
		if len(b) == cap(b) {
			return Unknown
		}
		b = append(b, c)
	}
	if len(b) > 2 && b[0] == 'x' && (b[1] == '-' || b[1] == '_') {
		b = b[2:]
	}
	switch string(b) {
	case "", "identity", "none", "chunked":
		return Identity
	case "gzip", "xgzip":
		return Gzip
	case "deflate", "zlib", "xdeflate":
		return Deflate
	case "br", "brotli":
		return Brotli
	case "zstd":
		return Zstd
	}
	return Unknown
}

// Pool keeps decoders that are not in use. The zero value is ready; it is safe for concurrent use.
type Pool struct{ flate, chain sync.Pool }

// Chain decodes one body. Get it from a Pool.
type Chain struct {
	pool   *Pool
	layers [MaxLayers]layer
	used   int
	first  Sink
	status Status
}

// layer is one encoding of a chain.
type layer interface {
	Sink
	// end tells that no more input comes: what is held back is written.
	end()
	// release gives back what the layer uses.
	release(p *Pool)
}

// Chain returns a chain that undoes encodings, given in the order in which the sender applied them, and writes to out.
// Nil means that there is nothing to undo.
func (p *Pool) Chain(encodings []Encoding, out Sink) *Chain {
	var c *Chain
	for _, e := range encodings {
		if e == Identity || e == Unknown {
			continue
		}
		if c == nil {
			c, _ = p.chain.Get().(*Chain)
			if c == nil {
				c = &Chain{}
			}
			*c = Chain{pool: p, first: out}
		}
		if c.used == MaxLayers {
			c.status |= TooMany
			break
		}
		l := c.layer(e, c.first)
		c.layers[c.used] = l
		c.used++
		c.first = l
	}
	return c
}

func (c *Chain) layer(e Encoding, next Sink) layer {
	if e == Gzip || e == Deflate {
		f, _ := c.pool.flate.Get().(*flate)
		if f == nil {
			f = &flate{}
		}
		f.reset(e, next, c)
		return f
	}
	return newPulled(e, next, c)
}

// Write decodes more input.
func (c *Chain) Write(p []byte) { c.first.Write(p) }

// Status returns what was wrong so far.
func (c *Chain) Status() Status { return c.status }

// Close tells that the input is over, writes what was held back and gives the chain back to its pool.
func (c *Chain) Close() Status {
	// The first to get input is the last of the list; ends run in the way of the data.
	for i := c.used - 1; i >= 0; i-- {
		c.layers[i].end()
	}
	for i := range c.layers[:c.used] {
		c.layers[i].release(c.pool)
	}
	status, pool := c.status, c.pool
	*c = Chain{}
	pool.chain.Put(c)
	return status
}

// budget tells bombs: decoders count in and out.
type budget struct{ in, out uint64 }

func (b *budget) exceeded() bool { return b.out > bombSize && b.out > b.in*bombRatio }
