package main

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"khien/detector"
)

const (
	phish  = "vneid-gov.example"
	form   = "hoten=Nguyen+Van+A&cccd=************&matkhau=********&otp=******&submit=1"
	markup = `<img src=x onerror=alert(1)><script>document.title="owned"</script>`
)

// findings are a day of a province: one fraud story, an APK, brute force, signatures, and a name that is hostile text.
func findings(now time.Time) []detector.Finding {
	story := detector.Finding{
		Time: now.Add(-20 * time.Minute), Source: detector.FromFraud, Severity: detector.Critical, Score: 0.97,
		Rule:    detector.Rule{ID: "credential_post", Name: "Gửi mật khẩu tới trang giả mạo", Category: "Fraud", Ruleset: "khien"},
		Summary: detector.Text{VI: "Công dân nhập mật khẩu và OTP vào trang giả mạo VNeID", EN: "A citizen entered a password and OTP on a page imitating VNeID"},
		SrcIP:   netip.MustParseAddr("10.20.3.14"), DstIP: netip.MustParseAddr("198.51.100.7"), SrcPort: 51022, DstPort: 80,
		Transport: "tcp", App: "http", CommunityID: storyFlow, FlowID: 77, Domain: phish,
		URL: "http://" + phish + "/dang-nhap", UserAgent: "Mozilla/5.0 (Linux; Android 14)", Count: 1, CampaignID: "vneid-*.example",
		Fraud:   &detector.Fraud{Kind: "credential_post", Brand: "vneid", Stage: "submission", Visibility: "seen", Score: 0.97},
		ChainID: "c-4f2a", RelatedHosts: []string{"www." + phish}, Sensor: "so-y-te", Interface: "mirror0", PacketNumber: 18221,
		Techniques: []detector.Technique{{ID: "T1566.002", Name: "Spearphishing Link", Tactic: "Initial Access", TacticID: "TA0001"}},
		Reasons: []detector.Reason{
			{Text: detector.Text{VI: "tên bắt chước VNeID", EN: "the name imitates VNeID"}, Weight: 0.41, Buffer: "http.host", Offset: 0, Length: 5, Excerpt: []byte(phish)},
			{Text: detector.Text{VI: "biểu mẫu xin số căn cước, mật khẩu và OTP", EN: "the form asks for citizen id, password and OTP"}, Weight: 0.28,
				Buffer: "http.request_body", Offset: 54, Length: 10, Excerpt: []byte(form), ExcerptOffset: 0},
			{Text: detector.Text{VI: "trang chép biểu trưng của VNeID", EN: "the page copies the VNeID logo"}, Weight: 0.16},
			{Text: detector.Text{VI: "tên lần đầu thấy trong mạng", EN: "first time this name is seen in the network"}, Weight: 0.12},
		},
		NotSeen: []detector.Text{{VI: "nội dung sau 14:30 (QUIC mã hóa)", EN: "content after 14:30 (QUIC is encrypted)"}},
	}
	step := func(before time.Duration, stage, visibility, vi, en string) {
		story.Steps = append(story.Steps, detector.Step{Time: story.Time.Add(-before), Stage: stage, Visibility: visibility,
			What: detector.Text{VI: vi, EN: en}})
	}
	step(38*time.Second, "lookup", "seen", "DNS, lần đầu trong mạng, tên 2 ngày tuổi", "DNS, first time in the network, the name is 2 days old")
	step(37*time.Second, "visit", "seen", "HTTP, trang có biểu trưng của VNeID", "HTTP, the page shows the VNeID logo")
	step(0, "submission", "seen", "cccd, matkhau, otp (đã che) gửi tới máy chủ không phải của VNeID", "cccd, matkhau, otp (masked) sent to a server that is not VNeID's")
	step(-30*time.Second, "apk", "inferred", "2,1 MB qua QUIC, không thấy nội dung", "2.1 MB over QUIC, content not visible")
	step(-5*time.Minute, "transfer", "reported", "chưa có báo cáo: hỏi ngân hàng hoặc người dân", "not reported yet: ask the bank or the citizen")
	loss := detector.Finding{Time: now.Add(-3 * time.Hour), First: now.Add(-3*time.Hour - 4*time.Minute), Last: now.Add(-3 * time.Hour), Source: detector.FromHealth,
		Severity: detector.Low, Score: 0.02, Count: 1, Sensor: "mirror0", Interface: "mirror0", Rule: detector.Rule{ID: "loss:mirror0", Name: "loss of the sensor mirror0"},
		Summary: detector.Text{VI: "cảm biến mirror0 mất 2 % gói tin: hàng đợi của nhân đầy", EN: "sensor mirror0 lost 2 % of its packets: the kernel's ring was full"}}
	out := []detector.Finding{story, loss}
	for i := range 4 {
		out = append(out, detector.Finding{Time: now.Add(-time.Duration(i*37+5) * time.Minute), Source: detector.FromYARA, Severity: detector.High, Score: 0.88, Count: 1,
			Rule:    detector.Rule{ID: "fake_vneid_apk", Name: "APK giả mạo dịch vụ công", Ruleset: "khien", Text: "rule fake_vneid_apk {\n  strings:\n    $a = \"AccessibilityService\"\n  condition:\n    $a\n}"},
			Summary: detector.Text{VI: "Tải ứng dụng giả mạo (APK) rồi liên lạc máy chủ điều khiển", EN: "A fake app (APK) was downloaded and contacted its control server"},
			SrcIP:   netip.MustParseAddr("10.20.7.81"), DstIP: netip.MustParseAddr("203.0.113.9"), SrcPort: uint16(40000 + i), DstPort: 80, Transport: "tcp", App: "http",
			Reasons: []detector.Reason{{Text: detector.Text{VI: "tệp có chuỗi AccessibilityService", EN: "the file holds the string AccessibilityService"}, Weight: 1,
				Buffer: "file.data", Offset: 4096, Length: 20, Excerpt: []byte("Landroid/AccessibilityService;"), ExcerptOffset: 4087}},
			Domain: "dichvucong-vn.example", FileName: "DichVuCong.apk", FileMIME: "application/vnd.android.package-archive", FileSize: uint64(len(apk)), SHA256: apkSHA(), JA4: "t13d1516h2_8daaf6152771_b186095e22b6",
			Certificate: shownCert(now), Sensor: "so-y-te", FlowID: uint64(100 + i),
			Fraud: &detector.Fraud{Kind: "fake_apk", Brand: "dichvucong", Stage: "apk", Visibility: "seen", Score: 0.88}})
	}
	for i := range 310 {
		out = append(out, detector.Finding{Time: now.Add(-time.Duration(i) * time.Minute), Source: detector.FromBehaviour, Severity: detector.Medium, Score: 0.6, Count: 1,
			Rule:    detector.Rule{ID: "ssh_bruteforce", Name: "Dò mật khẩu SSH"},
			Summary: detector.Text{VI: "Dò mật khẩu SSH, có lần thành công", EN: "SSH password guessing, one attempt succeeded"},
			SrcIP:   netip.MustParseAddr("10.2.3.4"), DstIP: netip.MustParseAddr("10.2.0.9"), DstPort: 22, Transport: "tcp", App: "ssh", FlowID: uint64(1000 + i)})
	}
	brands := []string{"vietcombank", "evn", "vnpost", "thue", "vneid"}
	for i := range 40 {
		brand := brands[i%len(brands)]
		out = append(out, detector.Finding{Time: now.Add(-time.Duration(i*23) * time.Minute), Source: detector.FromFraud, Severity: detector.Severity(1 + i%3), Score: 0.5, Count: 1,
			Rule:    detector.Rule{ID: "lookalike", Name: "Tên miền giả mạo"},
			Summary: detector.Text{VI: fmt.Sprintf("Tra tên miền bắt chước %s", brand), EN: fmt.Sprintf("Lookup of a name imitating %s", brand)},
			SrcIP:   netip.AddrFrom4([4]byte{10, 20, byte(i % 9), byte(10 + i)}), DstIP: netip.MustParseAddr("10.20.0.2"), DstPort: 53, Transport: "udp", App: "dns",
			Domain: fmt.Sprintf("%s-vn%d.example", brand, i), FlowID: uint64(5000 + i),
			Fraud: &detector.Fraud{Kind: "lookalike", Brand: brand, Stage: "lookup", Visibility: "seen", Score: 0.5}})
	}
	earlier := &out[len(out)-40+4] // of the story's campaign, by its victim
	earlier.SrcIP, earlier.CampaignID = story.SrcIP, story.CampaignID
	out = append(out, detector.Finding{Time: now.Add(-3 * time.Minute), Source: detector.FromSignature, Severity: detector.High, Score: 0.7, Count: 1,
		Rule:    detector.Rule{ID: "2100001", GID: 1, Rev: 3, Name: markup, Text: `alert http any any -> any any (msg:"` + markup + `"; content:"<script"; http_uri; sid:2100001; rev:3;)`},
		Summary: detector.Text{VI: markup, EN: markup}, SrcIP: netip.MustParseAddr("2001:db8::15"), DstIP: netip.MustParseAddr("2001:db8:1::80"), SrcPort: 40000, DstPort: 80,
		Transport: "tcp", App: "http", Domain: markup, URL: "http://x/" + markup, UserAgent: markup, FlowID: 9, Sensor: markup, JA4: markup,
		FileName: markup + ".apk", FileMIME: markup, FileSize: 9, SHA256: strings.Repeat("ab", 32), CampaignID: markup, ChainID: markup,
		RelatedHosts: []string{markup}, NotSeen: []detector.Text{{VI: markup, EN: markup}},
		Steps: []detector.Step{{Time: now, Stage: markup, Visibility: "seen", What: detector.Text{VI: markup, EN: markup}, Evidence: markup}},
		Reasons: []detector.Reason{{Text: detector.Text{VI: markup, EN: markup}, Weight: 1, Buffer: "http.uri", Offset: 1, Length: 28, Excerpt: []byte("/" + markup)},
			{Text: detector.Text{VI: "có thẻ script trong địa chỉ", EN: "a script tag in the address"}, Weight: 0.5, Buffer: "http.uri", Offset: strings.Index("/"+markup, "<script"), Length: 7, Excerpt: []byte("/" + markup)}}})
	for i := range out {
		out[i].Identify()
	}
	return out
}

// many are 10,000 findings of as many sources, three weeks old: what the long tables are tried with.
func many(now time.Time) []detector.Finding {
	out := make([]detector.Finding, 10_000)
	for i := range out {
		f := &out[i]
		*f = detector.Finding{Time: now.Add(-21*24*time.Hour - time.Duration(i)*time.Minute), Source: detector.FromSignature, Severity: detector.Low, Score: 0.1, Count: 1,
			Rule:    detector.Rule{ID: "2400001", GID: 1, Name: "Quét cổng"},
			Summary: detector.Text{VI: fmt.Sprintf("Quét cổng từ máy số %d", i), EN: fmt.Sprintf("Port scan by host %d", i)},
			SrcIP:   netip.AddrFrom4([4]byte{100, 64, byte(i >> 8), byte(i)}), DstIP: netip.MustParseAddr("10.2.0.9"), Transport: "tcp", FlowID: uint64(200_000 + i)}
		f.Identify()
	}
	return out
}

// arriving is the nth finding that comes while the page is open.
func arriving(now time.Time, n int) detector.Finding {
	f := detector.Finding{Time: now, Source: detector.FromFraud, Severity: detector.Critical, Score: 0.9, Count: 1,
		Rule:    detector.Rule{ID: "remote_control", Name: "Điều khiển từ xa"},
		Summary: detector.Text{VI: "Điện thoại bị điều khiển từ xa khi mở ngân hàng", EN: "A phone was controlled remotely while banking"},
		SrcIP:   netip.AddrFrom4([4]byte{10, 20, 9, byte(n)}), DstIP: netip.MustParseAddr("203.0.113.44"), Transport: "tcp", FlowID: uint64(90000 + n),
		Fraud: &detector.Fraud{Kind: "remote_control", Brand: "vietcombank", Stage: "remote_control", Visibility: "seen", Score: 0.9}}
	f.Identify()
	return f
}
