package fraud

import (
	"cmp"
	"net/netip"
	"slices"

	"khien/detector"
	"khien/sensor"
)

// Techniques of MITRE ATT&CK that the patterns are instances of.
var (
	phishing = []detector.Technique{{ID: "T1566.002", Name: "Phishing: Spearphishing Link", Tactic: "Initial Access", TacticID: "TA0001"}}
	capture  = []detector.Technique{
		{ID: "T1566.002", Name: "Phishing: Spearphishing Link", Tactic: "Initial Access", TacticID: "TA0001"},
		{ID: "T1056.003", Name: "Input Capture: Web Portal Capture", Tactic: "Credential Access", TacticID: "TA0006"},
	}
	fakeApp       = []detector.Technique{{ID: "T1655.001", Name: "Masquerading: Match Legitimate Name or Location", Tactic: "Defense Evasion", TacticID: "TA0030"}}
	remoteControl = []detector.Technique{{ID: "T1219", Name: "Remote Access Tools", Tactic: "Command and Control", TacticID: "TA0011"}}
)

// finding begins a finding of a pattern with what the event tells of the traffic.
func (d *Detector) finding(e *sensor.Event, pattern, vi, en string) *detector.Finding {
	f := &detector.Finding{Source: detector.FromFraud, Rule: detector.Rule{ID: "fraud." + pattern, Name: en, Category: "Phishing",
		Ruleset: "khien-fraud", Action: "allowed"}}
	f.Summary = detector.Text{VI: vi, EN: en}
	f.Observe(e)
	return f
}

// report names the finding and hands it to the sink. key is what makes it the same for one victim.
func (d *Detector) report(f *detector.Finding, e *sensor.Event, key string) {
	if v := victim(f); v.IsValid() {
		f.RelatedIPs = append(f.RelatedIPs, v.String())
	}
	if s := server(f); s.IsValid() && f.App != "dns" {
		f.RelatedIPs = append(f.RelatedIPs, s.String())
	}
	f.Identify(key)
	f.Post = d.names.seen
	d.sink.Found(f, e)
}

// victim returns the client's address.
func victim(f *detector.Finding) netip.Addr {
	if f.Direction == sensor.ToClient.String() {
		return f.DstIP
	}
	return f.SrcIP
}

func server(f *detector.Finding) netip.Addr {
	if f.Direction == sensor.ToClient.String() {
		return f.SrcIP
	}
	return f.DstIP
}

// sortReasons puts the heaviest first.
func sortReasons(r []detector.Reason) {
	slices.SortStableFunc(r, func(a, b detector.Reason) int { return cmp.Compare(b.Weight, a.Weight) })
}
