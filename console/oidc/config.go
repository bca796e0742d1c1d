package oidc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"khien/console/account"
	"khien/detector/strictyaml"
)

// FileName is the configuration's name in the data folder. Without the file nobody logs in this way.
const FileName = "oidc.yaml"

// Callback is where the provider sends browsers back to, on the console.
const Callback = "/api/v1/oidc/callback"

// AllUnits is the unit that lifts the limit, in Config.Units.
const AllUnits = "*"

// Limits of a configuration.
const (
	fileMax   = 64 << 10
	secretMax = 4096
)

// Config says which provider people log in at, and what its claims mean here.
type Config struct {
	// Issuer is the provider's address, as its tokens tell it; https, or http on this machine.
	Issuer string `yaml:"issuer"`
	// ClientID is what the provider calls the console.
	ClientID string `yaml:"client_id"`
	// SecretFile holds the client's secret; relative to the folder of the configuration.
	SecretFile string `yaml:"secret_file"`
	// URL is the address at which browsers reach the console. The provider must allow URL + Callback to be redirected to.
	URL string `yaml:"url"`
	// CAFile holds the certificates that the provider's must come from; "" means those of the system.
	CAFile string `yaml:"ca_file"`
	// Title is what the button of the login page says. Default: the host of Issuer.
	Title string `yaml:"title"`
	// Scopes are asked for beside openid. Default profile.
	Scopes []string `yaml:"scopes"`
	// NameClaim is the claim with the account's name. Default preferred_username.
	NameClaim string `yaml:"name_claim"`
	// RoleClaim is the claim, a text or a list, whose values Roles maps. The highest role counts; without any nobody gets in.
	RoleClaim string                  `yaml:"role_claim"`
	Roles     map[string]account.Role `yaml:"roles"`
	// UnitsClaim is the claim, a text or a list, whose values Units maps to ids of organisation units; "*" is all of them.
	// Without any nobody gets in. Without UnitsClaim nobody is limited to units. Admins never are.
	UnitsClaim string              `yaml:"units_claim"`
	Units      map[string][]string `yaml:"units"`

	secret string
	client *http.Client
}

var errAbsent = errors.New("oidc: there is no configuration")

// read reads a configuration; errAbsent when there is none.
func read(name string) (*Config, error) {
	c := &Config{Scopes: []string{"profile"}, NameClaim: "preferred_username"}
	err := strictyaml.Read(name, fileMax, c)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errAbsent
	}
	if err != nil {
		return nil, fmt.Errorf("oidc: %w", err)
	}
	if err := c.check(filepath.Dir(name)); err != nil {
		return nil, fmt.Errorf("oidc: %s: %w", name, err)
	}
	return c, nil
}

// check says which field is wrong, and reads the files that the configuration names.
func (c *Config) check(dir string) error {
	issuer, err := secureURL(c.Issuer)
	if err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	c.URL = strings.TrimSuffix(c.URL, "/")
	if _, err := secureURL(c.URL); err != nil {
		return fmt.Errorf("url: %w", err)
	}
	switch {
	case c.ClientID == "":
		return errors.New("client_id: is required")
	case c.RoleClaim == "" || len(c.Roles) == 0:
		return errors.New("role_claim, roles: are required")
	case (c.UnitsClaim == "") != (len(c.Units) == 0):
		return errors.New("units_claim, units: both or neither")
	}
	for value, role := range c.Roles {
		if !account.Admin.May(role) {
			return fmt.Errorf("roles: %q: no role %q: viewer, analyst, lead or admin", value, role)
		}
	}
	if c.Title == "" {
		c.Title = issuer.Hostname()
	}
	if c.secret, err = secret(dir, c.SecretFile); err != nil {
		return fmt.Errorf("secret_file: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if c.CAFile != "" {
		pem, err := os.ReadFile(beside(dir, c.CAFile))
		if err != nil {
			return fmt.Errorf("ca_file: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return errors.New("ca_file: holds no certificate")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	c.client = &http.Client{Transport: bounded{transport}, Timeout: 15 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("oidc: the provider redirects the console")
		}}
	return nil
}

// secureURL reads an address with TLS; one of this machine may do without.
func secureURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is no address such as https://sso.example.vn/realms/soc", s)
	}
	local := u.Hostname() == "localhost"
	if ip := net.ParseIP(u.Hostname()); ip != nil {
		local = ip.IsLoopback()
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return nil, fmt.Errorf("%q: https is needed", s)
	}
	return u, nil
}

func beside(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// secret reads the client's secret. A client without one is a public client, which PKCE suffices for.
func secret(dir, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	name = beside(dir, name)
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s can be read by others: chmod 600", name)
	}
	if info.Size() > secretMax {
		return "", fmt.Errorf("%s: %d bytes, at most %d", name, info.Size(), secretMax)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	s := strings.TrimSpace(string(b))
	if s == "" {
		return "", fmt.Errorf("%s: %w", name, fs.ErrInvalid)
	}
	return s, nil
}

// role is the highest that a claim's values give; "" for none.
func (c *Config) role(values []string) (best account.Role) {
	for _, v := range values {
		if r, ok := c.Roles[v]; ok && (best == "" || r.May(best)) {
			best = r
		}
	}
	return best
}

// units are those that a claim's values give; all says that there is no limit.
func (c *Config) units(values []string) (ids []string, all bool) {
	for _, v := range values {
		for _, id := range c.Units[v] {
			if id == AllUnits {
				return nil, true
			}
			ids = append(ids, id)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(ids))), c.UnitsClaim == ""
}
