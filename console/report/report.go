// Package report holds the words of incident reports: Incident, Fact, Origin, Indicator. An incident is a set of facts, each
// under a key of Keys and each with where it came from; forms and machine formats read them and never ask findings again.
// Subpackages hold the law as data (legal), deadlines (clock), forms (form), paper (document), proof (evidence) and machine
// formats (stix, misp, xarf, taxii, exchange); issue composes them, command is khien report. Everything is a plain value.
package report

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Zone is the time of Vietnam, which has no summer time. Dates in reports are dates there.
var Zone = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

// Kinds of origins.
const (
	FromFinding  = "finding"  // Ref is its id
	FromCase     = "case"     // Ref is its id
	FromProfile  = "profile"  // what the unit wrote about itself once
	FromDecision = "decision" // a blocking decision; Ref is its id
	FromPerson   = "person"   // By typed it
	FromProgram  = "computed" // Ref names the rule
)

// Origin says where a fact came from.
type Origin struct {
	Kind string    `json:"kind"`
	Ref  string    `json:"ref,omitempty"`
	By   string    `json:"by,omitempty"`
	At   time.Time `json:"at,omitzero"`
}

// Fact is a value with its origin. A text has one value, a choice its codes, a table rows.
type Fact struct {
	Values []string   `json:"values,omitempty"`
	Rows   [][]string `json:"rows,omitempty"`
	From   Origin     `json:"from"`
}

// Empty reports whether there is nothing in the fact.
func (f Fact) Empty() bool { return len(f.Values) == 0 && len(f.Rows) == 0 }

// Roles of an indicator.
const (
	Hostile = "hostile"
	Victim  = "victim" // never leaves in interchange formats
)

// Kinds of indicators.
const (
	Domain = "domain"
	URL    = "url"
	IP     = "ip"
	SHA256 = "sha256"
)

// Indicator is an observable of the incident.
type Indicator struct {
	Kind     string    `json:"kind"`
	Value    string    `json:"value"`
	Role     string    `json:"role"`
	Use      string    `json:"use,omitempty"`  // official kind of most findings that show it
	Name     string    `json:"name,omitempty"` // of a file
	Port     uint16    `json:"port,omitempty"` // of an address, 0 when there were several
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Findings []string  `json:"findings"`
}

// Confirmation is a person's word on something that the program only proposes, or that nobody has checked.
type Confirmation struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
}

// Change is one entry of an incident's history.
type Change struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	What string    `json:"what"`
	Old  string    `json:"old,omitempty"`
	New  string    `json:"new,omitempty"`
}

// Sent says that a duty was done: when, how, what receipt came back and, when it was late, why.
type Sent struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Via     string    `json:"via"`
	Receipt string    `json:"receipt,omitempty"`
	Late    string    `json:"late_reason,omitempty"`
}

// Incident is what a case says to authorities. The zero Incident is empty.
type Incident struct {
	Case       string                  `json:"case"`
	Pack       string                  `json:"pack"`
	Title      string                  `json:"title"`
	Detected   time.Time               `json:"detected"` // what every clock starts from
	Resolved   time.Time               `json:"resolved,omitzero"`
	Facts      map[string]Fact         `json:"facts"`
	Indicators []Indicator             `json:"indicators"`
	Steps      []Step                  `json:"steps,omitempty"`
	Techniques []Technique             `json:"techniques,omitempty"`
	Brands     []string                `json:"brands,omitempty"`
	FraudKinds []string                `json:"fraud_kinds,omitempty"`
	Confirmed  map[string]Confirmation `json:"confirmed,omitempty"` // by what was confirmed: "severity", "citation:ID"
	Sent       map[string]Sent         `json:"sent,omitempty"`      // by duty
	History    []Change                `json:"history,omitempty"`
	Version    int64                   `json:"version"`
}

// Step is one step of the story, without names or addresses of victims.
type Step struct {
	Time       time.Time `json:"time"`
	Stage      string    `json:"stage"`
	Visibility string    `json:"visibility"`
	VI         string    `json:"vi"`
	EN         string    `json:"en"`
}

// Technique is a MITRE ATT&CK technique.
type Technique struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Limits of an incident.
const (
	FactBytes     = 20_000 // of one value
	FactValues    = 200
	FactRows      = 2000
	IndicatorsMax = 1000
	StepsMax      = 200
)

// ErrFact is wrapped by errors about a fact that no incident takes.
var ErrFact = errors.New("report: not a valid fact")

// Set puts a fact, and notes the change. The key has to be one of Keys.
func (in *Incident) Set(key string, f Fact) error {
	if _, ok := Keys[key]; !ok {
		return fmt.Errorf("%w: there is no key %q", ErrFact, key)
	}
	f, err := clean(key, f)
	if err != nil {
		return err
	}
	if in.Facts == nil {
		in.Facts = map[string]Fact{}
	}
	old := in.Facts[key]
	if f.From.Kind == FromPerson && !(slices.Equal(old.Values, f.Values) && len(old.Rows)+len(f.Rows) == 0) {
		in.History = append(in.History, Change{At: f.From.At, By: f.From.By, What: key, Old: short(old), New: short(f)})
	}
	if f.Empty() {
		delete(in.Facts, key)
		return nil
	}
	in.Facts[key] = f
	return nil
}

// Text returns the first value of a fact, "" when there is none.
func (in *Incident) Text(key string) string {
	if v := in.Facts[key].Values; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Hostile returns the indicators of a kind that may be shown to others; all kinds for "".
func (in *Incident) Hostile(kind string) []Indicator {
	var out []Indicator
	for _, i := range in.Indicators {
		if i.Role == Hostile && (kind == "" || kind == i.Kind) {
			out = append(out, i)
		}
	}
	return out
}

func short(f Fact) string {
	s := ""
	for _, v := range f.Values {
		s += v + "; "
	}
	if len(f.Rows) > 0 {
		s += fmt.Sprint(len(f.Rows), " rows")
	}
	if len(s) > 200 {
		s = s[:200]
	}
	return s
}
