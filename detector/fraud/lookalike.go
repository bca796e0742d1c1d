package fraud

import (
	"strings"

	"khien/detector"
	"khien/sensor"
)

// maxQuestions is how many names of one message are looked at.
const maxQuestions = 8

// eachName judges the names of a buffer.
func (d *Detector) eachName(e *sensor.Event, b sensor.Buffer, buffer, stage string) {
	dir := e.Dir
	if b == sensor.HTTPHost {
		dir = sensor.ToServer
	}
	for i := range maxQuestions {
		name, ok := e.Tx.Buffer(b, dir, i)
		if !ok {
			return
		}
		d.name(e, name, buffer, stage)
	}
}

// name judges one name and reports it when it imitates somebody. Names found clean are remembered.
func (d *Detector) name(e *sensor.Event, name []byte, buffer, stage string) {
	if len(name) == 0 || len(name) > maxName {
		return
	}
	if brand, ok := d.clean.get(name); ok {
		if brand >= 0 && stage == "visit" {
			d.bank(e, brand)
		}
		return
	}
	if stage == "visit" && isOuter(string(name)) {
		return // the public name of a content network that stands for others
	}
	if d.watched(e, name, buffer, stage) {
		return
	}
	if tool := remoteTool(name); tool != "" {
		d.remote(e, name, tool, buffer)
		return
	}
	d.names.Score(name, &d.v)
	if d.v.Level == Clean {
		if !d.v.Official || !keepsMoney(d.names.brands[d.v.brand].Type) {
			d.clean.set(name, -1)
			return
		}
		d.clean.set(name, d.v.brand)
		if stage == "visit" {
			d.bank(e, d.v.brand)
		}
		return
	}
	if d.v.Level == Suspicious && d.cfg.OnlyFraud {
		return
	}
	host := string(name)
	f := d.finding(e, "lookalike_name", "Tên miền giả mạo", "Lookalike domain name")
	f.Domain = strings.TrimSuffix(strings.ToLower(host), ".")
	f.Severity, f.Score = detector.Low, d.v.Score
	if d.v.Level == Fraud {
		f.Severity = detector.High
	}
	f.Fraud = &detector.Fraud{Kind: d.v.Kind, Brand: d.v.Brand, Stage: stage, Visibility: "seen", Score: d.v.Score}
	f.Reasons = d.v.Reasons()
	for i := range f.Reasons {
		f.Reasons[i].Buffer, f.Reasons[i].Length = buffer, len(name)
	}
	if len(f.Reasons) > 0 {
		f.Reasons[0].Excerpt = []byte(host)
	}
	f.Summary = nameSummary(&d.v, f.Domain, stage)
	if stage == "visit" && e.Tx.Base().Proto != sensor.ProtoTLS && e.Tx.Base().Proto != sensor.ProtoQUIC {
		d.referer(e, f)
	}
	f.Techniques = phishing
	f.RelatedHosts = []string{f.Domain}
	d.report(f, e, f.Domain)
}

// keepsMoney reports whether money can be moved at organisations of a type.
func keepsMoney(kind string) bool {
	return kind == "bank" || kind == "wallet" || kind == "finance" || kind == "securities"
}

func nameSummary(v *Verdict, host, stage string) detector.Text {
	vi, en := "Thiết bị tra cứu tên miền ", "A client looked up "
	if stage == "visit" {
		vi, en = "Thiết bị truy cập ", "A client connected to "
	}
	switch {
	case v.Brand != "" && v.Level == Fraud:
		return detector.Text{VI: vi + host + ", giả mạo " + v.Brand, EN: en + host + ", which imitates " + v.Brand}
	case v.Brand != "":
		return detector.Text{VI: vi + host + ", có dấu hiệu giả mạo " + v.Brand, EN: en + host + ", which may imitate " + v.Brand}
	case v.Level == Fraud:
		return detector.Text{VI: vi + host + ", tên mang dấu hiệu lừa đảo", EN: en + host + ", a name made of fraud lures"}
	}
	return detector.Text{VI: vi + host + ", tên đáng ngờ", EN: en + host + ", a suspicious name"}
}
