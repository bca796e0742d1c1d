package fraud

import (
	"bytes"
	"strings"

	"khien/detector"
	"khien/sensor"
)

// htmlPage judges a page that asks for secrets by what it says it is and who serves it.
func (d *Detector) htmlPage(e *sensor.Event) {
	body, ok := e.Tx.Buffer(sensor.HTTPResponseBody, sensor.ToClient, 0)
	if !ok || len(body) == 0 {
		return
	}
	body = body[:min(len(body), d.cfg.MaxPageBytes)]
	if !worthReading(body) {
		return
	}
	host, _ := e.Tx.Buffer(sensor.HTTPHost, sensor.ToServer, 0)
	level := Clean
	named := len(host) > 0 && len(host) <= maxName && !isAddress(host)
	var nameReasons []detector.Reason
	if named {
		d.names.Score(host, &d.v)
		if d.v.Official || d.names.restricted(host) {
			return
		}
		if level = d.v.Level; level != Clean {
			nameReasons = d.v.Reasons()
		}
	}
	if level < Fraud && !isPublic(e.Flow.Dst) {
		return // an organisation's own servers at home
	}
	if level != Clean {
		d.site(e, &site{served: true})
	}
	p := &d.page
	p.read(body)
	title, _ := accents.fold(nil, p.title, maxTitle)
	brand := d.names.titles.find(title)
	inTitle := brand >= 0
	if brand < 0 {
		text, _ := accents.fold(nil, p.text, maxPageText)
		brand = d.names.titles.find(text)
	}
	copied := d.copied(p, host)
	if copied >= 0 && brand < 0 {
		brand = copied
	}
	f := d.judgePage(e, p, host, level, brand, inTitle, copied, nameReasons)
	if f == nil {
		if p.cut && level != Clean {
			d.unread(e, host)
		}
		return
	}
	if p.cut {
		f.NotSeen = append(f.NotSeen, pageCut)
	}
	f.RelatedHosts = appendHost(f.RelatedHosts, f.Domain)
	for _, a := range p.actions {
		f.RelatedHosts = appendHost(f.RelatedHosts, string(actionHost(a)))
	}
	if f.Severity >= detector.High && p.kinds != 0 {
		if len(d.pages) >= maxPages {
			clear(d.pages)
		}
		d.pages[d.pageKey(e, host)] = brand
	}
	d.report(f, e, "page "+f.Domain)
}

// pageCut says that a limit ended the reading of a page.
var pageCut = detector.Text{VI: "phần cuối của trang: trang vượt giới hạn kiểm tra", EN: "the rest of the page: it is beyond the limits of what is read"}

// unread reports a page of a suspicious host that is made so that it cannot be read to its end.
func (d *Detector) unread(e *sensor.Event, host []byte) {
	f := d.finding(e, "unread_page", "", "Page beyond the limits of what is read")
	f.Domain, f.Severity, f.Score = strings.ToLower(string(host)), detector.Low, 0.3
	f.Fraud = &detector.Fraud{Kind: "unreadable", Visibility: "seen", Score: f.Score}
	f.Reasons = []detector.Reason{reason("trang dài hoặc rối quá mức trên tên miền đáng ngờ", "an oversized or tangled page on a suspicious name", 1)}
	f.Summary = detector.Text{VI: "Trang trên " + f.Domain + " vượt giới hạn kiểm tra", EN: "A page on " + f.Domain + " is beyond the limits of what is read"}
	f.NotSeen = []detector.Text{pageCut}
	f.Techniques = phishing
	d.report(f, e, "unread "+f.Domain)
}

// judgePage weighs what the page shows; nil means that it is no fraud.
func (d *Detector) judgePage(e *sensor.Event, p *page, host []byte, level Level, brand int32, inTitle bool, copied int32, reasons []detector.Reason) *detector.Finding {
	codes := p.kinds&(secretOTP|secretPIN|secretCVV|secretCitizen|secretCard) != 0
	asks := p.kinds&graveSecrets != 0 || p.kinds&secretCitizen != 0
	bot := p.exfil >= 0 && (asks || p.kinds&(secretPhone|secretAccount|secretUser) != 0)
	foreign := false
	for _, a := range p.actions {
		if h := actionHost(a); h != nil && !sameSite(h, host) {
			foreign = true
		}
	}
	score := 0.0
	name, kind := "", ""
	if brand >= 0 {
		name, kind = d.names.brands[brand].Name, d.names.brands[brand].Type
	}
	guarded := guards(kind)
	add := func(on bool, w float64, vi, en string) {
		if on {
			score += w
			reasons = append(reasons, reason(vi, en, w))
		}
	}
	vi, en := p.kinds.texts()
	add(level == Fraud, 0.5, "trang nằm trên tên miền giả mạo", "the page is on an imitating domain")
	add(level == Suspicious, 0.3, "trang nằm trên tên miền đáng ngờ", "the page is on a suspicious domain")
	// Small honest sites have their contact forms sent by such services: a bot or webhook weighs most, where it takes secrets.
	heavy := p.exfilTo == "Telegram" || p.exfilTo == "Discord" || p.exfilTo == "webhook.site"
	add(bot && heavy, 0.7, "mã của trang gửi dữ liệu tới "+p.exfilTo, "a script of the page sends what is typed to "+p.exfilTo)
	add(bot && !heavy && asks, 0.25, "mã của trang gửi dữ liệu tới "+p.exfilTo, "a script of the page sends what is typed to "+p.exfilTo)
	add(asks, 0.2, "trang yêu cầu nhập: "+vi, "the page asks for: "+en)
	if asks {
		add(p.kinds&secretPassword != 0 && codes && guarded, 0.25, "vừa xin mật khẩu vừa xin mã bí mật", "it asks for a password and a code at once")
		add(p.kinds&secretCard != 0 && p.kinds&(secretCVV|secretOTP) != 0 && guarded, 0.25, "xin số thẻ cùng mã bảo mật", "it asks for a card number and its code")
		add(inTitle && guarded, 0.3, "tiêu đề hoặc hình ảnh mang tên "+name, "its title or pictures bear the name "+name)
		add(inTitle && !guarded || brand >= 0 && !inTitle, 0.1, "nội dung nhắc tới "+name, "its text mentions "+name)
		add(copied >= 0 && codes, 0.2, "trang tải hình ảnh, mã từ trang thật của "+d.brandName(copied), "it loads pictures or scripts of the true site of "+d.brandName(copied))
		add(foreign, 0.15, "biểu mẫu gửi dữ liệu sang máy chủ khác", "its form is sent to another host")
		add(len(host) == 0 || isAddress(host), 0.2, "trang nằm trên địa chỉ IP", "the page is on a bare address")
	}
	add(p.app && brand >= 0 && level != Clean, 0.3, "trang mời tải tệp APK", "the page offers an APK")
	if score < 0.5 || !asks && !bot && !p.app {
		return nil
	}
	f := d.finding(e, "phishing_page", "", "Page that imitates an organisation")
	f.Domain = strings.ToLower(string(host))
	f.Score = min(score, 1)
	f.Severity = detector.Medium
	if score >= 0.7 {
		f.Severity = detector.High
	}
	if bot {
		for i := range reasons {
			if r := &reasons[i]; strings.HasSuffix(r.EN, p.exfilTo) {
				r.Buffer, r.Offset, r.Length = "http.response.body", p.exfil, len(p.exfilTo)
			}
		}
	}
	if bands := p.shape.bands(); bands != nil {
		f.Rule.Metadata = map[string][]string{"page_structure": bands}
	}
	total := 0.0
	for i := range reasons {
		total += reasons[i].Weight
	}
	for i := range reasons {
		reasons[i].Weight = float64(int(reasons[i].Weight/total*1000+0.5)) / 1000
		if reasons[i].Buffer == "" {
			reasons[i].Buffer = "http.response.body"
		}
	}
	f.Reasons = reasons
	sortReasons(f.Reasons)
	f.Fraud = &detector.Fraud{Kind: "phishing_page", Brand: name, Stage: "page", Visibility: "seen", Score: f.Score}
	at := f.Domain
	if at == "" {
		at = e.Flow.Dst.String()
	}
	what := detector.Text{VI: "thông tin mật", EN: "secrets"}
	if vi != "" {
		what = detector.Text{VI: vi, EN: en}
	}
	f.Summary = detector.Text{VI: "Trang trên " + at + " xin " + what.VI + as(name, " dưới tên "), EN: "A page on " + at + " asks for " + what.EN + as(name, " in the name of ")}
	f.Techniques = capture
	return f
}

// copied returns the organisation whose own host a page of somebody else loads pictures or scripts from, -1 for none.
func (d *Detector) copied(p *page, host []byte) int32 {
	for _, a := range p.assets {
		if sameSite(a, host) {
			continue
		}
		if d.names.Score(a, &d.v); d.v.Official && guards(d.names.brands[d.v.brand].Type) {
			return d.v.brand
		}
	}
	return -1
}

func (d *Detector) brandName(i int32) string {
	if i < 0 {
		return ""
	}
	return d.names.brands[i].Name
}

// guards reports whether organisations of a type keep money or records, so that their names are worth imitating.
func guards(kind string) bool {
	switch kind {
	case "bank", "finance", "wallet", "gov", "securities", "insurance", "utility", "post":
		return true
	}
	return false
}

func appendHost(list []string, host string) []string {
	if host == "" {
		return list
	}
	for _, h := range list {
		if h == host {
			return list
		}
	}
	return append(list, host)
}

// sameSite reports whether two hosts have the same registrable part.
func sameSite(a, b []byte) bool {
	x, y := bytes.ToLower(a), bytes.ToLower(b)
	if bytes.Equal(x, y) {
		return true
	}
	if len(x) > maxName || len(y) > maxName {
		return false
	}
	r, rs, _ := split(x)
	s, ss, _ := split(y)
	return rs > 0 && ss > 0 && bytes.Equal(x[r:], y[s:])
}
