package abuse

import (
	"fmt"
	"strings"
	"time"

	"khien/detector"
)

// Spoofed caller ids: one source calls as many unrelated numbers, or as a number of the authorities from the outside.
const (
	spoofWidth  = 10 * time.Minute
	spoofRanges = 15 // number ranges of a thousand
)

// stateNumbers are callers that no call from the Internet can have: emergency numbers, and the range of the Ministry of
// Public Security (069).
var stateNumbers = [...]string{"113", "114", "115", "+84113", "+84114", "+84115"}

var impersonation = detector.Technique{ID: "T1656", Name: "Impersonation", Tactic: "Defense Evasion", TacticID: "TA0005"}

func spoofing(c *call, m *Memory) *detector.Finding {
	if !isNumber(c.from) {
		return nil
	}
	outside := c.place.client.IsGlobalUnicast() && !c.place.client.IsPrivate()
	if outside && isState(c.from) {
		f := c.place.finding("spoofed_caller", "Call in the name of the authorities", impersonation)
		s := m.source("spoof-state", c.place.client.String()+c.from, spoofWidth)
		n, callees := s.All.Add(c.rang.UnixNano(), hash([]byte(c.to)))
		if !s.grown(f, "state "+c.from+c.place.client.String(), callees) {
			return nil
		}
		f.Summary = detector.Text{VI: fmt.Sprintf("Cuộc gọi mạo danh số %s từ địa chỉ bên ngoài %s", c.from, c.place.client), EN: fmt.Sprintf("Calls as %s from the outside address %s", c.from, c.place.client)}
		f.Reasons = []detector.Reason{reason(fmt.Sprintf("số của cơ quan nhà nước không gọi từ Internet (%d cuộc)", n), fmt.Sprintf("numbers of the authorities do not call from the Internet (calls: %d)", n), 1)}
		return f
	}
	if len(c.from) < 7 {
		return nil // extensions
	}
	key := c.place.client.String()
	s := m.source("spoof", key, spoofWidth)
	_, ranges := s.All.Add(c.rang.UnixNano(), hash([]byte(c.from[:len(c.from)-3])))
	if ranges < spoofRanges {
		return nil
	}
	f := c.place.finding("spoofed_caller", "Spoofed caller numbers", impersonation)
	if !s.grown(f, "spoof "+key, ranges) {
		return nil
	}
	f.Summary = detector.Text{VI: fmt.Sprintf("%s gọi dưới nhiều đầu số không liên quan (%d dải)", key, ranges), EN: fmt.Sprintf("%s calls as numbers of %d unrelated ranges", key, ranges)}
	f.Reasons = []detector.Reason{reason(fmt.Sprintf("%d dải số gọi khác nhau trong %d phút", ranges, int(spoofWidth.Minutes())), fmt.Sprintf("%d ranges of callers in %d minutes", ranges, int(spoofWidth.Minutes())), 1)}
	return f
}

func isState(n string) bool {
	for _, s := range stateNumbers {
		if n == s {
			return true
		}
	}
	return len(n) >= 9 && strings.HasPrefix(n, "069") || len(n) >= 11 && strings.HasPrefix(n, "+8469")
}
