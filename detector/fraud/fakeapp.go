package fraud

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"strings"

	"khien/detector"
	"khien/sensor"
)

// appStores are hosts that hand on applications as their makers signed them.
var appStores = [...]string{"play.googleapis.com", "gvt1.com", "apkpure.com", "apkpure.net", "winudf.com", "apkmirror.com", "apkcombo.com", "uptodown.com", "f-droid.org",
	"aptoide.com", "samsungapps.com", "dbankcdn.com", "hicloud.com", "heytapmobi.com", "mi.com", "vivoglobal.com", "github.com", "githubusercontent.com",
	"galaxystore.samsung.com", "amazonappstore.com"}

// file judges a transferred Android application.
func (d *Detector) file(e *sensor.Event) {
	fl := e.File
	if len(fl.Content) == 0 && fl.Size > 0 && calledApp(fl) {
		d.unseenApp(e, fl)
		return
	}
	if !bytes.HasPrefix(fl.Content, []byte("PK\x03\x04")) {
		return
	}
	whole := fl.State == sensor.FileClosed && uint64(len(fl.Content)) == fl.Size && fl.Start == 0
	a, ok := parseAPK(fl.Content, whole)
	if !ok {
		for i := range fl.Members {
			if m := &fl.Members[i]; m.Path == "AndroidManifest.xml" && parseManifest(m.Data, &a) {
				ok = true
			}
		}
	}
	if !ok {
		if whole && calledApp(fl) {
			d.unreadable(e, fl)
		}
		return
	}
	var host []byte
	if fl.Tx != nil {
		host, _ = fl.Tx.Buffer(sensor.HTTPHost, sensor.ToServer, 0)
	}
	level := Clean
	var reasons []detector.Reason
	brand := int32(-1)
	if len(host) > 0 && len(host) <= maxName && !isAddress(host) {
		d.names.Score(host, &d.v)
		if d.v.Official || d.names.restricted(host) {
			return
		}
		if level = d.v.Level; level != Clean {
			reasons, brand = d.v.Reasons(), d.v.brand
		}
	}
	d.application(e, fl, &a, host, level, brand, reasons)
}

// calledApp reports whether a file is given out as an Android application.
func calledApp(fl *sensor.File) bool {
	if name := fl.Name[max(len(fl.Name)-4, 0):]; bytes.EqualFold(name, []byte(".apk")) {
		return true
	}
	if fl.Tx == nil {
		return false
	}
	kind, _ := fl.Tx.Buffer(sensor.HTTPContentType, fl.Dir, 0)
	return bytes.HasPrefix(kind, []byte("application/vnd.android.package-archive"))
}

// unreadable reports an application whose manifest cannot be read: telephones are more lenient than other readers, and
// abusers use that. It is no more than a hint.
func (d *Detector) unreadable(e *sensor.Event, fl *sensor.File) {
	f := d.finding(e, "unreadable_app", "", "Android application that cannot be read")
	f.Severity, f.Score = detector.Low, 0.3
	f.FileName, f.FileMIME, f.FileSize = string(fl.Name), "application/vnd.android.package-archive", fl.Size
	if fl.Hashed {
		f.SHA256 = hex.EncodeToString(fl.SHA256[:])
	}
	r := reason("tệp kê khai (AndroidManifest.xml) thiếu, hỏng hoặc quá lớn", "its manifest is missing, broken or too large", 1)
	r.Buffer = "file"
	f.Reasons = []detector.Reason{r}
	for _, a := range fl.Anomalies[:min(len(fl.Anomalies), 4)] {
		f.Reasons = append(f.Reasons, reason("tệp nén bất thường: "+a, "odd archive: "+a, 0))
	}
	from := cmp.Or(f.Domain, server(f).String())
	f.Summary = detector.Text{VI: "Ứng dụng Android từ " + from + " không đọc được, có thể để che giấu", EN: "An Android application from " + from + " cannot be read, perhaps to hide what it is"}
	f.Fraud = &detector.Fraud{Kind: "unreadable", Visibility: "seen", Score: f.Score}
	f.Techniques = fakeApp
	d.report(f, e, "unreadable "+f.SHA256)
}

// application weighs what an application says it is against where it comes from and who signed it.
func (d *Detector) application(e *sensor.Event, fl *sensor.File, a *app, host []byte, level Level, hostBrand int32, reasons []detector.Reason) {
	own, how := d.appBrand(a, fl.Name)
	var b *Brand
	if own >= 0 {
		b = &d.names.brands[own]
	} else if hostBrand >= 0 {
		b = &d.names.brands[hostBrand]
	}
	official := own >= 0 && slices.Contains(b.Packages, a.Package)
	knownKey := b != nil && len(b.Certs) > 0
	rightKey := knownKey && slices.ContainsFunc(a.Certs, func(c string) bool { return slices.Contains(b.Certs, c) })
	store := fromStore(host)
	if rightKey || store && (official || own < 0) {
		return
	}
	score := 0.0
	add := func(on bool, w float64, vi, en string) {
		if on {
			score += w
			r := reason(vi, en, w)
			r.Buffer = "file"
			reasons = append(reasons, r)
		}
	}
	vi, en := a.Perms.texts()
	danger := a.Perms & (permAccessibility | permSMS | permOverlay | permInstall | permAdmin | permNotify)
	add(level == Fraud, 0.5, "tải từ tên miền giả mạo", "it comes from an imitating domain")
	add(level == Suspicious, 0.25, "tải từ tên miền đáng ngờ", "it comes from a suspicious domain")
	if own >= 0 {
		add(!official, 0.4, "ứng dụng mang tên "+b.Name+" ("+how.VI+") nhưng không phải của họ", "it calls itself "+b.Name+" ("+how.EN+") and is not theirs")
		add(official && knownKey && a.Certs != nil, 0.6, "gói mang tên gói của "+b.Name+" nhưng ký bằng khóa khác", "it has the package name of "+b.Name+" and another key")
		add(!official && !store && guards(b.Type), 0.15, "mạo danh tổ chức giữ tiền hay dữ liệu của người dân", "the organisation keeps people's money or records")
		add(!store, 0.15, "không tải từ máy chủ của tổ chức hay kho ứng dụng", "it comes neither from the organisation nor from a store")
	}
	add(danger.count() >= 2, 0.25, "xin quyền nguy hiểm: "+vi, "it asks for dangerous permissions: "+en)
	add(danger.count() == 1, 0.1, "xin quyền: "+vi, "it asks for: "+en)
	add(a.Whole && !a.Signed, 0.05, "không có khối chữ ký v2/v3", "it has no signature of scheme v2 or v3")
	abusive := a.Perms&permAccessibility != 0 && a.Perms&permSMS != 0 && a.Perms&(permOverlay|permInstall) != 0 && !store
	add(abusive, 0.25, "bộ quyền của mã độc ngân hàng", "the set of permissions of banking malware")
	if score < 0.45 {
		return
	}
	f := d.finding(e, "fake_app", "", "Android application that imitates an organisation")
	f.Domain = strings.ToLower(string(host))
	f.Score = min(score, 1)
	f.Severity = detector.Medium
	if score >= 0.65 {
		f.Severity = detector.High
	}
	f.Reasons = reasons
	sortReasons(f.Reasons)
	f.FileName, f.FileMIME, f.FileSize = string(fl.Name), "application/vnd.android.package-archive", fl.Size
	if fl.Hashed {
		f.SHA256 = hex.EncodeToString(fl.SHA256[:])
	}
	if !a.Whole {
		f.NotSeen = append(f.NotSeen, detector.Text{VI: "chưa thấy hết tệp nên không kiểm tra được chữ ký", EN: "not all of the file was kept, so its signature was not checked"})
	}
	f.Fraud = &detector.Fraud{Kind: "fake_apk", Stage: "apk", Visibility: "seen", Score: f.Score}
	name := ""
	if b != nil {
		name = b.Name
		f.Fraud.Brand = name
	}
	f.Rule.Metadata = map[string][]string{"package": {clip(a.Package)}}
	if len(a.Certs) > 0 {
		f.Rule.Metadata["certificate_sha256"] = a.Certs
	}
	from := f.Domain
	if from == "" {
		from = server(f).String()
	}
	f.Summary = detector.Text{VI: "Tải ứng dụng Android " + clip(a.Package) + " từ " + from + as(name, ", mạo danh "),
		EN: "Download of the Android application " + clip(a.Package) + " from " + from + as(name, ", which imitates ")}
	f.Techniques = fakeApp
	f.RelatedHosts = appendHost(nil, f.Domain)
	d.report(f, e, "apk "+f.SHA256+a.Package)
}

// clip bounds a text that a peer chose.
func clip(s string) string { return s[:min(len(s), 128)] }

// appBrand tells whom an application says it belongs to: by its package, its label, the name of the file.
func (d *Detector) appBrand(a *app, file []byte) (int32, detector.Text) {
	brands := d.names.brands
	for i := range brands {
		if slices.Contains(brands[i].Packages, a.Package) {
			return int32(i), detector.Text{VI: "tên gói", EN: "package name"}
		}
	}
	for _, s := range [...]struct {
		text   string
		vi, en string
	}{{a.Label, "nhãn", "label"}, {strings.ReplaceAll(a.Package, ".", " "), "tên gói", "package name"}, {strings.TrimSuffix(string(file), ".apk"), "tên tệp", "file name"}} {
		flat, _ := accents.fold(nil, []byte(s.text), 300)
		if i := d.names.titles.find(flat); i >= 0 {
			return i, detector.Text{VI: s.vi, EN: s.en}
		}
	}
	return -1, detector.Text{}
}

func fromStore(host []byte) bool {
	for _, s := range appStores {
		if rest := len(host) - len(s); rest >= 0 && string(host[rest:]) == s && (rest == 0 || host[rest-1] == '.') {
			return true
		}
	}
	return false
}
