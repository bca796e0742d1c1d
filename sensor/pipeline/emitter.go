package pipeline

import (
	"slices"

	"khien/sensor"
	"khien/sensor/file"
)

// track is the sensor.Emitter of its parser.
var _ sensor.Emitter = (*track)(nil)

// Flow returns the flow.
func (t *track) Flow() *sensor.Flow { return t.f }

// Time returns the packet time.
func (t *track) Time() int64 { return t.w.ev.Time }

// Wanted reports whether anybody asks for b.
func (t *track) Wanted(b sensor.Buffer) bool {
	if b.IsFrame() {
		return t.w.frames.wanted(b)
	}
	return t.w.cfg.Wanted == nil || t.w.cfg.Wanted(b)
}

func (t *track) event(dir sensor.Dir) *sensor.Event {
	e := &t.w.ev
	e.Flow, e.Dir, e.Segment = t.f, dir, t.w.seg
	return e
}

// Tx tells the handlers that a transaction has changed.
func (t *track) Tx(tx sensor.Transaction, dir sensor.Dir) {
	if !t.txs {
		t.txs = true
		if t.f.AppDir[dir] == sensor.ProtoNone {
			t.f.AppDir[dir] = t.f.App
		}
	}
	t.f.TxCount = max(t.f.TxCount, tx.Base().ID+1)
	t.progressed(tx, dir)
	t.open = tx
	e := t.event(dir)
	e.Tx = tx
	t.w.send(sensor.KindTx)
	e.Tx = nil
}

// Done keeps a finished transaction until the packet has been handled.
func (t *track) Done(tx sensor.Transaction) {
	t.w.stats.Transactions++
	b := tx.Base()
	t.held -= b.Held
	b.Held = 0
	if t.open == tx {
		t.open = nil
	}
	t.w.done = append(t.w.done, tx)
}

// OpenFile begins a file.
func (t *track) OpenFile(tx sensor.Transaction, dir sensor.Dir, name []byte) *sensor.File {
	t.w.stats.Files++
	f := t.w.files.Open(tx, dir, name)
	t.fileID++
	f.ID = t.fileID
	if tx != nil {
		b := tx.Base()
		b.Files = append(b.Files, f)
	}
	return f
}

// WriteFile adds to a file.
func (t *track) WriteFile(f *sensor.File, data []byte) {
	if f == nil || f.State != sensor.FileOpen {
		return
	}
	t.w.files.Write(f, data)
	t.half[f.Dir].pend += len(data)
	if f.Total > 0 {
		t.w.ranges.Write(f, data)
	}
	t.fileEvent(f, data)
}

// GapFile tells that bytes of a file are missing.
func (t *track) GapFile(f *sensor.File, n int) {
	if f != nil && f.State == sensor.FileOpen {
		t.w.files.Gap(f, n)
	}
}

// CloseFile ends a file.
func (t *track) CloseFile(f *sensor.File, complete bool) {
	if f == nil || f.State != sensor.FileOpen {
		return
	}
	t.w.files.Close(f, complete)
	t.oddFile(f)
	t.fileEvent(f, nil)
	t.w.closed = append(t.w.closed, f)
	if f.Total > 0 {
		t.join(f)
	}
}

// oddFile makes what is wrong with a file an anomaly of the transaction that carries it.
func (t *track) oddFile(f *sensor.File) {
	if len(f.Anomalies) == 0 || f.Tx == nil {
		return
	}
	list := &f.Tx.Base().Anomalies[f.Dir]
	for _, name := range f.Anomalies {
		if !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
	}
	t.Tx(f.Tx, f.Dir)
}

// join tells of the file that a range completes, as another file of its transaction.
func (t *track) join(f *sensor.File) {
	of := file.RangeOf{Client: t.f.Src.String(), Name: string(f.Name), Total: f.Total}
	if f.Tx != nil {
		host, _ := f.Tx.Buffer(sensor.HTTPHost, sensor.ToServer, 0)
		of.Host = string(host)
	}
	whole := t.w.ranges.Close(f, of)
	if whole == nil {
		return
	}
	j := t.OpenFile(f.Tx, f.Dir, f.Name)
	j.Store = f.Store
	t.WriteFile(j, whole)
	t.CloseFile(j, true)
}

func (t *track) fileEvent(f *sensor.File, data []byte) {
	if t.w.wants&sensor.KindFile == 0 {
		return
	}
	e := t.event(f.Dir)
	e.File, e.Tx, e.Data = f, f.Tx, data
	t.w.send(sensor.KindFile)
	e.File, e.Tx, e.Data = nil, nil, nil
}

// Upgrade asks for another parser.
func (t *track) Upgrade(to sensor.Proto) { t.upgrade, t.upgradeTo = true, to }

// Expect remembers a flow that will come.
func (t *track) Expect(x sensor.Expectation) {
	if len(t.w.expect) >= expectMax {
		clear(t.w.expect) // an attacker's flood: forget, rather than grow
	}
	t.w.expect[x.Server] = x
}

// Anomaly tells of something malformed outside any transaction.
func (t *track) Anomaly(dir sensor.Dir, name string) {
	t.w.stats.Anomalies++
	if t.w.wants&sensor.KindAnomaly == 0 {
		return
	}
	e := t.event(dir)
	e.Anomaly = name
	t.w.send(sensor.KindAnomaly)
	e.Anomaly = ""
}
