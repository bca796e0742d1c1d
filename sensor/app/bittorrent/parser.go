package bittorrent

import (
	"bytes"

	"khien/sensor"
)

// Protocol describes the hash table's messages to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoBitTorrentDHT,
		UDP:   true,
		Probe: probe,
		New:   func(*sensor.Flow, any) sensor.Parser { return new(parser) },
	}
}

// beginnings are how messages begin: keys are sorted, so arguments, error, address or response come first.
var beginnings = [...]string{"d1:ad2:id20:", "d1:rd2:id20:", "d1:el", "d2:ip6:"}

func probe(_ sensor.Dir, b []byte, _ *sensor.Flow) sensor.Match {
	for _, s := range beginnings {
		if bytes.HasPrefix(b, []byte(s)) {
			return sensor.Yes
		}
	}
	return sensor.No
}

// parser reads one flow.
type parser struct{ next uint64 }

// Parse reads a datagram.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	tx := &Tx{dir: dir, raw: append([]byte(nil), b...)}
	tx.ID, tx.Proto = p.next, sensor.ProtoBitTorrentDHT
	p.next++
	if !tx.parse() {
		tx.Anomalies[dir] = append(tx.Anomalies[dir], Malformed)
	}
	tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	out.Tx(tx, dir)
	out.Done(tx)
	return len(b), nil
}

// Gap does not happen to datagrams.
func (p *parser) Gap(sensor.Dir, int, sensor.Emitter) error { return nil }

// Close has nothing to end.
func (p *parser) Close(sensor.Dir, sensor.Emitter) {}
