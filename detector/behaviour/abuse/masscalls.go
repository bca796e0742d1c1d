package abuse

import (
	"fmt"
	"time"

	"khien/detector"
)

// Mass calls: one source calls many people, who do not answer or hang up at once.
const (
	massWidth   = 10 * time.Minute
	massCallees = 40
	massShort   = 10 * time.Second
	massShare   = 0.8
)

var voicePhishing = detector.Technique{ID: "T1566.004", Name: "Phishing: Spearphishing Voice", Tactic: "Initial Access", TacticID: "TA0001"}

func massCalls(e *ended, m *Memory) *detector.Finding {
	key := e.place.client.String()
	s := m.source("mass-calls", key, massWidth)
	n, callees := s.All.Add(e.at.UnixNano(), hash([]byte(e.to)))
	short := 0
	for _, c := range s.Refused.Counts {
		short += int(c)
	}
	if e.talked < massShort {
		short, _ = s.Refused.Add(e.at.UnixNano(), 0)
	}
	if callees < massCallees || float64(short) < massShare*float64(n) {
		return nil
	}
	f := e.finding("mass_calls", "Mass calls", voicePhishing)
	if !s.grown(f, "mass "+key, callees) {
		return nil
	}
	f.Summary = detector.Text{VI: fmt.Sprintf("%s gọi ồ ạt tới ít nhất %d số, %d trên %d cuộc dưới %d giây", key, callees, short, n, int(massShort.Seconds())),
		EN: fmt.Sprintf("%s calls at least %d numbers; %d of %d calls last less than %d seconds", key, callees, short, n, int(massShort.Seconds()))}
	f.Reasons = []detector.Reason{reason(fmt.Sprintf("%d số bị gọi trong %d phút", callees, int(massWidth.Minutes())), fmt.Sprintf("%d numbers called in %d minutes", callees, int(massWidth.Minutes())), 0.6),
		reason(fmt.Sprintf("%d cuộc không ai nghe hoặc dập máy ngay", short), fmt.Sprintf("%d calls were not answered or ended at once", short), 0.4)}
	return f
}

// finding begins a finding about a call that is over.
func (e *ended) finding(pattern, title string, t detector.Technique) *detector.Finding {
	p := e.place
	p.at = e.at
	return p.finding(pattern, title, t)
}
