package abuse

import (
	"fmt"
	"strconv"
	"time"

	"khien/detector"
)

// Wangiri ("one ring and cut"): a number rings many telephones for a moment, so that they call back at their cost.
const (
	wangiriWidth   = 10 * time.Minute
	wangiriCallees = 15
	wangiriRing    = 6 * time.Second
)

func wangiri(e *ended, m *Memory) *detector.Finding {
	if !e.cancelled || !e.answer.IsZero() || e.at.Sub(e.rang) > wangiriRing || !isNumber(e.from) {
		return nil
	}
	s := m.source("wangiri", strconv.FormatUint(hash([]byte(e.from)), 16), wangiriWidth)
	n, callees := s.All.Add(e.at.UnixNano(), hash([]byte(e.to)))
	if callees < wangiriCallees {
		return nil
	}
	f := e.finding("wangiri", "Calls that ring once", voicePhishing)
	if !s.grown(f, "wangiri "+e.from, callees) {
		return nil
	}
	f.Summary = detector.Text{VI: fmt.Sprintf("Nháy máy: số %s đổ chuông rồi ngắt tới %d số", e.from, callees), EN: fmt.Sprintf("The number %s rings %d telephones and hangs up", e.from, callees)}
	f.Reasons = []detector.Reason{reason(fmt.Sprintf("%d cuộc bị ngắt trong vòng %d giây", n, int(wangiriRing.Seconds())), fmt.Sprintf("%d calls were cut within %d seconds", n, int(wangiriRing.Seconds())), 0.7)}
	if c := country(e.from); c != "" {
		f.Reasons = append(f.Reasons, reason("đầu số quốc tế thu phí cao: "+c, "international prefix with high fees: "+c, 0.3))
	}
	return f
}
