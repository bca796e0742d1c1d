package fraud

import (
	"slices"

	"khien/detector"
)

// stageNames are the stages of a story in the order in which they happen, with what an analyst calls them.
var stageNames = [...]struct{ stage, vi, en string }{
	{"lure", "bị dẫn dụ", "was lured"},
	{"lookup", "tra cứu tên miền giả", "looked up the imitating name"},
	{"visit", "truy cập", "connected to it"},
	{"page", "mở trang giả mạo", "was shown the false page"},
	{"submission", "gửi thông tin bí mật", "submitted secrets"},
	{"apk", "tải ứng dụng giả", "downloaded the false application"},
	{"c2", "thiết bị liên lạc máy chủ điều khiển", "contacted a controller"},
	{"remote_control", "bị điều khiển từ xa", "was controlled remotely"},
	{"transfer", "dùng dịch vụ ngân hàng khi đang bị điều khiển", "used a bank while controlled"},
}

// finding tells the story as it stands.
func (st *story) finding(key storyKey) *detector.Finding {
	e := st.evidence
	f := &detector.Finding{Source: detector.FromFraud, Rule: detector.Rule{ID: "fraud.story", Name: "Fraud story of one victim", Category: "Phishing",
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
	f.DstIP, f.DstPort = server(w), w.DstPort
	if w.Direction == "to_client" {
		f.DstPort = w.SrcPort
	}
	f.Transport, f.App, f.Capture, f.Sensor, f.Interface = w.Transport, w.App, e.Capture, e.Sensor, e.Interface
	f.Domain, f.URL, f.UserAgent = e.Domain, w.URL, w.UserAgent
	if st.id == "" {
		f.Identify("story", key.capture, key.victim.String())
		st.id = f.ID
	}
	f.ID, f.ChainID = st.id, st.id
	steps := st.steps
	for i := range steps {
		x := &steps[i]
		if !st.related(x) {
			continue
		}
		f.Steps = append(f.Steps, x.Step)
		if x.Stage != "remote_control" && x.Stage != "transfer" {
			f.RelatedHosts = appendHost(f.RelatedHosts, x.host)
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
	f.RelatedIPs = appendHost([]string{key.victim.String()}, server(e).String())
	stage, vi, en := "", "", ""
	for _, s := range stageNames {
		if has(s.stage) {
			stage = s.stage
			if vi != "" {
				vi, en = vi+", ", en+", "
			}
			vi, en = vi+s.vi, en+s.en
			f.Reasons = append(f.Reasons, reason("bước: "+s.vi, "step: "+s.en, 0))
		}
	}
	for i := range f.Reasons {
		f.Reasons[i].Weight = float64(int(1000/float64(len(f.Reasons)))) / 1000
	}
	f.Fraud = &detector.Fraud{Kind: "story", Brand: st.brand, Stage: stage, Visibility: visibility, Score: f.Score}
	f.Summary = detector.Text{VI: "Nạn nhân " + key.victim.String() + as(st.brand, " của trò giả mạo ") + ": " + vi,
		EN: "Victim " + key.victim.String() + as(st.brand, " of a fraud that imitates ") + ": " + en}
	f.Techniques = techniques(has)
	f.CampaignID = e.CampaignID
	switch {
	case has("transfer"):
		f.NotSeen = append(f.NotSeen, detector.Text{VI: "nội dung giao dịch: việc chuyển tiền chỉ được suy ra", EN: "what was transferred: that money moved is only inferred"})
	default:
		f.NotSeen = append(f.NotSeen, detector.Text{VI: "giao dịch chuyển tiền không thấy được trên mạng", EN: "a transfer of money does not show on the network"})
	}
	return f
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
