package fraud

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"khien/detector"
)

// Limits of stories.
const (
	maxStories = 1 << 14
	maxSteps   = 32
	maxWaiting = 8              // steps of a victim that wait for a grave one
	storySpan  = 24 * time.Hour // a story that nothing was added to for this long is over
	remoteSpan = 2 * time.Hour  // remote control belongs to a story when it follows this soon
)

// Stories puts the findings of a victim into the story that they tell: lookup, visit, page, submission, application, remote
// control. It sees findings in packet order on the engine's goroutine; the same findings give the same stories.
type Stories struct {
	open  map[storyKey]*story
	order []storyKey // by age of their beginning, for forgetting
}

type storyKey struct {
	capture string
	victim  netip.Addr
}

// story is what is known of one victim.
type story struct {
	steps    []step
	brand    string
	hosts    []string
	ips      []string
	score    float64
	last     time.Time
	start    time.Time
	told     int // findings given so far
	id       string
	evidence *detector.Finding // what the first grave step told of the traffic
	contact  *detector.Finding // the first contact with the fraud's own server
	where    *detector.Finding // of evidence and contact, the one whose server the story names; fixed when it is first told
}

// step is a step with what decides whether it counts.
type step struct {
	detector.Step
	host   string
	detail string // tells steps of one stage and host apart: the secrets of a submission
	grave  bool   // high and above by itself
}

// NewStories returns an empty set of stories.
func NewStories() *Stories { return &Stories{open: make(map[storyKey]*story)} }

// Observe takes a finding that passed. It returns what the finding has made: the story that it has begun or has added to,
// as one finding that keeps its ID while its steps grow; the campaign that it belongs to; and findings about other names
// that it gives enough evidence.
func (s *Stories) Observe(f *detector.Finding) (out []*detector.Finding) {
	if g := s.story(f); g != nil {
		out = append(out, g)
	}
	p, ok := f.Post.(*sightings)
	if !ok || f.Fraud == nil || f.Fraud.Kind == "campaign" {
		return out
	}
	told, ripe := p.follow(f)
	out = append(out, told...)
	for _, r := range ripe {
		if p.Pass(r) {
			out = append(out, r)
			out = append(out, s.Observe(r)...)
		}
	}
	return out
}

// storyRule is the rule of findings that tell the story of one victim.
const storyRule = "fraud.story"

// IsStory reports whether a finding is a story.
func IsStory(f *detector.Finding) bool { return f.Rule.ID == storyRule }

// story puts a finding into the story of its victim and returns the story if it is one.
func (s *Stories) story(f *detector.Finding) *detector.Finding {
	if IsStory(f) {
		return nil
	}
	stage := stageOf(f)
	v := victim(f)
	if stage == "" || !v.IsValid() {
		return nil
	}
	key := storyKey{f.Capture, v}
	st := s.open[key]
	if st != nil && f.Time.Sub(st.last) > storySpan {
		st = nil
	}
	if st == nil {
		if stage == "c2" {
			return nil // an alarm without any step of fraud before it is no story of ours
		}
		st = s.begin(key, f)
	}
	if !st.add(f, stage) {
		return nil
	}
	if p, ok := f.Post.(*sightings); ok {
		st.takeHeld(p, key, f.Time)
		st.takeLure(p, key, f)
	}
	if !st.complete() {
		return nil
	}
	return st.finding(key)
}

func (s *Stories) begin(key storyKey, f *detector.Finding) *story {
	if len(s.order) >= maxStories {
		half := len(s.order) / 2
		for _, k := range s.order[:half] {
			delete(s.open, k)
		}
		s.order = append(s.order[:0], s.order[half:]...)
	}
	st := &story{start: f.Time}
	if _, known := s.open[key]; !known {
		s.order = append(s.order, key)
	}
	s.open[key] = st
	return st
}

// stageOf returns the step of a story that a finding is, "" for none. Findings of other detectors count as contact with a
// controller when they say so.
func stageOf(f *detector.Finding) string {
	if f.Source == detector.FromFraud {
		if f.Fraud == nil {
			return ""
		}
		return f.Fraud.Stage
	}
	if f.Severity < detector.High {
		return ""
	}
	for _, t := range f.Techniques {
		if t.TacticID == "TA0011" || t.TacticID == "TA0037" {
			return "c2"
		}
	}
	return ""
}

// add takes a finding as a step. It returns false for what the story has already.
func (st *story) add(f *detector.Finding, stage string) bool {
	host := f.Domain
	if stage == "remote_control" || stage == "transfer" {
		host = f.Fraud.Tool // one step for each program or bank, whichever of its servers was seen
	}
	detail := ""
	if stage == "submission" {
		detail = strings.Join(f.Rule.Metadata["secrets"], ",")
	}
	for i := range st.steps {
		if x := &st.steps[i]; x.Stage == stage && x.host == host && x.detail == detail {
			x.grave = x.grave || f.Severity >= detector.High
			if x.Visibility == "inferred" && f.Fraud != nil && f.Fraud.Visibility == "seen" { // the name first, then the connection
				x.Visibility, x.Evidence = "seen", f.ID
				return true
			}
			return false
		}
	}
	limit := maxSteps
	if st.evidence == nil {
		limit = maxWaiting
	}
	if len(st.steps) >= limit {
		if st.evidence != nil {
			return false
		}
		st.steps = append(st.steps[:0], st.steps[1:]...)
	}
	visibility := "seen"
	if f.Fraud != nil && f.Fraud.Visibility != "" {
		visibility = f.Fraud.Visibility
	}
	st.insert(step{host: host, detail: detail, grave: f.Severity >= detector.High && stage != "remote_control",
		Step: detector.Step{Time: f.Time, Stage: stage, Visibility: visibility, What: f.Summary, Evidence: f.ID}})
	for _, own := range f.Steps { // what people reported before
		st.insert(step{host: host, Step: own})
	}
	if f.Time.After(st.last) {
		st.last = f.Time
	}
	if f.Severity >= detector.High && stage != "remote_control" && stage != "c2" {
		if st.evidence == nil {
			st.evidence = f
		}
		if st.contact == nil && stage != "lookup" {
			st.contact = f
		}
		st.score = max(st.score, f.Score)
		if st.brand == "" && f.Fraud != nil {
			st.brand = f.Fraud.Brand
		}
	}
	return true
}

// takeHeld adds the visits whose findings were held back because the lookup of the name had been reported.
func (st *story) takeHeld(p *sightings, key storyKey, until time.Time) {
	held, _ := p.held.Get(heldKey{key.capture, key.victim})
	for _, h := range held {
		if len(st.steps) >= maxSteps || h.time.After(until) || h.time.Before(st.start) {
			continue
		}
		known := false
		for i := range st.steps {
			known = known || st.steps[i].Stage == "visit" && st.steps[i].host == h.name
		}
		if known {
			continue
		}
		st.insert(step{host: h.name, grave: h.grave, Step: detector.Step{Time: h.time, Stage: "visit", Visibility: "seen",
			Evidence: "flow " + strconv.FormatUint(h.flow, 10), What: detector.Text{VI: "Thiết bị truy cập " + h.name, EN: "A client connected to " + h.name}}})
	}
}

// insert puts a step into its place in time, behind those of the same time.
func (st *story) insert(x step) {
	at := len(st.steps)
	for at > 0 && st.steps[at-1].Time.After(x.Time) {
		at--
	}
	st.steps = slices.Insert(st.steps, at, x)
}

// takeLure adds a link shortener that was asked for just before an impostor: it may have led there.
func (st *story) takeLure(p *sightings, key storyKey, f *detector.Finding) {
	if f.Severity < detector.High || f.Domain == "" || len(st.steps) >= maxSteps {
		return
	}
	short, at := p.shortener(heldKey{key.capture, key.victim})
	gap := f.Time.Sub(at)
	if short == "" || gap < 0 || gap > lureSpan || slices.ContainsFunc(st.steps, func(x step) bool { return x.Stage == "lure" }) {
		return
	}
	st.insert(step{host: f.Domain, Step: detector.Step{Time: at, Stage: "lure", Visibility: "inferred",
		What: detector.Text{VI: "Thiết bị mở liên kết rút gọn " + short + " ngay trước đó", EN: "A client opened a short link of " + short + " just before"}}})

}

// complete reports whether the steps are a story: something grave, and beside it a step of another kind than a name. Remote
// control counts when it comes soon after (or before) a grave step, a page or a file that was only inferred when the visit
// is known.
func (st *story) complete() bool {
	if st.evidence == nil {
		return false
	}
	names, visit, deeds := false, false, 0
	kinds := map[string]bool{}
	for i := range st.steps {
		x := &st.steps[i]
		if !st.related(x) {
			continue
		}
		switch x.Stage {
		case "lookup", "visit":
			names = names || x.grave
			visit = visit || x.Stage == "visit"
			continue
		case "lure":
			continue
		case "page", "apk":
			if x.Visibility != "seen" && !visit {
				continue
			}
		}
		if !kinds[x.Stage] {
			kinds[x.Stage] = true
			deeds++
		}
	}
	return deeds >= 2 || deeds == 1 && names
}

func (st *story) nearGrave(t time.Time) bool {
	for i := range st.steps {
		if x := &st.steps[i]; x.grave {
			if gap := t.Sub(x.Time); gap < remoteSpan && gap > -remoteSpan {
				return true
			}
		}
	}
	return false
}

// related reports whether a step belongs into the story that is told: grave ones, what has to do with their hosts, and
// what needs no host and comes soon before or after them.
func (st *story) related(x *step) bool {
	switch {
	case x.grave:
		return true
	case x.Stage == "c2":
		return true
	case x.Stage == "remote_control" || x.Stage == "transfer" || x.Stage == "apk" && x.Visibility == "seen":
		return st.nearGrave(x.Time)
	}
	for i := range st.steps {
		if y := &st.steps[i]; y.grave && y.host != "" && (y.host == x.host || strings.HasSuffix(x.host, "."+y.host)) {
			return true
		}
	}
	return false
}
