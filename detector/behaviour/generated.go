package behaviour

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"khien/detector"
	"khien/detector/window"
)

// Malware that makes up the names of its controllers asks for many that nobody has registered.
const (
	generatedNames = 12
	generatedSpan  = 10 * time.Minute
	generatedShown = 5 // names in the finding
)

type generated struct {
	seen *window.Map[clientOf, generatedSet]
}

type clientOf struct {
	capture string
	client  netip.Addr
}

type generatedSet struct {
	growth
	domains map[string]struct{}
}

func newGenerated() *generated {
	return &generated{window.New[clientOf, generatedSet](keysMax/4, generatedSpan)}
}

func (p *generated) see(n *note) *detector.Finding {
	if n.kind != nameMissing {
		return nil
	}
	_, domain := cut(n.name)
	label, _, _ := strings.Cut(domain, ".")
	if !random(label) {
		return nil
	}
	e := p.seen.At(clientOf{n.capture, n.client}, n.time)
	v, start := &e.Value, e.Start
	if v.domains == nil {
		v.domains = map[string]struct{}{}
	}
	if len(v.domains) < distinctMax {
		v.domains[domain] = struct{}{}
	}
	if !v.tell(&e.Held, len(v.domains), generatedNames) {
		return nil
	}
	f := finding(n, "generated_names", start, len(v.domains), detector.Text{EN: "Generated domain names"}, "dga "+n.client.String())
	f.Severity, f.Score = detector.High, 0.75
	f.Summary = detector.Text{VI: n.client.String() + " tìm nhiều tên miền sinh tự động, không tồn tại",
		EN: n.client.String() + " looks for many made-up domain names that do not exist"}
	names := make([]string, 0, len(v.domains))
	for d := range v.domains {
		names = append(names, d)
	}
	slices.Sort(names)
	shown := strings.Join(names[:min(len(names), generatedShown)], ", ")
	f.Reasons = []detector.Reason{reason(1, "%d tên không tồn tại trong %v: %s …", "%d names that do not exist within %v: %s …", len(v.domains), span(start, n.time), shown)}
	f.Techniques = []detector.Technique{{ID: "T1568.002", Name: "Dynamic Resolution: Domain Generation Algorithms", Tactic: "Command and Control", TacticID: "TA0011"}}
	f.RelatedIPs, f.RelatedHosts = []string{n.client.String()}, names[:min(len(names), generatedShown)]
	return f
}

// random reports whether a label looks drawn by lot: long, and hardly to be spoken or with digits strewn in. It is meant
// for many labels together; a single one says little.
func random(label string) bool {
	if len(label) < 8 || strings.HasPrefix(label, "xn--") {
		return false
	}
	letters, vowels, run, longest, changes := 0, 0, 0, 0, 0
	var before byte
	for _, c := range []byte(label) {
		switch {
		case strings.IndexByte("aeiouy", c) >= 0:
			letters, vowels, run = letters+1, vowels+1, 0
		case 'a' <= c && c <= 'z':
			letters, run = letters+1, run+1
			longest = max(longest, run)
		default:
			run = 0
		}
		digit := c >= '0' && c <= '9'
		if wasDigit := before >= '0' && before <= '9'; before != 0 && digit != wasDigit {
			changes++
		}
		before = c
	}
	return longest >= 5 || changes >= 4 || letters >= 8 && vowels*5 < letters
}
