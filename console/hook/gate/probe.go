package gate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"khien/console/hook"
)

// Times of a look: all targets at once, two tries each, so that it ends within 7 seconds.
const (
	probeTimeout = 3 * time.Second
	probePause   = time.Second
	probeEvery   = time.Minute // between looks while the list stays
)

// prober looks at whether a new list hurts.
type prober struct {
	g      *Gate
	conf   *hook.Probes
	before []error // of the targets, when last looked at
	good   uint64  // the list that was in force then
}

// probe watches what must stay reachable until ctx ends.
func (g *Gate) probe(ctx context.Context) {
	p := &prober{g: g, conf: g.conf.Probes}
	news := g.news(ctx)
	p.rest(ctx)
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-news:
			p.judge(ctx)
		case <-tick.C:
			p.rest(ctx)
		}
	}
}

// rest looks while nothing has changed. What a list that comes meanwhile has done is not taken for how it was before.
func (p *prober) rest(ctx context.Context) {
	version, _ := p.g.Book.Changed()
	now := p.look(ctx)
	if after, _ := p.g.Book.Changed(); ctx.Err() != nil || after != version || p.before != nil && version != p.good {
		return
	}
	p.before, p.good = now, version
	if !slices.ContainsFunc(now, func(err error) bool { return err != nil }) {
		p.g.Book.Clear("probe")
	}
}

// judge looks again after a new list has had time to be enforced, and undoes what came since when it hurts.
func (p *prober) judge(ctx context.Context) {
	if !p.wait(ctx) {
		return
	}
	version, _ := p.g.Book.Changed()
	if version == p.good {
		return
	}
	now := p.look(ctx)
	if ctx.Err() != nil {
		return
	}
	if p.before == nil { // the list came before the first look had ended: nothing tells what it did
		p.before, p.good = now, version
		return
	}
	var hurt []string
	for i, err := range now {
		if err != nil && p.before[i] == nil {
			hurt = append(hurt, fmt.Sprintf("%s (%v)", p.conf.Targets[i].Name, err))
		}
	}
	if len(hurt) == 0 {
		p.before, p.good = now, version
		return
	}
	seen := map[string]any{"list": version, "targets": strings.Join(hurt, ", "), "good": p.good}
	text := fmt.Sprintf("list %d came, and these cannot be reached any more: %s", version, strings.Join(hurt, ", "))
	raise := func(what, more string) {
		p.g.Book.Raise("probe", hook.Cause{What: what, Values: seen, Text: text + "; " + more})
	}
	if !p.conf.Rollback {
		raise("hurts", "look at what was blocked last, or roll back")
		p.before, p.good = now, version
		return
	}
	n, err := p.g.Book.Withdraw(ctx, p.good, "khien", "phép thử thấy việc chặn gây hại / a probe saw that the block hurts")
	switch {
	case err != nil:
		seen["error"] = err.Error()
		raise("hurts.stuck", fmt.Sprintf("what came since list %d could not be revoked: %v", p.good, err))
	case n == 0:
		raise("hurts.other", "nothing was blocked since they could be reached last")
	default:
		seen["n"] = n
		raise("hurts.undone", fmt.Sprintf("%d decisions that came since list %d are revoked", n, p.good))
	}
	// What is still unreachable was not the block: it is how it is from now on.
	if p.wait(ctx) {
		p.good, _ = p.g.Book.Changed()
		p.before = p.look(ctx)
	}
}

func (p *prober) wait(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(p.conf.Settle):
		return true
	}
}

// look tries all targets and returns what is wrong with each.
func (p *prober) look(ctx context.Context) []error {
	out := make([]error, len(p.conf.Targets))
	var wg sync.WaitGroup
	for i := range p.conf.Targets {
		wg.Go(func() {
			if out[i] = p.try(ctx, &p.conf.Targets[i]); out[i] == nil {
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(probePause):
				out[i] = p.try(ctx, &p.conf.Targets[i])
			}
		})
	}
	wg.Wait()
	return out
}

func (p *prober) try(ctx context.Context, t *hook.ProbeTarget) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if t.TCP != "" {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.TCP)
		if err != nil {
			return errors.New("no connection")
		}
		return c.Close()
	}
	q := new(dns.Msg)
	q.SetQuestion(dns.Fqdn(t.DNS), dns.TypeA)
	a, _, err := (&dns.Client{Timeout: probeTimeout}).ExchangeContext(ctx, q, t.Resolver)
	switch {
	case err != nil:
		return errors.New("the resolver does not answer")
	case a.Rcode != dns.RcodeSuccess:
		return fmt.Errorf("the resolver says %s", dns.RcodeToString[a.Rcode])
	case len(a.Answer) == 0:
		return errors.New("the resolver knows no address")
	}
	for _, rr := range a.Answer {
		c, ok := rr.(*dns.CNAME)
		if ok && slices.ContainsFunc(p.g.conf.Consumers, func(k hook.Consumer) bool { return k.Page != "" && dns.Fqdn(k.Page) == strings.ToLower(c.Target) }) {
			return errors.New("it leads to the page of what is blocked")
		}
	}
	return nil
}
