package content

import (
	"encoding/binary"
	"math/bits"
)

// RFC 1951 fixes these numbers.
const (
	windowSize = 32 << 10
	maxBits    = 15
	maxLitLen  = 288
	maxDist    = 32
	fastBits   = 9
)

var lengthBase = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
	227, 258}
var lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
var distBase = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
	6145, 8193, 12289, 16385, 24577}
var distExtra = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
var codeOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// huffman is a canonical code. fast answers for the first fastBits bits: symbol<<4 | length; 0 means longer or none.
type huffman struct {
	fast   [1 << fastBits]uint16
	count  [maxBits + 1]uint16
	symbol [maxLitLen]uint16
}

// build makes the code of the given lengths. It fails when the lengths promise more codes than there are; fewer are
// accepted, since a decoder only notices when it meets a code that is missing.
func (h *huffman) build(lengths []uint8) bool {
	h.count = [maxBits + 1]uint16{}
	for _, n := range lengths {
		h.count[n]++
	}
	h.count[0] = 0
	left := 1
	for n := 1; n <= maxBits; n++ {
		left = left<<1 - int(h.count[n])
		if left < 0 {
			return false
		}
	}
	var offset, code [maxBits + 2]uint16
	for n := 1; n <= maxBits; n++ {
		offset[n+1] = offset[n] + h.count[n]
		code[n+1] = (code[n] + h.count[n]) << 1
	}
	h.fast = [1 << fastBits]uint16{}
	for s, n := range lengths {
		if n == 0 {
			continue
		}
		h.symbol[offset[n]] = uint16(s)
		offset[n]++
		c := code[n]
		code[n]++
		if n <= fastBits {
			r := int(bits.Reverse16(c) >> (16 - n))
			for ; r < 1<<fastBits; r += 1 << n {
				h.fast[r] = uint16(s)<<4 | uint16(n)
			}
		}
	}
	return true
}

// states of the inflater: what it waits for.
type inflateState uint8

const (
	inBlock inflateState = iota
	inStoredLen
	inStored
	inCounts
	inCodeLengths
	inLengths
	inSymbol
	inEnd
	inFailed
)

// Inflater decodes a raw deflate stream (RFC 1951) that is pushed into it in pieces. It hands out what it has decoded
// at the end of each piece, so that a stream that stops in the middle or goes wrong gives all that it held before.
// The zero value is ready. It never allocates.
type Inflater struct {
	hold  uint64
	nhold uint
	state inflateState
	final bool

	litlen, dist huffman
	lengths      [maxLitLen + maxDist]uint8
	nlit, ndist  int
	ncode, have  int

	length  int    // left of a stored block
	written uint64 // bytes decoded so far

	pos, flushed int
	window       [windowSize]byte
}

// Reset prepares for a new stream.
func (z *Inflater) Reset() {
	z.hold, z.nhold, z.state, z.final = 0, 0, inBlock, false
	z.written, z.pos, z.flushed = 0, 0, 0
}

// Done reports whether the last block has ended; Failed that the stream is broken.
func (z *Inflater) Done() bool   { return z.state == inEnd }
func (z *Inflater) Failed() bool { return z.state == inFailed }

// Write decodes p and calls out with what came of it, each time with bytes that are valid until out returns. It returns
// how many bytes it used: fewer than len(p) when the stream has ended or failed in p.
func (z *Inflater) Write(p []byte, out Sink) int {
	i := 0
	for z.state < inEnd {
		if n := (64 - z.nhold) / 8; n > 0 && len(p)-i >= 8 {
			z.hold |= binary.LittleEndian.Uint64(p[i:]) << z.nhold
			if rest := z.nhold + 8*n; rest < 64 {
				z.hold &= 1<<rest - 1
			}
			z.nhold += 8 * n
			i += int(n)
		}
		for z.nhold <= 56 && i < len(p) {
			z.hold |= uint64(p[i]) << z.nhold
			z.nhold += 8
			i++
		}
		if z.state == inSymbol {
			if z.symbols(out) {
				continue
			}
		} else if z.step(out) {
			continue
		}
		if i >= len(p) {
			break
		}
	}
	z.flush(out)
	if z.state == inEnd {
		// Whole bytes that were read ahead belong to what follows. More than p gave cannot have been: the state would have
		// ended in an earlier piece.
		back := int(z.nhold / 8)
		i -= min(back, i)
		z.hold, z.nhold = 0, 0
	}
	return i
}

func (z *Inflater) flush(out Sink) {
	if z.pos > z.flushed {
		z.written += uint64(z.pos - z.flushed)
		out.Write(z.window[z.flushed:z.pos])
	}
	z.flushed = z.pos
	if z.pos == windowSize {
		z.pos, z.flushed = 0, 0
	}
}

func (z *Inflater) take(n uint) uint {
	v := uint(z.hold & (1<<n - 1))
	z.hold >>= n
	z.nhold -= n
	return v
}

// step does one thing of those that happen rarely; false means that it needs more bits.
func (z *Inflater) step(out Sink) bool {
	switch z.state {
	case inBlock:
		if z.final {
			z.state = inEnd
			return true
		}
		if z.nhold < 3 {
			return false
		}
		z.final = z.take(1) == 1
		switch z.take(2) {
		case 0:
			z.take(z.nhold % 8)
			z.state = inStoredLen
		case 1:
			z.fixed()
			z.state = inSymbol
		case 2:
			z.state = inCounts
		default:
			z.state = inFailed
		}
	case inStoredLen:
		if z.nhold < 32 {
			return false
		}
		n, inverse := z.take(16), z.take(16)
		if n != ^inverse&0xffff {
			z.state = inFailed
			return true
		}
		z.length = int(n)
		z.state = inStored
	case inStored:
		for z.length > 0 {
			if z.nhold < 8 {
				return false
			}
			z.put(byte(z.take(8)), out)
			z.length--
		}
		z.state = inBlock
	case inCounts:
		if z.nhold < 14 {
			return false
		}
		z.nlit, z.ndist, z.ncode = int(z.take(5))+257, int(z.take(5))+1, int(z.take(4))+4
		if z.nlit > 286 {
			z.state = inFailed
			return true
		}
		z.have = 0
		z.lengths = [maxLitLen + maxDist]uint8{}
		z.state = inCodeLengths
	case inCodeLengths:
		for z.have < z.ncode {
			if z.nhold < 3 {
				return false
			}
			z.lengths[codeOrder[z.have]] = uint8(z.take(3))
			z.have++
		}
		if !z.litlen.build(z.lengths[:19]) {
			z.state = inFailed
			return true
		}
		z.lengths = [maxLitLen + maxDist]uint8{}
		z.have = 0
		z.state = inLengths
	case inLengths:
		return z.readLengths()
	}
	return true
}

// readLengths reads the code lengths of a dynamic block (RFC 1951, 3.2.7).
func (z *Inflater) readLengths() bool {
	for z.have < z.nlit+z.ndist {
		s, n, ok := z.litlen.peek(z.hold, z.nhold)
		if !ok {
			if n > 0 {
				z.state = inFailed
				return true
			}
			return false
		}
		if s < 16 {
			z.take(n)
			z.lengths[z.have] = uint8(s)
			z.have++
			continue
		}
		extra := [3]uint{2, 3, 7}[s-16]
		if z.nhold < n+extra {
			return false
		}
		z.take(n)
		repeat := [3]int{3, 3, 11}[s-16] + int(z.take(extra))
		var value uint8
		if s == 16 {
			if z.have == 0 {
				z.state = inFailed
				return true
			}
			value = z.lengths[z.have-1]
		}
		if z.have+repeat > z.nlit+z.ndist {
			z.state = inFailed
			return true
		}
		for ; repeat > 0; repeat-- {
			z.lengths[z.have] = value
			z.have++
		}
	}
	if z.lengths[256] == 0 || !z.litlen.build(z.lengths[:z.nlit]) || !z.dist.build(z.lengths[z.nlit:z.nlit+z.ndist]) {
		z.state = inFailed
		return true
	}
	z.state = inSymbol
	return true
}

func (z *Inflater) fixed() {
	for i := range z.lengths[:288] {
		switch {
		case i < 144:
			z.lengths[i] = 8
		case i < 256:
			z.lengths[i] = 9
		case i < 280:
			z.lengths[i] = 7
		default:
			z.lengths[i] = 8
		}
	}
	z.litlen.build(z.lengths[:288])
	for i := range 30 {
		z.lengths[i] = 5
	}
	z.dist.build(z.lengths[:30])
}

// peek finds the symbol at the front of hold and the length of its code. When there is none, n is 0 if more bits may
// tell and 1 if the bits are no code at all.
func (h *huffman) peek(hold uint64, nhold uint) (symbol int, n uint, ok bool) {
	if e := h.fast[hold&(1<<fastBits-1)]; e != 0 {
		if n = uint(e & 15); n <= nhold {
			return int(e >> 4), n, true
		}
		return 0, 0, false
	}
	code, first, index := 0, 0, 0
	for n = 1; n <= maxBits; n++ {
		if n > nhold {
			return 0, 0, false
		}
		code |= int(hold >> (n - 1) & 1)
		count := int(h.count[n])
		if code-count < first {
			return int(h.symbol[index+code-first]), n, true
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, 1, false
}

// symbols decodes literals and copies; false means that it needs more bits. A length and its distance are taken together:
// they have at most 15+5+15+13 bits, and hold has room for 64.
func (z *Inflater) symbols(out Sink) bool {
	for {
		s, n, ok := z.litlen.peek(z.hold, z.nhold)
		if !ok {
			if n > 0 {
				z.state = inFailed
				return true
			}
			return false
		}
		if s < 256 {
			z.take(n)
			z.put(byte(s), out)
			continue
		}
		if s == 256 {
			z.take(n)
			z.state = inBlock
			return true
		}
		s -= 257
		if s >= len(lengthBase) {
			z.state = inFailed
			return true
		}
		used := n + uint(lengthExtra[s])
		if z.nhold < used {
			return false
		}
		length := int(lengthBase[s]) + int(z.hold>>n&(1<<lengthExtra[s]-1))
		d, dn, ok := z.dist.peek(z.hold>>used, z.nhold-used)
		if !ok {
			if dn > 0 {
				z.state = inFailed
				return true
			}
			return false
		}
		if d >= len(distBase) {
			z.state = inFailed
			return true
		}
		used += dn
		if z.nhold < used+uint(distExtra[d]) {
			return false
		}
		distance := int(distBase[d]) + int(z.hold>>used&(1<<distExtra[d]-1))
		z.hold >>= used + uint(distExtra[d])
		z.nhold -= used + uint(distExtra[d])
		if !z.copyBack(length, distance, out) {
			z.state = inFailed
			return true
		}
	}
}

func (z *Inflater) put(c byte, out Sink) {
	z.window[z.pos] = c
	z.pos++
	if z.pos == windowSize {
		z.flush(out)
	}
}

func (z *Inflater) copyBack(length, distance int, out Sink) bool {
	if uint64(distance) > z.written+uint64(z.pos-z.flushed) {
		return false // before the beginning
	}
	from := z.pos - distance
	if from < 0 {
		from += windowSize
	}
	if z.pos+length < windowSize && from+length <= windowSize && from < z.pos {
		for n := 0; n < length; { // what is copied may be what was just written: in steps of the distance
			n += copy(z.window[z.pos+n:z.pos+length], z.window[from:z.pos+n])
		}
		z.pos += length
		return true
	}
	for ; length > 0; length-- {
		c := z.window[from]
		if from++; from == windowSize {
			from = 0
		}
		z.put(c, out)
	}
	return true
}
