package console

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"khien/console/audit"
	"khien/console/oidc"
	"khien/console/oidc/oidctest"
	"khien/detector/store/teststore"
)

// TestProvider logs people in at a provider, as browsers do.
func TestProvider(t *testing.T) {
	issuer := oidctest.New(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := "http://" + l.Addr().String()
	dir := t.TempDir()
	conf := fmt.Sprintf("issuer: %s\nclient_id: khien\nsecret_file: secret\nurl: %s\ntitle: Cổng tỉnh\nrole_claim: groups\nroles: {soc: analyst, it: admin}\nunits_claim: groups\nunits: {a: [a], gone: [gone], all: [\"*\"]}\n", issuer.URL, at)
	for name, text := range map[string]string{oidc.FileName: conf, "secret": oidctest.Secret} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	st, err := teststore.Open(t.Context(), filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	d := deskOn(t, dir, st)
	front := &http.Server{Handler: d.srv.Handler()}
	go front.Serve(l)
	t.Cleanup(func() { front.Close() })
	d.http = &httptest.Server{URL: at}
	if out := d.want(200, "GET", "/api/v1/login", nil); out["oidc"] != "Cổng tỉnh" {
		t.Errorf("%v", out)
	}
	d.login()
	d.want(200, "PUT", "/api/v1/units", map[string]any{"version": 0, "units": []any{map[string]any{"id": "a", "name": map[string]string{"vi": "A"}, "networks": []string{"10.1.0.0/16"}}}})
	d.want(200, "POST", "/api/v1/accounts", map[string]any{"name": "binh", "password": unitPassword, "role": "viewer"})
	d.want(200, "POST", "/api/v1/logout", nil)
	home, _ := url.Parse(at)
	session := func() string {
		for _, c := range d.browser.Jar.Cookies(home) {
			if c.Name == "khien" {
				return c.Value
			}
		}
		return ""
	}
	// in logs in and says where the browser ends.
	in := func(name string, groups ...string) string {
		t.Helper()
		issuer.Let(oidctest.Claims{"sub": "of " + name, "preferred_username": name, "groups": groups}, nil, nil)
		resp, err := d.browser.Get(at + "/api/v1/oidc/start")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.Request.URL.RequestURI()
	}
	d.browser.Jar.SetCookies(home, []*http.Cookie{{Name: "khien", Value: "planted", Path: "/"}})
	if got := in("lan", "soc", "a"); got != "/" || session() == "planted" {
		t.Fatalf("the browser ends at %s with %q", got, session())
	}
	if me := d.want(200, "GET", "/api/v1/me", nil); me["name"] != "lan" || me["role"] != "analyst" || fmt.Sprint(me["units"]) != "[a]" {
		t.Errorf("%v", me)
	}
	d.want(403, "PUT", "/api/v1/accounts/lan", map[string]any{"role": "admin"})
	d.want(403, "POST", "/api/v1/password", map[string]any{"old": "", "new": "a new long password"})
	d.want(409, "POST", "/api/v1/totp", map[string]string{"password": "x"})
	first := session()
	if got := in("lan", "it"); got != "/" || session() == first {
		t.Fatalf("the browser ends at %s", got)
	}
	if me := d.want(200, "GET", "/api/v1/me", nil); me["role"] != "admin" || me["units"] != nil {
		t.Errorf("%v", me)
	}
	d.want(409, "POST", "/api/v1/accounts/lan/reset", nil)
	d.want(409, "DELETE", "/api/v1/accounts/admin", nil) // who gets in when the provider is away
	d.want(200, "POST", "/api/v1/logout", nil)
	for want, groups := range map[string][]string{"claims": {"soc"}, "claims&": {"soc", "gone"}} {
		if got := in("nam", groups...); got != "/?oidc="+strings.Trim(want, "&") {
			t.Errorf("%v: the browser ends at %s", groups, got)
		}
	}
	if got := in("binh", "soc", "all"); got != "/?oidc=name" { // a name that has a password here
		t.Errorf("the browser ends at %s", got)
	}
	for path, want := range map[string]string{"?state=x&code=y": "state", "": "state", "?error=access_denied": "state"} {
		resp, err := d.browser.Get(at + oidc.Callback + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Request.URL.RequestURI(); got != "/?oidc="+want {
			t.Errorf("%q: the browser ends at %s", path, got)
		}
	}
	d.want(401, "GET", "/api/v1/me", nil)
	d.login()
	if _, err := audit.Verify(filepath.Join(dir, "audit.jsonl")); err != nil {
		t.Error(err)
	}
	log, err := os.ReadFile(filepath.Join(dir, "audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"action":"account.create","object":"lan"`, `"user":"lan","address":"127.0.0.1","action":"login","object":"oidc","detail":"analyst, units: a"`,
		`"action":"login.failed","object":"oidc name"`, `"action":"login.failed","object":"oidc claims"`, `"action":"login.failed","object":"oidc state"`} {
		if !strings.Contains(string(log), want) {
			t.Errorf("the audit log lacks %s", want)
		}
	}
	if strings.Contains(string(log), oidctest.Secret) || strings.Contains(string(log), "eyJ") {
		t.Error("the audit log holds a secret")
	}
	accounts, err := os.ReadFile(filepath.Join(dir, "accounts.json"))
	if err != nil || strings.Contains(string(accounts), oidctest.Secret) {
		t.Errorf("the accounts hold a secret, %v", err)
	}
}

// TestNoProvider: without a configuration there is no way in by a provider.
func TestNoProvider(t *testing.T) {
	d := newDesk(t)
	if out := d.want(200, "GET", "/api/v1/login", nil); out["oidc"] != "" {
		t.Errorf("%v", out)
	}
	d.want(404, "GET", "/api/v1/oidc/start", nil)
	d.want(404, "GET", oidc.Callback+"?state=x&code=y", nil)
}
