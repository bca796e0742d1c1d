package fraud

import (
	"fmt"

	"khien/detector"
	"khien/sensor"
)

// Reported joins a report to what the sensors saw of it: one finding with the clients that had met the name before it was
// reported, nil where nobody did.
func Reported(r Report, s Sighting) *detector.Finding {
	if s.Clients == 0 && len(s.Visitors) == 0 {
		return nil
	}
	f := &detector.Finding{Source: detector.FromFraud, Rule: detector.Rule{ID: "fraud.reported_name", Name: "Reported name that was met before",
		Category: "Phishing", Ruleset: "khien-fraud", Action: "allowed"}, Time: r.Time, First: s.First, Last: s.Last, Severity: detector.High, Score: 0.8,
		Direction: sensor.ToServer.String(), Domain: s.Value, Count: max(s.Clients, len(s.Visitors)), CampaignID: s.Campaign}
	f.Fraud = &detector.Fraud{Kind: "reported", Stage: "lookup", Visibility: "reported", Score: f.Score}
	f.Reasons = []detector.Reason{reason("người dân báo cáo ("+r.Kind+")", "reported by people ("+r.Kind+")", 1)}
	f.Steps = []detector.Step{{Time: r.Time, Stage: "lure", Visibility: "reported", Evidence: r.ID,
		What: detector.Text{VI: "Báo cáo của người dân về " + s.Value, EN: "Report by people of " + s.Value}}}
	for _, v := range s.Visitors {
		f.RelatedIPs = appendHost(f.RelatedIPs, v.Client.String())
		if !f.SrcIP.IsValid() {
			f.SrcIP, f.DstIP, f.Capture = v.Client, v.Server, v.Capture
		}
	}
	f.RelatedHosts, f.Techniques = []string{s.Value}, phishing
	if len(s.Visitors) == 0 {
		f.NotSeen = []detector.Text{{VI: "thiết bị nào đã truy cập: chỉ còn số lượng", EN: "which clients met it: only their number was kept"}}
	}
	f.Summary = detector.Text{VI: fmt.Sprintf("%s bị báo cáo; trước đó đã có %d thiết bị truy vấn, lần đầu %s", s.Value, f.Count, s.First.Format("15:04 02/01/2006")),
		EN: fmt.Sprintf("%s was reported; clients that had asked for it before: %d, first at %s", s.Value, f.Count, s.First.Format("2006-01-02 15:04"))}
	f.Identify("reported", r.ID, s.Value)
	return f
}
