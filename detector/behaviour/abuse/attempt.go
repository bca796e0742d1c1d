package abuse

import (
	"bytes"
	"net/netip"
	"strings"

	"khien/detector"
	"khien/sensor"
)

// Limits of what is read of a request.
const (
	maxFields = 48
	maxBody   = 16 << 10
)

// attempt is a request that tries an account, a card or a number at a server.
type attempt struct {
	place
	host    string
	agent   uint64 // hash of the user agent
	account uint64 // hash of whom it is about
	secret  uint64 // hash of the password
	citizen int64  // citizen number, kept for the time of learn only
	phone   uint64 // of a request for a one-time code
	card    uint64
	bin     uint64 // first digits of the card: its issuer
	refused bool
}

// Patterns over attempts, in the order in which they are asked. Each counts and may give a finding.
var attemptPatterns = [...]func(*attempt, *Memory) *detector.Finding{stuffing, spraying, enumeration, otpBombing, cardTesting}

// learn counts the attempt.
func (a *attempt) learn() (out []*detector.Finding) {
	a.mem.mu.Lock()
	defer a.mem.mu.Unlock()
	for _, p := range attemptPatterns {
		if f := p(a, a.mem); f != nil {
			f.Domain, f.RelatedHosts = a.host, []string{a.host}
			out = append(out, f)
		}
	}
	return out
}

// attempt reads a request and how it was answered.
func (d *Detector) attempt(e *sensor.Event) {
	a := &attempt{place: d.place(e)}
	uri, _ := e.Tx.Buffer(sensor.HTTPURI, sensor.ToServer, 0)
	fields(e.Tx, func(name, value []byte) { a.field(name, value) })
	path, query, _ := bytes.Cut(uri, []byte("?"))
	for part := range bytes.SplitSeq(query, []byte("&")) {
		name, value, _ := bytes.Cut(part, []byte("="))
		a.field(name, value)
	}
	if i := bytes.LastIndexByte(path, '/'); i >= 0 {
		a.field(nil, path[i+1:]) // /ho-so/001099012345
	}
	if a.account == 0 && a.citizen == 0 && a.card == 0 {
		return
	}
	if !asksForCode(path) || a.secret != 0 {
		a.phone = 0
	}
	if a.secret == 0 && a.phone == 0 && a.citizen == 0 && a.card == 0 {
		return
	}
	host, _ := e.Tx.Buffer(sensor.HTTPHost, sensor.ToServer, 0)
	if a.host = strings.ToLower(string(host[:min(len(host), 253)])); a.host == "" {
		a.host = a.server.String()
	}
	agent, _ := e.Tx.Buffer(sensor.HTTPUserAgent, sensor.ToServer, 0)
	a.agent = hash(agent)
	if a.client.IsPrivate() {
		a.client = forwarded(e.Tx, a.client)
	}
	a.refused = refused(e.Tx)
	d.rec.Note(e.Order, a)
}

// field takes a field of a form, of a query or of a JSON body.
func (a *attempt) field(name, value []byte) {
	value = bytes.TrimSpace(value)
	if len(value) == 0 || len(value) > 200 {
		return
	}
	switch detector.IdentityOf(value) {
	case detector.CitizenNumber:
		a.citizen, a.account = number(value), hash(value)
		return
	case detector.CardNumber:
		a.card, a.bin = hash(value), hash(value[:min(len(value), 8)])
		return
	case detector.MobileNumber:
		a.phone = hash(value)
		if a.account == 0 {
			a.account = a.phone
		}
		return
	}
	plain := strings.ToLower(string(name[:min(len(name), 40)]))
	switch {
	case strings.Contains(plain, "pass") || strings.Contains(plain, "matkhau") || strings.Contains(plain, "mat_khau") || plain == "pwd" || plain == "mk":
		a.secret = hash(value)
	case strings.Contains(plain, "user") || strings.Contains(plain, "email") || strings.Contains(plain, "login") || plain == "account" || plain == "tendangnhap" || plain == "taikhoan":
		a.account = hash(bytes.ToLower(value))
	}
}

func number(value []byte) (n int64) {
	for _, c := range value {
		if c >= '0' && c <= '9' {
			n = n*10 + int64(c-'0')
		}
	}
	return n
}

// fields calls f for the fields of a form, or for what stands beside each other in a JSON body.
func fields(tx sensor.Transaction, f func(name, value []byte)) {
	for i := range maxFields {
		name, ok := tx.Buffer(sensor.HTTPFormName, sensor.ToServer, i)
		if !ok {
			if i > 0 {
				return
			}
			break
		}
		value, _ := tx.Buffer(sensor.HTTPFormValue, sensor.ToServer, i)
		f(name, value)
	}
	body, _ := tx.Buffer(sensor.HTTPRequestBody, sensor.ToServer, 0)
	body = bytes.TrimSpace(body[:min(len(body), maxBody)])
	if len(body) == 0 || body[0] != '{' && body[0] != '[' {
		return
	}
	// Not a parser: what is cut off or malformed still has names and values beside each other.
	for range maxFields {
		_, rest, ok := bytes.Cut(body, []byte(`"`))
		if !ok {
			return
		}
		name, rest, ok := bytes.Cut(rest, []byte(`"`))
		if !ok {
			return
		}
		body = rest
		rest, isValue := bytes.CutPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte(":"))
		if !isValue {
			continue
		}
		rest = bytes.TrimLeft(rest, " \t\r\n")
		end := bytes.IndexAny(rest, ",}\n")
		if quoted, isText := bytes.CutPrefix(rest, []byte(`"`)); isText {
			rest = quoted
			end = bytes.IndexByte(rest, '"')
		}
		if end < 0 {
			return
		}
		f(name, rest[:end])
		body = rest[min(end+1, len(rest)):]
	}
}

// asksForCode reports whether a path is one that sends a one-time code.
func asksForCode(path []byte) bool {
	p := strings.ToLower(string(path[:min(len(path), 200)]))
	for _, w := range [...]string{"otp", "send-code", "sendcode", "send_code", "gui-ma", "guima", "resend", "verify-phone", "sms"} {
		if strings.Contains(p, w) {
			return true
		}
	}
	return false
}

// forwarded returns the address that a proxy at home says it asks for.
func forwarded(tx sensor.Transaction, otherwise netip.Addr) netip.Addr {
	for i := range 64 {
		h, ok := tx.Buffer(sensor.HTTPRequestHeader, sensor.ToServer, i)
		if !ok {
			break
		}
		name, value, _ := bytes.Cut(h, []byte(":"))
		if !bytes.EqualFold(name, []byte("X-Forwarded-For")) {
			continue
		}
		if j := bytes.LastIndexByte(value, ','); j >= 0 {
			value = value[j+1:] // the last one was added by the proxy itself
		}
		if a, err := netip.ParseAddr(string(bytes.TrimSpace(value))); err == nil {
			return a.Unmap()
		}
	}
	return otherwise
}

// refusals are words of answers that refuse, in bodies that begin with 200.
var refusals = [...]string{`"success":false`, `"success": false`, "invalid", "incorrect", "declined", "sai mật khẩu", "không đúng", "không hợp lệ", "bị từ chối",
	"thất bại", "not found", "khong dung"}

// refused reports whether an answer refuses what was tried.
func refused(tx sensor.Transaction) bool {
	code, _ := tx.Number(sensor.HTTPStatCode, sensor.ToClient, 0)
	switch {
	case code >= 400 && code < 500:
		return true
	case code >= 300 && code < 400:
		to, _ := tx.Buffer(sensor.HTTPLocation, sensor.ToClient, 0)
		l := strings.ToLower(string(to[:min(len(to), 300)]))
		return strings.Contains(l, "error") || strings.Contains(l, "fail") || strings.Contains(l, "login") || strings.Contains(l, "dang-nhap")
	case code == 200:
		body, _ := tx.Buffer(sensor.HTTPResponseBody, sensor.ToClient, 0)
		text := strings.ToLower(string(body[:min(len(body), 4096)]))
		for _, w := range refusals {
			if strings.Contains(text, w) {
				return true
			}
		}
	}
	return false
}
