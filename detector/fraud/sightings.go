package fraud

import (
	"net/netip"
	"time"

	"khien/detector"
)

// Limits of sightings. A generation that is full gives way to a new one, so that at least half of the memory stays.
const (
	maxSightings = 1 << 16
	maxHeld      = 16 // visits that are kept of one victim for its story
	repeatAfter  = 24 * time.Hour
)

// sightings holds back what a victim has been reported with before. It is the Post of the findings of this package: the
// engine asks it in packet order and never concurrently, so that the same finding passes with any number of workers.
type sightings struct {
	now, before map[sightingKey]time.Time
	held        map[heldKey][]heldVisit
}

type sightingKey struct {
	capture, rule, name string
	brand               string
	victim              netip.Addr
	grave               bool // high and above: a graver finding passes after a lighter one
}

type heldKey struct {
	capture string
	victim  netip.Addr
}

// heldVisit is a visit to a name whose lookup was reported: a step of a story, no finding of its own.
type heldVisit struct {
	time  time.Time
	name  string
	brand string
	grave bool
	flow  uint64
}

func newSightings() *sightings {
	return &sightings{now: make(map[sightingKey]time.Time), before: make(map[sightingKey]time.Time), held: make(map[heldKey][]heldVisit)}
}

// Pass reports whether the finding is the first of its kind for its victim within a day of packet time.
func (s *sightings) Pass(f *detector.Finding) bool {
	k := sightingKey{capture: f.Capture, rule: f.Rule.ID, name: f.Domain, victim: victim(f), grave: f.Severity >= detector.High}
	if f.Fraud != nil {
		k.brand = f.Fraud.Kind
	}
	if f.SHA256 != "" || f.FileName != "" {
		k.name += "\x00" + f.SHA256 + "\x00" + f.FileName
	}
	last, ok := s.now[k]
	if !ok {
		last, ok = s.before[k]
	}
	if ok && f.Time.Sub(last) < repeatAfter {
		s.hold(f)
		return false
	}
	if len(s.now) >= maxSightings {
		s.now, s.before = s.before, s.now
		clear(s.now)
	}
	s.now[k] = f.Time
	return true
}

func (s *sightings) hold(f *detector.Finding) {
	if f.Fraud == nil || f.Fraud.Stage != "visit" {
		return
	}
	k := heldKey{f.Capture, victim(f)}
	list := s.held[k]
	for i := range list {
		if list[i].name == f.Domain {
			return
		}
	}
	if len(s.held) >= maxSightings {
		clear(s.held)
	}
	if len(list) < maxHeld {
		s.held[k] = append(list, heldVisit{f.Time, f.Domain, f.Fraud.Brand, f.Severity >= detector.High, f.FlowID})
	}
}
