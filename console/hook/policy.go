package hook

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"khien/detector"
)

// Policy says which findings propose a decision, and when it needs nobody's approval.
type Policy struct {
	Name   string        `yaml:"name"`
	When   When          `yaml:"when"`
	Block  string        `yaml:"block"`  // what of the finding: domain, sni, url, server, client, sha256, ja4
	Action Action        `yaml:"action"` // default block
	TTL    time.Duration `yaml:"ttl"`    // default 24 h
	Auto   *AutoApproval `yaml:"auto"`   // absent: never without a person
	Off    bool          `yaml:"off"`    // it proposes nothing
}

// When selects findings. Lists that are empty select all.
type When struct {
	Source      []detector.Source `yaml:"source" json:"source,omitempty"`
	Rule        []string          `yaml:"rule" json:"rule,omitempty"`
	Kind        []string          `yaml:"kind" json:"kind,omitempty"` // of fraud
	Brand       []string          `yaml:"brand" json:"brand,omitempty"`
	MinScore    float64           `yaml:"min_score" json:"min_score"`
	MinSeverity int               `yaml:"min_severity" json:"min_severity"` // 1 low to 4 critical, 0 for any
}

// AutoApproval is what a policy needs to approve by itself, in units of mode auto.
type AutoApproval struct {
	MinScore float64 `yaml:"min_score" json:"min_score"` // of the best evidence; default 0.95, at least 0.9
	Evidence int     `yaml:"evidence" json:"evidence"`   // independent kinds; default 2, at least 2
}

// targets are what of a finding can be blocked.
var targets = map[string]Kind{"domain": Domain, "sni": SNI, "url": URL, "server": IP, "client": IP, "sha256": SHA256, "ja4": JA4}

// DefaultPolicies are those of a configuration that names none: fraud proposes the name it came from, and a name at 0.95
// with two independent kinds of evidence is the only thing that is ever blocked without a person.
func DefaultPolicies() []Policy {
	return []Policy{
		{Name: "fraud-names", Block: "domain", When: When{Source: []detector.Source{detector.FromFraud},
			Kind: []string{"lookalike", "phishing_page", "credential_post", "story"}, MinScore: 0.8},
			Auto: &AutoApproval{}},
		{Name: "fraud-apps", Block: "sha256", When: When{Source: []detector.Source{detector.FromFraud, detector.FromYARA}, MinScore: 0.8,
			MinSeverity: int(detector.High)}},
	}
}

func validatePolicies(ps []Policy) error {
	names := map[string]bool{}
	for i := range ps {
		p, field := &ps[i], fmt.Sprintf("policies[%d]", i)
		wrong := func(name, format string, args ...any) error {
			return &fieldError{field + "." + name, fmt.Sprintf(format, args...)}
		}
		if p.Action == "" {
			p.Action = Block
		}
		if p.TTL == 0 {
			p.TTL = TTLDefault
		}
		kind, ok := targets[p.Block]
		switch {
		case !validName(p.Name) || names[p.Name]:
			return wrong("name", "a policy needs a name of its own: letters, digits, dots, dashes")
		case !ok:
			return wrong("block", "%q: domain, sni, url, server, client, sha256 or ja4", p.Block)
		case p.Action != Block && p.Action != Sinkhole && p.Action != Monitor:
			return wrong("action", "no action %q: block, sinkhole or monitor", p.Action)
		case p.TTL < ttlMin || p.TTL > TTLMax:
			return wrong("ttl", "%v: from 1 min to 30 days", p.TTL)
		case p.When.MinScore < 0 || p.When.MinScore > 1:
			return wrong("when.min_score", "from 0 to 1")
		case p.When.MinSeverity < 0 || p.When.MinSeverity > int(detector.Critical):
			return wrong("when.min_severity", "from 1 (low) to 4 (critical)")
		}
		names[p.Name] = true
		if a := p.Auto; a != nil {
			if a.MinScore == 0 {
				a.MinScore = 0.95
			}
			if a.Evidence == 0 {
				a.Evidence = 2
			}
			switch {
			case kind == IP:
				return wrong("auto", "an address is never blocked without a person: it may serve others")
			case a.MinScore < 0.9 || a.MinScore > 1:
				return wrong("auto.min_score", "from 0.9 to 1")
			case a.Evidence < 2:
				return wrong("auto.evidence", "at least 2 independent kinds")
			}
		}
	}
	return nil
}

func (w *When) match(f *detector.Finding) bool {
	kind, brand := "", ""
	if f.Fraud != nil {
		kind, brand = f.Fraud.Kind, f.Fraud.Brand
	}
	in := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	return (len(w.Source) == 0 || slices.Contains(w.Source, f.Source)) && in(w.Rule, f.Rule.ID) && in(w.Kind, kind) && in(w.Brand, brand) &&
		f.Score >= w.MinScore && int(f.Severity) >= w.MinSeverity
}

// target returns what of a finding a policy blocks; "" when the finding has none.
func (p *Policy) target(f *detector.Finding) (Kind, string) {
	kind := targets[p.Block]
	s := ""
	switch p.Block {
	case "domain", "sni":
		s = f.Domain
	case "url":
		// What a victim typed into a form may stand in a query.
		if u, err := url.Parse(f.URL); err == nil {
			u.RawQuery = ""
			s = u.String()
		}
	case "server":
		s = serverOf(f).String()
	case "client":
		s = clientOf(f).String()
	case "sha256":
		s = f.SHA256
	case "ja4":
		s = f.JA4
	}
	v, err := Normalise(kind, s)
	if err != nil {
		return kind, ""
	}
	return kind, v
}

func clientOf(f *detector.Finding) netip.Addr {
	if f.Direction == "to_client" {
		return f.DstIP
	}
	return f.SrcIP
}

func serverOf(f *detector.Finding) netip.Addr {
	if f.Direction == "to_client" {
		return f.SrcIP
	}
	return f.DstIP
}

// evidenceKinds says what independent things a finding shows. A story shows one for each step that was seen: that a victim
// looked a name up and went there says nothing beside the name itself.
func evidenceKinds(f *detector.Finding) []string {
	byFraud := map[string]string{"lookalike": "name", "phishing_page": "page", "credential_post": "submission", "fake_apk": "file",
		"remote_control": "remote"}
	byStage := map[string]string{"lookup": "name", "visit": "name", "page": "page", "submission": "submission", "apk": "file",
		"c2": "remote", "remote_control": "remote"}
	var out []string
	add := func(k string) {
		if k != "" && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	switch {
	case f.Fraud != nil && f.Fraud.Kind == "story":
		for _, s := range f.Steps {
			if s.Visibility == "seen" {
				add(byStage[s.Stage])
			}
		}
	case f.Fraud != nil && byFraud[f.Fraud.Kind] != "":
		add(byFraud[f.Fraud.Kind])
	case f.Source == detector.FromYARA:
		add("file")
	default:
		add(string(f.Source))
	}
	return out
}

// ownEcho says that a finding about what is blocked already shows nothing but our own block: somebody still asks for the
// name, or still calls the address, and is refused. It must not keep the block alive.
func ownEcho(f *detector.Finding) bool {
	switch {
	case f.App == "dns" || f.App == "mdns":
		return true
	case f.Fraud != nil && (f.Fraud.Stage == "lookup" || f.Fraud.Kind == "lookalike"):
		return true
	}
	return f.Direction != "to_client" && f.App == ""
}
