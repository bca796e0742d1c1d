package fraud

import (
	"hash/maphash"
	"net/netip"

	"khien/detector"
	"khien/sensor"
)

// Config says how the detector works. The zero value is ready for use.
type Config struct {
	CacheBytes   int  // memory for names already found clean, a worker; 8 MiB when 0
	OnlyFraud    bool // no findings for what is only suspicious; stories then lack these steps
	MaxPageBytes int  // bytes of an HTML page that are read; 512 KiB when 0
}

func (c *Config) setDefaults() {
	if c.CacheBytes <= 0 {
		c.CacheBytes = 8 << 20
	}
	if c.MaxPageBytes <= 0 {
		c.MaxPageBytes = 512 << 10
	}
}

// Detector finds fraud in the events of one worker. It is not safe for concurrent use.
type Detector struct {
	cfg     Config
	names   *Names
	sink    detector.Sink
	notes   noter // nil when sink takes none
	clean   *cleanNames
	told    [toldSize]uint64 // hashes of facts that were noted; one that another pushes out is noted again, which changes nothing
	watch   *watch           // what else is looked for
	key     []byte
	v       Verdict
	done    [doneSize]doneTx
	pages   map[pageKey]int32 // pages that asked for secrets in a brand's name → brand
	secrets secrets
	page    page
}

// noter is a sink that takes notes, too, which Watch has to see. A detector.Recorder is one. With another sink nothing is
// found but what a single event shows.
type noter interface {
	Note(o sensor.Order, note any)
}

// note leaves a fact for Watch.
func (d *Detector) note(e *sensor.Event, f fact) {
	if d.notes != nil {
		d.notes.Note(e.Order, f)
	}
}

// fact is a note of this package: what matters together with other flows. It owns its memory.
type fact interface {
	// learn puts the fact into the memory that it is for and returns what it completes.
	learn() []*detector.Finding
}

// Watch takes the notes of Detectors, on the engine's goroutine; other notes are not its affair.
func Watch(note any) []*detector.Finding {
	if f, ok := note.(fact); ok {
		return f.learn()
	}
	return nil
}

// doneTx remembers what has been looked at of a transaction, since each change of it is an event.
type doneTx struct {
	flow, tx uint64
	bits     uint8
}

// toldSize is a power of two.
const toldSize = 1 << 17

// isNew reports whether the fact that d.key names was not noted lately, and keeps it.
func (d *Detector) isNew() bool {
	h := maphash.Bytes(d.clean.seed, d.key)
	slot := &d.told[h&(toldSize-1)]
	if *slot == h {
		return false
	}
	*slot = h
	return true
}

// doneSize is a power of two. A transaction that another one pushes out is looked at again; the findings that this
// repeats are held back by their Post.
const doneSize = 1024

const (
	doneNames uint8 = 1 << iota
	doneAnswer
	donePost
	donePage
	doneFacts
	doneCert
)

// pageKey is a host as one client knows it.
type pageKey struct {
	client, server netip.Addr
	host           uint64
}

// maxPages bounds Detector.pages.
const maxPages = 1 << 16

// New returns the detector of a worker. Findings go to sink.
func New(cfg Config, names *Names, sink detector.Sink) *Detector {
	cfg.setDefaults()
	notes, _ := sink.(noter)
	return &Detector{cfg: cfg, names: names, sink: sink, notes: notes, clean: newCleanNames(cfg.CacheBytes),
		pages: make(map[pageKey]int32)}
}

// Wants returns the kinds of events that Handle is to be called for.
func (d *Detector) Wants() sensor.Kind { return sensor.KindTx | sensor.KindFile | sensor.KindFlowEnd }

// Handle looks at an event.
func (d *Detector) Handle(e *sensor.Event) {
	switch e.Kind {
	case sensor.KindTx:
		if e.Tx != nil && e.Flow != nil {
			d.transaction(e)
		}
	case sensor.KindFile:
		if e.File != nil && e.File.State != sensor.FileOpen && e.Flow != nil {
			d.file(e)
		}
	case sensor.KindFlowEnd:
		if e.Flow != nil {
			d.flowEnd(e)
		}
	}
}

func (d *Detector) transaction(e *sensor.Event) {
	d.watching()
	base := e.Tx.Base()
	switch base.Proto {
	case sensor.ProtoDNS, sensor.ProtoDoH2:
		if base.Done[e.Dir] < sensor.ProgressComplete {
			return // a message in HTTP comes behind its headers
		}
		if e.Dir == sensor.ToServer {
			if d.first(e, doneNames) {
				d.eachName(e, sensor.DNSQueryName, "dns.question.name", "lookup")
			}
		} else if d.once(e, doneNames) && d.first(e, doneAnswer) {
			d.eachName(e, sensor.DNSQueryRRName, "dns.question.name", "lookup")
		}
		if e.Dir == sensor.ToClient && d.first(e, doneFacts) {
			d.answers(e)
		}
	case sensor.ProtoTLS:
		if e.Dir == sensor.ToServer && base.Done[sensor.ToServer] >= sensor.ProgressLine && d.first(e, doneNames) {
			d.eachName(e, sensor.TLSSNI, "tls.client.server_name", "visit")
			d.hello(e, sensor.TLSSNI)
		}
		if e.Dir == sensor.ToClient && base.Done[sensor.ToClient] >= sensor.ProgressHeaders && d.first(e, doneCert) {
			d.certificate(e)
		}
	case sensor.ProtoQUIC:
		if e.Dir == sensor.ToServer && d.first(e, doneNames) {
			d.eachName(e, sensor.QUICSNI, "quic.server_name", "visit")
			d.hello(e, sensor.QUICSNI)
		}
	case sensor.ProtoHTTP, sensor.ProtoHTTP2:
		d.http(e, base)
	}
}

func (d *Detector) http(e *sensor.Event, base *sensor.TxBase) {
	if base.Done[sensor.ToServer] >= sensor.ProgressHeaders && d.first(e, doneNames) {
		d.eachName(e, sensor.HTTPHost, "http.request.host", "visit")
	}
	if e.Dir == sensor.ToServer && base.Done[sensor.ToServer] >= sensor.ProgressBody && d.first(e, donePost) {
		d.submission(e)
	}
	if e.Dir == sensor.ToClient && base.Done[sensor.ToClient] >= sensor.ProgressBody && d.first(e, donePage) {
		d.redirect(e)
		d.icon(e)
		d.htmlPage(e)
	}
}

// slot returns the memory of a transaction.
func (d *Detector) slot(e *sensor.Event) *doneTx {
	tx := e.Tx.Base().ID
	s := &d.done[(e.Flow.ID^tx*fnvPrime)&(doneSize-1)]
	if s.flow != e.Flow.ID || s.tx != tx {
		*s = doneTx{flow: e.Flow.ID, tx: tx}
	}
	return s
}

// first reports whether bit is new for the transaction, and sets it.
func (d *Detector) first(e *sensor.Event, bit uint8) bool {
	s := d.slot(e)
	if s.bits&bit != 0 {
		return false
	}
	s.bits |= bit
	return true
}

// once reports whether bit is not set yet.
func (d *Detector) once(e *sensor.Event, bit uint8) bool { return d.slot(e).bits&bit == 0 }
