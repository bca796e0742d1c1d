package fraud

import (
	"net/netip"
	"slices"

	"khien/detector"
)

// stageNames are the stages of a story in the order in which they happen, with what an analyst calls them, and how much a
// step says beside the others. They claim what the traffic shows: whether a stranger was behind a remote-control program is
// not in it.
var stageNames = [...]struct {
	stage, vi, en string
	share         float64
}{
	{"lure", "bị dẫn dụ", "was lured", 2},
	{"lookup", "tra cứu tên miền giả", "looked up the imitating name", 2},
	{"visit", "truy cập trang giả", "connected to it", 1},
	{"page", "mở trang giả mạo", "was shown the false page", 4},
	{"submission", "gửi mật khẩu, thông tin cá nhân", "submitted secrets", 6},
	{"apk", "tải ứng dụng giả", "downloaded the false application", 4},
	{"c2", "có dấu hiệu phần mềm độc hại gửi dữ liệu ra ngoài", "showed signs of malware that calls out", 3},
	{"remote_control", "dùng phần mềm điều khiển từ xa", "used a remote-control program", 2},
	{"transfer", "dùng dịch vụ ngân hàng trong lúc đó", "used a bank meanwhile", 3},
}

// finding tells the story as it stands.
func (st *story) finding(key storyKey) *detector.Finding {
	e := st.evidence
	f := &detector.Finding{Source: detector.FromFraud, Rule: detector.Rule{ID: storyRule, Name: "Fraud story of one victim", Category: "Phishing",
		Ruleset: "khien-fraud", Action: "allowed"}}
	f.Time = st.start
	f.SrcIP, f.Direction = key.victim, "to_server"
	if st.where == nil {
		// A story is about the fraud's server and not about the resolver that was asked for it.
		if st.where = e; e.App == "dns" && st.contact != nil {
			st.where = st.contact
		}
	}
	w := st.where
	f.DstIP, f.DstPort, f.DstPlace = server(w), w.DstPort, w.DstPlace
	if w.Direction == "to_client" {
		f.DstPort, f.DstPlace = w.SrcPort, w.SrcPlace
	}
	f.Transport, f.App, f.Capture, f.Sensor, f.Interface = w.Transport, w.App, e.Capture, e.Sensor, e.Interface
	f.Domain, f.URL, f.UserAgent = e.Domain, w.URL, w.UserAgent
	if st.id == "" {
		f.Identify("story", key.capture, key.victim.String())
		st.id = f.ID
	}
	f.ID, f.ChainID = st.id, st.id
	ips := []string{key.victim.String()}
	steps := st.steps
	for i := range steps {
		x := &steps[i]
		if !st.related(x) {
			continue
		}
		f.Steps = append(f.Steps, x.Step)
		if x.Stage != "remote_control" && x.Stage != "transfer" {
			if _, err := netip.ParseAddr(x.host); err == nil {
				ips = appendHost(ips, x.host)
			} else {
				f.RelatedHosts = appendHost(f.RelatedHosts, x.host)
			}
		}
	}
	f.Steps = inferred(f.Steps)
	f.First, f.Last = f.Steps[0].Time, f.Steps[len(f.Steps)-1].Time
	f.Count = len(f.Steps)
	has := func(stage string) bool {
		return slices.ContainsFunc(f.Steps, func(s detector.Step) bool { return s.Stage == stage })
	}
	seen := func(stage string) bool {
		return slices.ContainsFunc(f.Steps, func(s detector.Step) bool { return s.Stage == stage && s.Visibility == "seen" })
	}
	f.Severity, f.Score = detector.High, max(st.score, 0.8)
	if seen("submission") || seen("apk") && (has("remote_control") || has("c2")) {
		f.Severity, f.Score = detector.Critical, max(st.score, 0.95)
	}
	visibility := "inferred" // of what came after the names
	for _, s := range [...]string{"page", "submission", "apk", "c2", "remote_control"} {
		if seen(s) {
			visibility = "seen"
		}
	}
	f.RelatedIPs = appendHost(ips, server(e).String())
	stage, vi, en := "", "", ""
	for _, s := range stageNames {
		if has(s.stage) {
			stage = s.stage
			if vi != "" {
				vi, en = vi+", ", en+", "
			}
			vi, en = vi+s.vi, en+s.en
			f.Reasons = append(f.Reasons, reason(s.vi, s.en, s.share))
		}
	}
	f.Fraud = &detector.Fraud{Kind: "story", Brand: st.brand, Stage: stage, Visibility: visibility, Score: f.Score}
	f.Summary = detector.Text{VI: "Nạn nhân " + key.victim.String() + as(st.brand, " của vụ lừa đảo mạo danh ") + ": " + vi,
		EN: "Victim " + key.victim.String() + as(st.brand, " of a fraud that imitates ") + ": " + en}
	f.Techniques = techniques(has)
	f.CampaignID = e.CampaignID
	f.NotSeen = notSeen(has)
	return f
}

// notSeen tells what a network does not show of such a story.
func notSeen(has func(stage string) bool) (out []detector.Text) {
	add := func(when bool, vi, en string) {
		if when {
			out = append(out, detector.Text{VI: vi, EN: en})
		}
	}
	add(!has("lure"), "nạn nhân nhận đường dẫn từ đâu (tin nhắn, mạng xã hội, cuộc gọi)", "where the victim had the link from (a message, a social network, a call)")
	add(has("apk"), "ứng dụng đã được cài đặt hay chưa", "whether the application was installed")
	add(has("remote_control"), "ai điều khiển thiết bị, có phải hỗ trợ hợp lệ hay không, và đã làm gì qua phần mềm điều khiển từ xa", "who controlled the device, whether that was help that was wanted, and what was done with the remote-control program")
	add(has("transfer"), "nội dung giao dịch: việc chuyển tiền chỉ được suy ra", "what was transferred: that money moved is only inferred")
	add(!has("transfer"), "tiền đã bị chuyển đi hay chưa: giao dịch không hiện trên mạng", "whether money was moved: a transfer does not show on the network")
	return out
}

// inferred adds the steps that must have happened although the network did not show them: who submitted was on a page, and
// who was on a page had come to the site.
func inferred(steps []detector.Step) []detector.Step {
	find := func(stage string) int {
		return slices.IndexFunc(steps, func(s detector.Step) bool { return s.Stage == stage })
	}
	insert := func(before int, stage, vi, en string) {
		s := detector.Step{Time: steps[before].Time, Stage: stage, Visibility: "inferred", What: detector.Text{VI: vi, EN: en}}
		steps = slices.Insert(steps, before, s)
	}
	if i := find("submission"); i >= 0 && find("page") < 0 {
		insert(i, "page", "Nạn nhân đã mở trang xin thông tin (suy ra từ việc gửi biểu mẫu)", "The victim was on the page (inferred from the form that was sent)")
	}
	for _, stage := range [...]string{"page", "apk"} {
		if i := find(stage); i >= 0 && find("visit") < 0 {
			insert(i, "visit", "Nạn nhân đã truy cập máy chủ (suy ra từ bước sau)", "The victim connected to the server (inferred from the next step)")
			break
		}
	}
	return steps
}

func techniques(has func(string) bool) []detector.Technique {
	out := slices.Clone(phishing)
	if has("submission") || has("page") {
		out = append(out, capture[1])
	}
	if has("apk") {
		out = append(out, fakeApp...)
	}
	if has("remote_control") {
		out = append(out, remoteControl...)
	}
	return out
}
