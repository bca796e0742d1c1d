// Package eve writes what the sensor saw and the detectors found as JSON lines in the EVE format that Suricata documents
// ("Eve JSON Format" in its user guide), with its field names, so that tools made for EVE read them. Events come in,
// lines go to a detector.Recorder; the package keeps nothing of an event but small counters on flows and transactions.
package eve

import (
	"khien/detector"
	"khien/sensor"
)

// Writer turns one worker's events into lines. Not safe for concurrent use.
type Writer struct {
	rec     *detector.Recorder
	changed []sensor.Transaction // by the packet that is being handled
	files   []*sensor.File       // that ended in it
}

// changedMax bounds the transactions of a packet that wait for its end.
const changedMax = 4096

// New makes the writer of one worker. Its lines, and those of alerts, go to rec.
func New(rec *detector.Recorder) *Writer {
	w := &Writer{rec: rec}
	rec.Alert = w.alert
	return w
}

// Wants returns the kinds of which EVE has records.
func (w *Writer) Wants() sensor.Kind {
	return sensor.KindTx | sensor.KindFile | sensor.KindPacket | sensor.KindFlowEnd | sensor.KindAnomaly
}

// Handle writes the records that an event completes. Those of transactions and files wait until their packet has been
// handled: detectors look at it before, and a rule may want no record.
func (w *Writer) Handle(e *sensor.Event) {
	switch e.Kind {
	case sensor.KindTx:
		if n := len(w.changed); n > 0 && w.changed[n-1] == e.Tx {
			return
		}
		if len(w.changed) == changedMax {
			w.transactions(e)
		}
		w.changed = append(w.changed, e.Tx)
	case sensor.KindPacket:
		w.ended(e)
		w.transactions(e)
	case sensor.KindFile:
		if e.File.State != sensor.FileOpen {
			w.files = append(w.files, e.File)
		}
	case sensor.KindFlowEnd:
		w.ended(e)
		w.transactions(e)
		w.rec.Line(e.Order, func(dst []byte) []byte { return appendFlow(dst, e) })
	case sensor.KindAnomaly:
		w.rec.Line(e.Order, func(dst []byte) []byte { return appendAnomaly(dst, e, e.Flow.App, e.Anomaly, "proto_detect", -1) })
	}
}

// ended writes the files that ended in the packet. Until then a rule may ask for them to be stored.
func (w *Writer) ended(e *sensor.Event) {
	for i, f := range w.files {
		w.rec.Line(e.Order, func(dst []byte) []byte { return appendFile(dst, e, f) })
		w.files[i] = nil
	}
	w.files = w.files[:0]
}

// transactions writes what the packet has completed. They are written as events of the transaction, whatever e is.
func (w *Writer) transactions(e *sensor.Event) {
	kind, tx := e.Kind, e.Tx
	for i, x := range w.changed {
		e.Kind, e.Tx = sensor.KindTx, x
		w.transaction(e)
		w.changed[i] = nil
	}
	e.Kind, e.Tx = kind, tx
	w.changed = w.changed[:0]
}

// transaction writes what has become complete: the record of a direction, and each anomaly once.
func (w *Writer) transaction(e *sensor.Event) {
	b := e.Tx.Base()
	for _, dir := range [...]sensor.Dir{sensor.ToServer, sensor.ToClient} {
		if !b.Logged[dir] && e.Tx.LogReady(dir) {
			b.Logged[dir] = true
			w.rec.Line(e.Order, func(dst []byte) []byte { return appendTx(dst, e, dir) })
		}
		for ; b.Told[dir] < len(b.Anomalies[dir]); b.Told[dir]++ {
			name := b.Anomalies[dir][b.Told[dir]]
			// An anomaly is told with the packet that showed it, which goes the other way when it acknowledged the bytes.
			saved := e.Dir
			if e.Segment == nil || saved == sensor.ToServer {
				e.Dir = dir
			}
			w.rec.Line(e.Order, func(dst []byte) []byte { return appendAnomaly(dst, e, b.Proto, name, "proto_parser", int64(b.ID)) })
			e.Dir = saved
		}
	}
}

// key returns the name under which EVE keeps a protocol's object, which is also its event type.
func key(p sensor.Proto) string {
	switch p {
	case sensor.ProtoHTTP2:
		return "http"
	case sensor.ProtoFTPData:
		return "ftp_data"
	case sensor.ProtoBitTorrentDHT:
		return "bittorrent_dht"
	case sensor.ProtoDoH2:
		return "dns"
	}
	return p.String()
}

func appendTx(dst []byte, e *sensor.Event, dir sensor.Dir) []byte {
	b := e.Tx.Base()
	dst = appendHead(dst, e, key(b.Proto), dir)
	dst = appendTxID(dst, b.ID)
	dst = appendTxObject(dst, e.Tx, dir, false)
	dst = appendMeta(dst, e.Flow, nil)
	return append(dst, '}')
}

// appendTxObject appends `,"http":{…}` and what the protocol has beside it.
func appendTxObject(dst []byte, tx sensor.Transaction, dir sensor.Dir, alert bool) []byte {
	b := tx.Base()
	dst = append(dst, `,"`...)
	dst = append(dst, key(b.Proto)...)
	dst = append(dst, `":`...)
	n := len(dst)
	if x, ok := tx.(sensor.EVEAlert); ok && alert {
		dst = x.AppendEVEAlert(dst, dir)
	} else {
		dst = tx.AppendEVE(dst, dir)
	}
	if len(dst) == n {
		dst = append(dst, `{}`...)
	}
	if x, ok := tx.(sensor.EVEExtra); ok {
		dst = x.AppendEVEExtra(dst, dir)
	}
	return dst
}

func appendAnomaly(dst []byte, e *sensor.Event, proto sensor.Proto, name, layer string, tx int64) []byte {
	dst = appendHead(dst, e, "anomaly", e.Dir)
	if tx >= 0 {
		dst = appendTxID(dst, uint64(tx))
	}
	dst = append(dst, `,"anomaly":{`...)
	if proto != sensor.ProtoNone && proto != sensor.ProtoFailed {
		dst = append(dst, `"app_proto":"`...)
		dst = append(dst, proto.String()...)
		dst = append(dst, `",`...)
	}
	dst = append(dst, `"type":"applayer","event":"`...)
	dst = append(dst, name...)
	dst = append(dst, `","layer":"`...)
	dst = append(dst, layer...)
	return append(dst, `"}}`...)
}
