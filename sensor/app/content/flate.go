package content

// probation is how many bytes of a body that was called deflate, and begins as none of the formats, are decoded before
// it is believed.
const probation = 512

type flateState uint8

const (
	flSniff flateState = iota // the first bytes tell the format
	flGzip                    // reading a gzip header
	flTrial                   // raw deflate on probation
	flBody
	flTrailer
	flPass // not encoded
	flDrop // over, or broken
)

// flate undoes gzip (RFC 1952), zlib (RFC 1950) and raw deflate (RFC 1951), whichever it meets.
type flate struct {
	budget
	chain   *Chain
	next    Sink
	named   Encoding
	state   flateState
	gzip    gzipHeader
	trailer int  // bytes of the trailer still to skip
	member  bool // the stream is gzip, so another member may follow
	sniff   []byte
	trial   []byte
	z       Inflater
}

func (f *flate) reset(named Encoding, next Sink, c *Chain) {
	f.budget = budget{}
	f.chain, f.next, f.named, f.state = c, next, named, flSniff
	f.trailer, f.member = 0, false
	f.sniff, f.trial = f.sniff[:0], f.trial[:0]
	f.z.Reset()
}

func (f *flate) release(p *Pool) {
	f.chain, f.next = nil, nil
	p.flate.Put(f)
}

// inflated takes what the inflater gives, so that bombs are noticed before they are passed on.
type inflated flate

func (i *inflated) Write(p []byte) {
	f := (*flate)(i)
	f.out += uint64(len(p))
	if f.state == flTrial {
		f.trial = append(f.trial, p...)
		return
	}
	if f.exceeded() {
		f.chain.status |= Bomb
		f.state = flDrop
	}
	if f.state != flDrop {
		f.next.Write(p)
	}
}

func (f *flate) Write(p []byte) {
	f.in += uint64(len(p))
	for len(p) > 0 {
		switch f.state {
		case flSniff:
			p = f.begin(p)
		case flGzip:
			n, done := f.gzip.skip(p)
			p = p[n:]
			if done {
				f.state = flBody
			}
		case flTrial:
			n := f.try(p)
			p = p[n:]
		case flBody:
			n := f.z.Write(p, (*inflated)(f))
			p = p[n:]
			switch {
			case f.z.Failed():
				f.chain.status |= Broken
				f.state = flDrop
			case f.z.Done() && f.state == flBody:
				f.state = flTrailer
			}
		case flTrailer:
			n := min(f.trailer, len(p))
			p, f.trailer = p[n:], f.trailer-n
			if f.trailer > 0 {
				return
			}
			if !f.member || len(p) == 0 {
				if len(p) > 0 {
					f.state = flDrop
				}
				return
			}
			if p[0] != 0x1f {
				f.state = flDrop
				return
			}
			f.gzip = gzipHeader{}
			f.trailer = 8
			f.z.Reset()
			f.state = flGzip
		case flPass:
			f.out += uint64(len(p))
			f.next.Write(p)
			return
		default:
			return
		}
	}
}

// begin looks at the first two bytes.
func (f *flate) begin(p []byte) []byte {
	for len(f.sniff) < 2 && len(p) > 0 {
		f.sniff = append(f.sniff, p[0])
		p = p[1:]
	}
	if len(f.sniff) < 2 {
		return p
	}
	a, b := f.sniff[0], f.sniff[1]
	switch {
	case a == 0x1f && b == 0x8b:
		if f.named != Gzip {
			f.chain.status |= Mislabel
		}
		f.gzip = gzipHeader{at: 2}
		f.member, f.trailer, f.state = true, 8, flGzip
	case a&15 == 8 && a>>4 <= 7 && (int(a)<<8|int(b))%31 == 0 && b&0x20 == 0:
		if f.named != Deflate {
			f.chain.status |= Mislabel
		}
		f.trailer, f.state = 4, flBody
	case f.named == Deflate:
		f.state = flTrial
		held := [2]byte{a, b}
		f.sniff = f.sniff[:0]
		f.try(held[:])
	default:
		f.chain.status |= Mislabel
		f.state = flPass
		f.out += 2
		f.next.Write(f.sniff)
	}
	return p
}

// try decodes on probation: when the bytes turn out not to be deflate, they are passed on as they are. It uses all of p
// that belongs to the trial.
func (f *flate) try(p []byte) int {
	n := min(len(p), probation-len(f.sniff))
	f.sniff = append(f.sniff, p[:n]...)
	f.z.Write(p[:n], (*inflated)(f))
	switch {
	case f.z.Failed():
		f.chain.status |= Mislabel
		f.state = flPass
		f.out = uint64(len(f.sniff))
		f.next.Write(f.sniff)
	case f.z.Done():
		f.state = flDrop
		f.next.Write(f.trial)
	case len(f.sniff) == probation:
		f.state = flBody
		f.next.Write(f.trial)
	}
	return n
}

func (f *flate) end() {
	switch f.state {
	case flSniff:
		f.next.Write(f.sniff)
	case flTrial:
		f.next.Write(f.trial)
		f.chain.status |= Truncated
	case flGzip, flBody:
		f.chain.status |= Truncated
	}
}

// gzipHeader skips the header of a gzip member (RFC 1952, 2.3) byte by byte; reserved flags are ignored.
type gzipHeader struct {
	at    int
	flags byte
	part  uint8 // 0 fixed, 1 extra, 2 name, 3 comment, 4 checksum
	extra int
	got   int
}

// Flags of RFC 1952, 2.3.1.
const (
	gzChecksum = 1 << 1
	gzExtra    = 1 << 2
	gzName     = 1 << 3
	gzComment  = 1 << 4
)

func (h *gzipHeader) skip(p []byte) (n int, done bool) {
	for {
		switch {
		case h.part == 0 && h.at == 10:
			h.part = 1
		case h.part == 1 && (h.flags&gzExtra == 0 || h.got >= 2 && h.got == h.extra+2),
			h.part == 2 && h.flags&gzName == 0,
			h.part == 3 && h.flags&gzComment == 0:
			h.part++
			h.got = 0
		case h.part == 4 && (h.flags&gzChecksum == 0 || h.got == 2):
			return n, true
		default:
			if n == len(p) {
				return n, false
			}
			c := p[n]
			n++
			h.feed(c)
		}
	}
}

func (h *gzipHeader) feed(c byte) {
	switch h.part {
	case 0:
		if h.at == 3 {
			h.flags = c
		}
		h.at++
	case 1:
		if h.got < 2 {
			h.extra |= int(c) << (8 * h.got)
		}
		h.got++
	case 2, 3:
		if c == 0 {
			h.part++
			h.got = 0
		}
	case 4:
		h.got++
	}
}
