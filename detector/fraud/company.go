package fraud

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"khien/detector"
)

// maxRipe bounds the findings that one new piece of evidence raises.
const maxRipe = 32

// observe puts a finding of this package into the memory before it is judged whether it passes: it adds evidence to what
// the finding says of a name, and notes what its victim did.
func (m *Memory) observe(f *detector.Finding) {
	if f.Fraud == nil {
		return
	}
	v := victim(f)
	switch f.Fraud.Stage {
	case "remote_control":
		c := m.client(heldKey{f.Capture, v})
		if gap := f.Time.Sub(c.BankAt); c.Bank != "" && gap >= 0 && gap <= underRemote {
			f.Summary.VI += " trong khi đang dùng dịch vụ của " + c.Bank
			f.Summary.EN += " while the service of " + c.Bank + " is in use"
			f.Reasons = append(f.Reasons, reason("dịch vụ của "+c.Bank+" vừa được truy cập", "the service of "+c.Bank+" was visited just before", 0.5))
		}
		c.Tool, c.ToolAt = f.Fraud.Tool, f.Time
	case "lookup", "visit":
		if f.Rule.ID != "fraud.lookalike_name" {
			return
		}
		at := netip.Addr{}
		x := m.name(f.Domain)
		x.Level, x.Brand = max(x.Level, Suspicious), cmp.Or(x.Brand, f.Fraud.Brand)
		if f.Fraud.Stage == "visit" {
			at = server(f)
			x.addr(at, f.Time.Unix())
			m.atAddr(at, f.Domain)
			m.contacts.Set(contactKey{f.Capture, v, at}, f.Domain)
		}
		m.see(f.Domain, v, f.Time.Unix())
		if !fused(f) {
			fuse(f, m.weigh(f.Domain, at, f.Time))
		}
	}
}

func fused(f *detector.Finding) bool {
	return slices.ContainsFunc(f.Reasons, func(r detector.Reason) bool { return r.Buffer == "memory" })
}

// settle notes a finding that has passed: a light one about a name waits for evidence, a grave one makes its name fraud
// and puts it into a campaign, which is returned.
func (m *Memory) settle(f *detector.Finding) *campaign {
	if f.Fraud == nil || f.Domain == "" {
		return nil
	}
	switch f.Fraud.Stage {
	case "lookup", "visit", "page", "submission", "apk":
	default:
		return nil
	}
	if f.Fraud.Visibility == "inferred" || isAddress([]byte(f.Domain)) {
		return nil
	}
	x := m.name(f.Domain)
	if f.Severity < detector.High {
		if p, _ := m.pending.Get(f.Domain); f.Rule.ID == "fraud.lookalike_name" && len(p) < maxPending {
			m.pending.Set(f.Domain, append(p, f))
		}
		return nil
	}
	if f.App != "dns" {
		if a := server(f); a.IsValid() {
			x.addr(a, f.Time.Unix())
			m.atAddr(a, f.Domain)
			m.contacts.Set(contactKey{f.Capture, victim(f), a}, f.Domain)
		}
	}
	if x.Level < Fraud {
		x.Level = Fraud
		for _, s := range x.Servers {
			m.firsts.See(serverKey(s, 'f'), hashBytes([]byte(registrable(f.Domain))), f.Time.Unix())
		}
	}
	m.pending.Delete(f.Domain)
	c := m.campaigns.join(f.Domain, f.Fraud.Brand, victim(f), f.Time, m.traits(f.Domain, f.Rule.Metadata, x))
	if c != nil {
		f.CampaignID = c.ID
		m.foresee(c, f.Domain, x, f.Time)
	}
	return c
}

// belongs puts a fraudulent name of which more is known now into a campaign and tells of it when it has grown.
func (m *Memory) belongs(name string, x *nameInfo, capture string, v netip.Addr, s *sightings, at time.Time) []*detector.Finding {
	c := m.campaigns.join(name, x.Brand, v, at, m.traits(name, nil, x))
	if c == nil {
		return nil
	}
	m.foresee(c, name, x, at)
	if f := c.finding(capture, s); f != nil {
		return []*detector.Finding{f}
	}
	return nil
}

// traits lists what a name may share with others; found is what a page or an application of it showed.
func (m *Memory) traits(name string, found map[string][]string, x *nameInfo) (out []string) {
	if p := seriesOf(name); p != "" {
		out = append(out, "series "+p)
	}
	for i := range x.Addrs {
		if a := x.Addrs[i].Addr; isPublic(a) && !m.shared(a) {
			out = append(out, "addr "+a.String())
		}
	}
	if x.Cert.Print != "" {
		out = append(out, "cert "+x.Cert.Print)
	}
	if _, genuine := m.icons.Get(x.Icon); x.Icon != "" && !genuine {
		out = append(out, "icon "+x.Icon)
	}
	for _, t := range [...][2]string{{"page ", "page_structure"}, {"signer ", "certificate_sha256"}} {
		for _, v := range found[t[1]] {
			out = append(out, t[0]+v)
		}
	}
	return out
}

// foresee adds names to a campaign that no victim has met: those of the series of a member that a list has, and those
// that its certificate is for.
func (m *Memory) foresee(c *campaign, name string, x *nameInfo, at time.Time) {
	if p := seriesOf(name); p != "" && m.listed != nil {
		for _, n := range m.listed.series[p] {
			if c.find(n) < 0 {
				c.add(n, netip.Addr{}, at, "feed")
			}
		}
	}
	for _, n := range x.Cert.SANs {
		if info, ok := m.names.Get(n); ok && info.Level > Clean && c.find(n) < 0 {
			c.add(n, netip.Addr{}, at, "certificate")
		}
	}
}

// ripe returns the findings about a name that waited for evidence and now have enough of it.
func (m *Memory) ripe(name string, now time.Time) []*detector.Finding {
	waiting, ok := m.pending.Get(name)
	if !ok {
		return nil
	}
	marks := m.weigh(name, netip.Addr{}, now)
	if kinds(marks) < enough {
		return nil
	}
	var out []*detector.Finding
	for _, p := range waiting {
		f := *p
		f.Reasons = slices.DeleteFunc(slices.Clone(p.Reasons), func(r detector.Reason) bool { return r.Buffer == "memory" })
		fraud := *p.Fraud
		f.Fraud = &fraud
		if now.After(f.Last) {
			f.Last = now
		}
		fuse(&f, marks)
		out = append(out, &f)
	}
	m.pending.Delete(name)
	return out
}

// around returns what a name's being fraud ripens: findings about names that share an address or a certificate with it.
func (m *Memory) around(name string, now time.Time) (out []*detector.Finding) {
	x, ok := m.names.Get(name)
	if !ok {
		return nil
	}
	var near []string
	for i := range x.Addrs {
		if info, ok := m.addrs.Get(x.Addrs[i].Addr); ok {
			for _, n := range info.Names {
				near = appendHost(near, n)
			}
		}
	}
	for _, s := range x.Cert.SANs {
		near = appendHost(near, s)
	}
	for _, n := range near {
		if n != name && len(out) < maxRipe {
			out = append(out, m.ripe(n, now)...)
		}
	}
	return out
}
