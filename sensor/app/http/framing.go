package http

import (
	"bytes"

	"khien/sensor"
)

// framing reads Transfer-Encoding and Content-Length. It sets the length and returns whether the body is, or may be, sent
// in chunks: the first line of the body tells, since recipients differ in what they take for "chunked".
func (p *parser) framing(h *half, m *Message) (chunked bool) {
	t := h.tx
	h.length, h.chunks, h.weak = -1, 0, false
	te := m.get(keyTransferEncoding)
	if te != nil {
		chunked = containsFold(te, "chunked")
		if !bytes.EqualFold(trim(te), []byte("chunked")) {
			if h.dir == sensor.ToServer {
				t.anomaly(h.dir, anRequestTE)
			} else if chunked {
				t.anomaly(h.dir, anAbnormalTE)
			} else {
				t.anomaly(h.dir, anResponseTE)
			}
		}
	}
	if !chunked && containsFold(m.raw, "chunked") {
		chunked, h.weak = true, true
	}
	v := m.get(keyContentLength)
	if v == nil {
		return chunked
	}
	first, most, odd := lengths(v)
	if odd {
		t.anomaly(h.dir, by(h.dir, anRequestLength, anResponseLength))
	}
	h.length = first
	if most > first && h.dir == sensor.ToClient && closes(m) {
		// Recipients differ in which length they take; with nothing behind the body the greatest misses nothing.
		h.length = most
	}
	if te != nil && chunked && !h.weak {
		t.anomaly(h.dir, by(h.dir, anRequestTE, anResponseTE)) // both: the way of request smuggling
	}
	return chunked
}

// closes reports whether the connection ends with the response.
func closes(m *Message) bool {
	c := m.get(keyConnection)
	return containsFold(c, "close") || m.version < 11 && !containsFold(c, "keep-alive")
}

// lengths returns the first and the greatest of the numbers in a Content-Length, -1 when there is none, and whether it
// is anything else than one number.
func lengths(v []byte) (first, most int64, odd bool) {
	first, most = -1, -1
	for i := 0; i < len(v); {
		c := v[i]
		if c < '0' || c > '9' {
			odd = true
			i++
			if c == '.' || c == '-' || c == '+' || c > ' ' && c < 0x7f && c != ',' && c != ';' && first >= 0 {
				// What is glued to a number is no further number.
				for i < len(v) && !isBlank(v[i]) && v[i] != ',' {
					i++
				}
			}
			continue
		}
		var n int64
		for ; i < len(v) && v[i] >= '0' && v[i] <= '9'; i++ {
			if n > (1<<62)/10 {
				n, odd = 1<<62, true
				continue
			}
			n = n*10 + int64(v[i]-'0')
		}
		if first < 0 {
			first = n
		}
		most = max(most, n)
	}
	return first, most, odd || first < 0
}

func containsFold(p []byte, lower string) bool {
	for i := 0; i+len(lower) <= len(p); i++ {
		j := 0
		for j < len(lower) {
			c := p[i+j]
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			if c != lower[j] {
				break
			}
			j++
		}
		if j == len(lower) {
			return true
		}
	}
	return false
}

// maxSizeLine bounds the line of a chunk's size, extensions included.
const maxSizeLine = 4 << 10

// chunkSize reads the line with the size of a chunk (RFC 9112, 7.1), together with the line end of the chunk before.
func (p *parser) chunkSize(h *half, data []byte) int {
	for i, c := range data {
		h.held = append(h.held, c)
		if c != '\n' && len(h.held) < maxSizeLine {
			continue
		}
		if len(trim(h.held)) == 0 && len(h.held) < 64 {
			continue // the end of the chunk before, or of nothing
		}
		p.sizeLine(h)
		return i + 1
	}
	return len(data)
}

func (p *parser) sizeLine(h *half) {
	line := h.held
	size, extension, ok := parseSize(line)
	if ok && h.weak && h.chunks == 0 && extension {
		ok = false
	}
	if !ok {
		p.noChunks(h)
		return
	}
	if extension {
		h.tx.anomaly(h.dir, by(h.dir, anRequestChunkExtension, anResponseChunkExtension))
	}
	h.tx.msg[h.dir].wire += uint64(len(line))
	h.held = h.held[:0]
	h.chunks++
	if size == 0 {
		h.body.End(true)
		p.progress(h, sensor.ProgressBody)
		h.state = stTrailers
		return
	}
	h.left, h.state = size, stChunk
}

// parseSize reads a size: hexadecimal digits, behind blanks. What follows them is an extension or junk.
func parseSize(line []byte) (size uint64, extension, ok bool) {
	line = trim(line)
	if len(line) > 2 && line[0] == '0' && (line[1] == 'x' || line[1] == 'X') {
		line = line[2:]
	}
	n := 0
	for n < len(line) {
		v, hex := unhex(line[n])
		if !hex {
			break
		}
		if size > 1<<58 {
			return 0, false, false
		}
		size = size<<4 | uint64(v)
		n++
	}
	return size, len(trimLeft(line[n:])) > 0, n > 0
}

// noChunks is called when a line is no size. At the beginning it means that the body is not in chunks after all; later
// all that follows is taken as body.
func (p *parser) noChunks(h *half) {
	held := append([]byte(nil), h.held...)
	h.held = h.held[:0]
	if !h.weak || h.chunks > 0 {
		h.tx.anomaly(h.dir, by(h.dir, anRequestChunkLen, anResponseChunkLen))
	}
	if h.chunks == 0 {
		p.plain(h)
	} else {
		h.state = stClose
		held = bytes.TrimPrefix(bytes.TrimPrefix(held, []byte("\r")), []byte("\n")) // the end of the last chunk
	}
	p.again(h, held)
}

// chunkSizeAtEnd looks at a size that the end of the connection cut off.
func (p *parser) chunkSizeAtEnd(h *half) {
	if len(trim(h.held)) == 0 {
		return
	}
	p.sizeLine(h)
}

// trailer takes a line behind the last chunk (RFC 9112, 7.1.2).
func (p *parser) trailer(h *half, line []byte) {
	if len(trim(chomp(line))) > 0 {
		p.headerLine(h, line)
		return
	}
	p.flushHeader(h)
	p.progress(h, sensor.ProgressTrailer)
	p.messageEnd(h)
}
