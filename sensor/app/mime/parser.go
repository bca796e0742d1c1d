package mime

import (
	"bytes"
	"hash"
	"slices"
)

// encoding is a Content-Transfer-Encoding.
type encoding uint8

const (
	identity encoding = iota
	quotedPrintable
	base64
)

// class is what a body is, as far as it matters here.
type class uint8

const (
	text class = iota // also the default, RFC 2045, 5.2
	other
	multipart
	message
)

// entity is the header and body that are being read.
type entity struct {
	class    class
	enc      encoding
	name     []byte // attachment's name
	strong   bool   // name is filename of Content-Disposition, which goes before name of Content-Type
	extended bool   // name came in the syntax of RFC 2231
	attached bool
	boundary []byte
	fields   int
	lines    int // body lines seen
}

// Parser reads one message. It needs Reset before the first use. Not safe for concurrent use.
type Parser struct {
	From, Subject, Date, MessageID, XMailer []byte   // values of the outermost header, unfolded, as sent
	To, Cc                                  [][]byte // addresses, split at commas
	Received                                [][]byte
	Attachments                             [][]byte // names
	URLs                                    []URL
	BodyHash                                hash.Hash // takes the undecoded body when it is set

	sink       Sink
	outer      bool // the header that is read is the message's own
	inBody     bool
	skip       bool // the body is a preamble, an epilogue or nested too deeply
	open       bool // an attachment is being written
	gap        bool // bytes of the attachment are missing
	started    bool // a first line has come
	told       []string
	field      []byte // header field so far
	long       bool   // field has lost bytes
	boundaries [][]byte
	ent        entity
	eol        []byte // line end that is written when another line follows: the last one belongs to the boundary
	quad       [4]byte
	quads      int
	textLine   []byte
	scratch    []byte
	raw        []byte // incomplete line of Write
	mid        bool   // raw continues a line
	sub        *Parser
	depth      int // messages around this one that were encoded
}

// Reset makes the parser ready for another message.
func (p *Parser) Reset(sink Sink) {
	*p = Parser{sink: sink, outer: true, field: p.field[:0], textLine: p.textLine[:0], scratch: p.scratch[:0],
		raw: p.raw[:0]}
}

func (p *Parser) anomaly(name string) {
	if !slices.Contains(p.told, name) {
		p.told = append(p.told, name)
		p.sink.Anomaly(name)
	}
}

// Write takes bytes that may be cut anywhere.
func (p *Parser) Write(data []byte) {
	for len(data) > 0 {
		room := min(LineMax-len(p.raw), len(data))
		i := bytes.IndexByte(data[:room], '\n')
		switch {
		case i >= 0 && len(p.raw) == 0:
			line, end := Split(data[:i+1])
			p.Line(line, !p.mid, end)
			p.mid, data = false, data[i+1:]
		case i >= 0:
			p.raw = append(p.raw, data[:i+1]...)
			line, end := Split(p.raw)
			p.Line(line, !p.mid, end)
			p.raw, p.mid, data = p.raw[:0], false, data[i+1:]
		default:
			p.raw = append(p.raw, data[:room]...)
			data = data[room:]
			if len(p.raw) == LineMax {
				p.Line(p.raw, !p.mid, nil)
				p.raw, p.mid = p.raw[:0], true
			}
		}
	}
}

// Split divides a line that ends in \n from its line end.
func Split(line []byte) (text, end []byte) {
	n := len(line) - 1
	if n > 0 && line[n-1] == '\r' {
		n--
	}
	return line[:n], line[n:]
}

// Line takes a line without its end. start is false when it continues one that was too long to be given at once; end is
// the line end, nil when the line goes on.
func (p *Parser) Line(line []byte, start bool, end []byte) {
	p.started = true
	if start && len(line) > lineMax {
		p.anomaly(LongLine)
	}
	if p.inBody {
		if p.BodyHash != nil {
			p.BodyHash.Write(line)
			p.BodyHash.Write(end)
		}
		if start && len(line) >= 2 && line[0] == '-' && line[1] == '-' && p.boundary(line[2:]) {
			return
		}
		p.body(line, start, end)
		return
	}
	if start && len(line) >= 2 && line[0] == '-' && line[1] == '-' && p.boundary(line[2:]) {
		return // a header cut short
	}
	p.header(line, start, end != nil)
}

// Gap tells that bytes are missing.
func (p *Parser) Gap() {
	p.raw, p.mid, p.gap = p.raw[:0], true, true
	p.quads = 0
	if p.sub != nil {
		p.sub.Gap()
	}
}

// Close ends the message. complete is false when its end was not seen.
func (p *Parser) Close(complete bool) {
	if len(p.raw) > 0 {
		p.Line(p.raw, !p.mid, nil)
		p.raw = p.raw[:0]
	}
	if !p.inBody && p.started {
		p.endField()
		p.endHeader()
	}
	p.endEntity(complete)
}

// boundary looks whether a line that began with "--" is one, and ends the entities that it ends.
func (p *Parser) boundary(rest []byte) bool {
	if len(p.boundaries) == 0 {
		return false
	}
	rest = bytes.TrimRight(rest, " \t\r")
	for i := len(p.boundaries) - 1; i >= 0; i-- {
		tail, ok := bytes.CutPrefix(rest, p.boundaries[i])
		if !ok || len(tail) > 0 && string(tail) != "--" {
			continue
		}
		if !p.inBody {
			p.endField()
			p.endHeader()
		}
		p.endEntity(true)
		p.outer, p.quads, p.eol = false, 0, nil
		p.ent = entity{}
		if len(tail) > 0 {
			p.boundaries = p.boundaries[:i]
			p.inBody, p.skip = true, true
			return true
		}
		p.boundaries = p.boundaries[:i+1]
		p.inBody, p.skip = false, false
		return true
	}
	return false
}

// endHeader decides what the body will be.
func (p *Parser) endHeader() {
	p.inBody, p.eol, p.quads = true, nil, 0
	e := &p.ent
	p.skip = false
	switch {
	case e.class == multipart && len(e.boundary) > 0:
		p.skip = true // until the first boundary
		if len(p.boundaries) < depthMax {
			p.boundaries = append(p.boundaries, e.boundary)
		} else {
			p.anomaly(Malformed)
		}
	case e.class == message && e.enc == identity:
		p.nest()
	case len(e.name) > 0 || e.attached && e.class != message:
		p.openFile()
	}
}

// nest begins the header of a message inside.
func (p *Parser) nest() {
	p.inBody, p.outer = false, false
	p.ent = entity{}
}

func (p *Parser) openFile() {
	if len(p.Attachments) < attachmentMax {
		p.Attachments = append(p.Attachments, p.ent.name)
	}
	p.open, p.gap = true, false
	p.sink.OpenFile(p.ent.name)
}

// endEntity ends the body that is being read.
func (p *Parser) endEntity(complete bool) {
	if p.ent.enc == base64 && p.quads > 0 && !p.skip && p.inBody {
		p.flushQuad()
	}
	if len(p.textLine) > 0 {
		p.urls(p.textLine)
		p.textLine = p.textLine[:0]
	}
	if p.sub != nil {
		p.sub.Close(complete)
		p.URLs = append(p.URLs, p.sub.URLs[:min(len(p.sub.URLs), urlCountMax-len(p.URLs))]...)
		p.Attachments = append(p.Attachments, p.sub.Attachments[:min(len(p.sub.Attachments), attachmentMax-len(p.Attachments))]...)
		p.sub = nil
	}
	if p.open {
		p.open = false
		p.sink.CloseFile(complete && !p.gap)
	}
}
