package rules_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/behaviour"
	"khien/detector/behaviour/abuse"
	"khien/detector/detectortest"
	"khien/detector/fraud"
	"khien/sensor"
	"khien/sensor/sensortest"
)

// What the clients of an organisation look at, by kind.
var (
	newsSites = []string{"vnexpress.net", "tuoitre.vn", "dantri.com.vn", "thanhnien.vn", "vietnamnet.vn", "zingnews.vn", "cafef.vn", "kenh14.vn", "laodong.vn",
		"vtv.vn", "baomoi.com", "24h.com.vn", "znews.vn", "tienphong.vn", "nld.com.vn", "bongda24h.vn", "vietstock.vn", "vneconomy.vn"}
	worldSites = []string{"www.google.com", "www.youtube.com", "www.facebook.com", "static.xx.fbcdn.net", "zalo.me", "chat.zalo.me", "www.tiktok.com",
		"github.com", "stackoverflow.com", "www.wikipedia.org", "outlook.office365.com", "teams.microsoft.com", "drive.google.com", "i.ytimg.com",
		"fonts.gstatic.com", "cdn.jsdelivr.net", "cdnjs.cloudflare.com", "d1a2b3c4d5e6f7.cloudfront.net", "a1234.dscd.akamai.net", "s3.ap-southeast-1.amazonaws.com",
		"www.canva.com", "chatgpt.com", "www.dropbox.com", "bit.ly", "docs.google.com", "forms.gle", "login.microsoftonline.com", "www.paypal.com", "www.apple.com"}
	stateSites = []string{"dichvucong.gov.vn", "vneid.gov.vn", "thuedientu.gdt.gov.vn", "etaxmobile.gdt.gov.vn", "baohiemxahoi.gov.vn", "dvc.hanoi.gov.vn",
		"csgt.vn", "vbpl.vn", "chinhphu.vn", "moet.gov.vn", "hcmcpv.org.vn", "quangngai.gov.vn", "sotuphap.hanoi.gov.vn"}
	// Small shops and services have names of lure words and numbers, too.
	smallSites = []string{"giaydephanoi.vn", "thoitrang24h.com.vn", "hoatuoi247.vn", "noithatgiare.vn", "dienmaycholon.vn", "nhahangbiendong.com", "xekhachphuongtrang.vn",
		"muabannhadat.com.vn", "vieclam24h.vn", "topcv.vn", "batdongsan.com.vn", "nhakhoaparis.vn", "tiemchung.com.vn", "phongkhamdakhoa.net", "vemaybaygiare.vn",
		"suachuamaylanh24h.com", "inanquangcao.vn", "luatvietnam.vn", "ketoanthienung.net", "gachmenviet.vn", "nongsansach.com.vn", "trasuahanoi.com", "xedap.vn",
		"dongho.vn", "sachhay24h.com", "chothuexe.vn", "bepgas.vn", "camera247.vn", "matkinhviet.vn", "quatang.vn", "hocvien-marketing.edu.vn", "giasu.edu.vn", "fpt.edu.vn"}
	storeSites  = []string{"play.googleapis.com", "apps.apple.com", "itunes.apple.com", "d.apkpure.com", "f-droid.org", "download.mozilla.org", "update.googleapis.com", "dl.google.com"}
	remoteSites = []string{"relay-1a2b.net.anydesk.com", "router7.teamviewer.com", "s3.ultraviewer.net"}
)

// benignHour writes an hour of the traffic of 200 clients: the same seed gives the same text.
func benignHour(seed uint64, banks []string) string {
	r := rand.New(rand.NewPCG(seed, 200))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	address := map[string]string{}
	addr := func(name string) string { // small sites share the addresses of a few hosters
		a, ok := address[name]
		switch {
		case ok:
		case slices.Contains(smallSites, name):
			a = fmt.Sprintf("203.0.113.%d", r.IntN(5)+1)
		case strings.HasPrefix(name, "cdn") || strings.HasSuffix(name, "gle"):
			a = fmt.Sprintf("104.18.%d.%d", r.IntN(200), r.IntN(200)+1)
		default:
			a = fmt.Sprintf("198.51.%d.%d", 100+r.IntN(100), r.IntN(250)+1)
		}
		address[name] = a
		return a
	}
	type act struct {
		second int
		text   string
	}
	var acts []act
	for c := range 200 {
		client := fmt.Sprintf("10.20.%d.%d", c/100, c%100+10)
		visit := func(second int, name string, recv int) {
			server := addr(name)
			text := fmt.Sprintf("dns %s %s A %s ttl=%d\n", client, name, server, 60+r.IntN(600))
			switch how := r.IntN(10); {
			case how < 3: // issued lately, as those of small sites mostly are
				text += fmt.Sprintf("tls %s > %s:443 sni=%s version=1.2 cn=%s issuer=\"/C=US/O=Let's Encrypt/CN=R11\" notbefore=2026-11-%02d recv=%d\n", client, server, name, name, 12+r.IntN(9), recv)
			case how < 8:
				text += fmt.Sprintf("tls %s > %s:443 sni=%s alpn=h2 recv=%d\n", client, server, name, recv)
			default:
				text += fmt.Sprintf("quic %s > %s:443 sni=%s recv=%d\n", client, server, name, recv)
			}
			acts = append(acts, act{second, text})
		}
		for range 10 + r.IntN(12) {
			second := r.IntN(3500)
			list := [][]string{newsSites, worldSites, worldSites, newsSites, smallSites, stateSites, banks, storeSites}[r.IntN(8)]
			visit(second, pick(list), 2000+r.IntN(14000))
		}
		if c%40 == 0 { // support, while the bank is open
			visit(1000+c, pick(banks), 9000)
			visit(1060+c, pick(remoteSites), 9000)
			visit(1200+c, pick(banks), 9000)
		}
		if c%10 == 3 { // large downloads
			acts = append(acts, act{r.IntN(3500), fmt.Sprintf("tls %s > %s:443 sni=dl.google.com recv=%d\n", client, addr("dl.google.com"), 2500000)})
		}
		// Systems at home and old portals take passwords over plain HTTP.
		form := func(second int, server, host, path, fields, answer string) {
			acts = append(acts, act{second, fmt.Sprintf("http %s > %s:80\n> GET %s HTTP/1.1\n> Host: %s\n>\n< HTTP/1.1 200 OK\n< Content-Type: text/html\n<\n< <html><title>Đăng nhập hệ thống</title><form method=post><input name=username><input type=password name=password></form></html>\n~ 5s\n> POST %s HTTP/1.1\n> Host: %s\n> Content-Type: application/x-www-form-urlencoded\n>\n> %s\n< HTTP/1.1 %s\n<\n",
				client, server, path, host, path, host, fields, answer)})
		}
		login := fmt.Sprintf("username=canbo%d&password=MatKhau%d", c, c*7)
		form(r.IntN(3000), "10.20.9.5", "vanban.congty.local", "/login", login, "302 Found\n< Location: /home")
		switch c % 5 {
		case 0:
			form(r.IntN(3000), "10.20.9.7", "10.20.9.7", "/cgi-bin/login", login, "200 OK")
		case 1:
			form(r.IntN(3000), "198.51.100.200", "daotao.dhbk.edu.vn", "/dang-nhap", login+"&cccd=001099012345", "302 Found\n< Location: /diem")
		case 2:
			form(r.IntN(3000), "203.0.113.2", "giaydephanoi.vn", "/tai-khoan", login, "302 Found\n< Location: /gio-hang")
		case 3: // a mistyped password
			form(r.IntN(3000), "10.20.9.5", "vanban.congty.local", "/login", login+"x", "401 Unauthorized")
		case 4:
			form(r.IntN(3000), "203.0.113.3", "camera247.vn", "/dat-hang", "hoten=Nguyen+Van+A&dienthoai=0912345678&diachi=1+Trang+Tien", "200 OK")
		}
	}
	slices.SortStableFunc(acts, func(a, b act) int { return a.second - b.second })
	var b strings.Builder
	// The sensor has learned for two weeks: what is new now is known to be new.
	b.WriteString("time 2026-11-07T08:00:00+07:00\ndns 10.20.0.10 vnexpress.net A 198.51.100.1\n")
	start := time.Date(2026, 11, 21, 8, 0, 0, 0, time.FixedZone("ICT", 7*3600))
	for _, a := range acts {
		fmt.Fprintf(&b, "time %s\n%s", start.Add(time.Duration(a.second)*time.Second).Format(time.RFC3339), a.text)
	}
	return b.String()
}

// TestBenignHour: an hour of 200 clients who do nothing wrong gives no finding of fraud, whatever is new to the sensor.
func TestBenignHour(t *testing.T) {
	brands := &fraud.Brands{}
	for name, data := range read(t, "fraud/*.yaml") {
		b, err := fraud.LoadBrands(data, name)
		if err != nil {
			t.Fatal(err)
		}
		brands = brands.Merge(b)
	}
	var banks []string
	for _, b := range brands.All() {
		for _, d := range b.Domains {
			if (b.Type == "bank" || b.Type == "wallet") && !strings.ContainsAny(d, "*{") {
				banks = append(banks, d, "online."+d)
			}
		}
	}
	if len(banks) < 50 {
		t.Fatalf("%d names of banks", len(banks))
	}
	names, stories := fraud.NewNames(brands), fraud.NewStories()
	counts, err := abuse.NewMemory("")
	if err != nil {
		t.Fatal(err)
	}
	s, err := sensortest.Parse(benignHour(1, banks))
	if err != nil {
		t.Fatal(err)
	}
	packets := s.Packets()
	found, err := detectortest.Run(detectortest.Setup{Workers: 2, After: []func(*detector.Finding) []*detector.Finding{stories.Observe},
		Watch: []func(any) []*detector.Finding{fraud.Watch, abuse.Watch, behaviour.New().Watch},
		Handlers: func(rec *detector.Recorder) ([]sensor.Handler, error) {
			return []sensor.Handler{fraud.New(fraud.Config{}, names, rec), abuse.New(counts, rec), behaviour.NewObserver(rec)}, nil
		}}, packets)
	if err != nil {
		t.Fatal(err)
	}
	light := map[string]int{}
	for _, f := range found {
		if f.Severity >= detector.High {
			t.Errorf("%s %s %s %s: %s", f.Severity, f.Rule.ID, f.SrcIP, f.Domain, f.Summary.EN)
		}
		light[f.Rule.ID]++
	}
	if len(packets) < 50_000 || light["fraud.remote_control"] == 0 {
		t.Errorf("%d packets, light findings %v: is this the traffic that was meant?", len(packets), light)
	}
	t.Logf("%d packets of 200 clients: no finding of fraud; light ones: %v", len(packets), light)
}
