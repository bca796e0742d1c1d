package abuse

import (
	"net/netip"
	"time"

	"github.com/cespare/xxhash/v2"

	"khien/detector"
	"khien/sensor"
)

// Detector makes notes of the events of one worker. It is not safe for concurrent use.
type Detector struct {
	mem  *Memory
	rec  *detector.Recorder
	done [doneSize]doneTx
}

// doneTx remembers a transaction that was told, since each change of it is an event.
type doneTx struct{ flow, tx uint64 }

// doneSize is a power of two.
const doneSize = 1024

// New returns the detector of a worker, which leaves its notes with rec. Watch has to see them.
func New(mem *Memory, rec *detector.Recorder) *Detector { return &Detector{mem: mem, rec: rec} }

// fact is a note of this package.
type fact interface {
	// learn counts the fact and returns what it completes.
	learn() []*detector.Finding
}

// Watch takes the notes of a Detector, on the engine's goroutine; other notes are not its affair.
func Watch(note any) []*detector.Finding {
	if f, ok := note.(fact); ok {
		return f.learn()
	}
	return nil
}

// Wants returns the kinds of events that Handle is to be called for.
func (d *Detector) Wants() sensor.Kind { return sensor.KindTx }

// Handle looks at an event.
func (d *Detector) Handle(e *sensor.Event) {
	if e.Kind != sensor.KindTx || e.Tx == nil || e.Flow == nil {
		return
	}
	switch base := e.Tx.Base(); base.Proto {
	case sensor.ProtoHTTP, sensor.ProtoHTTP2:
		if e.Dir == sensor.ToClient && base.Done[sensor.ToClient] >= sensor.ProgressBody && d.first(e) {
			d.attempt(e)
		}
	case sensor.ProtoSIP:
		if d.first(e) {
			d.call(e)
		}
	}
}

func (d *Detector) first(e *sensor.Event) bool {
	k := doneTx{e.Flow.ID, e.Tx.Base().ID + 1}
	s := &d.done[(e.Flow.ID^k.tx*0x9e3779b97f4a7c15)&(doneSize-1)]
	if *s == k {
		return false
	}
	*s = k
	return true
}

// place is where a fact was seen.
type place struct {
	mem            *Memory
	capture        string
	client, server netip.Addr
	port           uint16
	transport, app string
	at             time.Time
}

func (d *Detector) place(e *sensor.Event) place {
	src, _, dst, port := e.Flow.Endpoints(sensor.ToServer)
	return place{mem: d.mem, capture: e.Capture, client: src, server: dst, port: port, app: e.Flow.App.String(), at: time.Unix(0, e.Time).UTC()}
}

// finding begins a finding of a pattern.
func (p *place) finding(pattern, title string, technique detector.Technique) *detector.Finding {
	f := &detector.Finding{Source: detector.FromBehaviour, Rule: detector.Rule{ID: "abuse." + pattern, Name: title, Category: "Fraud",
		Ruleset: "khien-abuse", Action: "allowed"}, Time: p.at, First: p.at, Last: p.at, Severity: detector.High, Score: 0.85, SrcIP: p.client, DstIP: p.server,
		DstPort: p.port, App: p.app, Direction: sensor.ToServer.String(), Capture: p.capture}
	f.Techniques = []detector.Technique{technique}
	return f
}

func reason(vi, en string, weight float64) detector.Reason {
	return detector.Reason{Text: detector.Text{VI: vi, EN: en}, Weight: weight}
}

func hash(b []byte) uint64 { return xxhash.Sum64(b) }

func addrHash(a netip.Addr) uint64 {
	b := a.As16()
	return hash(b[:])
}
