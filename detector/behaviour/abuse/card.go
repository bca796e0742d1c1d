package abuse

import (
	"fmt"
	"time"

	"khien/detector"
)

// Card testing: many cards from one address, most declined, often of one issuer.
const (
	cardWidth   = 30 * time.Minute
	cardCards   = 8
	cardRefused = 0.5
)

var bruteGuessing = detector.Technique{ID: "T1110.001", Name: "Brute Force: Password Guessing", Tactic: "Credential Access", TacticID: "TA0006"}

func cardTesting(a *attempt, m *Memory) *detector.Finding {
	if a.card == 0 {
		return nil
	}
	key := a.host + " " + a.client.String()
	s := m.source("card", key, cardWidth)
	n, cards := s.All.Add(a.at.UnixNano(), a.card)
	_, issuers := s.Other.Add(a.at.UnixNano(), a.bin)
	refused := s.count(a)
	if cards < cardCards || float64(refused) < cardRefused*float64(n) {
		return nil
	}
	f := a.finding("card_testing", "Card testing", bruteGuessing)
	if !s.grown(f, "card "+key, cards) {
		return nil
	}
	f.Summary = detector.Text{VI: fmt.Sprintf("%s thử %d thẻ thanh toán trên %s", a.client, cards, a.host), EN: fmt.Sprintf("%s tries %d payment cards on %s", a.client, cards, a.host)}
	f.Reasons = []detector.Reason{reason(fmt.Sprintf("%d thẻ khác nhau, %d trên %d lần bị từ chối", cards, refused, n), fmt.Sprintf("%d different cards, %d of %d attempts declined", cards, refused, n), 0.7)}
	if issuers*3 <= cards {
		f.Reasons = append(f.Reasons, reason(fmt.Sprintf("chỉ %d đầu số phát hành", issuers), fmt.Sprintf("issuers: only %d", issuers), 0.3))
	}
	f.Reasons = append(f.Reasons, s.opened(f)...)
	return f
}
