package fraud

import (
	"bytes"
	"net/netip"
	"strings"

	"khien/detector"
	"khien/sensor"
)

// Limits of a submission.
const (
	maxFields   = 64
	maxFormText = 240 // bytes of masked form that a finding shows
	maxJSON     = 64 << 10
)

// secrets collects what a submission carries. Its memory is reused.
type secrets struct {
	kinds secret
	shown []byte // "password=********&otp=******": names as sent, values masked
}

func (s *secrets) reset() { s.kinds, s.shown = 0, s.shown[:0] }

// field takes a form field. The value is looked at and not kept.
func (s *secrets) field(name, value []byte) {
	kind := secretByName(name)
	if len(bytes.TrimSpace(value)) == 0 {
		return
	}
	if k := secretByValue(value); k != 0 && (kind == 0 || kind&graveSecrets == 0) {
		kind |= k
	}
	// A field named after a citizen number or a card must look like one: shops call coupons cards.
	if kind == secretCard && secretByValue(value) != secretCard && digits(value) < 12 {
		kind = 0
	}
	s.kinds |= kind
	if kind == 0 || len(s.shown) > maxFormText {
		return
	}
	if len(s.shown) > 0 {
		s.shown = append(s.shown, '&')
	}
	for _, c := range name[:min(len(name), 40)] {
		if c <= ' ' || c == '&' || c == '=' || c == '*' || c >= 0x7f {
			c = '_'
		}
		s.shown = append(s.shown, c)
	}
	s.shown = append(s.shown, '=')
	for range min(len(value), 12) {
		s.shown = append(s.shown, '*')
	}
}

func digits(b []byte) int {
	n := 0
	for _, c := range b {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n
}

// read collects the secrets of a request: form fields, or the strings of a JSON body.
func (s *secrets) read(tx sensor.Transaction) {
	s.reset()
	fields := 0
	for ; fields < maxFields; fields++ {
		name, ok := tx.Buffer(sensor.HTTPFormName, sensor.ToServer, fields)
		if !ok {
			break
		}
		value, _ := tx.Buffer(sensor.HTTPFormValue, sensor.ToServer, fields)
		s.field(name, value)
	}
	if fields > 0 {
		return
	}
	body, _ := tx.Buffer(sensor.HTTPRequestBody, sensor.ToServer, 0)
	body = bytes.TrimSpace(body[:min(len(body), maxJSON)])
	if len(body) > 1 && (body[0] == '{' || body[0] == '[') {
		s.json(body)
	}
}

// json finds "name": value in a JSON text. It is not a parser: what a page's script sends may be cut off or malformed, and
// what matters are names and values beside each other.
func (s *secrets) json(body []byte) {
	for n := 0; n < maxFields; n++ {
		at := bytes.IndexByte(body, '"')
		if at < 0 {
			return
		}
		name, rest, ok := jsonString(body[at+1:])
		if !ok {
			return
		}
		body = rest
		rest = bytes.TrimLeft(rest, " \t\r\n")
		if len(rest) == 0 || rest[0] != ':' {
			continue
		}
		rest = bytes.TrimLeft(rest[1:], " \t\r\n")
		if len(rest) > 0 && rest[0] == '"' {
			value, after, ok := jsonString(rest[1:])
			if !ok {
				value = rest[1:]
			}
			s.field(name, value)
			body = after
			continue
		}
		end := 0
		for end < len(rest) && (rest[end] >= '0' && rest[end] <= '9' || rest[end] == '.' || rest[end] == '-') {
			end++
		}
		s.field(name, rest[:end])
		body = rest[end:]
	}
}

// jsonString returns the text up to the closing quote and what follows.
func jsonString(b []byte) (text, rest []byte, ok bool) {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return b[:i], b[i+1:], true
		}
	}
	return nil, nil, false
}

// submission judges a request that carries secrets by whom it goes to.
func (d *Detector) submission(e *sensor.Event) {
	method, _ := e.Tx.Buffer(sensor.HTTPMethod, sensor.ToServer, 0)
	if string(method) != "POST" && string(method) != "PUT" {
		return
	}
	s := &d.secrets
	s.read(e.Tx)
	if s.kinds&(graveSecrets|secretCitizen) == 0 {
		return
	}
	host, _ := e.Tx.Buffer(sensor.HTTPHost, sensor.ToServer, 0)
	score, level, brand := 0.0, Clean, ""
	var reasons []detector.Reason
	if len(host) > 0 && len(host) <= maxName && !isAddress(host) {
		d.names.Score(host, &d.v)
		if d.v.Official {
			return
		}
		level, score, brand = d.v.Level, d.v.Score, d.v.Brand
		if level != Clean {
			reasons = d.v.Reasons()
		} else {
			brand = ""
		}
	}
	paged, fromPage := d.pages[d.pageKey(e, host)]
	if fromPage && brand == "" && paged >= 0 {
		brand = d.names.brands[paged].Name
	}
	address := len(host) == 0 || isAddress(host)
	both := s.kinds&secretPassword != 0 && s.kinds&(secretOTP|secretPIN|secretCard|secretCVV|secretCitizen) != 0 ||
		s.kinds&secretCard != 0 && s.kinds&(secretCVV|secretOTP) != 0
	switch {
	case level == Fraud || fromPage:
		score = max(score, 0.9)
	case !isPublic(e.Flow.Dst): // systems at home have names of all kinds
		return
	case level == Suspicious && both:
		score = max(score, 0.75)
	case level == Suspicious:
		score = max(score, 0.4)
	case address && both:
		score = 0.75
		reasons = append(reasons, reason("gửi tới địa chỉ IP, không có tên miền", "sent to a bare address", 0.4))
	default:
		return
	}
	vi, en := s.kinds.texts()
	what := reason("biểu mẫu gửi đi: "+vi, "the form carries: "+en, 0.6)
	what.Buffer, what.Length, what.Excerpt = "http.request.body", len(s.shown), bytes.Clone(s.shown)
	reasons = append([]detector.Reason{what}, reasons...)
	if fromPage {
		reasons = append(reasons, reason("trang trước đó mạo danh tổ chức và yêu cầu nhập thông tin mật", "the page before it asked for secrets in an organisation's name", 0.5))
	}
	f := d.finding(e, "credential_submission", "", "Secrets sent to an impostor")
	f.Domain = strings.ToLower(string(host))
	f.Score = score
	switch {
	case score >= 0.9 && both:
		f.Severity = detector.Critical
	case score >= 0.7:
		f.Severity = detector.High
	default:
		f.Severity = detector.Medium
	}
	f.Reasons = reasons
	f.Fraud = &detector.Fraud{Kind: "credential_post", Brand: brand, Stage: "submission", Visibility: "seen", Score: score}
	to := f.Domain
	if to == "" {
		to = e.Flow.Dst.String()
	}
	f.Summary = detector.Text{VI: "Nạn nhân đã gửi " + vi + " tới " + to + as(brand, ", giả mạo "), EN: "A victim sent " + en + " to " + to + as(brand, ", which imitates ")}
	f.Techniques = capture
	f.Rule.Metadata = map[string][]string{"secrets": strings.Split(en, ", ")}
	f.URL = string(detector.MaskSecrets([]byte(f.URL)))
	if f.Domain != "" {
		f.RelatedHosts = []string{f.Domain}
	}
	d.report(f, e, "submission "+f.Domain)
}

func as(brand, how string) string {
	if brand == "" {
		return ""
	}
	return how + brand
}

func reason(vi, en string, weight float64) detector.Reason {
	return detector.Reason{Text: detector.Text{VI: vi, EN: en}, Weight: weight}
}

// isPublic reports whether an address is one of the Internet: routers and cameras at home ask for passwords, too.
func isPublic(a netip.Addr) bool {
	return a.IsValid() && a.IsGlobalUnicast() && !a.IsPrivate()
}

func (d *Detector) pageKey(e *sensor.Event, host []byte) pageKey {
	return pageKey{client: e.Flow.Src, server: e.Flow.Dst, host: hashBytes(host)}
}
