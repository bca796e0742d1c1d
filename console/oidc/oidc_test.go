package oidc

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"khien/console/account"
	"khien/console/oidc/oidctest"
)

const config = `issuer: %s
client_id: khien
secret_file: secret
url: https://khien.example
role_claim: groups
roles: {soc: analyst, soc-lead: lead, it: admin}
units_claim: groups
units: {y-te: [so-y-te], tinh: ["*"], hai-noi: [so-y-te, ubnd]}
`

func open(t *testing.T, issuer string) *Provider {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{FileName: fmt.Sprintf(config, issuer), "secret": oidctest.Secret + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Open(dir, time.Now)
	if err != nil || p == nil {
		t.Fatal(p, err)
	}
	return p
}

// begin begins a login and returns what the browser holds and what the provider sends it back with.
func begin(t *testing.T, p *Provider) (binding string, back url.Values) {
	t.Helper()
	to, binding, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Get(to)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	at, err := resp.Location()
	if err != nil || !strings.HasPrefix(at.String(), "https://khien.example"+Callback+"?") {
		t.Fatalf("the provider answers %d, %v, %v", resp.StatusCode, at, err)
	}
	return binding, at.Query()
}

func person(groups any) oidctest.Claims {
	return oidctest.Claims{"sub": "4711", "preferred_username": "an.nguyen", "groups": groups}
}

func TestLogin(t *testing.T) {
	issuer := oidctest.New(t)
	p := open(t, issuer.URL)
	f := func(groups any, want Person, wantErr error) {
		t.Helper()
		issuer.Let(person(groups), nil, nil)
		binding, back := begin(t, p)
		got, err := p.Finish(t.Context(), binding, back)
		if !errors.Is(err, wantErr) {
			t.Errorf("%v: %v, want %v", groups, err, wantErr)
		}
		if want.Role != "" {
			want.Subject, want.Name = issuer.URL+" 4711", "an.nguyen"
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v, want %+v", groups, got, want)
		}
	}
	f([]string{"soc", "y-te"}, Person{Role: account.Analyst, Units: []string{"so-y-te"}}, nil)
	f([]string{"soc", "soc-lead", "hai-noi", "y-te", "else"}, Person{Role: account.Lead, Units: []string{"so-y-te", "ubnd"}}, nil)
	f([]string{"soc", "tinh", "y-te"}, Person{Role: account.Analyst}, nil)
	f("it", Person{Role: account.Admin}, nil)
	f([]string{"it", "y-te"}, Person{Role: account.Admin}, nil)
	f([]string{"y-te"}, Person{}, ErrClaims)
	f([]string{"soc"}, Person{}, ErrClaims)
	f([]any{"soc", 5}, Person{}, ErrClaims)
	f(nil, Person{}, ErrClaims)
	issuer.Let(oidctest.Claims{"sub": "4711", "groups": []string{"soc", "tinh"}}, nil, nil)
	binding, back := begin(t, p)
	if _, err := p.Finish(t.Context(), binding, back); !errors.Is(err, ErrClaims) {
		t.Errorf("without a name: %v", err)
	}
}

// TestTokens: a token that is not this provider's, for this client, now, for this login and signed is refused.
func TestTokens(t *testing.T) {
	issuer := oidctest.New(t)
	p := open(t, issuer.URL)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(k string, v any) func(oidctest.Claims) { return func(c oidctest.Claims) { c[k] = v } }
	for name, c := range map[string]struct {
		bend func(oidctest.Claims)
		sign func([]byte) string
		want error
	}{
		"as it should be":   {nil, nil, nil},
		"another nonce":     {set("nonce", "x"), nil, ErrToken},
		"no nonce":          {func(c oidctest.Claims) { delete(c, "nonce") }, nil, ErrToken},
		"another audience":  {set("aud", "other"), nil, ErrToken},
		"two audiences":     {set("aud", []string{"khien", "other"}), nil, ErrToken},
		"two, for this one": {func(c oidctest.Claims) { c["aud"], c["azp"] = []string{"khien", "other"}, "khien" }, nil, nil},
		"made for another":  {set("azp", "other"), nil, ErrToken},
		"another issuer":    {set("iss", "https://sso.example"), nil, ErrToken},
		"expired":           {set("exp", time.Now().Add(-time.Minute).Unix()), nil, ErrToken},
		"no end":            {func(c oidctest.Claims) { delete(c, "exp") }, nil, ErrToken},
		"not yet":           {set("nbf", time.Now().Add(time.Hour).Unix()), nil, ErrToken},
		"no subject":        {set("sub", ""), nil, ErrClaims},
		"alg none":          {nil, oidctest.Unsigned, ErrToken},
		"another key":       {nil, func(b []byte) string { return oidctest.Sign(jose.RS256, other, b) }, ErrToken},
		"the public key as MAC": {nil, func(b []byte) string {
			return oidctest.Sign(jose.HS256, x509.MarshalPKCS1PublicKey(&issuer.Key.PublicKey), b)
		}, ErrToken},
		"the secret as MAC": {nil, func(b []byte) string { return oidctest.Sign(jose.HS256, []byte(oidctest.Secret+"0123456789"), b) }, ErrToken},
		"no token":          {nil, func([]byte) string { return "" }, ErrToken},
		"no JWT":            {nil, func([]byte) string { return "x" }, ErrToken},
	} {
		issuer.Let(person([]string{"soc", "tinh"}), c.bend, c.sign)
		binding, back := begin(t, p)
		got, err := p.Finish(t.Context(), binding, back)
		if !errors.Is(err, c.want) || (err == nil) != (got.Name != "") {
			t.Errorf("%s: %+v, %v, want %v", name, got, err, c.want)
		}
	}
}

// TestFlow: a login ends once, in the browser that began it, in time.
func TestFlow(t *testing.T) {
	issuer := oidctest.New(t)
	issuer.Let(person([]string{"soc", "tinh"}), nil, nil)
	p := open(t, issuer.URL)
	now := time.Now()
	p.now = func() time.Time { return now }
	f := func(change func(binding *string, back url.Values), want error) (string, url.Values) {
		t.Helper()
		binding, back := begin(t, p)
		with, q := binding, url.Values{}
		for k, v := range back {
			q[k] = v
		}
		change(&with, q)
		if _, err := p.Finish(t.Context(), with, q); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		return binding, back
	}
	binding, back := f(func(*string, url.Values) {}, nil)
	if _, err := p.Finish(t.Context(), binding, back); !errors.Is(err, ErrState) {
		t.Errorf("a second time: %v", err)
	}
	binding, back = f(func(b *string, _ url.Values) { *b = "another browser's" }, ErrState)
	if _, err := p.Finish(t.Context(), binding, back); err != nil {
		t.Errorf("after another browser tried: %v", err)
	}
	f(func(b *string, _ url.Values) { *b = "" }, ErrState)
	f(func(_ *string, q url.Values) { q.Set("state", "x") }, ErrState)
	f(func(_ *string, q url.Values) { q.Del("state") }, ErrState)
	f(func(_ *string, q url.Values) { q.Set("iss", "https://sso.example") }, ErrState)
	f(func(_ *string, q url.Values) { q.Set("code", "x") }, ErrDenied)
	f(func(_ *string, q url.Values) { q.Set("error", "access_denied") }, ErrDenied)
	f(func(*string, url.Values) { now = now.Add(flowTime + time.Second) }, ErrState)
	// The code of one login does not end another: PKCE.
	_, other := begin(t, p)
	f(func(_ *string, q url.Values) { q.Set("code", other.Get("code")) }, ErrDenied)
	for range flowsMax + 10 {
		if _, _, err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.flows) > flowsMax {
		t.Errorf("%d logins are kept", len(p.flows))
	}
}

// TestAway: a provider that is away is no reason not to start, and is asked again.
func TestAway(t *testing.T) {
	issuer := oidctest.New(t)
	p := open(t, issuer.URL)
	handler := issuer.Config.Handler
	issuer.Config.Handler = http.NotFoundHandler()
	if _, _, err := p.Start(t.Context()); !errors.Is(err, ErrProvider) {
		t.Errorf("%v", err)
	}
	issuer.Config.Handler = handler
	if _, _, err := p.Start(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestConfig(t *testing.T) {
	if p, err := Open(t.TempDir(), time.Now); p != nil || err != nil {
		t.Errorf("without a file: %v, %v", p, err)
	}
	good := fmt.Sprintf(config, "https://sso.example/realms/soc")
	f := func(old, new, want string) {
		t.Helper()
		dir := t.TempDir()
		mode := os.FileMode(0o600)
		if old == "chmod" {
			mode = 0o644
		}
		for name, text := range map[string]string{FileName: strings.Replace(good, old, new, 1), "secret": "s\n", "empty": "\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
				t.Fatal(err)
			}
		}
		_, err := Open(dir, time.Now)
		if got := fmt.Sprint(err); want == "" && err != nil || !strings.Contains(got, want) {
			t.Errorf("%q for %q: %s, want %q", new, old, got, want)
		}
	}
	f("", "", "")
	f("secret_file: secret\n", "", "")
	f("https://sso.example/realms/soc", "http://127.0.0.1:8080", "")
	f("https://sso", "http://sso", "issuer: ")
	f("https://khien.example", "http://khien.example", "url: ")
	f("https://khien.example", "khien.example", "url: ")
	f("client_id: khien", "client_id: ''", "client_id: is required")
	f("roles: {soc: analyst, ", "roles: {soc: root, ", `no role "root"`)
	f("role_claim: groups\n", "", "role_claim, roles: are required")
	f("units_claim: groups\n", "", "both or neither")
	f("secret_file: secret", "secret_file: nowhere", "secret_file: ")
	f("secret_file: secret", "secret_file: empty", "secret_file: ")
	f("chmod", "", "chmod 600")
	f("client_id: khien", "client_id: khien\nca_file: secret", "ca_file: holds no certificate")
	f("client_id: khien", "client_id: khien\nwhat: 5", "what")
	f("client_id: khien", "client_id: khien\ntitle: "+strings.Repeat("x", fileMax), "at most")
}
