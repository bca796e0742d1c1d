package pipeline

import (
	"errors"
	"io"
	"sync"
	"time"

	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/decode"
)

// A round is handed over when it holds this many packets or bytes. Large enough to pay for the hand-over, small enough
// to stay in the second-level cache.
const (
	roundPackets = 512
	roundBytes   = 512 << 10
)

const second = int64(1e9)

// Pipeline runs captures. Not safe for concurrent use.
type Pipeline struct {
	cfg     Config
	dec     *decode.Decoder
	workers []*worker
	in      []chan *batch
	free    chan *batch
	wg      sync.WaitGroup
	stats   Stats
	shown   published
}

// New makes a pipeline and starts its workers. Close stops them.
func New(cfg Config) *Pipeline {
	cfg.Workers = max(cfg.Workers, 1)
	cfg.budget()
	p := &Pipeline{cfg: cfg, dec: decode.New(cfg.Decode)}
	for i := range cfg.Workers {
		p.workers = append(p.workers, newWorker(&p.cfg, i))
	}
	if cfg.Workers > 1 {
		p.free = make(chan *batch, 4*cfg.Workers)
		for i := range p.workers {
			c := make(chan *batch, 2)
			p.in = append(p.in, c)
			p.wg.Add(1)
			go p.work(i, c)
		}
	}
	return p
}

// Run reads r to its end and tells the handlers what it holds. A read error is returned after everything that was
// read before has been handled.
func (p *Pipeline) Run(r Reader, name string) error {
	d := newDealer(p, name)
	var pkt sensor.Packet
	var next int64 // packet time of the next tick
	lost, earlier := lossy(nil), p.stats.Lost
	if l, ok := r.(lossy); ok {
		lost = l
	}
	var err error
	for {
		if err = r.Next(&pkt); errors.Is(err, capture.ErrIdle) {
			p.readerLoss(lost, earlier)
			d.idle(time.Now().UnixNano())
			continue
		}
		if err != nil {
			break
		}
		p.stats.Packets++
		p.stats.Bytes += uint64(pkt.Length)
		if pkt.Time >= next {
			p.dec.Tick(pkt.Time)
			p.stats.Lost.FragmentPackets = p.dec.Lost()
			p.readerLoss(lost, earlier)
			d.tick(pkt.Time, pkt.Number)
			next = pkt.Time - pkt.Time%second + second
		}
		for i, s := range p.dec.Decode(&pkt) {
			d.deal(s, i)
		}
		d.packet(&pkt)
	}
	p.stats.Lost.FragmentPackets = p.dec.Lost()
	p.readerLoss(lost, earlier)
	d.finish()
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// Close stops the workers.
func (p *Pipeline) Close() {
	for _, c := range p.in {
		close(c)
	}
	p.wg.Wait()
	p.in = nil
}

// Stats returns the counts so far. Call it after Run has returned.
func (p *Pipeline) Stats() Stats {
	s := p.stats
	for _, w := range p.workers {
		w.count()
		s.Add(&w.stats)
	}
	return s
}

// published is a copy of counts that others may read while the owner goes on counting.
type published struct {
	mu sync.Mutex
	s  Stats
}

func (p *published) put(s *Stats) {
	p.mu.Lock()
	p.s = *s
	p.mu.Unlock()
}

func (p *published) get() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.s
}

func (p *Pipeline) publish() { p.shown.put(&p.stats) }
func (w *worker) publish()   { w.count(); w.shown.put(&w.stats) }

// Live returns the counts as of the latest rounds. Safe for use while Run runs.
func (p *Pipeline) Live() Stats {
	s := p.shown.get()
	for _, w := range p.workers {
		n := w.shown.get()
		s.Add(&n)
	}
	return s
}
