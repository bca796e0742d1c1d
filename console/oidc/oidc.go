// Package oidc logs people in at an OpenID provider: the authorization code flow with PKCE (RFC 7636), state and nonce. A
// browser is sent to the provider and comes back with a code; a Person comes out, or an error that says what was refused.
// What the provider's claims mean stands in a file of the data folder. Flows in progress are held in memory.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"khien/console/account"
)

// What a login is refused for. Each is wrapped with what happened, which is for the operator and never holds a token.
var (
	ErrProvider = errors.New("oidc: the provider does not answer as it should")
	ErrState    = errors.New("oidc: no login was begun in this browser, or it took too long")
	ErrDenied   = errors.New("oidc: the provider did not let the person in")
	ErrToken    = errors.New("oidc: the provider's token is not to be trusted")
	ErrClaims   = errors.New("oidc: the provider gives the person no name, role or unit here")
)

const (
	flowsMax = 1000 // logins in progress; the oldest go
	flowTime = 10 * time.Minute
	bodyMax  = 1 << 20 // bytes of a provider's answer
	claimMax = 1000    // values of a claim that are looked at
)

// Person is who has logged in.
type Person struct {
	Subject string // the provider's address and its name for the person, which never changes
	Name    string
	Role    account.Role
	Units   []string // ids; nil for no limit
}

// flow is a login in progress.
type flow struct {
	binding  [32]byte // hash of what the browser holds
	nonce    string
	verifier string
	begun    time.Time
}

// Provider is where people log in. Safe for concurrent use.
type Provider struct {
	cfg *Config
	now func() time.Time

	asking   sync.Mutex     // held while the provider is asked for the first time
	provider *oidc.Provider // nil until it has answered

	mu    sync.Mutex
	flows map[string]flow // by state
}

// Open reads the configuration of a folder; nil when there is none. The provider need not be there yet.
func Open(dir string, now func() time.Time) (*Provider, error) {
	cfg, err := read(filepath.Join(dir, FileName))
	if errors.Is(err, errAbsent) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &Provider{cfg: cfg, now: now, flows: map[string]flow{}}, nil
}

// Title is what the login page calls the provider.
func (p *Provider) Title() string { return p.cfg.Title }

// URL is where browsers reach the console.
func (p *Provider) URL() string { return p.cfg.URL }

// discover asks the provider for its endpoints and keys, once it answers.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.asking.Lock()
	defer p.asking.Unlock()
	if p.provider != nil {
		return p.provider, nil
	}
	// The keys are fetched later, when the request that ctx belongs to is over.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.cfg.client), p.cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProvider, err)
	}
	p.provider = found
	return found, nil
}

func (p *Provider) oauth(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: p.cfg.ClientID, ClientSecret: p.cfg.secret, Endpoint: found.Endpoint(), RedirectURL: p.cfg.URL + Callback,
		Scopes: append([]string{oidc.ScopeOpenID}, p.cfg.Scopes...)}
}

// Start begins a login. The browser is sent to address and holds binding until it comes back.
func (p *Provider) Start(ctx context.Context) (address, binding string, err error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", "", err
	}
	state := rand.Text()
	binding = rand.Text()
	f := flow{binding: sha256.Sum256([]byte(binding)), nonce: rand.Text(), verifier: oauth2.GenerateVerifier(), begun: p.now()}
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.flows) >= flowsMax {
		oldest := ""
		for s, g := range p.flows {
			if oldest == "" || g.begun.Before(p.flows[oldest].begun) {
				oldest = s
			}
		}
		delete(p.flows, oldest)
	}
	p.flows[state] = f
	return p.oauth(found).AuthCodeURL(state, oidc.Nonce(f.nonce), oauth2.S256ChallengeOption(f.verifier)), binding, nil
}

// take returns the flow of a state, once, to the browser that began it.
func (p *Provider) take(state, binding string) (flow, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, ok := p.flows[state]
	sum := sha256.Sum256([]byte(binding))
	if !ok || subtle.ConstantTimeCompare(sum[:], f.binding[:]) != 1 {
		return f, false // what another browser sends does not end the login of this one
	}
	delete(p.flows, state)
	return f, p.now().Sub(f.begun) <= flowTime
}

// Finish ends a login with what the provider sent the browser back with.
func (p *Provider) Finish(ctx context.Context, binding string, back url.Values) (Person, error) {
	f, ok := p.take(back.Get("state"), binding)
	if !ok {
		return Person{}, ErrState
	}
	if iss := back.Get("iss"); iss != "" && iss != p.cfg.Issuer { // RFC 9207
		return Person{}, fmt.Errorf("%w: the answer is another provider's", ErrState)
	}
	if e := back.Get("error"); e != "" {
		return Person{}, fmt.Errorf("%w: %.60q", ErrDenied, e)
	}
	found, err := p.discover(ctx)
	if err != nil {
		return Person{}, err
	}
	ctx = oidc.ClientContext(ctx, p.cfg.client)
	token, err := p.oauth(found).Exchange(ctx, back.Get("code"), oauth2.VerifierOption(f.verifier))
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return Person{}, fmt.Errorf("%w: it refuses the code: %.60q", ErrDenied, refused.ErrorCode)
	}
	if err != nil {
		return Person{}, fmt.Errorf("%w: %w", ErrProvider, err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Person{}, fmt.Errorf("%w: there is none", ErrToken)
	}
	// Verify checks issuer, audience, times and the signature, by algorithms with public keys only.
	id, err := found.VerifierContext(ctx, &oidc.Config{ClientID: p.cfg.ClientID, Now: p.now}).Verify(ctx, raw)
	if err != nil {
		return Person{}, fmt.Errorf("%w: %w", ErrToken, err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.nonce)) != 1 {
		return Person{}, fmt.Errorf("%w: it belongs to another login", ErrToken)
	}
	return p.person(id)
}

// person reads the claims of a token.
func (p *Provider) person(id *oidc.IDToken) (Person, error) {
	claims := map[string]json.RawMessage{}
	if err := id.Claims(&claims); err != nil {
		return Person{}, fmt.Errorf("%w: %w", ErrToken, err)
	}
	// OpenID Connect Core, 3.1.3.7: of several audiences the one that the token was made for is named.
	if azp := values(claims["azp"]); (len(id.Audience) > 1 || len(azp) > 0) && !slices.Equal(azp, []string{p.cfg.ClientID}) {
		return Person{}, fmt.Errorf("%w: it was made for another client", ErrToken)
	}
	out := Person{Subject: id.Issuer + " " + id.Subject, Role: p.cfg.role(values(claims[p.cfg.RoleClaim]))}
	if names := values(claims[p.cfg.NameClaim]); len(names) == 1 {
		out.Name = names[0]
	}
	units, all := p.cfg.units(values(claims[p.cfg.UnitsClaim]))
	switch {
	case id.Subject == "" || out.Name == "":
		return Person{}, fmt.Errorf("%w: no name in %s", ErrClaims, p.cfg.NameClaim)
	case out.Role == "":
		return Person{}, fmt.Errorf("%w: no role in %s", ErrClaims, p.cfg.RoleClaim)
	case out.Role == account.Admin || all:
	case len(units) == 0:
		return Person{}, fmt.Errorf("%w: no unit in %s", ErrClaims, p.cfg.UnitsClaim)
	default:
		out.Units = units
	}
	return out, nil
}

// values reads a claim that is a text or a list of texts.
func values(raw json.RawMessage) []string {
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		return list[:min(len(list), claimMax)]
	}
	var one string
	if json.Unmarshal(raw, &one) == nil && one != "" {
		return []string{one}
	}
	return nil // absent, or of a kind that means nothing here
}

// bounded bounds the answers of a provider.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, bodyMax), resp.Body}
	}
	return resp, err
}
