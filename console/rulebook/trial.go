package rulebook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"khien/detector"
	"khien/detector/signature"
	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/pipeline"
)

// Limits of a trial.
const (
	TrialMax   = 16 << 20         // bytes of a capture as it is given
	trialBytes = 256 << 20        // of packets, which a capture may be unpacked to
	trialTime  = 20 * time.Second // after which it ends where it is
	trialHits  = 20               // matches of a rule that are told
	checkRules = 2000             // of one text
)

// Checked is what is known of a text of rules.
type Checked struct {
	Rules  []CheckedRule `json:"rules"`
	Faults []Fault       `json:"faults"`
}

// CheckedRule is how a rule of a text is inspected.
type CheckedRule struct {
	GID         uint32   `json:"gid"`
	SID         uint32   `json:"sid"`
	Rev         uint32   `json:"rev"`
	Line        int      `json:"line"`
	Msg         string   `json:"msg"`
	When        string   `json:"when"`
	LooksAt     []string `json:"looks_at"`
	FastPattern string   `json:"fast_pattern"`
	FastBuffer  string   `json:"fast_buffer"`
	Slow        []string `json:"slow"`
}

// Check reads a text as it would be loaded. Ids that other files use are faults too.
func (d *Desk) Check(text string) (Checked, error) {
	out := Checked{Rules: []CheckedRule{}, Faults: []Fault{}}
	set, errs := d.compile(text)
	for i := range errs {
		out.Faults = append(out.Faults, FaultOf(&errs[i]))
	}
	rules := set.Rules()
	if len(rules) > checkRules {
		return out, fmt.Errorf("%w: text: %d rules, at most %d", ErrInvalid, len(rules), checkRules)
	}
	for _, r := range rules {
		if e, ok := set.Explain(r.SID); ok {
			out.Rules = append(out.Rules, CheckedRule{r.GID, r.SID, r.Rev, r.Line, r.Msg, e.When, list0(e.LooksAt), r.FastPattern, r.FastBuffer, list0(e.Slow)})
		}
		if other, err := d.Rule(signature.ID{GID: r.GID, SID: r.SID}); err == nil && filepath.Base(other.File) != ownName {
			out.Faults = append(out.Faults, Fault{File: ownName, Line: r.Line, Column: 1, Text: r.Text,
				Msg: fmt.Sprintf("sid %d is already used by the rule in line %d of %s", r.SID, other.Line, filepath.Base(other.File))})
		}
	}
	slices.SortStableFunc(out.Faults, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	return out, nil
}

func list0(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// compile loads a text by itself. It may name lists of the rules folder and no other file.
func (d *Desk) compile(text string) (*signature.Set, []signature.Error) {
	name, o := ownName, signature.Options{}
	if d.live != nil {
		name, o = filepath.Join(d.live.Dir, ownName), d.live.Loaded().Language
		o.DataDir = d.live.Dir
	}
	o.Confined = true
	set, errs := signature.Load(o, []signature.File{{Name: name, Data: []byte(text)}})
	for i := range errs {
		errs[i].File = ownName
	}
	return set, errs
}

// Trial is what a text of rules found in a capture.
type Trial struct {
	Rules   []TrialRule `json:"rules"`
	Faults  []Fault     `json:"faults"` // the text has errors: nothing was tried
	Packets uint64      `json:"packets"`
	Bytes   uint64      `json:"bytes"`
	From    time.Time   `json:"from,omitzero"`
	To      time.Time   `json:"to,omitzero"`
	Micros  int64       `json:"microseconds"`      // of inspecting
	Stopped string      `json:"stopped,omitempty"` // time, size: the capture was not read to its end
	Damaged string      `json:"damaged,omitempty"` // why it could not be read further
}

// TrialRule is what one rule found.
type TrialRule struct {
	GID     uint32  `json:"gid"`
	SID     uint32  `json:"sid"`
	Msg     string  `json:"msg"`
	Matches int     `json:"matches"`
	Looks   uint64  `json:"looks"`
	Micros  float64 `json:"microseconds"`
	Hits    []Hit   `json:"hits"` // the first
}

// Hit is one match.
type Hit struct {
	Time    time.Time         `json:"time"`
	Src     string            `json:"src"`
	Dst     string            `json:"dst"`
	Packet  uint64            `json:"packet"`
	What    string            `json:"what"` // name or address on the web, where there is one
	Reasons []detector.Reason `json:"reasons"`
}

// Try runs a text over a capture: pcap or pcapng, also compressed. One trial runs at a time.
func (d *Desk) Try(ctx context.Context, text string, src io.Reader) (Trial, error) {
	t := Trial{Rules: []TrialRule{}, Faults: []Fault{}}
	set, errs := d.compile(text)
	if len(errs) > 0 || set.Len() == 0 {
		for i := range errs {
			t.Faults = append(t.Faults, FaultOf(&errs[i]))
		}
		return t, nil
	}
	end, err := d.begin()
	if err != nil {
		return t, err
	}
	defer end()
	found := map[signature.ID]*TrialRule{}
	for _, r := range set.Rules() {
		t.Rules = append(t.Rules, TrialRule{GID: r.GID, SID: r.SID, Msg: r.Msg, Hits: []Hit{}})
	}
	for i := range t.Rules {
		found[signature.ID{GID: t.Rules[i].GID, SID: t.Rules[i].SID}] = &t.Rules[i]
	}
	costs, err := run(ctx, set, src, &t, func(f *detector.Finding) {
		for _, r := range t.Rules {
			if fmt.Sprint(r.SID) == f.Rule.ID && int(r.GID) == f.Rule.GID {
				found[signature.ID{GID: r.GID, SID: r.SID}].add(f)
			}
		}
	})
	for _, c := range costs {
		if r := found[signature.ID{GID: c.Rule.GID, SID: c.Rule.SID}]; r != nil {
			r.Looks, r.Micros = c.Checks, float64(c.Time)/float64(time.Microsecond)
		}
	}
	return t, err
}

func (r *TrialRule) add(f *detector.Finding) {
	if r.Matches++; len(r.Hits) < trialHits {
		h := Hit{Time: f.Time, Src: f.SrcIP.String(), Dst: f.DstIP.String(), Packet: f.PacketNumber, What: cmp.Or(f.URL, f.Domain), Reasons: f.Reasons}
		if h.Reasons == nil {
			h.Reasons = []detector.Reason{}
		}
		r.Hits = append(r.Hits, h)
	}
}

// begin takes the one place of trials and measures.
func (d *Desk) begin() (end func(), err error) {
	select {
	case d.busy <- struct{}{}:
		return func() { <-d.busy }, nil
	default:
		return nil, ErrBusy
	}
}

// run inspects a capture with a set that nobody else uses, and says in t what was read.
func run(ctx context.Context, set *signature.Set, src io.Reader, t *Trial, found func(*detector.Finding)) ([]signature.Cost, error) {
	start := time.Now()
	r, err := capture.NewReader(src, "the file")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCapture, err)
	}
	defer r.Close()
	engine := detector.NewEngine(1, func(rec detector.Record) {
		if rec.Finding != nil {
			found(rec.Finding)
		}
	})
	m := set.NewMatcher(engine.Recorder(0))
	m.Measure()
	hash := set.Wants(sensor.FileMD5) || set.Wants(sensor.FileSHA1) || set.Wants(sensor.FileSHA256)
	cfg := pipeline.Config{Workers: 1, NoChecksum: true, Handlers: func(int) []sensor.Handler { return []sensor.Handler{m} },
		RoundDone: func(worker int, _ string) { engine.RoundDone(worker) }}
	cfg.Stream.Midstream, cfg.File.Hash = true, hash // a window of packets begins in the middle of flows
	p := pipeline.New(cfg)
	b := &bounded{ctx: ctx, r: r, until: start.Add(trialTime), left: trialBytes}
	err = p.Run(b, "capture")
	p.Close()
	st := p.Stats()
	t.Packets, t.Bytes, t.Stopped, t.Micros = st.Packets, st.Bytes, b.stopped, time.Since(start).Microseconds()
	if b.first != 0 {
		t.From, t.To = time.Unix(0, b.first).UTC(), time.Unix(0, b.last).UTC()
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && st.Packets == 0:
		return nil, fmt.Errorf("%w: %w", ErrCapture, err)
	case err != nil:
		t.Damaged = err.Error()
	}
	return m.Costs(), nil
}

// bounded reads packets until a limit is reached, which is the end.
type bounded struct {
	ctx         context.Context
	r           *capture.Reader
	until       time.Time
	left        int64
	first, last int64
	n           uint
	stopped     string
}

func (b *bounded) Next(p *sensor.Packet) error {
	if b.n++; b.n%256 == 0 && time.Now().After(b.until) {
		b.stopped = "time"
	}
	if b.left < 0 {
		b.stopped = "size"
	}
	if b.stopped != "" {
		return io.EOF
	}
	if err := b.ctx.Err(); err != nil {
		return err
	}
	err := b.r.Next(p)
	if errors.Is(err, capture.ErrIdle) {
		err = io.EOF // a file has no idle end
	}
	if err == nil {
		b.left -= int64(len(p.Data))
		if b.first == 0 {
			b.first = p.Time
		}
		b.last = p.Time
	}
	return err
}
