package console

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/console/audit"
	"khien/detector/store"
	"khien/detector/store/teststore"
)

func TestLoginAndPassword(t *testing.T) {
	d := newDesk(t)
	if len(d.password) < 16 {
		t.Fatalf("first password %q", d.password)
	}
	status, out, h := d.do("POST", "/api/v1/login", map[string]string{"name": "admin", "password": d.password})
	if status != 200 || out["name"] != "admin" || out["role"] != "admin" {
		t.Fatal(status, out)
	}
	cookie := h.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("cookie %q lacks %s", cookie, part)
		}
	}
	d.want(200, "GET", "/api/v1/me", nil)
	d.want(400, "POST", "/api/v1/password", map[string]string{"old": d.password, "new": "short"})
	d.want(200, "POST", "/api/v1/password", map[string]string{"old": d.password, "new": "a new long password"})
	d.want(200, "POST", "/api/v1/logout", nil)
	d.want(401, "GET", "/api/v1/me", nil)
	d.want(401, "POST", "/api/v1/login", map[string]string{"name": "admin", "password": d.password})
	d.want(200, "POST", "/api/v1/login", map[string]string{"name": "admin", "password": "a new long password"})
	if h, err := audit.Verify(filepath.Join(d.dir, "audit.jsonl")); err != nil || h.Number != 5 {
		t.Errorf("audit log: %+v, %v", h, err)
	}
}

func TestSecureCookie(t *testing.T) {
	dir := t.TempDir()
	st, err := teststore.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	srv, err := New(Config{DataDir: dir, TLS: true}, st)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	body := fmt.Sprintf(`{"name":"admin","password":%q}`, srv.FirstPassword())
	r := httptest.NewRequest("POST", "/api/v1/login", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	srv.Handler().ServeHTTP(w, r)
	c := w.Header().Get("Set-Cookie")
	if w.Code != 200 || !strings.HasPrefix(c, "__Host-khien=") || !strings.Contains(c, "Secure") || w.Header().Get("Strict-Transport-Security") == "" {
		t.Errorf("%d %q", w.Code, c)
	}
}

// TestCSRF: what another site makes the browser send is refused, even with the cookie.
func TestCSRF(t *testing.T) {
	d := newDesk(t)
	d.login()
	f := sample(1)
	d.write(f)
	body := map[string]any{"key": store.GroupKey(&f), "version": 0, "status": "seen"}
	head := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	none := func(r *http.Request) { r.Header.Del("Sec-Fetch-Site") }
	d.want(403, "PUT", "/api/v1/triage", body, head("Sec-Fetch-Site", "cross-site"))
	d.want(403, "PUT", "/api/v1/triage", body, head("Sec-Fetch-Site", "same-site"))
	d.want(403, "PUT", "/api/v1/triage", body, none, head("Origin", "https://evil.example"))
	d.want(403, "POST", "/api/v1/login", map[string]string{"name": "admin", "password": d.password}, head("Sec-Fetch-Site", "cross-site"))
	// A form can send text/plain without asking first.
	d.want(415, "PUT", "/api/v1/triage", body, head("Content-Type", "text/plain"))
	d.want(200, "PUT", "/api/v1/triage", body)
}

// TestSessionFixation: a token that was planted before the login is worth nothing after it.
func TestSessionFixation(t *testing.T) {
	d := newDesk(t)
	at, _ := url.Parse(d.http.URL)
	d.browser.Jar.SetCookies(at, []*http.Cookie{{Name: "khien", Value: "planted", Path: "/"}})
	d.login()
	first := d.browser.Jar.Cookies(at)[0].Value
	if first == "planted" || len(first) < 40 {
		t.Fatalf("the session is %q", first)
	}
	d.login()
	if second := d.browser.Jar.Cookies(at)[0].Value; second == first {
		t.Error("a second login keeps the token")
	}
	d.browser.Jar.SetCookies(at, []*http.Cookie{{Name: "khien", Value: first, Path: "/"}})
	d.want(401, "GET", "/api/v1/me", nil)
}

func TestThrottling(t *testing.T) {
	d := newDesk(t)
	for range 5 {
		d.want(401, "POST", "/api/v1/login", map[string]string{"name": "admin", "password": "wrong"})
	}
	status, out, h := d.do("POST", "/api/v1/login", map[string]string{"name": "admin", "password": d.password})
	if status != 429 || h.Get("Retry-After") == "" || out["code"] != "throttled" {
		t.Errorf("the sixth try: %d %v", status, out)
	}
}

// codeNow is the one-time code of a secret (RFC 6238).
func codeNow(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, raw)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// TestThrottlingCodes: who knows a password cannot use it to get more tries at the one-time code.
func TestThrottlingCodes(t *testing.T) {
	now := time.Now()
	d := newDesk(t, func(c *Config) { c.Now = func() time.Time { return now } })
	d.login()
	secret := d.want(200, "POST", "/api/v1/totp", map[string]string{"password": d.password})["secret"].(string)
	d.want(200, "POST", "/api/v1/totp/confirm", map[string]string{"code": codeNow(t, secret, now)})
	for range 4 {
		d.want(401, "POST", "/api/v1/login", map[string]string{"name": "admin", "password": d.password, "code": "wrong"})
		d.want(401, "POST", "/api/v1/login", map[string]string{"name": "admin", "password": d.password})
	}
	d.want(401, "POST", "/api/v1/login", map[string]string{"name": "admin", "password": d.password, "code": "wrong"})
	if out := d.want(429, "POST", "/api/v1/login", map[string]string{"name": "admin", "password": d.password, "code": "wrong"}); out["code"] != "throttled" {
		t.Errorf("%v", out)
	}
}

func TestBodyLimits(t *testing.T) {
	d := newDesk(t)
	d.want(413, "POST", "/api/v1/login", map[string]string{"name": strings.Repeat("x", 100<<10)})
	d.login()
	d.want(413, "PUT", "/api/v1/triage", map[string]string{"key": "k", "comment": strings.Repeat("x", 100<<10)})
	d.want(400, "PUT", "/api/v1/triage", map[string]string{"key": "k", "comment": strings.Repeat("x", 10<<10)})
	d.want(400, "PUT", "/api/v1/triage", map[string]any{"key": "k", "unknown": 1})
	d.want(400, "GET", "/api/v1/groups?limit=100000", nil)
	d.want(400, "GET", "/api/v1/groups?q="+strings.Repeat("x", 5000), nil)
}

// TestUnattended: what a page asks by itself does not keep a session alive that nobody uses.
func TestUnattended(t *testing.T) {
	now := time.Now()
	d := newDesk(t, func(c *Config) { c.Now = func() time.Time { return now } })
	d.login()
	alone := func(r *http.Request) { r.Header.Set("Khien-Unattended", "1") }
	for range 7 {
		now = now.Add(time.Hour)
		d.want(200, "GET", "/api/v1/me", nil, alone)
	}
	now = now.Add(time.Hour + time.Minute)
	d.want(401, "GET", "/api/v1/me", nil, alone)
	d.login()
	for range 10 {
		now = now.Add(time.Hour)
		d.want(200, "GET", "/api/v1/me", nil)
	}
}
