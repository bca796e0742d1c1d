package dnp3

import (
	"bytes"
	"encoding/binary"
	"errors"

	"khien/sensor"
)

var errNotDNP3 = errors.New("dnp3: not a frame")

// Protocol describes DNP3 to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoDNP3,
		TCP:   true,
		Ports: []uint16{portDNP3},
		Probe: probe,
		New:   func(*sensor.Flow, any) sensor.Parser { return new(parser) },
	}
}

// probe takes a header with a right CRC, on the registered port one with a wrong CRC, too.
func probe(_ sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	if len(b) > 0 && b[0] != 0x05 || len(b) > 1 && b[1] != 0x64 || len(b) > 2 && b[2] < lengthMin {
		return sensor.No
	}
	if len(b) < headerLen {
		return sensor.More
	}
	if f.DstPort == portDNP3 || f.Midstream && f.SrcPort == portDNP3 || headerChecked(b) {
		return sensor.Yes
	}
	return sensor.No
}

// parser reads one connection.
type parser struct {
	next       uint64
	open       [2]*Tx // fragments that are not complete
	hunting    [2]bool
	diverged   [2]bool // what comes next was found by hunting after a broken header
	unanswered [2]int
	free       []*Tx
	user       []byte // of the frame that is read
	out        sensor.Emitter
}

// Parse reads link frames.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	p.out = out
	used := 0
	for used < len(b) {
		rest := b[used:]
		if p.hunting[dir] {
			i := hunt(rest)
			used += i
			if rest = rest[i:]; len(rest) < headerLen {
				break
			}
			p.hunting[dir] = false
		} else if rest[0] != 0x05 || len(rest) > 1 && rest[1] != 0x64 {
			out.Anomaly(dir, Malformed)
			return used, errNotDNP3
		}
		if len(rest) < headerLen {
			break
		}
		if !headerChecked(rest) {
			// The length cannot be trusted: the next frame is looked for.
			p.tell(dir, BadLinkCRC)
			p.hunting[dir], p.diverged[dir] = true, true
			used += 2
			continue
		}
		if rest[2] < lengthMin {
			p.tell(dir, LenTooSmall)
			used += headerLen
			continue
		}
		user := int(rest[2]) - lengthMin
		n := frameLen(user)
		if len(rest) < n {
			break
		}
		p.frame(dir, rest[:n])
		used += n
	}
	return used, nil
}

// hunt returns where the next header with a right CRC begins, or what may become one.
func hunt(b []byte) int {
	for at := 0; at < len(b); at++ {
		i := bytes.IndexByte(b[at:], 0x05)
		if i < 0 {
			return len(b)
		}
		at += i
		switch rest := b[at:]; {
		case len(rest) > 1 && rest[1] != 0x64:
		case len(rest) < headerLen || headerChecked(rest):
			return at
		}
	}
	return len(b)
}

// frame reads a frame whose header is right.
func (p *parser) frame(dir sensor.Dir, b []byte) {
	l := link{b[3], binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:])}
	if !l.userData() {
		return
	}
	var ok bool
	if p.user, ok = appendUser(p.user[:0], b[headerLen:]); !ok {
		p.tell(dir, BadBlockCRC)
		return
	}
	p.segment(dir, l, p.user)
}

// segment reads a transport segment (IEEE 1815-2012, 8.2).
func (p *parser) segment(dir sensor.Dir, l link, b []byte) {
	if len(b) < 2 {
		p.tell(dir, LenTooSmall)
		return
	}
	head, b := b[0], b[1:]
	first, last, seq := head&0x40 != 0, head&0x80 != 0, head&63
	tx := p.open[dir]
	switch {
	case first:
		if len(b) < 2 || b[1] >= fnResponse && len(b) < 4 {
			p.tell(dir, LenTooSmall)
			return
		}
		if tx != nil {
			p.finish(tx, false)
		}
		tx = p.begin(dir)
		tx.link = l
		p.open[dir] = tx
		p.count(tx, b)
	case tx == nil || seq != (tx.seq+1)&63:
		return // a segment without its predecessor is dropped (8.2.1)
	case len(tx.data)+len(b) > fragmentMax:
		tx.note(TooLong)
		p.finish(tx, false)
		return
	}
	tx.seq = seq
	tx.data = append(tx.data, b...)
	if last {
		p.finish(tx, true)
	}
}

// count watches for requests that nobody answers. Confirmations want no answer.
func (p *parser) count(tx *Tx, b []byte) {
	dir := tx.dir
	switch {
	case b[1] >= fnResponse:
		p.unanswered[dir.Reverse()] = 0
	case b[1] != fnConfirm:
		if p.unanswered[dir]++; p.unanswered[dir] == unansweredMax+1 {
			tx.note(Flooded)
		}
	}
	if p.diverged[dir] {
		p.diverged[dir] = false
		tx.note(Divergence)
	}
}

func (p *parser) begin(dir sensor.Dir) *Tx {
	tx := sensor.Take(&p.free)
	if tx == nil {
		tx = &Tx{parser: p}
	}
	tx.ID, tx.Proto, tx.dir = p.next, sensor.ProtoDNP3, dir
	p.next++
	return tx
}

// tell reports what is wrong with a frame, as a transaction that has nothing else and no record.
func (p *parser) tell(dir sensor.Dir, event string) {
	tx := p.begin(dir)
	tx.bare = true
	tx.note(event)
	p.end(tx)
}

// finish ends a fragment.
func (p *parser) finish(tx *Tx, whole bool) {
	p.open[tx.dir] = nil
	if whole {
		tx.read()
	}
	p.end(tx)
}

func (p *parser) end(tx *Tx) {
	tx.finished = true
	tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	p.out.Tx(tx, tx.dir)
	p.out.Done(tx)
}

// Gap ends the fragment of the direction and looks for the next frame.
func (p *parser) Gap(dir sensor.Dir, _ int, out sensor.Emitter) error {
	p.Close(dir, out)
	p.hunting[dir] = true
	return nil
}

// Close ends the fragment of the direction.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.out = out
	if tx := p.open[dir]; tx != nil {
		p.finish(tx, false)
	}
}
