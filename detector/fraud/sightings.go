package fraud

import (
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"khien/detector"
	"khien/detector/window"
)

// Limits of sightings.
const (
	maxSightings = 1 << 17
	maxHeld      = 16 // visits that are kept of one victim for its story
	repeatAfter  = 24 * time.Hour
)

// sightings holds back what a victim has been reported with before. It is the Post of the findings of this package: the
// engine asks it in packet order and never concurrently, so that the same finding passes with any number of workers.
type sightings struct {
	last  *window.Map[sightingKey, time.Time]
	held  *window.Map[heldKey, []heldVisit]
	mem   atomic.Pointer[Memory] // set once; workers read it
	grown []*campaign            // campaigns that the findings since the last look may have made larger
}

type sightingKey struct {
	capture, rule, name string
	brand, detail       string
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
	return &sightings{last: window.New[sightingKey, time.Time](maxSightings, 0), held: window.New[heldKey, []heldVisit](maxSightings, 0)}
}

// Pass adds to a finding what is remembered beyond its flow, and reports whether it is the first of its kind for its
// victim within a day of packet time.
func (s *sightings) Pass(f *detector.Finding) bool {
	if f.Fraud != nil && f.Fraud.Kind == "campaign" {
		return true // it comes when it has grown
	}
	m := s.memory()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.observe(f)
	k := sightingKey{capture: f.Capture, rule: f.Rule.ID, name: f.Domain, victim: victim(f), grave: f.Severity >= detector.High}
	if f.Fraud != nil {
		k.brand = f.Fraud.Kind
		k.detail = f.Fraud.Tool
		switch f.Fraud.Stage {
		case "remote_control":
			k.detail += f.Fraud.Visibility
		case "submission":
			k.detail = strings.Join(f.Rule.Metadata["secrets"], ",")
		}
		if f.Rule.ID == "fraud.traffic_shape" {
			k.detail = f.Fraud.Stage
		}
	}
	if f.SHA256 != "" || f.FileName != "" {
		k.name += "\x00" + f.SHA256 + "\x00" + f.FileName
	}
	if last, ok := s.last.Get(k); ok && f.Time.Sub(last) < repeatAfter {
		s.hold(f)
		return false
	}
	s.last.Set(k, f.Time)
	if c := m.settle(f); c != nil {
		s.grown = append(s.grown, c)
	}
	return true
}

func (s *sightings) hold(f *detector.Finding) {
	if f.Fraud == nil || f.Fraud.Stage != "visit" || f.Fraud.Visibility == "inferred" {
		return
	}
	k := heldKey{f.Capture, victim(f)}
	list, _ := s.held.Get(k)
	for i := range list {
		if list[i].name == f.Domain {
			return
		}
	}
	if len(list) < maxHeld {
		s.held.Set(k, append(list, heldVisit{f.Time, f.Domain, f.Fraud.Brand, f.Severity >= detector.High, f.FlowID}))
	}
}

// shortener returns the link shortener that a victim asked for last.
func (s *sightings) shortener(k heldKey) (host string, at time.Time) {
	m := s.memory()
	m.mu.Lock()
	defer m.mu.Unlock()
	if c, ok := m.clients.Get(k); ok {
		return c.Shortener, c.ShortAt
	}
	return "", at
}

// follow returns what has come of a finding that passed: campaigns that have grown, and findings about other names that it
// ripens. Those have not been asked for Pass.
func (s *sightings) follow(f *detector.Finding) (told, ripe []*detector.Finding) {
	m := s.memory()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range s.grown {
		if g := c.root().finding(f.Capture, s); g != nil {
			told = append(told, g)
		}
	}
	s.grown = s.grown[:0]
	if f.Severity >= detector.High && f.Domain != "" && f.CampaignID != "" {
		ripe = m.around(f.Domain, f.Time)
	}
	return told, ripe
}
