package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"khien/console/wrong"
	"khien/detector/store"
	"khien/detector/wholefile"
)

// PolicyVersion describes a version of the overlay. Version 0 is hooks.yaml alone.
type PolicyVersion struct {
	Version uint64    `json:"version"`
	Time    time.Time `json:"time,omitzero"`
	User    string    `json:"user,omitempty"`
	Reason  string    `json:"reason,omitempty"`
}

// policyDocument is a version as the shelf and the data folder keep it.
type policyDocument struct {
	PolicyVersion
	Overlay Overlay `json:"overlay"`
}

// policyVersions is how many versions are kept.
const policyVersions = 200

// PolicyInForce is what policies, brakes and the never-block list are now, as people read it. Consumers are not in it.
type PolicyInForce struct {
	PolicyVersion
	Mode     Mode            `json:"mode"`
	FileMode Mode            `json:"file_mode"`
	Units    []UnitInForce   `json:"units"`
	Policies []PolicyNow     `json:"policies"`
	FourEyes []Kind          `json:"four_eyes"`
	Brakes   BrakesNow       `json:"brakes"`
	Ships    []Protected     `json:"ships"`    // part of the program
	File     []Protected     `json:"file"`     // of hooks.yaml
	Added    []Protected     `json:"added"`    // of the overlay
	Versions []PolicyVersion `json:"versions"` // that can be taken back to, newest first, 0 the last
	Overlay  Overlay         `json:"overlay"`
}

// UnitInForce is a unit and its mode.
type UnitInForce struct {
	Name     string   `json:"name"`
	Prefixes []string `json:"prefixes"`
	Mode     Mode     `json:"mode"`
	FileMode Mode     `json:"file_mode"`
}

// PolicyNow is a policy as it is in force.
type PolicyNow struct {
	Name    string        `json:"name"`
	When    When          `json:"when"`
	Block   string        `json:"block"`
	Action  Action        `json:"action"`
	TTL     string        `json:"ttl"`
	Off     bool          `json:"off"`
	Auto    *AutoApproval `json:"auto,omitempty"`
	MayAuto bool          `json:"may_auto"` // hooks.yaml lets it approve by itself
	Changed bool          `json:"changed"`  // it differs from hooks.yaml
}

// BrakesNow are the brakes; only hooks.yaml sets them.
type BrakesNow struct {
	Automatic int     `json:"automatic"`
	Window    string  `json:"window"`
	Names     int     `json:"names"`
	Shrink    float64 `json:"shrink"`
	PrefixV4  int     `json:"prefix_v4"`
	PrefixV6  int     `json:"prefix_v6"`
}

// protectedShown bounds the values of an entry that are shown.
const protectedShown = 100

func (b *Book) rules() *rules { return b.force.Load() }

func (b *Book) policyPath() string { return filepath.Join(b.cfg.Dir, "policy.json") }

// openRules puts the rules in force that were so last: the data folder has them, so that what people protect is protected
// also while the store does not answer.
func (b *Book) openRules() error {
	var d policyDocument
	raw, err := os.ReadFile(b.policyPath())
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return fmt.Errorf("hook: policy: %w", err)
	default:
		if err := json.Unmarshal(raw, &d); err != nil {
			d = policyDocument{} // the store has it, too
			b.alarm("policy", Failure(b.policyPath()+" cannot be read: hooks.yaml alone is in force until the store has answered: ", err))
		}
	}
	return b.apply(d)
}

// apply puts a version in force.
func (b *Book) apply(d policyDocument) error {
	r, err := over(b.cfg.Config, b.cfg.Never, d.Overlay, true)
	if err != nil {
		return fmt.Errorf("hook: policy: version %d: %w", d.Version, err)
	}
	r.version = d.PolicyVersion
	b.force.Store(r)
	return nil
}

// loadRules puts the latest version of the store in force, when it is later than that of the data folder.
func (b *Book) loadRules(ctx context.Context) error {
	ds, err := b.policyDocuments(ctx)
	if err != nil {
		return err
	}
	delete(b.alarms, "policy")
	if len(ds) == 0 || ds[len(ds)-1].Version <= b.rules().version.Version {
		return nil
	}
	last := ds[len(ds)-1]
	if err := b.apply(last); err != nil {
		return err
	}
	b.review = true
	return b.writePolicy(last)
}

func (b *Book) policyDocuments(ctx context.Context) (out []policyDocument, err error) {
	err = each(ctx, b.cfg.Shelf, kindPolicy, nil, func(doc store.Document) error {
		var d policyDocument
		if err := json.Unmarshal(doc.Body, &d); err != nil {
			return fmt.Errorf("hook: policy %s: %w", doc.ID, err)
		}
		out = append(out, d)
		return nil
	})
	slices.SortFunc(out, func(a, b policyDocument) int { return int(int64(a.Version) - int64(b.Version)) })
	return out, err
}

// writePolicy keeps a version in the data folder: a crash leaves the old or the new one whole.
func (b *Book) writePolicy(d policyDocument) error {
	raw, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("hook: policy: %w", err)
	}
	if err := wholefile.Write(b.policyPath(), raw, 0o600); err != nil {
		return fmt.Errorf("hook: policy: %w", err)
	}
	return nil
}

// SetPolicy puts an overlay in force as a new version; on is the version that whoever changes it has seen. Nothing changes on
// an error of the overlay, which names its field and wraps ErrInput, or of the store.
func (b *Book) SetPolicy(ctx context.Context, o Overlay, on uint64, user, reason string) error {
	r, err := over(b.cfg.Config, b.cfg.Never, o, false)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInput, err)
	}
	return b.setPolicy(ctx, r, on, user, reason)
}

// RestorePolicy takes an earlier version back, as a new one; 0 is hooks.yaml alone.
func (b *Book) RestorePolicy(ctx context.Context, version, on uint64, user, reason string) error {
	ds, err := b.policyDocuments(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(ds, func(d policyDocument) bool { return d.Version == version })
	var o Overlay
	switch {
	case i >= 0:
		o = ds[i].Overlay
	case version != 0:
		return fmt.Errorf("%w: no version %d of the policies is kept", ErrInput, version)
	}
	r, err := over(b.cfg.Config, b.cfg.Never, o, true)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInput, err)
	}
	return b.setPolicy(ctx, r, on, user, reason)
}

func (b *Book) setPolicy(ctx context.Context, r *rules, on uint64, user, reason string) error {
	if err := checkWords("a reason", reason); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.ready(); err != nil {
		return err
	}
	now := b.rules().version.Version
	if on != now {
		return &wrong.Input{Err: ErrState, Name: "block.policy", Why: fmt.Sprintf("version %d of the policies is in force by now: read it again", now)}
	}
	r.version = PolicyVersion{Version: now + 1, Time: b.clock.now(), User: user, Reason: reason}
	d := policyDocument{r.version, r.overlay}
	_, err := put(ctx, b.cfg.Shelf, kindPolicy, policyID(d.Version), 0, d.Time, d)
	if errors.Is(err, store.ErrConflict) {
		return &wrong.Input{Err: ErrState, Name: "block.policy", Why: "somebody else was faster"}
	}
	if err != nil {
		return fmt.Errorf("hook: keep the policy: %w", err)
	}
	b.force.Store(r)
	b.review = true
	failed := b.cfg.History.append(user, "policy.changed", fmt.Sprint(d.Version), reason+": "+r.overlay.tell())
	if err := b.writePolicy(d); err != nil {
		b.alarm("disk", Failure("", err)) // the store has it
	}
	if d.Version > policyVersions {
		err := b.cfg.Shelf.DeleteDocument(ctx, kindPolicy, policyID(d.Version-policyVersions), 1)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			failed = errors.Join(failed, fmt.Errorf("hook: forget an old policy: %w", err))
		}
	}
	b.checkNever()
	return errors.Join(failed, b.publish(fmt.Sprintf("policy %d by %s", d.Version, user), true))
}

func policyID(version uint64) string { return fmt.Sprintf("%010d", version) }

// Policy returns what is in force, and the versions.
func (b *Book) Policy(ctx context.Context) (*PolicyInForce, error) {
	ds, err := b.policyDocuments(ctx)
	if err != nil {
		return nil, err
	}
	r, base := b.rules(), b.cfg.Config
	c := r.config
	p := &PolicyInForce{PolicyVersion: r.version, Mode: c.Mode, FileMode: base.Mode, Units: []UnitInForce{}, Policies: []PolicyNow{}, FourEyes: c.FourEyes,
		Brakes: BrakesNow{c.Brakes.Automatic, c.Brakes.Window.String(), c.Brakes.Names, c.Brakes.Shrink, c.Brakes.PrefixV4, c.Brakes.PrefixV6},
		Ships:  shown(Ships()), File: shown(base.Never), Added: append([]Protected{}, r.overlay.Never...), Versions: []PolicyVersion{}, Overlay: r.overlay}
	for i, u := range c.Units {
		p.Units = append(p.Units, UnitInForce{u.Name, u.Prefixes, u.Mode, base.Units[i].Mode})
	}
	for i, x := range c.Policies {
		f := base.Policies[i]
		changed := x.Off != f.Off || x.When.MinScore != f.When.MinScore || x.When.MinSeverity != f.When.MinSeverity || (x.Auto == nil) != (f.Auto == nil) ||
			x.Auto != nil && *x.Auto != *f.Auto
		p.Policies = append(p.Policies, PolicyNow{x.Name, x.When, x.Block, x.Action, x.TTL.String(), x.Off, x.Auto, f.Auto != nil, changed})
	}
	for _, d := range slices.Backward(ds) {
		p.Versions = append(p.Versions, d.PolicyVersion)
	}
	p.Versions = append(p.Versions, PolicyVersion{})
	return p, nil
}

// shown returns entries with as many values as people can read.
func shown(in []Protected) []Protected {
	out := []Protected{}
	for _, p := range in {
		p.Names, p.Prefixes = p.Names[:min(len(p.Names), protectedShown)], p.Prefixes[:min(len(p.Prefixes), protectedShown)]
		p.Hashes = p.Hashes[:min(len(p.Hashes), protectedShown)]
		out = append(out, p)
	}
	return out
}
