package content

import (
	"errors"
	"io"
	"iter"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// pulled runs a decoder that reads, in a coroutine: it is resumed with each piece of input and gives way when it wants
// more. That costs some hundred nanoseconds a piece; gzip and deflate, which are nearly everything, do without.
type pulled struct {
	budget
	chain *Chain
	next  Sink
	// The decoders drop output when they meet an error in the same read. Input in blocks of one size makes what they give
	// the same however the body was cut.
	block  [1024]byte
	filled int
	input  []byte
	held   []byte // input kept until the first output, to be passed on if there is none
	over   bool   // no more input, or the decoder has returned
	pass   bool   // not encoded
	step   func() (struct{}, bool)
	stop   func()
	wait   func(struct{}) bool
}

// heldBack bounds the input that is kept until the first output.
const heldBack = 4096

// zstdWindow bounds the window that a zstd stream may ask for: RFC 9659 allows 8 MiB in HTTP.
const zstdWindow = 8 << 20

var errStopped = errors.New("content: stopped")

func newPulled(e Encoding, next Sink, c *Chain) *pulled {
	d := &pulled{chain: c, next: next}
	d.step, d.stop = iter.Pull(func(yield func(struct{}) bool) {
		d.wait = yield
		d.run(e)
	})
	d.step() // runs until the decoder asks for input
	return d
}

// Read is called by the decoder, within the coroutine.
func (d *pulled) Read(p []byte) (int, error) {
	for len(d.input) == 0 {
		if d.over {
			return 0, io.EOF
		}
		if !d.wait(struct{}{}) {
			return 0, errStopped
		}
	}
	n := copy(p, d.input)
	d.input = d.input[n:]
	return n, nil
}

func (d *pulled) run(e Encoding) {
	var r io.Reader
	if e == Brotli {
		r = brotli.NewReader(d)
	} else {
		z, err := zstd.NewReader(d, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdWindow), zstd.IgnoreChecksum(true))
		if err != nil {
			d.chain.status |= Broken
			return
		}
		defer z.Close()
		r = z
	}
	var buf [8 << 10]byte
	for {
		n, err := r.Read(buf[:])
		if n > 0 {
			d.out += uint64(n)
			if d.exceeded() {
				d.chain.status |= Bomb
				return
			}
			d.held = nil
			d.next.Write(buf[:n])
		}
		if err != nil {
			switch {
			case err == io.EOF, err == errStopped, d.out == 0: // the latter is told as Mislabel
			case d.over:
				d.chain.status |= Truncated
			default:
				d.chain.status |= Broken
			}
			return
		}
	}
}

func (d *pulled) Write(p []byte) {
	for len(p) > 0 && !d.pass {
		n := copy(d.block[d.filled:], p)
		p = p[n:]
		if d.filled += n; d.filled == len(d.block) {
			d.feed()
		}
	}
	if len(p) > 0 {
		d.next.Write(p)
	}
}

// feed gives the collected block to the decoder.
func (d *pulled) feed() {
	block := d.block[:d.filled]
	d.filled = 0
	d.in += uint64(len(block))
	if d.over {
		return
	}
	kept := 0
	if d.out == 0 && len(d.held) < heldBack {
		kept = min(len(block), heldBack-len(d.held))
		d.held = append(d.held, block[:kept]...)
	}
	d.input = block
	if _, more := d.step(); !more {
		d.finished()
		if d.pass {
			d.next.Write(block[kept:])
		}
	}
	d.input = nil
}

// finished is called when the decoder has given up or has come to its end.
func (d *pulled) finished() {
	d.over = true
	if d.out == 0 && len(d.held) > 0 {
		d.chain.status |= Mislabel
		d.pass = true
		d.next.Write(d.held)
	}
	d.held = nil
}

func (d *pulled) end() {
	if d.filled > 0 && !d.pass {
		d.feed()
	}
	if d.over {
		return
	}
	d.over = true
	d.step()
	d.finished()
}

func (d *pulled) release(*Pool) { d.stop() }
