package abuse

import (
	"fmt"
	"time"

	"khien/detector"
)

// Enumeration of people: citizen numbers one after the other, or more of them than anybody has to do with.
const (
	enumerationWidth = 10 * time.Minute
	enumerationRun   = 15 // numbers that follow each other
	enumerationGap   = 20 // from one to the next
	enumerationMany  = 40 // different numbers
)

var gatherIdentity = detector.Technique{ID: "T1589", Name: "Gather Victim Identity Information", Tactic: "Reconnaissance", TacticID: "TA0043"}

func enumeration(a *attempt, m *Memory) *detector.Finding {
	if a.citizen == 0 {
		return nil
	}
	key := a.host + " " + a.client.String()
	s := m.source("enumeration", key, enumerationWidth)
	n, people := s.All.Add(a.at.UnixNano(), a.account)
	if n == 1 {
		s.Run = 0
	}
	// The difference to the number before is kept, not the number.
	if gap := a.citizen - s.Last; s.Last != 0 && gap != 0 && gap <= enumerationGap && gap >= -enumerationGap {
		s.Run++
	} else if gap != 0 {
		s.Run = 0
	}
	s.Last = a.citizen
	refused := s.count(a)
	inOrder := s.Run >= enumerationRun
	if !inOrder && (people < enumerationMany || 2*refused < n) { // a clerk's counter asks for many people who exist
		return nil
	}
	f := a.finding("account_enumeration", "Enumeration of citizen numbers", gatherIdentity)
	if !s.grown(f, "enumeration "+key, people) {
		return nil
	}
	f.Summary = detector.Text{VI: fmt.Sprintf("%s dò số căn cước trên %s: %d số trong %d phút", a.client, a.host, people, int(enumerationWidth.Minutes())),
		EN: fmt.Sprintf("%s tries citizen numbers on %s: %d in %d minutes", a.client, a.host, people, int(enumerationWidth.Minutes()))}
	f.Reasons = []detector.Reason{reason(fmt.Sprintf("%d số khác nhau, %d lần bị từ chối", people, refused), fmt.Sprintf("%d different numbers, %d refused", people, refused), 0.5)}
	if inOrder {
		f.Reasons = append(f.Reasons, reason(fmt.Sprintf("%d số liền nhau theo thứ tự", s.Run), fmt.Sprintf("%d numbers follow each other", s.Run), 0.5))
	}
	return f
}
