// Package oidctest is a small OpenID provider for tests: it lets a person in at once and signs real tokens. Tests bend what it
// answers.
package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// ClientID and Secret are those of the client that the provider knows.
const (
	ClientID = "khien"
	Secret   = "a secret of the client"
)

// Claims are those of a token.
type Claims map[string]any

// Provider is a provider at an address of its own.
type Provider struct {
	*httptest.Server
	Key *rsa.PrivateKey

	mu     sync.Mutex
	person Claims              // who is let in next
	bend   func(Claims)        // changes a token's claims before it is signed
	sign   func([]byte) string // signs claims instead of the provider's key
	codes  map[string]request
}

// request is what an authorization was asked with.
type request struct{ nonce, challenge, redirect string }

// New starts a provider, which ends with the test.
func New(t *testing.T) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{Key: key, codes: map[string]request{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// Let says who is let in next, and how the token is bent and signed; nil for as it should be.
func (p *Provider) Let(person Claims, bend func(Claims), sign func([]byte) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.person, p.bend, p.sign = person, bend, sign
}

func (p *Provider) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // a client that leaves sees half an answer
}

func (p *Provider) discovery(w http.ResponseWriter, r *http.Request) {
	p.answer(w, 200, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"RS256", "none", "HS256"}, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}})
}

func (p *Provider) keys(w http.ResponseWriter, r *http.Request) {
	p.answer(w, 200, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &p.Key.PublicKey, KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
}

// authorize lets the person in and sends the browser back.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" {
		http.Error(w, "not a request of a login with PKCE and nonce", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = request{q.Get("nonce"), q.Get("code_challenge"), q.Get("redirect_uri")}
	p.mu.Unlock()
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// token gives the token for a code, once, to who shows what the code was asked with.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	code := r.PostFormValue("code")
	asked, ok := p.codes[code]
	delete(p.codes, code)
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if s, err := url.QueryUnescape(secret); err == nil {
		secret = s
	}
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || id != ClientID || secret != Secret || asked.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) || asked.redirect != r.PostFormValue("redirect_uri") {
		p.answer(w, 400, map[string]string{"error": "invalid_grant"})
		return
	}
	now := time.Now()
	claims := Claims{"iss": p.URL, "aud": ClientID, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "nonce": asked.nonce}
	for k, v := range p.person {
		claims[k] = v
	}
	if p.bend != nil {
		p.bend(claims)
	}
	raw, err := json.Marshal(claims)
	if err != nil {
		panic(err) // only plain values are given
	}
	sign := p.sign
	if sign == nil {
		sign = func(b []byte) string { return Sign(jose.RS256, p.Key, b) }
	}
	answer := map[string]any{"access_token": "x", "token_type": "Bearer", "expires_in": 60}
	if token := sign(raw); token != "" {
		answer["id_token"] = token
	}
	p.answer(w, 200, answer)
}

// Sign makes a token of claims.
func Sign(alg jose.SignatureAlgorithm, key any, claims []byte) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		panic(err)
	}
	o, err := s.Sign(claims)
	if err != nil {
		panic(err)
	}
	out, err := o.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return out
}

// Unsigned makes a token of claims with the algorithm none (RFC 7519, 6).
func Unsigned(claims []byte) string {
	e := base64.RawURLEncoding
	return e.EncodeToString([]byte(`{"alg":"none"}`)) + "." + e.EncodeToString(claims) + "."
}
