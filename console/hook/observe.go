package hook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"khien/detector"
)

const refusedMax = 10_000 // protected values that are remembered, so that each is told once a day

// Observe lets the policies look at findings that have been stored. It may be called again with the same findings, and
// must be when it has returned an error: what was done stays done, once.
func (b *Book) Observe(ctx context.Context, findings []detector.Finding) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.ready(); err != nil {
		return err
	}
	var failed error
	for i := range findings {
		f := &findings[i]
		for j := range b.rules().config.Policies {
			p := &b.rules().config.Policies[j]
			if !p.Off && p.When.match(f) {
				failed = errors.Join(failed, b.sight(ctx, p, f))
			}
		}
		if failed != nil {
			break
		}
	}
	return errors.Join(failed, b.publish("findings", false))
}

// sight is one finding that a policy selects.
func (b *Book) sight(ctx context.Context, p *Policy, f *detector.Finding) error {
	now := b.clock.now()
	kind, value := p.target(f)
	_, mode := b.rules().config.unit(clientOf(f))
	seen := f.Time
	if f.Last.After(seen) {
		seen = f.Last
	}
	if value == "" || mode == Off || now.Sub(seen) > p.TTL {
		return nil // of an old capture: nothing to protect anybody from now
	}
	d := &Decision{Kind: kind, Value: value, Action: p.Action, TTL: p.TTL, Policy: p.Name, Proposer: "policy:" + p.Name,
		Rule: f.Rule.ID, Reason: clip(f), Confidence: f.Score}
	if id := b.open[d.key()]; id != "" {
		d = b.decisions[id].clone()
		if !d.learn(f) {
			return nil
		}
		return b.again(ctx, p, d, f, mode)
	}
	d.learn(f)
	switch err := b.begin(ctx, d, d.Proposer); {
	case errors.Is(err, ErrNever) || errors.Is(err, ErrBrake):
		return b.refuse(d.key(), err)
	case err != nil:
		return err
	}
	return b.decide(ctx, p, d, mode)
}

// clip is a finding's summary, short enough for a reason and without its victim: decisions go to others.
func clip(f *detector.Finding) detector.Text {
	victim := strings.NewReplacer(clientOf(f).String(), "[…]")
	text := func(s string) string {
		if s == "" {
			s = f.Rule.Name
		}
		return clipString(victim.Replace(s))
	}
	return detector.Text{VI: text(f.Summary.VI), EN: text(f.Summary.EN)}
}

func clipString(s string) string {
	if len(s) <= reasonMax {
		return s
	}
	s = s[:reasonMax]
	for len(s) > 0 && s[len(s)-1]&0xC0 == 0x80 {
		s = s[:len(s)-1]
	}
	return s[:len(s)-1]
}

// learn adds what a finding shows; false when it shows nothing new.
func (d *Decision) learn(f *detector.Finding) bool {
	news := false
	for _, k := range evidenceKinds(f) {
		known := slices.ContainsFunc(d.Evidence, func(e Evidence) bool { return e.Kind == k })
		same := slices.ContainsFunc(d.Evidence, func(e Evidence) bool { return e.Kind == k && e.Finding == f.ID })
		if same || len(d.Evidence) >= evidenceMax && known {
			continue
		}
		if len(d.Evidence) >= evidenceMax { // a new kind takes the place of the oldest
			d.Evidence = d.Evidence[1:]
		}
		d.Evidence = append(d.Evidence, Evidence{Finding: f.ID, Kind: k, Score: f.Score, Time: f.Time})
		news = true
	}
	d.Confidence = max(d.Confidence, f.Score)
	return news
}

// again handles a finding about a value that there is a decision for.
func (b *Book) again(ctx context.Context, p *Policy, d *Decision, f *detector.Finding, mode Mode) error {
	if d.State != Active {
		if err := b.commit(ctx, d, "policy:"+p.Name, "decision.sighted: finding "+f.ID); err != nil {
			return err
		}
		return b.decide(ctx, p, d, mode)
	}
	if ownEcho(f) {
		return nil
	}
	event := "decision.sighted: finding " + f.ID
	// One person's emergency ends when it ends. Others last as long as what they stop is seen, in steps of a tenth.
	if until := b.clock.now().Add(d.TTL); !d.Emergency && until.Sub(d.Expires) > d.TTL/10 {
		d.Expires, event = until, "decision.renewed: finding "+f.ID
	}
	return b.commit(ctx, d, "policy:"+p.Name, event)
}

// decide approves a decision by itself where the unit's mode and the policy allow it, and the brakes do.
func (b *Book) decide(ctx context.Context, p *Policy, d *Decision, mode Mode) error {
	now := b.clock.now()
	if mode != Auto || p.Auto == nil || d.State != DryRun || d.Policy == "" || d.Action == Monitor ||
		d.best() < p.Auto.MinScore || d.kinds() < p.Auto.Evidence || now.Sub(b.pardoned[d.key()]) < pardon {
		return nil
	}
	if !b.automaticRoom(now) {
		brakes := b.rules().config.Brakes
		b.alarm("automatic", Cause{"automatic", values{"n": brakes.Automatic, "seconds": brakes.Window.Seconds()},
			fmt.Sprintf("policies blocked %d values within %v: more wait for a person", brakes.Automatic, brakes.Window)})
		return nil
	}
	delete(b.alarms, "automatic")
	d = d.clone()
	d.Automatic = true
	d.Approvals = append(d.Approvals, Approval{"policy:" + p.Name, now})
	return b.activate(ctx, d, "policy:"+p.Name)
}

// refuse writes down that a policy wanted what must not be, once a day for each value.
func (b *Book) refuse(key string, why error) error {
	now := b.clock.now()
	if at, ok := b.refused[key]; ok && now.Sub(at) < 24*time.Hour {
		return nil
	}
	if len(b.refused) >= refusedMax {
		clear(b.refused)
	}
	b.refused[key] = now
	return b.cfg.History.append("khien", "proposal.refused", "", why.Error())
}
