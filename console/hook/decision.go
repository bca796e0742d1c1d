package hook

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"khien/console/wrong"
	"khien/detector"
)

// Action is what a consumer does with traffic that a decision names.
type Action string

// Actions.
const (
	Block    Action = "block"
	Sinkhole Action = "sinkhole" // answered with the page that warns, where the consumer has one
	Monitor  Action = "monitor"  // on no list of what is blocked; consumers are told
)

// State is where a decision stands.
type State string

// States in the order in which a decision goes through them; the last two end it.
const (
	Proposed State = "proposed"
	DryRun   State = "dry_run"  // what it would have hit is known
	Approved State = "approved" // and on its way to the lists
	Active   State = "active"   // on the lists
	Expired  State = "expired"
	Revoked  State = "revoked"
)

// next lists the states that may follow a state. A roll back may bring a revoked decision back.
var next = map[State][]State{
	"":       {Proposed},
	Proposed: {DryRun, Approved, Expired, Revoked},
	DryRun:   {DryRun, Approved, Expired, Revoked},
	Approved: {Active, Expired, Revoked},
	Active:   {Active, Expired, Revoked},
	Revoked:  {Active},
}

// Open says whether a decision has not ended.
func (s State) Open() bool { return s != Expired && s != Revoked }

// Times of a decision's life.
const (
	TTLDefault   = 24 * time.Hour
	TTLMax       = 30 * 24 * time.Hour
	TTLEmergency = time.Hour // of what one person decided alone
	ttlMin       = time.Minute
)

// Limits of a decision.
const (
	evidenceMax = 64
	samplesMax  = 10
	reasonMax   = 500 // bytes
)

// checkWords says that somebody must say why, and briefly.
func checkWords(what, s string) error {
	if strings.TrimSpace(s) == "" || len(s) > reasonMax {
		return fmt.Errorf("%w: %s of 1 to %d bytes is needed", ErrInput, what, reasonMax)
	}
	return nil
}

// Evidence is a finding that speaks for a decision.
type Evidence struct {
	Finding string    `json:"finding"`
	Kind    string    `json:"kind"` // name, page, submission, file, remote, signature, behaviour, person: different kinds are independent
	Score   float64   `json:"score"`
	Time    time.Time `json:"time"`
}

// Approval is one person's consent.
type Approval struct {
	User string    `json:"user"`
	Time time.Time `json:"time"`
}

// Impact is what a dry run found: traffic of the last days that the decision would have stopped.
type Impact struct {
	At      time.Time `json:"at"`
	Since   time.Time `json:"since"`
	Hits    int       `json:"hits"`
	Samples []Sample  `json:"samples,omitempty"`
}

// Sample is one hit of a dry run.
type Sample struct {
	Time   time.Time `json:"time"`
	Client string    `json:"client"`
	Server string    `json:"server"`
	What   string    `json:"what"`
}

// Decision is one value that consumers are to block until a time.
type Decision struct {
	ID         string        `json:"id"`
	Kind       Kind          `json:"kind"`
	Value      string        `json:"value"` // normal form
	Action     Action        `json:"action"`
	Scope      string        `json:"scope,omitempty"` // organisation unit; "" for all
	Reason     detector.Text `json:"reason"`
	Policy     string        `json:"policy,omitempty"` // that proposed it; "" for a person
	Rule       string        `json:"rule,omitempty"`   // of the finding
	Confidence float64       `json:"confidence"`
	Evidence   []Evidence    `json:"evidence,omitempty"`
	Proposer   string        `json:"proposer"`
	Approvals  []Approval    `json:"approvals,omitempty"`
	Emergency  bool          `json:"emergency,omitempty"`
	Automatic  bool          `json:"automatic,omitempty"` // approved by a policy
	Names      int           `json:"names,omitempty"`     // that an address serves
	Impact     *Impact       `json:"impact,omitempty"`
	State      State         `json:"state"`
	TTL        time.Duration `json:"ttl"` // from its activation
	Created    time.Time     `json:"created"`
	Activated  time.Time     `json:"activated,omitzero"`
	Expires    time.Time     `json:"expires"`
	Ended      time.Time     `json:"ended,omitzero"`
	EndReason  string        `json:"end_reason,omitempty"`
	EndedBy    string        `json:"ended_by,omitempty"`

	version int64 // of its document
}

// identify sets the ID from what makes a decision itself: what it blocks, for whom and since when.
func (d *Decision) identify() {
	h := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", d.Kind, d.Value, d.Scope, d.Created.UnixNano()))
	d.ID = hex.EncodeToString(h[:10])
}

// key is what only one open decision has.
func (d *Decision) key() string { return string(d.Kind) + "\x00" + d.Value + "\x00" + d.Scope }

// clone returns a decision that shares nothing with d that could change.
func (d *Decision) clone() *Decision {
	c := *d
	c.Evidence, c.Approvals = slices.Clone(d.Evidence), slices.Clone(d.Approvals)
	return &c
}

// stateError says that a decision's state is not the one that was thought.
func (d *Decision) stateError(more string) error {
	return &wrong.Input{Err: ErrState, Name: "block.state." + string(d.State), Why: "it is " + string(d.State) + more}
}

// move takes a decision to a state, or says why it cannot.
func (d *Decision) move(to State) error {
	if !slices.Contains(next[d.State], to) {
		return d.stateError(" and cannot become " + string(to))
	}
	d.State = to
	return nil
}

// kinds counts the independent kinds of evidence.
func (d *Decision) kinds() int {
	seen := map[string]bool{}
	for _, e := range d.Evidence {
		seen[e.Kind] = true
	}
	return len(seen)
}

// best returns the highest score of the evidence.
func (d *Decision) best() (score float64) {
	for _, e := range d.Evidence {
		score = max(score, e.Score)
	}
	return score
}

// Errors that callers branch on.
var (
	ErrNotFound = errors.New("hook: no such decision")
	ErrState    = errors.New("hook: the decision's state does not allow this")
	ErrNever    = errors.New("hook: on the never-block list")
	ErrBrake    = errors.New("hook: a brake holds this")
	ErrFourEyes = errors.New("hook: a second person must approve")
	ErrInput    = errors.New("hook: the request is wrong")
	ErrExists   = errors.New("hook: there is an open decision for this value")
)
