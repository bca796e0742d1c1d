package hook

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"khien/console/wrong"
)

// admissible says why a value must not be decided about at all: it is protected, or too wide.
func (b *Book) admissible(kind Kind, value string) error { return b.rules().admissible(kind, value) }

func (r *rules) admissible(kind Kind, value string) error {
	if p := r.never.Check(kind, value); p != nil {
		return &wrong.Input{Err: ErrNever, Name: "block.never", Value: p.Owner, Why: fmt.Sprintf("%s belongs to %s (%s)", value, p.Owner, p.Reason.EN)}
	}
	brakes := &r.config.Brakes
	switch name, at := hostOf(kind, value); {
	case (kind == Domain || kind == SNI) && publicSuffix(name):
		return &wrong.Input{Err: ErrBrake, Name: "block.suffix", Value: name, Why: "others register their names under " + name}
	case kind == CIDR && at.Addr().Is4() && at.Bits() < brakes.PrefixV4:
		return wide(value, brakes.PrefixV4)
	case kind == CIDR && at.Addr().Is6() && at.Bits() < brakes.PrefixV6:
		return wide(value, brakes.PrefixV6)
	}
	return nil
}

func wide(value string, bits int) error {
	return &wrong.Input{Err: ErrBrake, Name: "block.wide", Value: fmt.Sprintf("/%d", bits), Why: fmt.Sprintf("%s is wider than /%d", value, bits)}
}

// dryRun counts what a decision would have stopped, and the names that its address serves.
func (b *Book) dryRun(ctx context.Context, d *Decision) error {
	since := b.clock.now().Add(-impactAge)
	n, samples, err := b.cfg.Flows.Hits(ctx, *d, since)
	if err != nil {
		return fmt.Errorf("hook: dry run: %w", err)
	}
	if d.Kind == IP {
		a, err := netip.ParseAddr(d.Value)
		if err != nil {
			return fmt.Errorf("hook: dry run: %w", err)
		}
		if d.Names, err = b.cfg.Flows.Names(ctx, a, since); err != nil {
			return fmt.Errorf("hook: dry run: %w", err)
		}
	}
	d.Impact = &Impact{At: b.clock.now(), Since: since, Hits: n, Samples: samples[:min(len(samples), samplesMax)]}
	return nil
}

// fourEyes says that one person is not enough: by its kind, or because its address serves others too.
func (b *Book) fourEyes(d *Decision) bool {
	return slices.Contains(b.rules().config.FourEyes, d.Kind) || d.Names > b.rules().config.Brakes.Names
}

// people returns who stands behind a decision: the approvers and, when it was a person, the proposer.
func (d *Decision) people() []string {
	var out []string
	if d.Policy == "" {
		out = append(out, d.Proposer)
	}
	for _, a := range d.Approvals {
		if !slices.Contains(out, a.User) {
			out = append(out, a.User)
		}
	}
	return out
}

// automaticRoom says whether the policies may block one more within the window.
func (b *Book) automaticRoom(now time.Time) bool {
	n := 0
	for _, d := range b.decisions {
		if d.Automatic && now.Sub(d.Activated) < b.rules().config.Brakes.Window {
			n++
		}
	}
	return n < b.rules().config.Brakes.Automatic
}

// Report is what is known of a value, whether or not anybody decided about it.
type Report struct {
	Kind      Kind        `json:"kind"`
	Value     string      `json:"value"`
	Blocked   bool        `json:"blocked"`             // by a decision that is in force now
	Protected *Protected  `json:"protected,omitempty"` // by the never-block list
	Refused   string      `json:"refused,omitempty"`   // why it could not be blocked
	Token     string      `json:"token,omitempty"`     // of that, a wrong.Input's name
	Hint      string      `json:"hint,omitempty"`      // and its value
	FourEyes  bool        `json:"four_eyes"`
	Impact    *Impact     `json:"impact,omitempty"` // of a dry run, by Test
	Names     int         `json:"names,omitempty"`
	Decisions []*Decision `json:"decisions"` // about it or what holds it, newest first
}

// Why says what was decided about a value and about what holds it: a name's parents, an address's prefixes.
func (b *Book) Why(s string) (Report, error) {
	kind, value, err := Guess(s)
	if err != nil {
		return Report{}, err
	}
	r := Report{Kind: kind, Value: value, Protected: b.rules().never.Check(kind, value)}
	if err := b.admissible(kind, value); err != nil {
		r.Refused = err.Error()
		r.Token, r.Hint, _ = wrong.Named(err)
	}
	b.mu.Lock()
	for _, d := range b.decisions {
		if covers(d, kind, value) {
			r.Decisions = append(r.Decisions, d.clone())
		}
	}
	b.mu.Unlock()
	slices.SortFunc(r.Decisions, newestFirst)
	v := b.View(Selection{Canary: true})
	for e := range v.All() {
		r.Blocked = r.Blocked || covers(&Decision{Kind: e.Kind, Value: e.Value}, kind, value)
	}
	return r, nil
}

func newestFirst(a, b *Decision) int {
	if c := b.Created.Compare(a.Created); c != 0 {
		return c
	}
	return less(a.entry(), b.entry())
}

// covers says that a decision is about a value or about what holds it.
func covers(d *Decision, kind Kind, value string) bool {
	if d.Kind == kind && d.Value == value {
		return true
	}
	name, at := hostOf(kind, value)
	dName, dAt := hostOf(d.Kind, d.Value)
	switch d.Kind {
	case Domain:
		for up := name; up != ""; up = parent(up) {
			if up == dName {
				return true
			}
		}
	case SNI:
		return name == dName && name != ""
	case IP, CIDR:
		return at.IsValid() && dAt.Contains(at.Addr()) && dAt.Bits() <= at.Bits()
	}
	return false
}

// Test says what blocking a value would do, and changes nothing.
func (b *Book) Test(ctx context.Context, s string) (Report, error) {
	r, err := b.Why(s)
	if err != nil {
		return r, err
	}
	d := &Decision{Kind: r.Kind, Value: r.Value}
	if err := b.dryRun(ctx, d); err != nil {
		return r, err
	}
	r.Impact, r.Names, r.FourEyes = d.Impact, d.Names, b.fourEyes(d)
	return r, nil
}
