package hook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"khien/console/wrong"
	"khien/detector"
)

// Proposal is what a person wants to be blocked.
type Proposal struct {
	Kind   Kind // "" to guess it from the value
	Value  string
	Action Action        // "" for block
	Scope  string        // a unit, "" for all
	TTL    time.Duration // 0 for a day
	Reason detector.Text
	User   string
	// Finding is what the person looked at, "" for nothing: it stands as evidence of kind "person", which is no reason for any
	// policy to approve.
	Finding string
}

// ready refuses changes while the decisions are not in memory.
func (b *Book) ready() error {
	if !b.loaded {
		return errors.New("hook: the store has not answered yet: the last list is served and nothing can be changed")
	}
	return nil
}

// Propose makes a decision of a person's proposal and counts what it would have stopped.
func (b *Book) Propose(ctx context.Context, p Proposal) (*Decision, error) {
	kind, value, err := p.Kind, "", error(nil)
	if kind == "" {
		kind, value, err = Guess(p.Value)
	} else {
		value, err = Normalise(kind, p.Value)
	}
	if err != nil {
		return nil, err
	}
	if p.Action == "" {
		p.Action = Block
	}
	if p.TTL == 0 {
		p.TTL = TTLDefault
	}
	switch {
	case p.Action != Block && p.Action != Sinkhole && p.Action != Monitor:
		return nil, fmt.Errorf("%w: no action %q: block, sinkhole or monitor", ErrInput, p.Action)
	case p.TTL < ttlMin || p.TTL > TTLMax:
		return nil, fmt.Errorf("%w: a decision lasts from 1 min to 30 days, not %v", ErrInput, p.TTL)
	case p.User == "":
		return nil, fmt.Errorf("%w: nobody proposes it", ErrInput)
	case strings.TrimSpace(p.Reason.VI+p.Reason.EN) == "" || len(p.Reason.VI) > reasonMax || len(p.Reason.EN) > reasonMax:
		return nil, fmt.Errorf("%w: a reason of 1 to %d bytes is needed", ErrInput, reasonMax)
	case p.Scope != "" && !slices.ContainsFunc(b.rules().config.Units, func(u Unit) bool { return u.Name == p.Scope }):
		return nil, fmt.Errorf("%w: there is no unit %q", ErrInput, p.Scope)
	case !validFinding(p.Finding):
		return nil, fmt.Errorf("%w: %.40q is no finding", ErrInput, p.Finding)
	}
	if p.Reason.VI == "" {
		p.Reason.VI = p.Reason.EN
	}
	if p.Reason.EN == "" {
		p.Reason.EN = p.Reason.VI
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	d := &Decision{Kind: kind, Value: value, Action: p.Action, Scope: p.Scope, TTL: p.TTL, Reason: p.Reason, Proposer: p.User, Confidence: 1}
	if p.Finding != "" {
		d.Evidence = []Evidence{{Finding: p.Finding, Kind: "person", Score: d.Confidence, Time: b.clock.now()}}
	}
	if err := b.begin(ctx, d, p.User); err != nil {
		return nil, err
	}
	return d.clone(), nil
}

// validFinding says that s can be a finding's id: "" or letters, digits and dashes, at most 64.
func validFinding(s string) bool { return s == "" || validName(s) && !strings.Contains(s, ".") }

// begin checks a new decision, counts what it would have stopped and keeps it. When that cannot be counted now, it stays
// proposed and can be approved only in an emergency, or later.
func (b *Book) begin(ctx context.Context, d *Decision, user string) error {
	if err := b.ready(); err != nil {
		return err
	}
	if err := b.admissible(d.Kind, d.Value); err != nil {
		return err
	}
	if id := b.open[d.key()]; id != "" {
		return fmt.Errorf("%w: %s", ErrExists, id)
	}
	if len(b.open) >= openMax {
		return &wrong.Input{Err: ErrBrake, Name: "block.full", Value: strconv.Itoa(openMax), Why: fmt.Sprintf("%d decisions are open", openMax)}
	}
	now := b.clock.now()
	d.Created, d.Expires = now, now.Add(d.TTL)
	d.identify()
	if err := d.move(Proposed); err != nil {
		return err
	}
	events := []string{"decision.proposed"}
	if b.dryRun(ctx, d) == nil {
		if err := d.move(DryRun); err != nil {
			return err
		}
		events = append(events, fmt.Sprintf("decision.dry_run: %d hits in 7 days", d.Impact.Hits))
	}
	return b.commit(ctx, d, user, events...)
}

// find returns a copy of a decision to change.
func (b *Book) find(id string) (*Decision, error) {
	if err := b.ready(); err != nil {
		return nil, err
	}
	d := b.decisions[id]
	if d == nil {
		return nil, fmt.Errorf("%w: %.40q", ErrNotFound, id)
	}
	return d.clone(), nil
}

// Approve adds a person's consent. With enough of them the decision is active at once, for its whole TTL from now. In an
// emergency one person is enough, for an hour. ErrFourEyes comes with the decision: the consent is kept and another is needed.
func (b *Book) Approve(ctx context.Context, id, user string, emergency bool) (*Decision, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	d, err := b.find(id)
	if err != nil {
		return nil, err
	}
	if d.State != Proposed && d.State != DryRun {
		return d, d.stateError("")
	}
	if err := b.admissible(d.Kind, d.Value); err != nil {
		return d, err
	}
	var events []string
	if d.Impact == nil && !emergency {
		if err := b.dryRun(ctx, d); err != nil {
			return d, err
		}
		if err := d.move(DryRun); err != nil {
			return d, err
		}
		events = append(events, fmt.Sprintf("decision.dry_run: %d hits in 7 days", d.Impact.Hits))
	}
	if !slices.ContainsFunc(d.Approvals, func(a Approval) bool { return a.User == user }) {
		d.Approvals = append(d.Approvals, Approval{user, b.clock.now()})
	}
	if emergency {
		d.Emergency, d.TTL = true, min(d.TTL, TTLEmergency)
	}
	if b.fourEyes(d) && len(d.people()) < 2 && !emergency {
		if err := b.commit(ctx, d, user, append(events, "decision.consented")...); err != nil {
			return d, err
		}
		return d.clone(), ErrFourEyes
	}
	if err := b.activate(ctx, d, user, events...); err != nil {
		return d, err
	}
	return d.clone(), b.publish("approved "+d.ID, false)
}

// activate takes a decision over approved to active.
func (b *Book) activate(ctx context.Context, d *Decision, user string, events ...string) error {
	for _, to := range []State{Approved, Active} {
		if err := d.move(to); err != nil {
			return err
		}
		events = append(events, "decision."+string(to))
	}
	d.Activated = b.clock.now()
	d.Expires = d.Activated.Add(d.TTL)
	return b.commit(ctx, d, user, events...)
}

// Revoke ends a decision, whatever its state.
func (b *Book) Revoke(ctx context.Context, id, user, reason string) (*Decision, error) {
	if err := checkWords("a reason", reason); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	d, err := b.find(id)
	if err != nil {
		return nil, err
	}
	if err := b.revoke(ctx, d, user, reason); err != nil {
		return d, err
	}
	return d.clone(), b.publish("revoked "+d.ID, true)
}

func (b *Book) revoke(ctx context.Context, d *Decision, user, reason string) error {
	if err := d.move(Revoked); err != nil {
		return err
	}
	d.Ended, d.EndReason, d.EndedBy = b.clock.now(), reason, user
	return b.commit(ctx, d, user, "decision.revoked: "+reason)
}

// Renew lets an active decision last longer: for ttl from now.
func (b *Book) Renew(ctx context.Context, id, user string, ttl time.Duration) (*Decision, error) {
	if ttl < ttlMin || ttl > TTLMax {
		return nil, fmt.Errorf("%w: a decision lasts from 1 min to 30 days, not %v", ErrInput, ttl)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	d, err := b.find(id)
	if err != nil {
		return nil, err
	}
	if d.State != Active {
		return d, d.stateError("")
	}
	if d.Emergency {
		return d, &wrong.Input{Err: ErrFourEyes, Name: "block.emergency", Why: "it was one person's emergency decision; propose it anew"}
	}
	if err := b.admissible(d.Kind, d.Value); err != nil {
		return d, err
	}
	d.TTL, d.Expires = ttl, b.clock.now().Add(ttl)
	if err := b.commit(ctx, d, user, "decision.renewed"); err != nil {
		return d, err
	}
	return d.clone(), b.publish("renewed "+d.ID, false)
}

// Kill makes all lists empty by intent, until Resume. Decisions stay and go on to expire.
func (b *Book) Kill(ctx context.Context, user, reason string) error {
	return b.turn(ctx, user, reason, true)
}

// Resume serves the lists again.
func (b *Book) Resume(ctx context.Context, user, reason string) error {
	return b.turn(ctx, user, reason, false)
}

// turn sets the switch. In an emergency the store may be what is broken: the lists are emptied whether or not it can be
// written down there, and the error says so.
func (b *Book) turn(ctx context.Context, user, reason string, kill bool) error {
	if err := checkWords("a reason", reason); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	what := "switch.resume"
	if kill {
		what = "switch.kill"
	}
	version, err := put(ctx, b.cfg.Shelf, kindBlocking, "switch", b.switchVer, b.clock.now(), map[string]bool{"Killed": kill})
	if err != nil && !kill {
		return fmt.Errorf("hook: keep the switch: %w", err)
	}
	if err == nil {
		b.switchVer = version
	} else {
		err = fmt.Errorf("hook: the lists are empty, but a restart will not know it: %w", err)
	}
	b.killed = kill
	err = errors.Join(err, b.cfg.History.append(user, what, "", reason))
	if !b.loaded { // the decisions are not known: the last list is what there is
		l := *b.list.Load()
		l.Version, l.Time, l.Killed, l.Cause = l.Version+1, b.clock.now(), kill, what
		b.list.Store(&l)
		return err
	}
	return errors.Join(err, b.publish(what+" by "+user, true))
}

// Rollback makes the list what it was in an earlier version, 0 for the one before: what came since is revoked, what was
// revoked since comes back unless it has expired or is protected now.
func (b *Book) Rollback(ctx context.Context, version uint64, user, reason string) error {
	if err := checkWords("a reason", reason); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.ready(); err != nil {
		return err
	}
	vs := b.journal.versions
	i := slices.IndexFunc(vs, func(l *List) bool { return l.Version == version })
	if version == 0 {
		i = len(vs) - 2
	}
	if i < 0 || i == len(vs)-1 {
		return fmt.Errorf("%w: no earlier list %d is kept", ErrInput, version)
	}
	now, target := b.clock.now(), vs[i]
	back, gone := difference(b.list.Load().Entries, target.Entries)
	for _, e := range gone {
		d, err := b.find(e.ID)
		if err == nil && d.State == Active {
			err = b.revoke(ctx, d, user, reason)
		}
		if err != nil {
			return errors.Join(err, b.publish("part of a roll back", true))
		}
	}
	for _, e := range back {
		d, err := b.find(e.ID)
		if err != nil || d.State != Revoked || !now.Before(e.Expires) || b.rules().never.Check(e.Kind, e.Value) != nil || b.open[d.key()] != "" {
			continue
		}
		if err := d.move(Active); err != nil {
			return err
		}
		d.Expires, d.Ended, d.EndReason, d.EndedBy = e.Expires, time.Time{}, "", ""
		if err := b.commit(ctx, d, user, "decision.active: rolled back"); err != nil {
			return errors.Join(err, b.publish("part of a roll back", true))
		}
	}
	if err := b.cfg.History.append(user, "list.rollback", fmt.Sprint(target.Version), reason); err != nil {
		return err
	}
	return b.publish(fmt.Sprintf("roll back to %d by %s", target.Version, user), true)
}

// Accept serves a list that was held back because it would have shrunk.
func (b *Book) Accept(user string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.held {
		return &wrong.Input{Err: ErrState, Name: "block.held", Why: "no list is held back"}
	}
	return b.publish("accepted by "+user, true)
}
