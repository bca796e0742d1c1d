package sealed

import (
	"context"
	"net/netip"

	"khien/detector"
	"khien/detector/pseudonym"
	"khien/detector/store"
)

// words are what takes the place of addresses: sealed ones or opened ones.
type words struct {
	text  func(string) string
	addr  func(netip.Addr) netip.Addr
	bytes func([]byte) []byte // of excerpts
}

func (s *Store) sealing() words { return words{s.seal.Text, s.seal.Addr, s.seal.Blot} }

func (s *Store) opening() words {
	return words{s.seal.OpenText, func(ip netip.Addr) netip.Addr {
		ip, _ = s.seal.OpenAddr(ip)
		return ip
	}, func(b []byte) []byte { return b }}
}

// finding returns a finding in other words. It shares no memory that differs.
func (w words) finding(f detector.Finding) detector.Finding {
	both := func(t detector.Text) detector.Text { return detector.Text{VI: w.text(t.VI), EN: w.text(t.EN)} }
	f.SrcIP, f.DstIP = w.addr(f.SrcIP), w.addr(f.DstIP)
	f.Summary = both(f.Summary)
	for _, field := range []*string{&f.Rule.Name, &f.Rule.Text, &f.CommunityID, &f.Domain, &f.URL, &f.UserAgent, &f.FileName, &f.ChainID,
		&f.CampaignID, &f.Sensor, &f.Capture, &f.Certificate.Subject, &f.Certificate.Issuer} {
		*field = w.text(*field)
	}
	f.Reasons = each(f.Reasons, func(r detector.Reason) detector.Reason {
		r.Text, r.Excerpt = both(r.Text), w.bytes(r.Excerpt)
		return r
	})
	f.Steps = each(f.Steps, func(x detector.Step) detector.Step {
		x.What, x.Evidence = both(x.What), w.text(x.Evidence)
		return x
	})
	f.NotSeen = each(f.NotSeen, both)
	f.RelatedIPs, f.RelatedHosts = each(f.RelatedIPs, w.text), each(f.RelatedHosts, w.text)
	if f.Context != nil {
		f.Context = pseudonym.Strings(f.Context, func(_, text string) string { return w.text(text) })
	}
	return f
}

// Write stores findings.
func (s *Store) Write(ctx context.Context, findings []detector.Finding) error {
	return s.opened(s.inner.Write(ctx, each(findings, s.sealing().finding)))
}

// Get returns one finding.
func (s *Store) Get(ctx context.Context, id string) (detector.Finding, error) {
	f, err := s.inner.Get(ctx, id)
	return s.opening().finding(f), err
}

// Find returns a page of findings.
func (s *Store) Find(ctx context.Context, q store.Query) (store.Page, error) {
	p, err := s.inner.Find(ctx, s.query(q))
	p.Findings = each(p.Findings, s.opening().finding)
	return p, err
}
