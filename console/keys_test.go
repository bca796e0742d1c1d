package console

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/console/audit"
	"khien/console/oidc"
	"khien/console/passkey"
	"khien/console/passkey/passkeytest"
)

const keysAt, keysHost = "https://khien.example.vn", "khien.example.vn"

// keyDesk is a desk at whose address keys can be used; its clock is moved by hand.
func keyDesk(t *testing.T) (*desk, *time.Time) {
	t.Helper()
	now := time.Now()
	d := newDesk(t, func(c *Config) { c.Now, c.URL = func() time.Time { return now }, keysAt })
	jar, _ := cookiejar.New(nil)
	// The address is one with TLS, and so are the cookies; the test's server is behind what ends it.
	d.browser = &http.Client{Jar: secureJar{jar}}
	return d, &now
}

// secureJar is the cookies of a browser behind a proxy that ends TLS.
type secureJar struct{ http.CookieJar }

func (j secureJar) at(u *url.URL) *url.URL {
	v := *u
	v.Scheme = "https"
	return &v
}

func (j secureJar) SetCookies(u *url.URL, list []*http.Cookie) { j.CookieJar.SetCookies(j.at(u), list) }
func (j secureJar) Cookies(u *url.URL) []*http.Cookie          { return j.CookieJar.Cookies(j.at(u)) }

// options are those of a request for a key, as JSON.
func options(t *testing.T, request any) (ticket string, raw json.RawMessage) {
	t.Helper()
	m, _ := request.(map[string]any)
	ticket, _ = m["ticket"].(string)
	raw, err := json.Marshal(m["options"])
	if err != nil || ticket == "" {
		t.Fatalf("no request for a key: %v, %v", request, err)
	}
	return ticket, raw
}

// newKey gives the account of the desk's browser the key of an authenticator.
func (d *desk) newKey(a *passkeytest.Authenticator, password, name string) string {
	d.t.Helper()
	ticket, raw := options(d.t, d.want(200, "POST", "/api/v1/keys", map[string]string{"password": password}))
	answer, err := a.Create(raw)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.want(200, "POST", "/api/v1/keys/confirm", map[string]any{"ticket": ticket, "name": name, "credential": answer})["id"].(string)
}

// useKey answers a request of a login.
func (d *desk) useKey(a *passkeytest.Authenticator, request any) (int, map[string]any) {
	d.t.Helper()
	ticket, raw := options(d.t, request)
	answer, err := a.Get(raw)
	if err != nil {
		d.t.Fatal(err)
	}
	status, out, _ := d.do("POST", "/api/v1/login/key", map[string]any{"ticket": ticket, "credential": answer})
	return status, out
}

func (d *desk) passwordOf(name, password string, want int) map[string]any {
	d.t.Helper()
	return d.want(want, "POST", "/api/v1/login", map[string]string{"name": name, "password": password})
}

func (d *desk) auditLog() string {
	d.t.Helper()
	name := filepath.Join(d.dir, "audit.jsonl")
	if _, err := audit.Verify(name); err != nil {
		d.t.Error(err)
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(raw)
}

// TestKeys follows keys from the page of the account to the login and away again.
func TestKeys(t *testing.T) {
	d, now := keyDesk(t)
	d.login()
	d.want(200, "POST", "/api/v1/accounts", map[string]any{"name": "binh", "password": unitPassword, "role": "viewer"})
	a, b := passkeytest.New(keysAt, keysHost), passkeytest.New(keysAt, keysHost)
	if out := d.want(403, "POST", "/api/v1/keys", map[string]string{"password": "wrong"}); out["code"] != "wrong_password" {
		t.Errorf("%v", out)
	}
	id := d.newKey(a, d.password, "Khóa USB")
	if out := d.want(200, "GET", "/api/v1/keys", nil)["keys"].([]any); len(out) != 1 || out[0].(map[string]any)["name"] != "Khóa USB" || out[0].(map[string]any)["alone"] != true {
		t.Errorf("%v", out)
	}
	d.want(200, "POST", "/api/v1/logout", nil)

	// Nobody without the password learns that the account has a key.
	wrong := fmt.Sprint(d.passwordOf("admin", "wrong", 401))
	for _, name := range []string{"binh", "nobody"} {
		if out := fmt.Sprint(d.passwordOf(name, "wrong", 401)); out != wrong {
			t.Errorf("%s: %s, and one with a key: %s", name, out, wrong)
		}
	}
	out := d.passwordOf("admin", d.password, 401)
	if out["code"] != "key" || out["key"].(map[string]any)["codes"] != false {
		t.Fatalf("%v", out)
	}
	d.want(401, "GET", "/api/v1/me", nil)
	if status, me := d.useKey(a, out["key"]); status != 200 || me["name"] != "admin" {
		t.Fatalf("%d %v", status, me)
	}
	d.want(200, "GET", "/api/v1/me", nil)
	if status, again := d.useKey(a, out["key"]); status != 401 || again["code"] != "key_ticket" {
		t.Errorf("the same request twice: %d %v", status, again)
	}
	d.want(200, "POST", "/api/v1/logout", nil)
	if status, me := d.useKey(a, d.want(200, "POST", "/api/v1/login/passkey", nil)); status != 200 || me["name"] != "admin" {
		t.Fatalf("with a passkey alone: %d %v", status, me)
	}

	// Somebody else's key, and one that somebody else has removed.
	binh := *d
	jar, _ := cookiejar.New(nil)
	binh.browser = &http.Client{Jar: secureJar{jar}}
	binh.passwordOf("binh", unitPassword, 200)
	other := binh.newKey(b, unitPassword, "Khóa của Bình")
	d.want(404, "POST", "/api/v1/keys/"+other+"/remove", map[string]string{"password": d.password})
	if status, out := d.useKey(b, d.passwordOf("admin", d.password, 401)["key"]); status != 401 || out["code"] != "key_refused" {
		t.Errorf("%d %v", status, out)
	}
	if list := binh.want(200, "GET", "/api/v1/keys", nil)["keys"].([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	if out := d.want(200, "GET", "/api/v1/accounts", nil)["accounts"].([]any)[1].(map[string]any); out["keys"] != 1.0 {
		t.Errorf("%v", out)
	}

	// One-time codes do as well, where the account has both.
	secret := binh.want(200, "POST", "/api/v1/totp", map[string]string{"password": unitPassword})["secret"].(string)
	binh.want(200, "POST", "/api/v1/totp/confirm", map[string]string{"code": codeNow(t, secret, *now)})
	*now = now.Add(time.Minute)
	if out := binh.passwordOf("binh", unitPassword, 401); out["code"] != "key" || out["key"].(map[string]any)["codes"] != true {
		t.Errorf("%v", out)
	}
	binh.want(401, "POST", "/api/v1/login", map[string]string{"name": "binh", "password": unitPassword, "code": "000000x"})
	binh.want(200, "POST", "/api/v1/login", map[string]string{"name": "binh", "password": unitPassword, "code": codeNow(t, secret, *now)})

	// A copy: the counter goes back.
	a.Count -= 2
	if status, out := d.useKey(a, d.passwordOf("admin", d.password, 401)["key"]); status != 401 || out["code"] != "key_counter" {
		t.Errorf("%d %v", status, out)
	}
	a.Count += 10
	if status, _ := d.useKey(a, d.passwordOf("admin", d.password, 401)["key"]); status != 200 {
		t.Errorf("the key itself: %d", status)
	}

	// A reset takes all factors away, and what waited for one.
	waits := binh.passwordOf("binh", unitPassword, 401)["key"]
	password := d.want(200, "POST", "/api/v1/accounts/binh/reset", nil)["password"].(string)
	if status, out := binh.useKey(b, waits); status != 401 || out["code"] != "key_ticket" {
		t.Errorf("%d %v", status, out)
	}
	binh.passwordOf("binh", password, 200)
	if status, out := binh.useKey(b, binh.want(200, "POST", "/api/v1/login/passkey", nil)); status != 401 || out["code"] != "key_refused" {
		t.Errorf("%d %v", status, out)
	}

	// Removed by its owner, with the password.
	d.want(403, "POST", "/api/v1/keys/"+id+"/remove", map[string]string{"password": "wrong"})
	d.want(200, "POST", "/api/v1/keys/"+id+"/remove", map[string]string{"password": d.password})
	d.passwordOf("admin", d.password, 200)

	log := d.auditLog()
	for _, want := range []string{`"user":"admin","address":"127.0.0.1","action":"key.add","object":"admin","detail":"` + id + ` Khóa USB"`,
		`"action":"login","object":"key","detail":"` + id + ` Khóa USB"`, `"action":"login","object":"passkey","detail":"` + id,
		`"action":"login.failed","object":"admin","detail":"security key: the counter went back, there may be a copy of the key ` + id,
		`"action":"login.failed","object":"admin","detail":"security key: `, `"action":"account.reset","object":"binh","detail":"one-time codes, security keys: 1"`,
		`"action":"key.remove","object":"admin","detail":"` + id} {
		if !strings.Contains(log, want) {
			t.Errorf("the audit log lacks %s", want)
		}
	}
	kept, err := os.ReadFile(filepath.Join(d.dir, "accounts.json"))
	if err != nil || strings.Contains(string(kept), id) {
		t.Errorf("the key is kept after it was removed, %v", err)
	}
}

// TestKeysBound: a new key belongs to the session that asked for it, and programs add none.
func TestKeysBound(t *testing.T) {
	d, now := keyDesk(t)
	d.login()
	confirm := func(status int, code string, meanwhile func()) {
		t.Helper()
		ticket, raw := options(t, d.want(200, "POST", "/api/v1/keys", map[string]string{"password": d.password}))
		meanwhile()
		answer, err := passkeytest.New(keysAt, keysHost).Create(raw)
		if err != nil {
			t.Fatal(err)
		}
		body := map[string]any{"ticket": ticket, "name": "x", "credential": answer}
		if out := d.want(status, "POST", "/api/v1/keys/confirm", body); out["code"] != code {
			t.Errorf("%v", out)
		}
	}
	confirm(409, "key_ticket", func() { d.login() })
	confirm(409, "key_ticket", func() { *now = now.Add(passkey.Life + time.Second) })
	text := d.want(200, "POST", "/api/v1/tokens", map[string]any{"name": "x", "role": "viewer", "days": 3})["text"].(string)
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+text); r.Header.Del("Cookie") }
	d.want(403, "POST", "/api/v1/keys", map[string]string{"password": d.password}, bearer)
	d.want(403, "POST", "/api/v1/keys/x/remove", map[string]string{"password": d.password}, bearer)
	ticket, raw := options(t, d.want(200, "POST", "/api/v1/keys", map[string]string{"password": d.password}))
	a := passkeytest.New("https://evil.example", keysHost)
	answer, err := a.Create(raw)
	if err != nil {
		t.Fatal(err)
	}
	if out := d.want(400, "POST", "/api/v1/keys/confirm", map[string]any{"ticket": ticket, "name": "x", "credential": answer}); out["code"] != "key_refused" {
		t.Errorf("%v", out)
	}
	a = passkeytest.New(keysAt, keysHost)
	d.newKey(a, d.password, "x")
	ticket, raw = options(t, d.want(200, "POST", "/api/v1/keys", map[string]string{"password": d.password}))
	if answer, err = a.Create(raw); err != nil {
		t.Fatal(err)
	}
	if out := d.want(409, "POST", "/api/v1/keys/confirm", map[string]any{"ticket": ticket, "name": "y", "credential": answer}); out["code"] != "key_known" {
		t.Errorf("%v", out)
	}
}

// TestKeysThrottled: wrong answers count as failed logins, and so do wrong passwords for a change of keys.
func TestKeysThrottled(t *testing.T) {
	d, now := keyDesk(t)
	d.login()
	a := passkeytest.New(keysAt, keysHost)
	d.newKey(a, d.password, "x")
	d.want(200, "POST", "/api/v1/logout", nil)
	a.Origin = "https://evil.example"
	for range 5 {
		if status, out := d.useKey(a, d.passwordOf("admin", d.password, 401)["key"]); status != 401 || out["code"] != "key_refused" {
			t.Fatalf("%d %v", status, out)
		}
	}
	d.passwordOf("admin", d.password, 429)
	if out := d.want(429, "POST", "/api/v1/login/key", map[string]any{"ticket": "x", "credential": map[string]any{"id": "", "rawId": "", "type": "public-key",
		"response": map[string]any{"clientDataJSON": "", "authenticatorData": "", "signature": ""}}}); out["code"] != "throttled" {
		t.Errorf("%v", out)
	}
	*now = now.Add(time.Hour)
	a.Origin = keysAt
	if status, out := d.useKey(a, d.passwordOf("admin", d.password, 401)["key"]); status != 200 {
		t.Fatalf("%d %v", status, out)
	}
	for range 5 {
		d.want(403, "POST", "/api/v1/keys", map[string]string{"password": "wrong"})
	}
	d.want(429, "POST", "/api/v1/keys", map[string]string{"password": d.password})
	// What begins a login is counted by address, like a login.
	for range 60 {
		d.do("POST", "/api/v1/login/passkey", nil)
	}
	if out := d.want(429, "POST", "/api/v1/login/passkey", nil); out["detail"] != "address-login" {
		t.Errorf("%v", out)
	}
}

// TestKeysPlace: where keys can be used, and that those of another address are still needed.
func TestKeysPlace(t *testing.T) {
	local := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8686}
	f := func(url string, l net.Addr, provider, at, off string) {
		t.Helper()
		dir := t.TempDir()
		if provider != "" {
			text := "issuer: http://127.0.0.1:9\nclient_id: khien\nurl: " + provider + "\nrole_claim: groups\nroles: {soc: analyst}\n"
			if err := os.WriteFile(filepath.Join(dir, oidc.FileName), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p, err := oidc.Open(dir, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		keys, why, err := openKeys(Config{URL: url, Listener: l, Now: time.Now}, p)
		got := ""
		if keys != nil {
			got = keys.Origin()
		}
		if err != nil || got != at || why != off {
			t.Errorf("%q, %v, %q: %q, %q, %v", url, l, provider, got, why, err)
		}
	}
	f("", nil, "", "", "none")
	f("", local, "", "http://localhost:8686", "")
	f("", &net.TCPAddr{IP: net.IPv4zero, Port: 8686}, "", "", "none")
	f(keysAt, local, "https://old.example.vn", keysAt, "")
	f("https://192.0.2.1", local, keysAt, "", "name")
	f("http://khien.example.vn", local, "", "", "plain")
	f("", local, keysAt, keysAt, "")
	f("", local, "http://127.0.0.1:8686", "http://localhost:8686", "")
	f("", nil, "http://127.0.0.1:8686", "", "name")

	d, _ := keyDesk(t)
	d.login()
	d.newKey(passkeytest.New(keysAt, keysHost), d.password, "x")
	if out := d.want(200, "GET", "/api/v1/login", nil); out["keys"] != keysAt || out["keys_off"] != "" {
		t.Errorf("%v", out)
	}
	d.srv.Close()
	for url, passkeys := range map[string]int{"https://soc.example.vn": 200, "https://192.0.2.1": 409} {
		srv, err := New(Config{DataDir: d.dir, URL: url}, d.store)
		if err != nil {
			t.Fatal(err)
		}
		moved := *d
		moved.srv, moved.http = srv, httptest.NewServer(srv.Handler())
		out := moved.passwordOf("admin", d.password, 401)
		if key, _ := out["key"].(map[string]any); out["code"] != "key" || key["party"] != keysHost || key["options"] != nil {
			t.Errorf("%s: %v", url, out)
		}
		moved.want(passkeys, "POST", "/api/v1/login/passkey", nil)
		moved.http.Close()
		srv.Close()
	}
}

// TestCodesTakeThePassword: a browser that somebody left open does not suffice to change the second factor, nor does a token.
func TestCodesTakeThePassword(t *testing.T) {
	now := time.Now()
	d := newDesk(t, func(c *Config) { c.Now = func() time.Time { return now } })
	d.login()
	right := map[string]string{"password": d.password}
	d.want(400, "POST", "/api/v1/totp", map[string]string{})
	if out := d.want(403, "POST", "/api/v1/totp", map[string]string{"password": "x"}); out["code"] != "wrong_password" {
		t.Errorf("%v", out)
	}
	token := d.want(200, "POST", "/api/v1/tokens", map[string]any{"name": "x", "role": "admin", "days": 3})["text"].(string)
	d.want(403, "POST", "/api/v1/totp", right, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) })
	secret := d.want(200, "POST", "/api/v1/totp", right)["secret"].(string)
	d.want(200, "POST", "/api/v1/totp/confirm", map[string]string{"code": codeNow(t, secret, now)})
	d.want(401, "POST", "/api/v1/login", map[string]string{"name": "admin", "password": d.password})
	d.want(403, "POST", "/api/v1/totp/off", map[string]string{"password": "x"})
	d.want(200, "POST", "/api/v1/totp/off", right)
	d.login()
}
