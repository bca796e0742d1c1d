package ftp

import (
	"bytes"

	"khien/sensor"
)

// parser follows one control connection.
type parser struct {
	skip     [2]bool // the rest of a line that was too long or partly missed is passed over
	next     uint64
	queue    []*Tx     // commands without their final reply, oldest first
	banner   *Tx       // greeting that goes on over several lines
	transfer *transfer // announced last
	upgraded bool
	closed   [2]bool
	out      sensor.Emitter
}

// Parse reads commands and replies.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	p.out = out
	used := 0
	for used < len(b) && !p.upgraded {
		n := p.line(dir, b[used:])
		if n == 0 {
			break
		}
		used += n
	}
	return used, nil
}

// line reads the first line of b and returns its length with its end; 0 when it needs more bytes.
func (p *parser) line(dir sensor.Dir, b []byte) int {
	i := bytes.IndexByte(b[:min(len(b), lineMax)], '\n')
	if p.skip[dir] {
		p.skip[dir] = i < 0
		if i < 0 {
			return min(len(b), lineMax)
		}
		return i + 1
	}
	if i < 0 {
		if len(b) < lineMax {
			return 0
		}
		p.skip[dir] = true
		p.text(dir, b[:lineMax], true)
		return lineMax
	}
	p.out.Frame(lineFrames[dir], dir, b, i+1)
	p.text(dir, bytes.TrimSuffix(b[:i], []byte{'\r'}), false)
	return i + 1
}

var lineFrames = [2]sensor.Buffer{sensor.ToServer: sensor.FrameFTPCommandLine, sensor.ToClient: sensor.FrameFTPResponseLine}

func (p *parser) text(dir sensor.Dir, line []byte, cut bool) {
	if dir == sensor.ToServer {
		p.command(line, cut)
	} else {
		p.reply(line, cut)
	}
}

func (p *parser) begin() *Tx {
	tx := new(Tx)
	tx.ID, tx.Proto = p.next, sensor.ProtoFTP
	p.next++
	return tx
}

// command begins a transaction.
func (p *parser) command(line []byte, cut bool) {
	if len(line) == 0 {
		return
	}
	if len(p.queue) == queueMax {
		p.finish(p.queue[0])
	}
	tx := p.begin()
	name, data, _ := bytes.Cut(line, []byte{' '})
	tx.command = bytes.ToUpper(name)
	if data != nil {
		tx.data = append([]byte{}, bytes.TrimLeft(data, " ")...)
	}
	tx.cut[sensor.ToServer] = cut
	tx.Done[sensor.ToServer] = sensor.ProgressComplete
	if cut {
		tx.Anomalies[sensor.ToServer] = append(tx.Anomalies[sensor.ToServer], CommandTooLong)
	}
	p.queue = append(p.queue, tx)
	p.interpret(tx)
	p.out.Tx(tx, sensor.ToServer)
}

// reply adds a line to the oldest open transaction, and ends it when the line is its last.
func (p *parser) reply(line []byte, cut bool) {
	if len(line) == 0 {
		return
	}
	tx := p.banner
	if tx == nil && len(p.queue) > 0 {
		tx = p.queue[0]
	}
	if tx == nil {
		tx = p.begin()
		tx.Done[sensor.ToServer] = sensor.ProgressComplete
		p.banner = tx
	}
	code, more := tx.addLine(line)
	if cut && !tx.cut[sensor.ToClient] {
		tx.cut[sensor.ToClient] = true
		tx.Anomalies[sensor.ToClient] = append(tx.Anomalies[sensor.ToClient], ResponseTooLong)
	}
	if more || code/100 == 1 && tx.command != nil {
		p.out.Tx(tx, sensor.ToClient)
		return
	}
	p.answer(tx, code, line)
	p.finish(tx)
}

// finish ends a transaction.
func (p *parser) finish(tx *Tx) {
	tx.finished = true
	tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	if p.banner == tx {
		p.banner = nil
	}
	if len(p.queue) > 0 && p.queue[0] == tx {
		p.queue = append(p.queue[:0], p.queue[1:]...)
	}
	p.out.Tx(tx, sensor.ToClient)
	p.out.Done(tx)
}

// Gap passes over what is left of a line.
func (p *parser) Gap(dir sensor.Dir, _ int, _ sensor.Emitter) error {
	p.skip[dir] = true
	return nil
}

// Close ends what was not answered.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {
	p.out = out
	p.closed[dir] = true
	if !p.closed[dir.Reverse()] {
		return
	}
	if p.banner != nil {
		p.finish(p.banner)
	}
	for len(p.queue) > 0 {
		p.finish(p.queue[0])
	}
}
