// Package record holds what the logs of other sensors tell, whatever their format: lines of sensor/follow go in, records
// that a Decoder has read come out of a Stream in the order of their times, and a Player makes the events of them that
// detectors know. There are no packets: events carry transactions, files, flows and alerts as the other sensor saw them.
//
// A Record belongs to its Stream and is valid until the next call of Next; so is everything that it points to.
package record

import (
	"khien/sensor"
)

// Limits.
const (
	valuesMax  = 256 // values of one transaction
	metaMax    = 64  // keys of an alert's metadata
	metaValues = 16  // values of one of them
	refsMax    = 16  // references of an alert
)

// Record is what one line tells.
type Record struct {
	Kind  sensor.Kind // KindTx, KindFile, KindFlowEnd or KindAlert; 0 for what is only kept
	Time  int64       // nanoseconds since 1970: when it happened
	Done  int64       // when the line was written, as far as it tells; a Stream orders by it
	Dir   sensor.Dir  // of a file or an alert
	Flow  sensor.Flow
	Tx    Tx
	File  sensor.File
	Alert sensor.Alert
	Host  string // name that the other sensor gives itself
	Iface string // interface that it captured from
	Line  []byte // the record in the EVE format, for telemetry; nil for what is not kept
}

// Reset empties a record.
func (r *Record) Reset() {
	tx := r.Tx
	tx.Reset()
	*r = Record{Tx: tx}
}

// Metadata adds a value to what an alert's rule says of itself.
func (r *Record) Metadata(key, value string) {
	m := r.Alert.Metadata
	if m == nil {
		m = map[string][]string{}
		r.Alert.Metadata = m
	}
	if v, ok := m[key]; len(v) < metaValues && (ok || len(m) < metaMax) {
		m[key] = append(v, value)
	}
}

// Reference adds a reference of an alert's rule.
func (r *Record) Reference(ref string) {
	if len(r.Alert.References) < refsMax {
		r.Alert.References = append(r.Alert.References, ref)
	}
}
