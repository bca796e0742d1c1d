package http2

import (
	"encoding/binary"
	"strings"

	"golang.org/x/net/http2/hpack"

	"khien/sensor"
)

// Frame types of RFC 9113, 6.
const (
	frameData = iota
	frameHeaders
	framePriority
	frameReset
	frameSettings
	framePush
	framePing
	frameGoAway
	frameWindow
	frameContinuation
)

// Flags of frames.
const (
	flagEndStream  = 0x1
	flagAck        = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20
)

// half is what the parser knows of one direction.
type half struct {
	dir    sensor.Dir
	start  bool // the preface may come
	lost   bool // frames cannot be followed any more
	closed bool
	head   [9]byte
	nhead  int
	kind   uint8
	flags  uint8
	stream uint32
	left   uint32 // bytes of the payload still to come
	pad    int    // DATA: bytes of padding at the end; -1 before their number is known
	buf    []byte // payload of frames other than DATA

	block      []byte // header block that CONTINUATION frames go on with
	blockOf    uint32 // its stream, 0 when there is none
	blockEnd   bool   // its stream ends with it
	blockPush  bool
	weight     int // priority that HEADERS gave, -1 when it gave none
	continued  int
	hpack      *hpack.Decoder
	hpackLost  bool
	fields     []hpack.HeaderField
	fieldBytes int
	tooMany    bool
	odds       int // anomalies outside streams so far
}

// frame reads a frame's header.
func (p *parser) frame(h *half) {
	n := uint32(h.head[0])<<16 | uint32(h.head[1])<<8 | uint32(h.head[2])
	h.kind, h.flags = h.head[3], h.head[4]
	h.stream = binary.BigEndian.Uint32(h.head[5:]) & (1<<31 - 1)
	h.left, h.pad = n, 0
	h.buf = h.buf[:0]
	if h.kind == frameData {
		if h.flags&flagPadded != 0 {
			h.pad = -1
		}
		if h.stream == 0 {
			p.odd(h, anDataStreamZero)
		}
		if n == 0 {
			p.dataEnd(h)
		}
		return
	}
	if n == 0 {
		p.control(h)
	}
}

// payload takes bytes of a frame's payload.
func (p *parser) payload(h *half, data []byte) int {
	n := int(min(uint64(h.left), uint64(len(data))))
	if h.kind == frameData {
		p.data(h, data[:n])
		if h.left == 0 {
			p.dataEnd(h)
		}
		return n
	}
	h.left -= uint32(n)
	if room := maxControl - len(h.buf); room > 0 {
		h.buf = append(h.buf, data[:min(n, room)]...)
	}
	if h.left == 0 {
		p.control(h)
	}
	return n
}

// data takes bytes of a DATA frame.
func (p *parser) data(h *half, b []byte) {
	h.left -= uint32(len(b))
	if h.pad < 0 && len(b) > 0 {
		h.pad = int(b[0])
		b = b[1:]
	}
	// What is left after b includes the padding; the part of b that is padding is at its end.
	if over := h.pad - int(h.left); over > 0 {
		b = b[:max(len(b)-over, 0)]
	}
	t := p.streams[h.stream]
	if t == nil || len(b) == 0 || t.Done[h.dir] >= sensor.ProgressComplete {
		return
	}
	if t.Done[h.dir] < sensor.ProgressHeaders {
		p.odd(h, anFrameData)
		return
	}
	was := t.CountBody(h.dir, len(b))
	t.body[h.dir].Feed(b)
	t.lengthDNS(h.dir)
	if full := t.CountBody(h.dir, 0); full && !was {
		p.progress(t, h.dir, sensor.ProgressBody)
	}
}

func (p *parser) dataEnd(h *half) {
	if t := p.streams[h.stream]; t != nil {
		t.frame(h)
		if h.flags&flagEndStream != 0 {
			p.endDirection(t, h.dir, true)
		}
	}
}

// control handles a whole frame other than DATA.
func (p *parser) control(h *half) {
	b := h.buf
	if h.blockOf != 0 && (h.kind != frameContinuation || h.stream != h.blockOf) {
		p.odd(h, anFrameHeader) // RFC 9113, 6.10: nothing may come between the frames of a block
		h.blockOf = 0
		h.hpackLost = true
	}
	switch h.kind {
	case frameHeaders:
		h.weight = -1
		b, ok := unpad(h, b)
		if ok && h.flags&flagPriority != 0 {
			if ok = len(b) >= 5; ok {
				h.weight = int(b[4])
				b = b[5:]
			}
		}
		if !ok {
			p.odd(h, anFrameData)
			return
		}
		p.headers(h, b, false)
	case framePush:
		b, ok := unpad(h, b)
		if !ok || len(b) < 4 {
			p.odd(h, anFrameData)
			return
		}
		h.stream = binary.BigEndian.Uint32(b) & (1<<31 - 1)
		p.headers(h, b[4:], true)
	case frameContinuation:
		p.continuation(h, b)
	case framePriority:
		if len(b) != 5 {
			p.odd(h, anFrameLength)
			return
		}
		p.note(h, func(t *Transaction) { t.priority[h.dir] = add(t.priority[h.dir], uint64(b[4])) })
	case frameReset:
		if len(b) != 4 {
			p.odd(h, anFrameLength)
			return
		}
		code := uint64(binary.BigEndian.Uint32(b))
		if t := p.stream(h); t != nil {
			t.frame(h)
			t.codes[h.dir] = add(t.codes[h.dir], code)
			p.Out.Tx(t, h.dir)
			p.endDirection(t, h.dir, false)
			p.endDirection(t, h.dir.Reverse(), false)
		}
	case frameSettings:
		if h.flags&flagAck == 0 {
			p.settings(h, b)
		}
	case frameGoAway:
		if len(b) < 8 {
			p.odd(h, anFrameLength)
			return
		}
		p.connection(h, func(t *Transaction) {
			t.codes[h.dir] = add(t.codes[h.dir], uint64(binary.BigEndian.Uint32(b[4:])))
		})
	case frameWindow:
		if len(b) != 4 {
			p.odd(h, anFrameLength)
			return
		}
		n := uint64(binary.BigEndian.Uint32(b) & (1<<31 - 1))
		if h.stream != 0 || p.Out.Wanted(sensor.HTTP2Window) {
			p.note(h, func(t *Transaction) { t.window[h.dir] = add(t.window[h.dir], n) })
		}
	}
}

// unpad removes the padding of HEADERS and PUSH_PROMISE (RFC 9113, 6.2).
func unpad(h *half, b []byte) ([]byte, bool) {
	if h.flags&flagPadded == 0 {
		return b, true
	}
	if len(b) == 0 || int(b[0]) > len(b)-1 {
		return nil, false
	}
	return b[1 : len(b)-int(b[0])], true
}

// headers begins a header block.
func (p *parser) headers(h *half, b []byte, push bool) {
	h.block = append(h.block[:0], b...)
	h.blockOf, h.blockPush, h.continued = h.stream, push, 0
	h.blockEnd = h.flags&flagEndStream != 0 && !push
	if h.flags&flagEndHeaders != 0 {
		p.blockDone(h)
	}
}

func (p *parser) continuation(h *half, b []byte) {
	if h.blockOf == 0 {
		p.odd(h, anFrameHeader)
		return
	}
	h.continued++
	if h.continued > maxContinuations || len(h.block)+len(b) > maxBlock {
		// A flood of continuations, or headers larger than any server takes: they cannot be read further.
		p.odd(h, anTooManyFrames)
		h.blockOf, h.hpackLost = 0, true
		return
	}
	h.block = append(h.block, b...)
	if h.flags&flagEndHeaders != 0 {
		p.blockDone(h)
	}
}

// emit takes a header that was decompressed.
func (h *half) emit(f hpack.HeaderField) {
	h.fieldBytes += len(f.Name) + len(f.Value) + 4
	if h.fieldBytes > maxList {
		h.tooMany = true
		h.hpack.SetEmitEnabled(false)
		return
	}
	h.fields = append(h.fields, f)
}

// blockDone decompresses a header block and gives its headers to the stream.
func (p *parser) blockDone(h *half) {
	h.stream, h.blockOf = h.blockOf, 0
	h.fields, h.fieldBytes, h.tooMany = h.fields[:0], 0, false
	if !h.hpackLost {
		h.hpack.SetEmitEnabled(true)
		if _, err := h.hpack.Write(h.block); err != nil {
			h.hpackLost = true
		} else if err := h.hpack.Close(); err != nil {
			h.hpackLost = true
		}
	}
	t := p.stream(h)
	if t == nil {
		return
	}
	if h.hpackLost {
		t.AddAnomaly(h.dir, anHeader)
	}
	if h.tooMany {
		t.AddAnomaly(h.dir, anExtraHeader)
	}
	dir := h.dir
	if !h.blockPush && h.weight >= 0 {
		t.priority[dir] = add(t.priority[dir], uint64(h.weight))
	}
	if h.blockPush {
		dir = sensor.ToServer // the request that the promised response answers
	}
	t.frame(h)
	p.take(t, dir, h.fields)
	if h.blockPush {
		p.endDirection(t, sensor.ToServer, true)
	} else if h.blockEnd {
		p.endDirection(t, dir, true)
	}
	clear(h.fields) // the strings are the decoder's; do not keep them alive
}

// take gives headers to one direction of a stream: those of a message, or trailers.
func (p *parser) take(t *Transaction, dir sensor.Dir, fields []hpack.HeaderField) {
	if t.Done[dir] >= sensor.ProgressComplete {
		t.AddAnomaly(dir, anStreamReuse)
		return
	}
	trailers := t.Done[dir] >= sensor.ProgressHeaders
	var pseudo [4]string
	names := [...]string{":method", ":path", ":authority", ":status"}
	for _, f := range fields {
		for i, n := range names {
			if f.Name == n {
				pseudo[i] = f.Value
			}
		}
		if strings.EqualFold(f.Name, "host") && pseudo[2] != "" && !sameHost(pseudo[2], f.Value) {
			t.AddAnomaly(dir, anAuthorityHost)
		}
		if !t.AddHeader(dir, []byte(f.Name), []byte(f.Value)) {
			t.AddAnomaly(dir, anExtraHeader)
		}
	}
	if trailers {
		p.progress(t, dir, sensor.ProgressTrailer)
		return
	}
	if dir == sensor.ToServer {
		if strings.Contains(pseudo[2], "@") {
			t.AddAnomaly(dir, anUserinfo)
		}
		p.request(t, pseudo[0], pseudo[1], pseudo[2])
		if t.asks(pseudo[0], pseudo[1]) {
			p.becomeDNS(t)
		}
	} else {
		t.SetStatus([]byte(pseudo[3]), protocol, 20)
		if c := t.Code(); c >= 100 && c < 200 {
			t.ResetMessage(dir)
			return
		}
	}
	if dir == sensor.ToClient && t.Proto != sensor.ProtoDoH2 && !t.told && t.isDNS(dir, "content-type") {
		p.becomeDNS(t) // the request was not seen
	}
	p.progress(t, dir, sensor.ProgressHeaders)
	t.body[dir].Begin(&p.Env, dir, &t.Transaction, t)
}

func sameHost(authority, host string) bool {
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	name := func(s string) string {
		if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
			s = s[:i]
		}
		return s
	}
	return strings.EqualFold(name(authority), name(host))
}

// protocol is what HTTPProtocol says of HTTP/2, which does not say it itself.
const protocol = "HTTP/2"

func (p *parser) request(t *Transaction, method, path, authority string) {
	host := []byte(authority)
	if authority == "" {
		host = t.Header(sensor.ToServer, "host")
	}
	t.SetRequest([]byte(method), []byte(path), host, protocol, 20)
}
