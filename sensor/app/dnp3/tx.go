package dnp3

import "khien/sensor"

// Tx is an application fragment.
type Tx struct {
	sensor.TxBase
	dir      sensor.Dir
	link     link // of its first frame
	seq      byte // of its last transport segment
	data     []byte
	objects  []object
	complete bool // all of it was read
	bare     bool // only carries an anomaly
	finished bool
	parser   *parser
}

// Release gives the transaction back to its parser.
func (tx *Tx) Release() {
	p := tx.parser
	if len(p.free) == freeMax {
		return
	}
	*tx = Tx{TxBase: sensor.TxBase{Anomalies: [2][]string{tx.Anomalies[0][:0], tx.Anomalies[1][:0]}}, data: tx.data[:0],
		objects: tx.objects[:0], parser: p}
	p.free = append(p.free, tx)
}

func (tx *Tx) note(event string) {
	tx.Anomalies[tx.dir] = append(tx.Anomalies[tx.dir], event)
}

// response reports whether internal indications follow the function code (IEEE 1815-2012, 4.2.2).
func (tx *Tx) response() bool { return tx.data[1] >= fnResponse }

// body returns the bytes of the objects.
func (tx *Tx) body() []byte {
	if tx.response() {
		return tx.data[4:]
	}
	return tx.data[2:]
}

// Buffer returns the fragment.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if b != sensor.DNP3Data || dir != tx.dir || i != 0 || tx.bare {
		return nil, false
	}
	return tx.data, true
}

// Number returns function code, indications, and whether there is an object.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if dir != tx.dir || i < 0 || tx.bare {
		return 0, false
	}
	switch {
	case b == sensor.DNP3HasObject:
		for k := range tx.objects {
			if o := &tx.objects[k]; int(o.group)<<8|int(o.variation) == i {
				return 1, true
			}
		}
		return 0, true
	case i != 0:
	case b == sensor.DNP3Function:
		return uint64(tx.data[1]), true
	case b == sensor.DNP3Indicators && tx.response():
		return uint64(tx.data[2])<<8 | uint64(tx.data[3]), true
	}
	return 0, false
}

// LogReady reports whether the fragment is over. Its record has the ends of the flow, whatever its direction.
func (tx *Tx) LogReady(dir sensor.Dir) bool {
	return dir == sensor.ToServer && tx.finished && !tx.bare
}
