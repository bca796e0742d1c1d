package krb5

import (
	"encoding/binary"
	"errors"

	"khien/sensor"
	"khien/sensor/app/ber"
)

var errNotKerberos = errors.New("krb5: not a message")

// Protocol describes Kerberos to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoKRB5,
		TCP:   true,
		UDP:   true,
		Ports: []uint16{88},
		Probe: probe,
		New:   func(f *sensor.Flow, _ any) sensor.Parser { return &parser{datagrams: f.Proto == sensor.IPProtoUDP} },
	}
}

// probe wants an application tag of a message and the sequence in it, over TCP behind a length that agrees.
func probe(dir sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	total := len(b)
	if f.Proto != sensor.IPProtoUDP {
		if len(b) < 4 {
			if len(b) > 0 && b[0] != 0 {
				return sensor.No
			}
			return sensor.More
		}
		total = int(binary.BigEndian.Uint32(b))
		b = b[4:]
		if total > messageMax || total < 10 {
			return sensor.No
		}
	}
	if len(b) == 0 {
		return sensor.More
	}
	if !isMessage(int(b[0])-0x60) || request(int(b[0])-0x60) != (dir == sensor.ToServer) {
		return sensor.No
	}
	head, n, ok := ber.Header(b)
	if !ok || head > 0 && head+n != total {
		return sensor.No
	}
	if head == 0 || len(b) <= head {
		return sensor.More
	}
	if b[head] != ber.TagSequence {
		return sensor.No
	}
	return sensor.Yes
}

func isMessage(t int) bool { return t >= asReq && t <= apRep || t == errMsg }

func request(t int) bool { return t == asReq || t == tgsReq || t == apReq }

// parser reads one flow.
type parser struct {
	datagrams bool
	next      uint64
	last      int      // type of the latest request
	user      [][]byte // name in it
	skip      [2]int
	lost      [2]bool
}

// Parse reads messages.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	if p.datagrams {
		p.message(dir, b, out)
		return len(b), nil
	}
	if p.lost[dir] {
		return len(b), nil
	}
	used := 0
	for used < len(b) {
		rest := b[used:]
		if n := min(p.skip[dir], len(rest)); n > 0 {
			p.skip[dir] -= n
			used += n
			continue
		}
		if len(rest) < 4 {
			break
		}
		n := binary.BigEndian.Uint32(rest)
		switch {
		case n > 1<<24:
			return used, errNotKerberos
		case n > messageMax:
			p.skip[dir] = 4 + int(n)
			continue
		case uint32(len(rest)-4) < n:
			return used, nil
		}
		p.message(dir, rest[4:4+n], out)
		used += 4 + int(n)
	}
	return used, nil
}

// message makes a transaction of a message.
func (p *parser) message(dir sensor.Dir, b []byte, out sensor.Emitter) {
	tx := &Tx{dir: dir}
	if !tx.parse(b) {
		out.Anomaly(dir, MalformedData)
		return
	}
	if request(tx.kind) {
		p.last, p.user = tx.kind, tx.cname
	} else if tx.kind == errMsg {
		tx.failed = p.last
	}
	if tx.kind == errMsg || tx.kind == asRep {
		tx.user = p.user
	}
	tx.ID, tx.Proto = p.next, sensor.ProtoKRB5
	p.next++
	tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	out.Tx(tx, dir)
	out.Done(tx)
}

// Gap loses a direction: nothing marks where a message begins.
func (p *parser) Gap(dir sensor.Dir, n int, _ sensor.Emitter) error {
	if p.skip[dir] >= n {
		p.skip[dir] -= n
	} else {
		p.lost[dir] = true
	}
	return nil
}

// Close has nothing to end.
func (p *parser) Close(sensor.Dir, sensor.Emitter) {}
