package hook

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// Flows tells what traffic a decision would have stopped.
type Flows interface {
	// Hits counts the traffic since a time that a decision would have stopped, and gives a few samples.
	Hits(ctx context.Context, d Decision, since time.Time) (int, []Sample, error)
	// Names counts the names that an address was seen to serve since a time.
	Names(ctx context.Context, a netip.Addr, since time.Time) (int, error)
}

// FindingFlows answers from the findings of a store: the only traffic that it knows is what detectors reported, so its
// counts are a lower bound. A store that keeps all flows gives the true number through another implementation of Flows.
type FindingFlows struct {
	Store interface {
		Find(ctx context.Context, q store.Query) (store.Page, error)
	}
}

// hitsMax bounds how many findings a dry run reads.
const hitsMax = 10_000

// Hits implements Flows.
func (s FindingFlows) Hits(ctx context.Context, d Decision, since time.Time) (n int, samples []Sample, err error) {
	q := store.Query{From: since, Descending: true, Limit: store.PageMax}
	name, at := hostOf(d.Kind, d.Value)
	switch {
	case name != "":
		q.Host = []string{name, "*." + name}
	case at.IsValid():
		q.IP = []string{at.String()}
	}
	err = s.each(ctx, q, func(f *detector.Finding) {
		if !hits(&d, f) {
			return
		}
		n++
		if len(samples) < samplesMax {
			samples = append(samples, Sample{Time: f.Time, Client: clientOf(f).String(), Server: serverOf(f).String(), What: f.Domain})
		}
	})
	return n, samples, err
}

// hits says that a decision would have stopped the traffic of a finding.
func hits(d *Decision, f *detector.Finding) bool {
	switch d.Kind {
	case Domain:
		return f.Domain == d.Value || strings.HasSuffix(f.Domain, "."+d.Value)
	case SNI:
		return (f.App == "tls" || f.App == "quic") && f.Domain == d.Value
	case URL:
		return strings.HasPrefix(f.URL, d.Value)
	case SHA256:
		return f.SHA256 == d.Value
	case JA4:
		return f.JA4 == d.Value
	case IP, CIDR:
		_, at := hostOf(d.Kind, d.Value)
		return at.Contains(f.SrcIP) || at.Contains(f.DstIP)
	}
	return false
}

// Names implements Flows.
func (s FindingFlows) Names(ctx context.Context, a netip.Addr, since time.Time) (int, error) {
	seen := map[string]bool{}
	err := s.each(ctx, store.Query{From: since, IP: []string{a.String()}, Limit: store.PageMax}, func(f *detector.Finding) {
		if serverOf(f) == a && f.Domain != "" && f.App != "dns" {
			seen[f.Domain] = true
		}
	})
	return len(seen), err
}

func (s FindingFlows) each(ctx context.Context, q store.Query, f func(*detector.Finding)) error {
	for n := 0; n < hitsMax; {
		p, err := s.Store.Find(ctx, q)
		if err != nil {
			return err
		}
		for i := range p.Findings {
			f(&p.Findings[i])
		}
		if n += len(p.Findings); p.Next == "" {
			return nil
		}
		q.Cursor = p.Next
	}
	return nil
}
