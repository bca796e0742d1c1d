package hook

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"khien/detector"
)

// Limits of a trial.
const (
	trialValues = 20_000 // distinct values that are followed
	trialShown  = 50
)

// TrialReport compares what the policies in force and those of an overlay would have proposed of the same findings.
type TrialReport struct {
	Since    time.Time    `json:"since"`
	Findings int          `json:"findings"` // looked at
	Partial  bool         `json:"partial"`  // there are more
	Now      TrialCount   `json:"now"`
	Then     TrialCount   `json:"then"`
	Added    []TrialValue `json:"added"`  // proposed by the overlay alone, or automatic by it alone
	Gone     []TrialValue `json:"gone"`   // proposed now, or automatic now, and not so by the overlay
	Hidden   int          `json:"hidden"` // active decisions that the never-block list of the overlay takes off the lists
}

// TrialCount counts values.
type TrialCount struct {
	Proposed  int `json:"proposed"`
	Automatic int `json:"automatic"` // of them
	Protected int `json:"protected"` // wanted by a policy, and never blocked
}

// TrialValue is a value that some policy would have proposed.
type TrialValue struct {
	Kind      Kind   `json:"kind"`
	Value     string `json:"value"`
	Policy    string `json:"policy"`
	Automatic bool   `json:"automatic"`
}

// Trial looks at findings as the policies would have, with an overlay and without, and changes nothing. Brakes on how many
// at once, and what people have unblocked, are not in it: it may count more than would have been blocked.
type Trial struct {
	b         *Book
	now, then trialSide
	report    TrialReport
}

type trialSide struct {
	rules  *rules
	values map[string]*trialSeen
}

// trialSeen is what is known of a value.
type trialSeen struct {
	TrialValue
	decision  Decision
	protected bool
}

// Try begins a trial of an overlay.
func (b *Book) Try(o Overlay, since time.Time) (*Trial, error) {
	r, err := over(b.cfg.Config, b.cfg.Never, o, false)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInput, err)
	}
	return &Trial{b: b, now: trialSide{b.rules(), map[string]*trialSeen{}}, then: trialSide{r, map[string]*trialSeen{}},
		report: TrialReport{Since: since, Added: []TrialValue{}, Gone: []TrialValue{}}}, nil
}

// Add looks at a finding.
func (t *Trial) Add(f *detector.Finding) {
	t.report.Findings++
	t.report.Partial = !t.now.add(f) || t.report.Partial
	t.report.Partial = !t.then.add(f) || t.report.Partial
}

// add looks at a finding; false when there were too many values.
func (s *trialSide) add(f *detector.Finding) bool {
	_, mode := s.rules.config.unit(clientOf(f))
	if mode == Off {
		return true
	}
	for i := range s.rules.config.Policies {
		p := &s.rules.config.Policies[i]
		if p.Off || !p.When.match(f) {
			continue
		}
		kind, value := p.target(f)
		if value == "" {
			continue
		}
		key := string(kind) + "\x00" + value
		v := s.values[key]
		if v == nil {
			if len(s.values) >= trialValues {
				return false
			}
			v = &trialSeen{TrialValue: TrialValue{Kind: kind, Value: value, Policy: p.Name}, protected: s.rules.admissible(kind, value) != nil}
			s.values[key] = v
		}
		v.decision.learn(f)
		if mode == Auto && !v.protected && p.Auto != nil && p.Action != Monitor && v.decision.best() >= p.Auto.MinScore && v.decision.kinds() >= p.Auto.Evidence {
			v.Automatic = true
		}
	}
	return true
}

func (s *trialSide) count() (c TrialCount) {
	for _, v := range s.values {
		switch {
		case v.protected:
			c.Protected++
		default:
			c.Proposed++
			if v.Automatic {
				c.Automatic++
			}
		}
	}
	return c
}

// beyond returns what a side would have done and another not.
func (s *trialSide) beyond(o *trialSide) []TrialValue {
	out := []TrialValue{}
	for k, v := range s.values {
		if v.protected {
			continue
		}
		if x := o.values[k]; x == nil || x.protected || v.Automatic && !x.Automatic {
			out = append(out, v.TrialValue)
		}
	}
	slices.SortFunc(out, func(a, b TrialValue) int {
		if a.Automatic != b.Automatic {
			if a.Automatic {
				return -1
			}
			return 1
		}
		return strings.Compare(string(a.Kind)+a.Value, string(b.Kind)+b.Value)
	})
	return out[:min(len(out), trialShown)]
}

// Report ends the trial. partial says that not all findings were looked at.
func (t *Trial) Report(partial bool) TrialReport {
	r := t.report
	r.Partial = r.Partial || partial
	r.Now, r.Then = t.now.count(), t.then.count()
	r.Added, r.Gone = t.then.beyond(&t.now), t.now.beyond(&t.then)
	v := t.b.View(Selection{Canary: true})
	for e := range v.All() {
		if t.then.rules.never.Check(e.Kind, e.Value) != nil {
			r.Hidden++
		}
	}
	return r
}
