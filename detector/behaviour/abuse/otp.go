package abuse

import (
	"fmt"
	"strconv"
	"time"

	"khien/detector"
)

// One-time codes: one telephone is sent many (to wear its owner out, or to hide one among them), or many telephones are
// sent one each (to cost the sender money).
const (
	otpWidth  = 10 * time.Minute
	otpOne    = 8  // to one telephone
	otpPhones = 25 // from one address
)

var otpRequests = detector.Technique{ID: "T1621", Name: "Multi-Factor Authentication Request Generation", Tactic: "Credential Access", TacticID: "TA0006"}

func otpBombing(a *attempt, m *Memory) *detector.Finding {
	if a.phone == 0 {
		return nil
	}
	one := a.host + " " + strconv.FormatUint(a.phone, 16)
	s := m.source("otp", one, otpWidth)
	n, clients := s.All.Add(a.at.UnixNano(), addrHash(a.client))
	if n >= otpOne {
		f := a.finding("otp_bombing", "One-time codes sent again and again", otpRequests)
		if s.grown(f, "otp "+one, n) {
			f.Summary = detector.Text{VI: fmt.Sprintf("Một số điện thoại bị gửi dồn dập %d mã OTP từ %s", n, a.host), EN: fmt.Sprintf("One telephone was sent %d one-time codes by %s", n, a.host)}
			f.Reasons = []detector.Reason{reason(fmt.Sprintf("%d lần yêu cầu trong %d phút, từ %d địa chỉ", n, int(otpWidth.Minutes()), clients),
				fmt.Sprintf("%d requests in %d minutes, addresses: %d", n, int(otpWidth.Minutes()), clients), 1)}
			return f
		}
	}
	many := a.host + " " + a.client.String()
	s = m.source("otp-many", many, otpWidth)
	if _, phones := s.All.Add(a.at.UnixNano(), a.phone); phones >= otpPhones {
		f := a.finding("otp_bombing", "One-time codes sent to many telephones", otpRequests)
		if s.grown(f, "otp-many "+many, phones) {
			f.Summary = detector.Text{VI: fmt.Sprintf("%s yêu cầu mã OTP cho %d số điện thoại trên %s", a.client, phones, a.host),
				EN: fmt.Sprintf("%s asks %s to send codes to %d telephones", a.client, a.host, phones)}
			f.Reasons = []detector.Reason{reason(fmt.Sprintf("%d số điện thoại trong %d phút", phones, int(otpWidth.Minutes())), fmt.Sprintf("%d telephones in %d minutes", phones, int(otpWidth.Minutes())), 1)}
			return f
		}
	}
	return nil
}
