package hook

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Probes are what must stay reachable when values are blocked. Nothing else is ever probed.
type Probes struct {
	Targets  []ProbeTarget `yaml:"targets"`
	Settle   time.Duration `yaml:"settle"`   // from a new list to the look at what it did; default 15 s
	Rollback bool          `yaml:"rollback"` // what came since the last look is revoked when something became unreachable
}

// ProbeTarget is an address that must take connections, or a name that a resolver must answer.
type ProbeTarget struct {
	Name     string `yaml:"name"`     // for people
	TCP      string `yaml:"tcp"`      // address and port
	DNS      string `yaml:"dns"`      // a name, asked of Resolver
	Resolver string `yaml:"resolver"` // address and port
}

const probesMax = 16

func (p *Probes) validate() error {
	if p == nil {
		return nil
	}
	if p.Settle == 0 {
		p.Settle = 15 * time.Second
	}
	switch {
	case p.Settle < time.Second || p.Settle > 5*time.Minute:
		return &fieldError{"probes.settle", "from 1 s to 5 min"}
	case len(p.Targets) == 0 || len(p.Targets) > probesMax:
		return &fieldError{"probes.targets", fmt.Sprintf("from 1 to %d", probesMax)}
	}
	names := map[string]bool{}
	for i := range p.Targets {
		t, field := &p.Targets[i], fmt.Sprintf("probes.targets[%d]", i)
		wrong := func(name, what string) error { return &fieldError{field + name, what} }
		address := t.TCP
		if t.DNS != "" {
			address = t.Resolver
		}
		switch _, err := netip.ParseAddrPort(address); {
		case strings.TrimSpace(t.Name) == "" || len(t.Name) > 100 || names[t.Name]:
			return wrong(".name", "a target needs a name of its own, at most 100 bytes")
		case (t.TCP == "") == (t.DNS == ""):
			return wrong("", "either tcp, an address and port, or dns, a name, is expected")
		case t.DNS == "" && t.Resolver != "":
			return wrong(".resolver", "belongs to dns")
		case err != nil && t.DNS != "":
			return wrong(".resolver", "an address and port such as 10.0.0.53:53 is expected")
		case err != nil:
			return wrong(".tcp", "an address and port such as 10.20.0.5:443 is expected")
		}
		names[t.Name] = true
		if t.DNS != "" {
			n, ok := hostname(t.DNS)
			if !ok {
				return wrong(".dns", "a name such as dichvucong.tinh.example is expected")
			}
			t.DNS = n
		}
	}
	return nil
}

// Withdraw revokes the active decisions that came onto the list after a version, and returns how many. Unlike Rollback it
// brings nothing back: what people have unblocked meanwhile stays unblocked.
func (b *Book) Withdraw(ctx context.Context, version uint64, user, reason string) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.ready(); err != nil {
		return 0, err
	}
	i := slices.IndexFunc(b.journal.versions, func(l *List) bool { return l.Version == version })
	known := map[string]bool{}
	switch {
	case i >= 0:
		for _, e := range b.journal.versions[i].Entries {
			known[e.ID] = true
		}
	case version != 0: // 0 is what was served before there was any list
		return 0, fmt.Errorf("%w: list %d is not kept any more", ErrInput, version)
	}
	n := 0
	for _, e := range b.list.Load().Entries {
		if known[e.ID] {
			continue
		}
		d, err := b.find(e.ID)
		if err != nil || d.State != Active {
			continue
		}
		if err := b.revoke(ctx, d, user, reason); err != nil {
			return n, errors.Join(err, b.publish("part of a withdrawal", true))
		}
		n++
	}
	return n, b.publish("withdrawn by "+user, true)
}
