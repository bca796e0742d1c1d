package fraud

import (
	"bytes"
	"strings"
	"testing"
)

func TestReadPage(t *testing.T) {
	var p page
	f := func(body string, kinds secret, title string, bot bool) {
		t.Helper()
		p.read([]byte(body))
		if p.kinds != kinds || strings.TrimSpace(string(p.title)) != title || (p.telegram >= 0) != bot {
			t.Errorf("%.60q: kinds %b title %q bot %d", body, p.kinds, p.title, p.telegram)
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
		if p.kinds != again.kinds || !bytes.Equal(p.title, again.title) || !bytes.Equal(p.text, again.text) || p.telegram != again.telegram {
			t.Fatal("reading again gives something else")
		}
		if len(p.title) > maxTitle+1 || len(p.text) > maxPageText+1 || len(p.actions) > maxActions {
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
