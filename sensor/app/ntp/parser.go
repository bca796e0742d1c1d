package ntp

import "khien/sensor"

// Protocol describes NTP to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoNTP,
		UDP:   true,
		Ports: []uint16{port},
		Probe: probe,
		New:   func(*sensor.Flow, any) sensor.Parser { return new(parser) },
	}
}

// probe goes by port, version and length.
func probe(_ sensor.Dir, b []byte, f *sensor.Flow) sensor.Match {
	if (f.SrcPort == port || f.DstPort == port) && isMessage(b) {
		return sensor.Yes
	}
	return sensor.No
}

// isMessage looks at the version, three bits behind the two of the leap indicator, and at the length. Control messages
// (mode 6) and those of mode 7 are shorter or of version 2: Suricata takes neither for NTP.
func isMessage(b []byte) bool {
	if len(b) < messageMin {
		return false
	}
	version := b[0] >> 3 & 7
	return version == 3 || version == 4
}

// parser reads one flow.
type parser struct {
	next uint64
	free []*Tx
}

// Parse reads a datagram.
func (p *parser) Parse(dir sensor.Dir, b []byte, out sensor.Emitter) (int, error) {
	good := isMessage(b)
	if good && b[0]&7 != modeClient && b[0]&7 != modeSymmetricActive {
		return len(b), nil
	}
	tx := p.transaction()
	anomalies := [2][]string{tx.Anomalies[0][:0], tx.Anomalies[1][:0]}
	tx.TxBase = sensor.TxBase{ID: p.next, Proto: sensor.ProtoNTP, Anomalies: anomalies}
	p.next++
	if tx.good = good; good {
		copy(tx.head[:], b)
	} else {
		tx.Anomalies[dir] = append(tx.Anomalies[dir], Malformed)
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
