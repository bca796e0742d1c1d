package abuse

import (
	"fmt"
	"strconv"
	"time"

	"khien/detector"
)

// Password spraying: one password for many accounts, from wherever.
const (
	sprayingWidth    = 30 * time.Minute
	sprayingAccounts = 15
	sprayingRefused  = 0.7
)

var bruteSpraying = detector.Technique{ID: "T1110.003", Name: "Brute Force: Password Spraying", Tactic: "Credential Access", TacticID: "TA0006"}

func spraying(a *attempt, m *Memory) *detector.Finding {
	if a.account == 0 || a.secret == 0 {
		return nil
	}
	key := a.host + " " + strconv.FormatUint(a.secret, 16)
	s := m.source("spraying", key, sprayingWidth)
	n, accounts := s.All.Add(a.at.UnixNano(), a.account)
	_, clients := s.Other.Add(a.at.UnixNano(), addrHash(a.client))
	refused := s.count(a)
	if accounts < sprayingAccounts || float64(refused) < sprayingRefused*float64(n) {
		return nil
	}
	f := a.finding("password_spraying", "Password spraying", bruteSpraying)
	if !s.grown(f, "spraying "+key, accounts) {
		return nil
	}
	f.Summary = detector.Text{VI: fmt.Sprintf("Một mật khẩu được thử cho %d tài khoản trên %s", accounts, a.host),
		EN: fmt.Sprintf("One password is tried for %d accounts on %s", accounts, a.host)}
	f.Reasons = append([]detector.Reason{reason(fmt.Sprintf("cùng một mật khẩu, %d tài khoản, %d địa chỉ, %d trên %d lần bị từ chối", accounts, clients, refused, n),
		fmt.Sprintf("one password, accounts: %d, addresses: %d, refused %d of %d", accounts, clients, refused, n), 0.7)}, s.opened(f)...)
	return f
}
