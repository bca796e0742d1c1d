package fraud

import (
	"encoding/hex"
	"strings"

	"khien/detector"
	"khien/sensor"
)

// unseenApp reports an Android application from an impostor of which only the name, the type and the size are known: another
// sensor's record of it, or a file that there was no room for. What it is, is inferred from who gave it out.
func (d *Detector) unseenApp(e *sensor.Event, fl *sensor.File) {
	if fl.Tx == nil {
		return
	}
	host, _ := fl.Tx.Buffer(sensor.HTTPHost, sensor.ToServer, 0)
	if len(host) == 0 || len(host) > maxName || isAddress(host) || fromStore(host) {
		return
	}
	if d.names.Score(host, &d.v); d.v.Level == Clean || d.v.Official || d.names.restricted(host) {
		return
	}
	f := d.finding(e, "fake_app", "", "Android application that imitates an organisation")
	f.Domain = strings.ToLower(string(host))
	f.Severity, f.Score = detector.Low, d.v.Score/2
	if d.v.Level == Fraud {
		f.Severity = detector.Medium
	}
	f.Reasons = append(d.v.Reasons(), reason("ứng dụng tải từ tên miền đó", "an application comes from that domain", 0.5))
	sortReasons(f.Reasons)
	f.FileName, f.FileMIME, f.FileSize = clip(string(fl.Name)), "application/vnd.android.package-archive", fl.Size
	if fl.Hashed {
		f.SHA256 = hex.EncodeToString(fl.SHA256[:])
	}
	f.NotSeen = append(f.NotSeen, detector.Text{VI: "nội dung ứng dụng: tên gói, quyền, chữ ký", EN: "the application itself: its package, permissions and signature"})
	f.Fraud = &detector.Fraud{Kind: "fake_apk", Brand: d.v.Brand, Stage: "apk", Visibility: "inferred", Score: f.Score}
	f.Summary = detector.Text{VI: "Tải ứng dụng Android từ " + f.Domain + as(d.v.Brand, ", mạo danh "),
		EN: "Download of an Android application from " + f.Domain + as(d.v.Brand, ", which imitates ")}
	f.Techniques = fakeApp
	f.RelatedHosts = appendHost(nil, f.Domain)
	d.report(f, e, "apk "+f.Domain+" "+f.SHA256)
}
