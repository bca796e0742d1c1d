package dhcp

import "khien/sensor"

// Protocol describes DHCP to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoDHCP,
		UDP:   true,
		Ports: []uint16{portServer, portClient},
		Probe: probe,
		New:   func(*sensor.Flow, any) sensor.Parser { return new(parser) },
	}
}

// Ports (RFC 2131, 4.1).
const (
	portServer = 67
	portClient = 68
)

// probe goes by the port, as Suricata does: whatever is long enough to have options, the cookie in front of them or not.
func probe(_ sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	if len(b) >= atOptions && (isPort(f.SrcPort) || isPort(f.DstPort)) {
		return sensor.Yes
	}
	return sensor.No
}

func isPort(p uint16) bool { return p == portServer || p == portClient }

// parser reads one flow.
type parser struct {
	next  uint64
	free  []*Tx
	names names
}

// Parse reads a datagram. One that is too short to be a message is passed over.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	if len(b) < atOptions {
		out.Anomaly(dir, Truncated)
		return len(b), nil
	}
	tx := p.transaction()
	anomalies := [2][]string{tx.Anomalies[0][:0], tx.Anomalies[1][:0]}
	tx.TxBase = sensor.TxBase{ID: p.next, Proto: sensor.ProtoDHCP, Anomalies: anomalies}
	tx.dir, tx.o = dir, options{}
	tx.raw = append(tx.raw[:0], b...)
	p.next++
	tx.parse()
	tx.asked = tx.asked[:0]
	switch tx.raw[atOp] {
	case opRequest:
		p.names.keep(tx)
	case opReply:
		if a := p.names.find(tx.client()); a != nil {
			tx.asked = append(tx.asked, a.name[:a.length]...)
		}
	}
	tx.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	out.Tx(tx, dir)
	out.Done(tx)
	return len(b), nil
}

func (p *parser) transaction() *Tx {
	if tx := sensor.Take(&p.free); tx != nil {
		return tx
	}
	return &Tx{parser: p}
}

// Gap does not happen to datagrams.
func (p *parser) Gap(sensor.Dir, int, sensor.Emitter) error { return nil }

// Close has nothing to end.
func (p *parser) Close(sensor.Dir, sensor.Emitter) {}
