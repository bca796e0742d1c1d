package ssh

import (
	"bytes"
	"encoding/binary"
	"errors"

	"khien/sensor"
)

// Anomalies.
const (
	anomInvalidBanner = "invalid_banner"  // the identification line has no version
	anomLongBanner    = "long_banner"     // it is longer than bannerMax
	anomInvalidRecord = "invalid_record"  // a packet without room for its type, or lists that leave it
	anomLongKex       = "long_kex_record" // a key exchange packet longer than kexMax
)

// Limits.
const (
	bannerMax = 255       // RFC 4253, 4.2, with the line end
	kexMax    = 64 << 10  // of a key exchange packet; RFC 4253, 6.1 asks for 35000
	recordMax = 256 << 10 // OpenSSH's limit: what is longer is not SSH
	oddMax    = 8         // anomalies noted of a direction
	linesMax  = 64        // lines that a server may send before it identifies itself
	lineMax   = 1024      // bytes of such a line
)

// Messages (RFC 4250, 4.1.2).
const (
	msgKexInit = 20
	msgNewKeys = 21
)

var errNotSSH = errors.New("ssh: no identification")

// half is one direction.
type half struct {
	banner  bool // the identification was read
	lines   int  // lines before it
	tail    bool // the rest of an overlong line is being passed over
	left    int  // bytes of a packet that nobody reads
	ignore  bool // encrypted, or its packets are lost
	closed  bool
	invalid bool
}

// parser reads one connection.
type parser struct {
	half [2]half
	t    *tx
	done bool
}

// Parse reads what one side says.
func (p *parser) Parse(dir sensor.Dir, data []byte, out sensor.Emitter) (int, error) {
	h := &p.half[dir]
	used := 0
	for used < len(data) {
		b := data[used:]
		switch {
		case h.ignore:
			return len(data), nil
		case h.left > 0:
			n := min(h.left, len(b))
			h.left -= n
			used += n
		case h.tail:
			i := bytes.IndexByte(b, '\n')
			if i < 0 {
				return len(data), nil
			}
			h.tail = false
			used += i + 1
		case !h.banner:
			n, err := p.line(dir, b, out)
			if err != nil || n == 0 {
				return used, err
			}
			used += n
		default:
			n := p.record(dir, b, out)
			if n == 0 {
				return used, nil
			}
			used += n
		}
	}
	return used, nil
}

// line reads the identification line, or one of the lines that a server may send before it.
func (p *parser) line(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	h := &p.half[dir]
	if len(b) < len(prefix) && bytes.IndexByte(b, '\n') < 0 {
		return 0, nil
	}
	if !bytes.HasPrefix(b, []byte(prefix)) {
		return p.foreign(dir, b)
	}
	end := bytes.IndexByte(b[:min(len(b), bannerMax)], '\n')
	if end < 0 && len(b) < bannerMax {
		return 0, nil
	}
	t := p.tx()
	h.banner = true
	n := end + 1
	if end < 0 {
		t.note(dir, anomLongBanner)
		end, n, h.tail = bannerMax, bannerMax, true
	}
	s := &t.side[dir]
	if !s.identify(b[len(prefix):end]) {
		t.note(dir, anomInvalidBanner)
		h.invalid = true
	}
	// The packets of SSH 1 have another form.
	h.ignore = h.invalid || len(s.proto) > 0 && s.proto[0] == '1' && string(s.proto) != "1.99"
	p.advance(dir, out)
	return n, nil
}

// foreign passes over a line that is no identification.
func (p *parser) foreign(dir sensor.Dir, b []byte) (int, error) {
	h := &p.half[dir]
	end := bytes.IndexByte(b[:min(len(b), lineMax)], '\n')
	if dir == sensor.ToServer || h.lines >= linesMax || end < 0 && len(b) >= lineMax {
		return 0, errNotSSH
	}
	if end < 0 {
		return 0, nil
	}
	h.lines++
	return end + 1, nil
}

// record reads a packet in clear: length, padding length, type (RFC 4253, 6). It returns 0 when there are not enough bytes.
func (p *parser) record(dir sensor.Dir, b []byte, out sensor.Emitter) int {
	const head = 6
	if len(b) < head {
		return 0
	}
	h, t := &p.half[dir], p.t
	n, padding, kind := binary.BigEndian.Uint32(b), int(b[4]), b[5]
	if n < 2 || n > recordMax || padding > int(n)-2 {
		t.note(dir, anomInvalidRecord)
		h.ignore = true
		p.advance(dir, out)
		return head
	}
	if kind != msgKexInit || n > kexMax || t.side[dir].kex || len(b) >= 4+int(n) {
		out.Frame(sensor.FrameSSHPDU, dir, b, 4+int(n))
		out.Frame(sensor.FrameSSHHeader, dir, b, head)
		out.Frame(sensor.FrameSSHData, dir, b[head:], int(n)-2)
	}
	switch {
	case kind == msgNewKeys:
		h.ignore = true
		p.advance(dir, out)
	case kind == msgKexInit && n > kexMax:
		t.note(dir, anomLongKex)
		p.advance(dir, out)
	case kind == msgKexInit && !t.side[dir].kex:
		if len(b) < 4+int(n) {
			return 0
		}
		if !t.side[dir].lists(dir, b[head:4+int(n)-padding]) {
			t.note(dir, anomInvalidRecord)
		}
		p.advance(dir, out)
		return 4 + int(n)
	}
	h.left = int(n) - 2
	return head
}

func (p *parser) tx() *tx {
	if p.t == nil {
		p.t = &tx{TxBase: sensor.TxBase{Proto: sensor.ProtoSSH}}
	}
	return p.t
}

// advance sets how far a direction has come and tells of the change.
func (p *parser) advance(dir sensor.Dir, out sensor.Emitter) {
	if p.done || p.t == nil {
		return
	}
	t, h := p.t, &p.half[dir]
	done := sensor.ProgressNone
	if h.banner {
		done = sensor.ProgressLine
	}
	if t.side[dir].kex {
		done = sensor.ProgressHeaders
	}
	if h.ignore || h.closed {
		done = sensor.ProgressComplete
	}
	t.Done[dir] = max(t.Done[dir], done)
	t.ready = t.Done[0] >= sensor.ProgressHeaders && t.Done[1] >= sensor.ProgressHeaders
	final := t.Done[0] == sensor.ProgressComplete && t.Done[1] == sensor.ProgressComplete
	out.Tx(t, dir)
	if final {
		p.done = true
		out.Done(t)
	}
}

// Finished reports whether both directions are encrypted, or cannot be read any more.
func (p *parser) Finished() bool { return p.done && p.half[0].ignore && p.half[1].ignore }

// Gap gives a direction up: the lengths of its packets are lost.
func (p *parser) Gap(dir sensor.Dir, n int, out sensor.Emitter) error {
	h := &p.half[dir]
	if n <= h.left {
		h.left -= n
		return nil
	}
	h.ignore = true
	p.advance(dir, out)
	return nil
}

// Close completes a direction.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.half[dir].closed = true
	p.advance(dir, out)
}
