package abuse

import (
	"fmt"
	"strconv"
	"time"

	"khien/detector"
)

// Credential stuffing: many accounts, each with its own password, most refused; from one address, or from many with one
// program.
const (
	stuffingWidth    = 10 * time.Minute
	stuffingAccounts = 20
	stuffingSpread   = 50 // accounts, over addresses
	stuffingClients  = 8
	stuffingRefused  = 0.7
)

var bruteStuffing = detector.Technique{ID: "T1110.004", Name: "Brute Force: Credential Stuffing", Tactic: "Credential Access", TacticID: "TA0006"}

func stuffing(a *attempt, m *Memory) *detector.Finding {
	if a.account == 0 || a.secret == 0 {
		return nil
	}
	if f := stuffed(a, m.source("stuffing", a.host+" "+a.client.String(), stuffingWidth), false); f != nil {
		return f
	}
	return stuffed(a, m.source("stuffing-agent", a.host+" "+strconv.FormatUint(a.agent, 16), stuffingWidth), true)
}

// stuffed counts an attempt of a source; spread is a program over many addresses.
func stuffed(a *attempt, s *source, spread bool) *detector.Finding {
	other, need := a.secret, stuffingAccounts
	if spread {
		other, need = addrHash(a.client), stuffingSpread
	}
	n, accounts := s.All.Add(a.at.UnixNano(), a.account)
	_, others := s.Other.Add(a.at.UnixNano(), other)
	refused := s.count(a)
	if accounts < need || float64(refused) < stuffingRefused*float64(n) {
		return nil
	}
	if !spread && others < accounts/2 || spread && others < stuffingClients { // few passwords: spraying
		return nil
	}
	f := a.finding("credential_stuffing", "Credential stuffing", bruteStuffing)
	key := "stuffing " + a.host + a.client.String()
	from, fromEN := "từ "+a.client.String(), "from "+a.client.String()
	if spread {
		key = "stuffing " + a.host + strconv.FormatUint(a.agent, 16)
		from, fromEN = fmt.Sprintf("từ ít nhất %d địa chỉ với cùng một chương trình", others), fmt.Sprintf("from at least %d addresses with one program", others)
	}
	if !s.grown(f, key, accounts) {
		return nil
	}
	f.Summary = detector.Text{VI: fmt.Sprintf("Dò tài khoản bằng mật khẩu bị lộ trên %s %s: %d tài khoản trong %d phút", a.host, from, accounts, int(stuffingWidth.Minutes())),
		EN: fmt.Sprintf("Leaked passwords are tried on %s %s: %d accounts in %d minutes", a.host, fromEN, accounts, int(stuffingWidth.Minutes()))}
	f.Reasons = append([]detector.Reason{reason(fmt.Sprintf("%d tài khoản khác nhau, %d trên %d lần bị từ chối", accounts, refused, n),
		fmt.Sprintf("%d different accounts, %d of %d attempts refused", accounts, refused, n), 0.7)}, s.opened(f)...)
	return f
}

// count notes whether an attempt was refused, and returns how many were.
func (s *source) count(a *attempt) int {
	if a.refused {
		n, _ := s.Refused.Add(a.at.UnixNano(), 0)
		return n
	}
	s.Opened++
	n := 0
	for _, c := range s.Refused.Counts {
		n += int(c)
	}
	return n
}

// opened tells of attempts that were not refused: accounts that are lost.
func (s *source) opened(f *detector.Finding) []detector.Reason {
	if s.Opened == 0 {
		return nil
	}
	f.Severity, f.Score = detector.Critical, 0.95
	return []detector.Reason{reason(fmt.Sprintf("%d lần không bị từ chối: tài khoản có thể đã mất", s.Opened),
		fmt.Sprintf("%d attempts were not refused: those accounts may be lost", s.Opened), 0.3)}
}
