package bus

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"khien/detector/bus/release"
	"khien/detector/wholefile"
)

// Roles of who connects to a hub.
const (
	RoleSensor  = "sensor"  // sends what it finds, in its own name, and answers what it is asked
	RoleCore    = "core"    // takes everything
	RoleConsole = "console" // asks sensors for what they keep, and hears nothing else
)

// revokeEvery is how often a hub looks whether accounts have gone.
const revokeEvery = time.Second

const internalUser = "khien-internal"

// Accounts are those who may connect to a hub, in its folder. The secrets themselves are not kept.
type Accounts struct{ Dir string }

type account struct {
	Role string `json:"role"`
	Hash string `json:"sha256"`                // of the secret, which has 256 random bits
	Cert string `json:"certificate,omitempty"` // SHA-256 of the one that it must show; none for an account of before
}

// Token is what a sensor or a core needs to connect.
type Token struct {
	URLs   []string `json:"urls"`
	Name   string   `json:"name"`
	Role   string   `json:"role"`
	Secret string   `json:"secret"`
	CA     string   `json:"ca"`             // PEM of the hub's certificate
	Cert   string   `json:"cert,omitempty"` // PEM of the client's certificate and key
	Key    string   `json:"key,omitempty"`
	// Outside says that URLs are of servers of NATS that know the certificate, and CA is theirs.
	Outside bool   `json:"outside,omitempty"`
	Signer  []byte `json:"signer,omitempty"` // Ed25519 key of whose versions a sensor takes, and of nobody else's
}

// ParseToken reads what String has written.
func ParseToken(s string) (Token, error) {
	var t Token
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(s))
	if err == nil {
		err = json.Unmarshal(b, &t)
	}
	if err != nil || len(t.URLs) == 0 || !validName(t.Name) || t.Secret == "" && (!t.Outside || t.Cert == "") {
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

// EnrollOutside makes an account for servers that somebody else runs, whose certificates are of the authority ca (PEM). They
// know it when they have got what WriteUsers writes.
func (a Accounts) EnrollOutside(name, role string, urls []string, ca []byte) (Token, error) {
	if _, err := poolOf(ca); err != nil {
		return Token{}, err
	}
	t, err := a.Enroll(name, role, urls)
	t.CA, t.Secret, t.Outside = string(ca), "", true
	return t, err
}

// Enroll makes an account, or gives an existing one another secret, and returns its token. The hub knows it from then on.
func (a Accounts) Enroll(name, role string, urls []string) (Token, error) {
	if !validName(name) || name == internalUser {
		return Token{}, fmt.Errorf("bus: %q is no name for a %s: lower case letters, digits and -, at most 63", name, role)
	}
	if !slices.Contains([]string{RoleSensor, RoleCore, RoleConsole}, role) {
		return Token{}, fmt.Errorf("bus: role %q: sensor, core or console", role)
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
	var secret [32]byte
	rand.Read(secret[:])
	t := Token{URLs: urls, Name: name, Role: role, Secret: hex.EncodeToString(secret[:]), CA: string(ca), Signer: signer.Public().(ed25519.PublicKey)}
	var print string
	if t.Cert, t.Key, print, err = clientCertificate(a.Dir, name); err != nil {
		return Token{}, err
	}
	return t, a.change(func(all map[string]account) error {
		all[name] = account{Role: role, Hash: hash(t.Secret), Cert: print}
		return nil
	})
}

// Revoke ends an account. A hub that runs closes its connections within revokeEvery.
func (a Accounts) Revoke(name string) error {
	return a.change(func(all map[string]account) error {
		if _, ok := all[name]; !ok {
			return fmt.Errorf("bus: there is no account %q", name)
		}
		delete(all, name)
		return nil
	})
}

// change writes what with makes of the accounts. Whoever else changes them waits until that is done.
func (a Accounts) change(with func(map[string]account) error) error {
	unlock, err := lockFolder(a.Dir)
	if err != nil {
		return fmt.Errorf("bus: accounts: %w", err)
	}
	defer unlock()
	all, err := a.read()
	if err != nil {
		return err
	}
	if err := with(all); err != nil {
		return err
	}
	b, err := json.MarshalIndent(all, "", "  ")
	if err == nil {
		err = wholefile.Write(a.path(), b, 0o600)
	}
	if err != nil {
		return fmt.Errorf("bus: accounts: %w", err)
	}
	return nil
}

func hash(secret string) string {
	h := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(h[:])
}

// permissions are the subjects that an account may publish to and those that it may listen to; all is true for a core.
func permissions(role, name string) (publish, subscribe []string, all bool) {
	switch role {
	case RoleCore:
		return nil, nil, true
	case RoleConsole:
		return []string{askSubject + "*"}, []string{answerSubject + "*." + name + ".>"}, false
	}
	return []string{findingsSubject + "*." + name, eventsSubject + name, statusSubject + name, clockSubject + name, directGet + versionsSubject + ">", answerSubject + name + ".>"},
		[]string{inboxPrefix + name + ".>", versionHead, askSubject + name}, false
}

// doorkeeper decides who may connect to a hub, and what they may do there.
type doorkeeper struct {
	accounts Accounts
	internal string // secret of the hub's own process
	mu       sync.Mutex
	admitted map[string]account // as they were when they were let in last
	out      map[string]bool    // who has connections of an account that is another now
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
	if !ok || subtle.ConstantTimeCompare([]byte(hash(o.Password)), []byte(a.Hash)) != 1 || a.Cert != "" && a.Cert != shownBy(c) {
		return false
	}
	d.admit(o.Username, a)
	if publish, subscribe, all := permissions(a.Role, o.Username); !all {
		c.RegisterUser(&server.User{Username: o.Username, Permissions: &server.Permissions{
			Publish:   &server.SubjectPermission{Allow: publish},
			Subscribe: &server.SubjectPermission{Allow: subscribe},
		}})
	}
	return true
}

func (d *doorkeeper) admit(name string, a account) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if before, ok := d.admitted[name]; ok && before != a {
		d.out[name] = true // the new connection goes with the old ones, and comes back at once
	}
	d.admitted[name] = a
}

// gone returns whose connections are to be closed.
func (d *doorkeeper) gone() map[string]bool {
	all, err := d.accounts.read()
	if err != nil {
		return nil // nobody new comes in meanwhile
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	gone := d.out
	d.out = map[string]bool{}
	for name, a := range d.admitted {
		if all[name] != a {
			gone[name] = true
			delete(d.admitted, name)
		}
	}
	return gone
}
