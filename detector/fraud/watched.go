package fraud

import (
	"bytes"
	"strings"

	"khien/detector"
	"khien/sensor"
)

// watching returns what is to be looked for, nil for nothing. Names found clean before it changed are judged anew.
func (d *Detector) watching() *watch {
	m := d.names.seen.mem.Load()
	if m == nil {
		return nil
	}
	w := m.watch.Load()
	if w != d.watch {
		d.watch = w
		d.clean.reset()
	}
	return w
}

// watched reports a name that people have reported or that a list blocks; false when it is neither.
func (d *Detector) watched(e *sensor.Event, name []byte, buffer, stage string) bool {
	w := d.watch
	if w == nil {
		return false
	}
	host := strings.ToLower(string(bytes.TrimSuffix(name, []byte("."))))
	r, reported := w.reported[host]
	l := w.listed.lookup(host)
	if !reported && (l == nil || !l.blocks) {
		return false
	}
	d.names.Score(name, &d.v)
	if d.v.Official {
		return false // somebody reported the bank itself
	}
	f := d.finding(e, "listed_name", "", "Name that people reported or a list blocks")
	f.Domain, f.Severity, f.Score = host, detector.High, 0.85
	f.Fraud = &detector.Fraud{Kind: "listed", Stage: stage, Visibility: "seen", Score: 0.85}
	if d.v.Level != Clean {
		f.Fraud.Brand = d.v.Brand
	}
	vi, en := "Thiết bị tra cứu ", "A client looked up "
	if stage == "visit" {
		vi, en = "Thiết bị truy cập ", "A client connected to "
	}
	if reported {
		f.Fraud.Kind = "reported"
		f.Reasons = append(f.Reasons, reason("người dân báo cáo lúc "+r.Time.Format("15:04 02/01/2006"), "reported by people at "+r.Time.Format("2006-01-02 15:04"), 0.85))
		f.Summary = detector.Text{VI: vi + host + ", tên miền đã bị báo cáo", EN: en + host + ", a name that was reported"}
		f.Steps = []detector.Step{{Time: r.Time, Stage: "lure", Visibility: "reported", Evidence: r.ID,
			What: detector.Text{VI: "Báo cáo của người dân (" + r.Kind + ")", EN: "Report by people (" + r.Kind + ")"}}}
	} else {
		f.Summary = detector.Text{VI: vi + host + ", tên miền trong danh sách " + l.name, EN: en + host + ", a name on the list " + l.name}
	}
	if l != nil {
		f.Reasons = append(f.Reasons, reason("có trong danh sách "+l.name, "listed in "+l.name, 0.5))
	}
	total := 0.0
	for i := range f.Reasons {
		total += f.Reasons[i].Weight
	}
	for i := range f.Reasons {
		f.Reasons[i].Weight = thousandths(f.Reasons[i].Weight / total)
		f.Reasons[i].Buffer, f.Reasons[i].Length = buffer, len(name)
	}
	f.Techniques, f.RelatedHosts = phishing, []string{host}
	d.report(f, e, host)
	return true
}
