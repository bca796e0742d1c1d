package prefill

import (
	"cmp"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"khien/console/report"
	"khien/detector"
)

// hostile reports whether the ends and names of a finding are the attacker's. A tool that attackers use as well as
// administrators (remote control) is not, and what is only suspicious is not either.
func hostile(f *detector.Finding) bool {
	if f.Severity < detector.High {
		return false
	}
	return f.Fraud == nil || f.Fraud.Kind != "remote_control"
}

type indicatorKey struct{ kind, value string }

// indicators collects what the findings show, each once, in the order of kind and value.
func (b *builder) indicators() {
	all := map[indicatorKey]*report.Indicator{}
	uses := map[*report.Indicator]map[string]int{}
	put := func(f *detector.Finding, kind, value, role string) *report.Indicator {
		value = strings.TrimSpace(value)
		if value == "" || report.VisibleText(value) != value {
			return nil // what cannot be shown as it is cannot be given to others either
		}
		k := indicatorKey{kind, value}
		if all[k] == nil && len(all) >= report.IndicatorsMax {
			return nil
		}
		if all[k] == nil {
			all[k] = &report.Indicator{Kind: kind, Value: value, Role: role, First: f.Time, Last: f.Time}
			uses[all[k]] = map[string]int{}
		}
		i := all[k]
		uses[i][b.kindOf(f)]++
		i.Findings = add(i.Findings, f.ID)
		if len(f.Steps) > 0 && len(i.Findings) > 1 {
			return i // a story knows of its names, and not when each was seen
		}
		if f.Time.Before(i.First) {
			i.First = f.Time
		}
		for _, t := range []time.Time{f.Time, f.Last} {
			if t.After(i.Last) {
				i.Last = t
			}
		}
		return i
	}
	host := func(f *detector.Finding, name string) {
		name = strings.ToLower(strings.TrimSuffix(name, "."))
		if a, err := netip.ParseAddr(name); err == nil {
			if !b.Profile.Inside(a) {
				put(f, report.IP, a.String(), report.Hostile)
			}
			return
		}
		if strings.Contains(name, ".") {
			put(f, report.Domain, name, report.Hostile)
		}
	}
	order := slices.Clone(b.Findings)
	slices.SortStableFunc(order, func(x, y detector.Finding) int { return cmp.Compare(min(len(x.Steps), 1), min(len(y.Steps), 1)) })
	for i := range order {
		f := &order[i]
		for _, a := range []netip.Addr{f.SrcIP, f.DstIP} {
			if b.victims[a] > 0 {
				put(f, report.IP, a.String(), report.Victim)
			}
		}
		if !hostile(f) {
			continue
		}
		host(f, f.Domain)
		for _, h := range f.RelatedHosts {
			host(f, h)
		}
		if u := string(detector.MaskSecrets([]byte(f.URL))); u != "" && !b.insideURL(u) {
			put(f, report.URL, u, report.Hostile)
		}
		if f.SHA256 != "" {
			if i := put(f, report.SHA256, strings.ToLower(f.SHA256), report.Hostile); i != nil && i.Name == "" {
				name, _, _ := strings.Cut(f.FileName, "!") // of an archive, not of its member
				i.Name = report.VisibleText(name)
			}
		}
		b.peer(f, put)
	}
	for _, i := range all {
		for _, use := range slices.Sorted(maps.Keys(uses[i])) {
			if use != "" && (i.Use == "" || uses[i][use] > uses[i][i.Use]) {
				i.Use = use
			}
		}
		b.in.Indicators = append(b.in.Indicators, *i)
	}
	slices.SortFunc(b.in.Indicators, func(x, y report.Indicator) int {
		return cmp.Or(strings.Compare(x.Role, y.Role), strings.Compare(x.Kind, y.Kind), strings.Compare(x.Value, y.Value))
	})
}

// peer takes the other end of a flow that has one end in the unit's networks. Of a flow between two outside addresses
// nobody knows which one is the attacker's, and a resolver outside is not one.
func (b *builder) peer(f *detector.Finding, put func(*detector.Finding, string, string, string) *report.Indicator) {
	src, dst := f.SrcIP, f.DstIP
	if !src.IsValid() || !dst.IsValid() || f.SrcPort == 53 || f.DstPort == 53 || b.Profile.Inside(src) == b.Profile.Inside(dst) {
		return
	}
	out, port := dst, f.DstPort
	if b.Profile.Inside(dst) {
		out, port = src, f.SrcPort
	}
	i := put(f, report.IP, out.String(), report.Hostile)
	switch {
	case i == nil:
	case len(i.Findings) == 1:
		i.Port = port
	case i.Port != port:
		i.Port = 0
	}
}

func (b *builder) insideURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return true // not something to give to others
	}
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && b.Profile.Inside(a)
}

var kindVI = map[string]string{report.Domain: "Tên miền", report.URL: "URL", report.IP: "Địa chỉ IP", report.SHA256: "SHA-256"}
var kindEN = map[string]string{report.Domain: "Domain", report.URL: "URL", report.IP: "IP address", report.SHA256: "SHA-256"}

// indicatorFacts sets the facts that show indicators on paper.
func (b *builder) indicatorFacts(from report.Origin) {
	var rows, targets, hashes [][]string
	for _, i := range b.in.Hostile("") {
		shown := report.Defang(i.Value)
		if i.Kind == report.SHA256 {
			shown = strings.TrimSpace(i.Value + " " + i.Name)
			hashes = append(hashes, []string{i.Value, i.Name})
		}
		rows = append(rows, []string{kindVI[i.Kind], shown, Stamp(i.First)})
		if i.Kind == report.Domain || i.Kind == report.URL || i.Kind == report.IP {
			targets = append(targets, []string{kindVI[i.Kind], shown, Stamp(i.First), Stamp(i.Last)})
		}
	}
	b.rows("incident.indicators", from, rows)
	b.rows("takedown.table", from, targets)
	b.rows("incident.hashes", from, hashes)
	b.set("takedown.brand", from, strings.Join(b.in.Brands, ", "))
	if len(targets) > 0 {
		b.set("takedown.request", from,
			"Tạm ngừng hoặc thu hồi các đối tượng nêu trên; lưu giữ nhật ký và thông tin đăng ký để phục vụ xác minh; thông báo kết quả xử lý cho đơn vị theo đầu mối dưới đây.",
			"Please suspend or remove the targets above, preserve logs and registration data for investigation, and tell us the outcome at the contact below.")
		b.set("takedown.ground", from,
			"Hành vi lừa đảo, mạo danh tổ chức vi phạm pháp luật và điều khoản cung cấp dịch vụ.",
			"Phishing is DNS abuse under the ICANN Registrar Accreditation Agreement (section 3.18, amended in 2024) for generic top-level domains, and violates the terms of hosting services.")
	}
}
