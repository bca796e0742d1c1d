// Package health turns what a sensor counts into findings about the sensor: what it lost, when, where and why. In go
// samples of counts; out comes one finding a stretch of loss, and on request the sentence that other findings of that
// stretch carry. All values are copies.
package health

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"khien/detector"
	"khien/sensor/pipeline"
)

// Limits of a stretch of loss.
const (
	quiet        = time.Minute     // without loss, after which a stretch is over
	stretchMax   = 5 * time.Minute // after which a stretch is told though loss goes on
	stretchesMax = 64              // that are remembered for Incomplete
	later        = time.Minute     // how long what follows a loss may still suffer from it
)

// Sample is what a sensor has counted since its start.
type Sample struct {
	Time  time.Time
	Stats pipeline.Stats
}

// Watch watches one sensor. Safe for concurrent use.
type Watch struct {
	name   string
	mu     sync.Mutex
	last   Sample
	any    bool
	before Sample // the sample before the stretch
	open   bool
	end    time.Time // last sample with loss
	past   []stretch
}

// stretch is a time in which packets were lost.
type stretch struct{ from, to time.Time }

// NewWatch watches the sensor of a name: an interface, a listener.
func NewWatch(name string) *Watch { return &Watch{name: name} }

// Observe takes the next sample. It returns a finding when a stretch of loss is over, or has lasted long.
func (w *Watch) Observe(s Sample) *detector.Finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.any {
		w.any, w.last = true, s
		return nil
	}
	before := w.last
	w.last = s
	if lossy(&before.Stats, &s.Stats) {
		if !w.open {
			w.open, w.before = true, before
		}
		w.end = s.Time
	}
	if !w.open || s.Time.Sub(w.end) < quiet && s.Time.Sub(w.before.Time) < stretchMax {
		return nil
	}
	return w.tell()
}

// Close ends the watch and returns the finding of a stretch of loss that was not over.
func (w *Watch) Close() *detector.Finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.open {
		return nil
	}
	return w.tell()
}

// lossy reports whether packets, segments or flows were lost between two samples. Gaps and limits alone do not begin a
// stretch: every mirror port shows some, and one peer can cause them.
func lossy(a, b *pipeline.Stats) bool {
	return b.Lost.Packets() > a.Lost.Packets() || b.Lost.MemcapSegments > a.Lost.MemcapSegments ||
		b.Lost.MemcapFlows > a.Lost.MemcapFlows || b.Lost.MemcapFiles > a.Lost.MemcapFiles
}

// tell closes the stretch and makes its finding; nil when it is too small to tell.
func (w *Watch) tell() *detector.Finding {
	from, to := w.before.Time, w.end
	w.open = false
	if len(w.past) == stretchesMax {
		w.past = slices.Delete(w.past, 0, 1)
	}
	w.past = append(w.past, stretch{from, to})
	losses := between(&w.before.Stats, &w.last.Stats)
	if len(losses) == 0 {
		return nil
	}
	worst := losses[0]
	f := &detector.Finding{Time: to.UTC(), First: from.UTC(), Last: to.UTC(), Count: 1, Source: detector.FromHealth,
		Severity: worst.severity(), Score: min(worst.share, 1), Interface: w.name,
		Rule: detector.Rule{ID: "loss:" + w.name, Name: "loss of the sensor " + w.name, Category: "sensor health"}}
	f.Summary = worst.summary(w.name, from, to)
	for i := range losses {
		f.Reasons = append(f.Reasons, detector.Reason{Text: losses[i].reason(), Weight: 1 / float64(len(losses)), Buffer: "sensor"})
	}
	f.Identify(w.name, from.UTC().Format(time.RFC3339Nano))
	return f
}

// Incomplete returns what a finding about the time from to to has to say of loss; nothing where nothing was lost.
func (w *Watch) Incomplete(from, to time.Time) []detector.Text {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.past
	if w.open {
		all = append(slices.Clone(all), stretch{w.before.Time, w.end})
	}
	for _, s := range slices.Backward(all) {
		if from.Before(s.to.Add(later)) && !to.Before(s.from) {
			a, b := clock(s.from), clock(s.to)
			return []detector.Text{{
				VI: fmt.Sprintf("cảm biến %s mất dữ liệu từ %s đến %s: có thể còn nội dung chưa thấy được", w.name, a, b),
				EN: fmt.Sprintf("sensor %s lost data between %s and %s: there may be more than was seen", w.name, a, b)}}
		}
	}
	return nil
}

// zone is the time of Vietnam, which has no summer time.
var zone = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

func clock(t time.Time) string { return t.In(zone).Format("15:04:05") }

// between returns the losses between two samples, the worst first.
func between(a, b *pipeline.Stats) []loss {
	var out []loss
	for i := range stages {
		if l, ok := lostAt(&stages[i], a, b); ok {
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(x, y loss) int { return cmp.Compare(y.severity(), x.severity()) })
	return out
}

// lostAt returns what a stage has lost between two samples, and whether it has.
func lostAt(s *stage, a, b *pipeline.Stats) (loss, bool) {
	l := loss{stage: s, n: s.lost(&b.Lost) - s.lost(&a.Lost)}
	if s.of != nil && l.n > 0 {
		l.share = float64(l.n) / float64(l.n+s.of(b)-s.of(a))
	}
	return l, l.n > 0
}

// percent writes a share as people read it.
func percent(share float64) detector.Text {
	if share < 0.001 {
		return detector.Text{VI: "dưới 0,1 %", EN: "less than 0.1 %"}
	}
	s := fmt.Sprintf("%.1f %%", 100*share)
	return detector.Text{VI: strings.Replace(s, ".", ",", 1), EN: s}
}
