package serve_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"khien/console/hook"
	"khien/console/hook/hooktest"
	"khien/console/hook/serve"
	"khien/detector"
)

// citizens is the page of a desk and what it logged.
type citizens struct {
	*hooktest.Desk
	h      http.Handler
	logged strings.Builder
}

func newCitizens(t *testing.T, yaml string) *citizens {
	t.Helper()
	d := hooktest.New(t, yaml+"\nlisten: 127.0.0.1:0\nappeal: {contact: {vi: Trung tâm, en: The centre}, proxies: [192.0.2.80]}\n")
	c := &citizens{Desk: d}
	c.h = serve.NewAppeals(d.Book, d.Cfg.Appeal, d.Cfg.Unblock, func(s string) { c.logged.WriteString(s + "\n") }).Handler()
	return c
}

// send sends a form; change may be nil.
func (c *citizens) send(form url.Values, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/appeal", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	return w
}

func (c *citizens) open(t *testing.T) []*hook.Unblock {
	t.Helper()
	us, err := c.Unblocks(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	return us
}

func from(addr string) func(*http.Request) {
	return func(r *http.Request) { r.RemoteAddr = addr + ":4000" }
}

func form(value string) url.Values {
	return url.Values{"value": {value}, "who": {"Nguyễn Thị Hoa"}, "reach": {"0900 000 000"}, "text": {"Trang bán hàng của tôi"}}
}

var aNumber = regexp.MustCompile(`<strong class="number">[A-Z2-7]{16}</strong>`)

func TestAppeal(t *testing.T) {
	c := newCitizens(t, "unblock_after: 8h")
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, httptest.NewRequest("GET", "/appeal", nil))
	csp := w.Header().Get("Content-Security-Policy")
	if w.Code != 200 || strings.Contains(w.Body.String(), "<script") || !strings.HasPrefix(csp, "default-src 'none'; style-src 'sha256-") ||
		strings.Contains(csp, "unsafe") || w.Header().Get("Set-Cookie") != "" || !strings.Contains(w.Body.String(), "trong 8 giờ") {
		t.Errorf("%d %v\n%s", w.Code, w.Header(), w.Body)
	}
	c.MustBlock("bad.example", 0)
	w = c.send(form("http://www.bad.example/?sdt=0911222333"), nil)
	us := c.open(t)
	if w.Code != 200 || !aNumber.MatchString(w.Body.String()) || len(us) != 1 {
		t.Fatalf("%d %d\n%s", w.Code, len(us), w.Body)
	}
	u := us[0]
	if u.From != hook.FromPage || u.Contact != "Nguyễn Thị Hoa · 0900 000 000" || u.Due.Sub(u.Created) != 8*time.Hour || !strings.Contains(w.Body.String(), u.ID) ||
		!strings.Contains(w.Body.String(), "22:00 23/11/2026") {
		t.Errorf("%+v\n%s", u, w.Body)
	}
	// The same once more is the same; somebody else's is another.
	c.send(form("http://www.bad.example/?sdt=0911222333"), nil)
	other := form("http://www.bad.example/?sdt=0911222333")
	other.Set("who", "Trần Văn An")
	c.send(other, nil)
	if n := len(c.open(t)); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
	// Who asks stands nowhere but in the store.
	raw, err := os.ReadFile(filepath.Join(c.Dir, "history.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"0900", "Hoa", "bán hàng", "0911222333"} {
		if strings.Contains(string(raw)+c.logged.String(), secret) {
			t.Errorf("%q stands in the history or a log", secret)
		}
	}
}

// TestAppealIsNoOracle: the answer about a blocked value, a free one, a protected one and one that somebody else has asked
// about is the same but for its number.
func TestAppealIsNoOracle(t *testing.T) {
	c := newCitizens(t, "")
	c.MustBlock("bad.example", 0)
	want := ""
	for i, value := range []string{"bad.example", "www.bad.example", "free.example", "vneid.gov.vn", "bad.example", "10.0.0.1"} {
		f := form(value)
		f.Set("who", fmt.Sprint("người ", i))
		w := c.send(f, from(fmt.Sprintf("198.51.%d.1", i)))
		got := aNumber.ReplaceAllString(w.Body.String(), "NUMBER")
		if want == "" {
			want = got
		}
		if w.Code != 200 || got != want || !strings.Contains(got, "NUMBER") {
			t.Errorf("%s: %d\n%s", value, w.Code, got)
		}
	}
}

func TestAppealInput(t *testing.T) {
	c := newCitizens(t, "")
	n := 0
	f := func(want int, has string, change func(url.Values)) {
		t.Helper()
		n++
		x := form("bad.example")
		change(x)
		w := c.send(x, from(fmt.Sprintf("198.51.%d.1", n)))
		if w.Code != want || !strings.Contains(w.Body.String(), has) {
			t.Errorf("%d, want %d with %q\n%s", w.Code, want, has, w.Body)
		}
		for _, bad := range []string{"<script", "onload=", "\u202e"} {
			if strings.Contains(w.Body.String(), bad) {
				t.Errorf("the page holds %q", bad)
			}
		}
	}
	set := func(k, v string) func(url.Values) { return func(x url.Values) { x.Set(k, v) } }
	for _, bad := range []string{"", "không phải tên miền", "an@gmail.com", "javascript:alert(1)", strings.Repeat("a", 64), `"><script>alert(1)</script>`,
		"https://user:pw@bad.example/", "\x00", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"} {
		f(422, "This is no name, IP address or link", set("value", bad))
	}
	f(422, "Please say who you are", set("who", " \u202e\x00 "))
	f(422, "how to reach you", set("reach", ""))
	f(422, "why it should be unblocked", set("text", "\n\n"))
	f(422, `value="&#34;&gt;&lt;script&gt;"`, func(x url.Values) { x.Set("who", `"><script>`); x.Set("value", "x") })
	f(200, "", set("value", "bad.example/path?x=1"))
	f(200, "", set("value", "  XN--BD-KZA.example. "))
	f(413, "too long", set("text", strings.Repeat("a", 20<<10)))
	f(200, "", set("text", strings.Repeat("ộ", 1000)))
	f(200, "", func(x url.Values) {
		for k, n := range map[string]int{"who": 80, "reach": 80, "text": 600} {
			x.Set(k, strings.Repeat("🙂", n))
		}
	})
	for _, u := range c.open(t) {
		if len([]rune(u.Text)) > 600 {
			t.Errorf("a text of %d characters was kept", len([]rune(u.Text)))
		}
	}
	w := c.send(form("bad.example"), func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
	if w.Code != 403 {
		t.Errorf("from another site: %d", w.Code)
	}
	w = c.send(nil, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("a=%zz")) })
	if w.Code != 400 {
		t.Errorf("a broken form: %d", w.Code)
	}
}

func TestAppealRate(t *testing.T) {
	c := newCitizens(t, "")
	n := 0
	f := func(want int, change func(*http.Request)) {
		t.Helper()
		n++
		if w := c.send(form(fmt.Sprintf("n%d.example", n)), change); w.Code != want {
			t.Errorf("request %d: %d, want %d", n, w.Code, want)
		}
	}
	for range 5 {
		f(200, from("198.51.100.7"))
	}
	f(429, from("198.51.100.200"))
	f(200, from("198.51.101.7"))
	// What the sender says of itself does not count; what the proxy says does.
	claim := func(addr, by string) func(*http.Request) {
		return func(r *http.Request) { from(by)(r); r.Header.Set("X-Forwarded-For", "203.0.113.9, "+addr) }
	}
	f(429, claim("198.51.102.7", "198.51.100.7"))
	f(200, claim("198.51.102.7", "192.0.2.80"))
	f(429, claim("198.51.100.7", "192.0.2.80"))
	for range 5 {
		f(200, from("[2001:db8:1:2::7]"))
	}
	f(429, from("[2001:db8:1:3::9]"))
	c.Clock.Pass(time.Hour)
	f(200, from("198.51.100.7"))
}

// TestAppealFull: open requests are never dropped, and what staff write down has room all the same.
func TestAppealFull(t *testing.T) {
	c := newCitizens(t, "")
	for i := range 500 {
		if _, err := c.RequestUnblock(t.Context(), hook.Unblock{Value: fmt.Sprintf("n%d.example", i), Contact: "x", Text: "x", From: hook.FromPage}); err != nil {
			t.Fatal(err)
		}
	}
	w := c.send(form("late.example"), nil)
	if w.Code != 503 || !strings.Contains(w.Body.String(), "Yours has not been kept") || len(c.open(t)) != 500 {
		t.Errorf("%d, %d open\n%s", w.Code, len(c.open(t)), w.Body)
	}
	if _, err := c.RequestUnblock(t.Context(), hook.Unblock{Value: "late.example", Contact: "x", Text: "x"}); err != nil {
		t.Error(err)
	}
}

// brokenBook keeps nothing.
type brokenBook struct{}

func (brokenBook) Now() time.Time { return time.Unix(0, 0) }
func (brokenBook) RequestUnblock(context.Context, hook.Unblock) (*hook.Unblock, error) {
	return nil, errors.New("the store is down")
}

func TestAppealStoreDown(t *testing.T) {
	logged := ""
	c := &citizens{h: serve.NewAppeals(brokenBook{}, &hook.Appeal{Path: "/appeal", Contact: detector.Text{VI: "x", EN: "x"}}, time.Hour,
		func(s string) { logged += s }).Handler()}
	w := c.send(form("bad.example"), nil)
	if w.Code != 503 || !strings.Contains(w.Body.String(), "Trang bán hàng của tôi") || strings.Contains(w.Body.String(), "store") || !strings.Contains(logged, "the store is down") || strings.Contains(logged, "0900") {
		t.Errorf("%d %q\n%s", w.Code, logged, w.Body)
	}
}

// FuzzAppeal: whatever is sent, the answer is a page without script of the sender's, and nothing unprintable is kept.
func FuzzAppeal(f *testing.F) {
	f.Add("bad.example", "Hoa", "0900", "x")
	f.Add("https://bad.example/?q='\"<", "<b>", "\u202e", "a\r\nb")
	d := hooktest.New(f, "listen: 127.0.0.1:0\nappeal: {contact: {vi: x}}\n")
	f.Fuzz(func(t *testing.T, value, who, reach, text string) {
		book := &keeper{}
		c := &citizens{h: serve.NewAppeals(book, d.Cfg.Appeal, time.Hour, func(string) {}).Handler()}
		w := c.send(url.Values{"value": {value}, "who": {who}, "reach": {reach}, "text": {text}}, nil)
		body := w.Body.String()
		if strings.Count(body, "<script") > 0 || strings.Count(body, "<form") > 1 || strings.Count(body, "<input") > 3 {
			t.Errorf("%s", body)
		}
		if k := book.kept; k != nil {
			if _, v, err := hook.Guess(k.Value); err != nil || v != k.Value || strings.ContainsAny(k.Contact, "\n\r\x00\u202e") || strings.ContainsAny(k.Text, "\r\x00\u202e") || len([]rune(k.Text)) > 600 {
				t.Errorf("kept %+v", k)
			}
		}
	})
}

// keeper remembers what was asked.
type keeper struct{ kept *hook.Unblock }

func (k *keeper) Now() time.Time { return time.Unix(0, 0) }
func (k *keeper) RequestUnblock(_ context.Context, ask hook.Unblock) (*hook.Unblock, error) {
	k.kept = &ask
	return &ask, nil
}
