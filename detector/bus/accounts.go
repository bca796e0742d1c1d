package bus

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"khien/detector/bus/release"
)

// Roles of who connects to a hub.
const (
	RoleSensor = "sensor" // sends what it finds, in its own name
	RoleCore   = "core"   // takes everything
)

const internalUser = "khien-internal"

// Accounts are those who may connect to a hub, in its folder. The secrets themselves are not kept.
type Accounts struct{ Dir string }

type account struct {
	Role string `json:"role"`
	Hash string `json:"sha256"` // of the secret, which has 256 random bits
}

// Token is what a sensor or a core needs to connect.
type Token struct {
	URLs   []string `json:"urls"`
	Name   string   `json:"name"`
	Role   string   `json:"role"`
	Secret string   `json:"secret"`
	CA     string   `json:"ca"`               // PEM of the hub's certificate
	Signer []byte   `json:"signer,omitempty"` // Ed25519 key of whose versions a sensor takes, and of nobody else's
}

// ParseToken reads what String has written.
func ParseToken(s string) (Token, error) {
	var t Token
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(s))
	if err == nil {
		err = json.Unmarshal(b, &t)
	}
	if err != nil || len(t.URLs) == 0 || !validName(t.Name) || t.Secret == "" {
		return Token{}, errors.New("bus: this is no token of a khien core (khien core token makes one)")
	}
	return t, nil
}

// String is the token as one word. It is a secret.
func (t Token) String() string {
	b, err := json.Marshal(t)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// validName reports whether a name can stand in a subject: lower case letters, digits and "-", at most 63.
func validName(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return len(s) > 0 && len(s) <= 63
}

func (a Accounts) path() string { return filepath.Join(a.Dir, "accounts.json") }

func (a Accounts) read() (map[string]account, error) {
	out := map[string]account{}
	b, err := os.ReadFile(a.path())
	if errors.Is(err, os.ErrNotExist) {
		return out, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		return nil, fmt.Errorf("bus: accounts: %w", err)
	}
	return out, nil
}

// Enroll makes an account, or gives an existing one another secret, and returns its token. The hub knows it from then on.
func (a Accounts) Enroll(name, role string, urls []string) (Token, error) {
	if !validName(name) || name == internalUser {
		return Token{}, fmt.Errorf("bus: %q is no name for a %s: lower case letters, digits and -, at most 63", name, role)
	}
	if role != RoleSensor && role != RoleCore {
		return Token{}, fmt.Errorf("bus: role %q: sensor or core", role)
	}
	if _, err := hubCertificate(a.Dir); err != nil {
		return Token{}, err
	}
	ca, err := os.ReadFile(filepath.Join(a.Dir, certName))
	if err != nil {
		return Token{}, fmt.Errorf("bus: %w", err)
	}
	signer, err := release.Key(a.Dir)
	if err != nil {
		return Token{}, err
	}
	all, err := a.read()
	if err != nil {
		return Token{}, err
	}
	var secret [32]byte
	rand.Read(secret[:])
	t := Token{URLs: urls, Name: name, Role: role, Secret: hex.EncodeToString(secret[:]), CA: string(ca), Signer: signer.Public().(ed25519.PublicKey)}
	all[name] = account{Role: role, Hash: hash(t.Secret)}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return Token{}, fmt.Errorf("bus: accounts: %w", err)
	}
	next := a.path() + ".next"
	if err := os.WriteFile(next, b, 0o600); err != nil {
		return Token{}, fmt.Errorf("bus: accounts: %w", err)
	}
	if err := os.Rename(next, a.path()); err != nil {
		return Token{}, fmt.Errorf("bus: accounts: %w", err)
	}
	return t, nil
}

func hash(secret string) string {
	h := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(h[:])
}

// sensorPublishes are the subjects that a sensor may publish to, sensorSubscribes those that it may listen to.
func sensorPublishes(name string) []string {
	return []string{findingsSubject + "*." + name, eventsSubject + name, statusSubject + name, clockSubject + name, directGet + versionsSubject + ">"}
}

func sensorSubscribes(name string) []string {
	return []string{inboxPrefix + name + ".>", versionHead}
}

// doorkeeper decides who may connect to a hub, and what a sensor may do there.
type doorkeeper struct {
	accounts Accounts
	internal string // secret of the hub's own process
}

// Check implements server.Authentication. The file is read each time: accounts come and go while the hub runs.
func (d *doorkeeper) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if o.Username == internalUser {
		return subtle.ConstantTimeCompare([]byte(o.Password), []byte(d.internal)) == 1
	}
	all, err := d.accounts.read()
	if err != nil {
		return false
	}
	a, ok := all[o.Username]
	if !ok || subtle.ConstantTimeCompare([]byte(hash(o.Password)), []byte(a.Hash)) != 1 {
		return false
	}
	if a.Role == RoleSensor {
		c.RegisterUser(&server.User{Username: o.Username, Permissions: &server.Permissions{
			Publish:   &server.SubjectPermission{Allow: sensorPublishes(o.Username)},
			Subscribe: &server.SubjectPermission{Allow: sensorSubscribes(o.Username)},
		}})
	}
	return true
}

const (
	certName = "hub.crt"
	keyName  = "hub.key"
)

// hubCertificate reads the hub's certificate, and makes it first when there is none. Tokens carry it: whoever connects
// trusts it alone.
func hubCertificate(dir string) (tls.Certificate, error) {
	certFile, keyFile := filepath.Join(dir, certName), filepath.Join(dir, keyName)
	if _, err := os.Stat(keyFile); errors.Is(err, os.ErrNotExist) {
		if err := makeCertificate(dir, certFile, keyFile); err != nil {
			return tls.Certificate{}, fmt.Errorf("bus: certificate: %w", err)
		}
	}
	c, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return c, fmt.Errorf("bus: certificate: %w", err)
	}
	return c, nil
}

func makeCertificate(dir, certFile, keyFile string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	now := time.Now()
	c := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: tlsName}, DNSNames: []string{tlsName}, NotBefore: now.Add(-24 * time.Hour),
		NotAfter: now.AddDate(10, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return err
	}
	return os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600)
}
