package hook

import (
	"fmt"
	"slices"
	"strings"
)

// Overlay is what people change of hooks.yaml while it is in force: how far units go, thresholds of policies and whether they
// propose, and more entries of the never-block list. Consumers, secrets, brakes and what the file or the program protects are
// not in it, so no overlay can show, weaken or take them away. The zero Overlay changes nothing.
type Overlay struct {
	Mode     Mode           `json:"mode,omitempty"`     // of units not named; "" for the file's
	Units    []UnitMode     `json:"units,omitempty"`    // units not among them keep the file's
	Policies []PolicyChange `json:"policies,omitempty"` // policies not among them keep the file's
	Never    []Protected    `json:"never,omitempty"`
}

// UnitMode is the mode of a unit.
type UnitMode struct {
	Name string `json:"name"`
	Mode Mode   `json:"mode"`
}

// PolicyChange is what of a policy people set. Only a policy to which the file gives auto can have it.
type PolicyChange struct {
	Name        string        `json:"name"`
	Off         bool          `json:"off"`
	MinScore    float64       `json:"min_score"`
	MinSeverity int           `json:"min_severity"`
	Auto        *AutoApproval `json:"auto,omitempty"` // nil: never without a person
}

// Limits of the entries that people add to the never-block list.
const (
	overlayNever = 500
	overlayNames = 1000 // names, prefixes and hashes of an entry
	overlayText  = 300  // bytes of a reason or an owner
)

// rules is what policies and brakes go by. It does not change: another overlay makes other rules.
type rules struct {
	config  *Config
	never   *Never
	overlay Overlay
	version PolicyVersion
}

// over returns the rules of a configuration and a never-block list with an overlay. What the overlay says about units and
// policies that the file no longer has is an error, or left out where tolerant. An error names the field of the overlay.
func over(base *Config, never *Never, o Overlay, tolerant bool) (*rules, error) {
	wrong := func(field, format string, args ...any) error { return &fieldError{field, fmt.Sprintf(format, args...)} }
	c := *base
	c.Units, c.Policies = slices.Clone(base.Units), slices.Clone(base.Policies)
	if o.Mode != "" {
		c.Mode = o.Mode
	}
	if !slices.Contains(modes, c.Mode) {
		return nil, wrong("mode", "no mode %q: off, dry-run, suggest or auto", c.Mode)
	}
	seen := map[string]bool{}
	for i, u := range o.Units {
		field := fmt.Sprintf("units[%d]", i)
		at := slices.IndexFunc(c.Units, func(x Unit) bool { return x.Name == u.Name })
		switch {
		case at < 0 && tolerant:
			continue
		case at < 0 || seen[u.Name]:
			return nil, wrong(field+".name", "hooks.yaml has no unit %q, or it stands here twice", u.Name)
		case !slices.Contains(modes, u.Mode):
			return nil, wrong(field+".mode", "no mode %q: off, dry-run, suggest or auto", u.Mode)
		}
		seen[u.Name] = true
		c.Units[at].Mode = u.Mode
	}
	clear(seen)
	for i, p := range o.Policies {
		field := fmt.Sprintf("policies[%d]", i)
		at := slices.IndexFunc(c.Policies, func(x Policy) bool { return x.Name == p.Name })
		if at < 0 && tolerant {
			continue
		}
		if at < 0 || seen[p.Name] {
			return nil, wrong(field+".name", "hooks.yaml has no policy %q, or it stands here twice", p.Name)
		}
		seen[p.Name] = true
		x := c.Policies[at]
		x.Off, x.When.MinScore, x.When.MinSeverity = p.Off, p.MinScore, p.MinSeverity
		if p.Auto != nil && x.Auto == nil {
			if !tolerant {
				return nil, wrong(field+".auto", "hooks.yaml does not let this policy approve by itself")
			}
			p.Auto = nil
		}
		if x.Auto = nil; p.Auto != nil {
			a := *p.Auto
			x.Auto = &a
			// The defaults of the file are not those of a form: 0 is a mistake here.
			switch {
			case a.MinScore == 0:
				return nil, wrong(field+".auto.min_score", "from 0.9 to 1")
			case a.Evidence == 0:
				return nil, wrong(field+".auto.evidence", "at least 2 independent kinds")
			}
		}
		one := []Policy{x}
		if err := validatePolicies(one); err != nil {
			f := err.(*fieldError)
			name := strings.TrimPrefix(f.field, "policies[0].")
			return nil, wrong(field+"."+strings.TrimPrefix(name, "when."), "%s", f.what)
		}
		c.Policies[at] = one[0]
	}
	if len(o.Never) > overlayNever {
		return nil, wrong("never", "at most %d entries", overlayNever)
	}
	o.Never = slices.Clone(o.Never)
	for i := range o.Never {
		p, field := &o.Never[i], fmt.Sprintf("never[%d]", i)
		if p.Reason.EN == "" {
			p.Reason.EN = p.Reason.VI
		}
		if p.Reason.VI == "" {
			p.Reason.VI = p.Reason.EN
		}
		switch {
		case len(p.Names)+len(p.Prefixes)+len(p.Hashes) == 0:
			return nil, wrong(field+".names", "a name or a prefix is expected")
		case len(p.Names)+len(p.Prefixes)+len(p.Hashes) > overlayNames:
			return nil, wrong(field+".names", "at most %d", overlayNames)
		case strings.TrimSpace(p.Reason.VI+p.Reason.EN) == "" || len(p.Reason.VI) > overlayText || len(p.Reason.EN) > overlayText:
			return nil, wrong(field+".reason", "1 to %d bytes", overlayText)
		case strings.TrimSpace(p.Owner) == "" || len(p.Owner) > overlayText:
			return nil, wrong(field+".owner", "1 to %d bytes", overlayText)
		}
		for j, s := range p.Prefixes {
			if at, ok := parsePrefix(s); ok && at.Bits() < neverWidest(at.Addr().Is6()) {
				return nil, wrong(fmt.Sprintf("%s.prefixes[%d]", field, j), "%s is so wide that it would hide most blocks: /%d at most", s, neverWidest(at.Addr().Is6()))
			}
		}
		for j, s := range p.Names {
			if n := strings.TrimPrefix(s, "*."); !strings.Contains(strings.TrimSuffix(n, "."), ".") {
				return nil, wrong(fmt.Sprintf("%s.names[%d]", field, j), "%q is no name with two labels", s)
			}
		}
	}
	n := never
	if len(o.Never) > 0 {
		var err error
		if n, err = never.With(o.Never); err != nil {
			return nil, err
		}
	}
	return &rules{config: &c, never: n, overlay: o}, nil
}

// neverWidest is the length of the widest prefix that people may protect while running.
func neverWidest(v6 bool) int {
	if v6 {
		return 24
	}
	return 8
}

// tell says in a line what an overlay holds, for the history.
func (o *Overlay) tell() string {
	var parts []string
	if o.Mode != "" {
		parts = append(parts, "mode "+string(o.Mode))
	}
	for _, u := range o.Units {
		parts = append(parts, fmt.Sprintf("unit %s %s", u.Name, u.Mode))
	}
	for _, p := range o.Policies {
		s := fmt.Sprintf("policy %s from score %g, severity %d", p.Name, p.MinScore, p.MinSeverity)
		switch {
		case p.Off:
			s = "policy " + p.Name + " off"
		case p.Auto != nil:
			s += fmt.Sprintf(", automatic from %g with %d kinds", p.Auto.MinScore, p.Auto.Evidence)
		}
		parts = append(parts, s)
	}
	for _, p := range o.Never {
		values := slices.Concat(p.Names, p.Prefixes, p.Hashes)
		parts = append(parts, fmt.Sprintf("never %s (%d values)", strings.Join(values[:min(len(values), 5)], " "), len(values)))
	}
	if len(parts) == 0 {
		return "as hooks.yaml"
	}
	return trim(strings.Join(parts, "; "), 2000)
}
