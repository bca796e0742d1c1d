// Package account keeps who may use the console: accounts with argon2id passwords and sessions. Names and passwords come
// in, accounts come out as values; the package owns one file, which it replaces as a whole on each change. Neither a
// password nor a session's token is in it, only what proves them.
package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"khien/console/wrong"
	"khien/detector/wholefile"
)

// Role says what an account may do. Each role may do what the ones before it may.
type Role string

// Roles.
const (
	Viewer  Role = "viewer"  // reads
	Analyst Role = "analyst" // decides about findings, proposes blocks, drafts reports
	Lead    Role = "lead"    // approves blocks, issues reports
	Admin   Role = "admin"   // manages accounts and reads the audit log
)

// May says whether a role includes another.
func (r Role) May(needed Role) bool { return rank(r) >= rank(needed) && rank(needed) > 0 }

func rank(r Role) int { return slices.Index([]Role{"", Viewer, Analyst, Lead, Admin}, r) }

// Account is somebody who may log in.
type Account struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Units are the ids of the organisation units that the account is limited to; none: it is not limited.
	Units []string `json:"units,omitempty"`
	TOTP  bool     `json:"totp,omitempty"` // logs in with one-time codes, too; set by List
	Keys  int      `json:"keys,omitempty"` // how many security keys it has; set by List
	// Subject is who a provider says the account is, for accounts that log in there and have no password here.
	Subject string `json:"subject,omitempty"`
}

// errEntry is wrapped by what is wrong with an entry.
var errEntry = errors.New("account")

// Errors that callers branch on.
var (
	ErrWrong   = errors.New("account: name or password is wrong")
	ErrSession = errors.New("account: no such session")
	ErrExists  = errors.New("account: the name is taken")
	ErrName    = &wrong.Input{Err: errEntry, Name: "account.name", Why: "a name has 1 to 32 letters, digits, dots, dashes or underscores"}
	ErrWeak    = errors.New("account: a password has 12 to 256 characters")
	ErrFull    = &wrong.Input{Err: errEntry, Name: "account.full", Why: "too many accounts"}
)

const (
	accountsMax = 1000
	sessionsMax = 5000 // the oldest go
	passwordMin = 12
	passwordMax = 256
)

// Limits says how long a session lives.
type Limits struct {
	Idle time.Duration // without a request
	Max  time.Duration // in all
}

type stored struct {
	Account
	Password string `json:"password"` // argon2id in PHC form
	Second   *totp  `json:"second,omitempty"`
	// Handle is what authenticators know the account by.
	Handle      []byte       `json:"handle,omitempty"`
	Credentials []Credential `json:"credentials,omitempty"`
}

type session struct {
	User  string    `json:"user"`
	Start time.Time `json:"start"`
	Seen  time.Time `json:"seen"`
}

// Book is the accounts and sessions of a console. Safe for concurrent use by one process.
type Book struct {
	path   string
	limits Limits
	now    func() time.Time
	work   chan struct{} // bounds how many passwords are hashed at once: each takes 64 MiB
	dummy  string        // hashed when the name is unknown, so that the time does not tell

	mu    sync.Mutex
	state struct {
		Accounts map[string]stored  `json:"accounts"`
		Sessions map[string]session `json:"sessions"` // by SHA-256 of the token
		Tokens   map[string]Token   `json:"tokens"`   // by SHA-256 of the text
	}
}

// Open reads the accounts of a directory. When there are none it creates the account admin and returns its password,
// which exists nowhere else.
func Open(dir string, limits Limits, now func() time.Time) (b *Book, firstPassword string, err error) {
	b = &Book{path: filepath.Join(dir, "accounts.json"), limits: limits, now: now, work: make(chan struct{}, 2)}
	if b.dummy, err = hashPassword(token()); err != nil {
		return nil, "", err
	}
	b.state.Accounts, b.state.Sessions, b.state.Tokens = map[string]stored{}, map[string]session{}, map[string]Token{}
	raw, err := os.ReadFile(b.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		firstPassword = token()[:20]
		return b, firstPassword, b.Create("admin", firstPassword, Admin)
	case err != nil:
		return nil, "", fmt.Errorf("account: %w", err)
	}
	if err := json.Unmarshal(raw, &b.state); err != nil {
		return nil, "", fmt.Errorf("account: %s: %w", b.path, err)
	}
	if len(b.state.Accounts) == 0 {
		return nil, "", fmt.Errorf("account: %s holds no account; remove it to start anew", b.path)
	}
	if b.state.Sessions == nil {
		b.state.Sessions = map[string]session{}
	}
	if b.state.Tokens == nil {
		b.state.Tokens = map[string]Token{}
	}
	return b, "", nil
}

// token returns 256 random bits as text.
func token() string {
	var b [32]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Create adds an account, limited to units when there are any.
func (b *Book) Create(name, password string, role Role, units ...string) error {
	if !validName(name) {
		return ErrName
	}
	if rank(role) <= 0 {
		return fmt.Errorf("account: no role %q", role)
	}
	units, err := checkUnits(role, units)
	if err != nil {
		return err
	}
	if len(password) < passwordMin || len(password) > passwordMax {
		return ErrWeak
	}
	h, err := b.hash(password)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.state.Accounts[name]; ok {
		return ErrExists
	}
	if len(b.state.Accounts) >= accountsMax {
		return ErrFull
	}
	b.state.Accounts[name] = stored{Account: Account{Name: name, Role: role, Units: units}, Password: h}
	return b.save()
}

func validName(name string) bool {
	if len(name) == 0 || len(name) > 32 {
		return false
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// List returns all accounts, by name.
func (b *Book) List() []Account {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Account
	for _, name := range slices.Sorted(maps.Keys(b.state.Accounts)) {
		a := b.state.Accounts[name]
		a.TOTP, a.Keys = a.Second != nil && !a.Second.Pending, len(a.Credentials)
		out = append(out, a.Account)
	}
	return out
}

// Login checks a password, and a one-time code where the account wants one, and begins a session. The token is the
// caller's to keep; it is always a new one. code is looked at only once the password is right. ErrKey says that the
// password is right and one of the account's security keys is to follow, see LoginKey.
func (b *Book) Login(name, password, code string) (Account, string, error) {
	a, err := b.prove(name, password)
	if err != nil {
		return Account{}, "", err
	}
	if err := b.second(name, code); err != nil {
		return Account{}, "", err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state.Accounts[name].Password != a.Password { // reset or removed since it was checked
		return Account{}, "", ErrWrong
	}
	t := b.begin(name)
	return a.Account, t, b.save()
}

// Confirm checks the password of an account once more.
func (b *Book) Confirm(name, password string) error {
	_, err := b.prove(name, password)
	return err
}

// prove returns the account whose password is given. It takes as long when there is no such account.
func (b *Book) prove(name, password string) (stored, error) {
	b.mu.Lock()
	a, ok := b.state.Accounts[name]
	b.mu.Unlock()
	h := a.Password
	ok = ok && h != "" // one of a provider has none
	if !ok {
		h = b.dummy
	}
	if len(password) > passwordMax || !b.check(h, password) || !ok {
		return stored{}, ErrWrong
	}
	return a, nil
}

// begin begins a session and returns its token.
func (b *Book) begin(name string) (t string) {
	t = token()
	b.expire()
	now := b.now()
	b.state.Sessions[key(t)] = session{User: name, Start: now, Seen: now}
	return t
}

// Session returns who a token belongs to, and counts as a use of the session.
func (b *Book) Session(t string) (Account, error) { return b.session(t, true) }

// Unattended returns who a token belongs to. It is no use of the session: a page asks by itself.
func (b *Book) Unattended(t string) (Account, error) { return b.session(t, false) }

func (b *Book) session(t string, use bool) (Account, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, ok := b.state.Sessions[key(t)]
	if !ok || b.expired(s) {
		return Account{}, ErrSession
	}
	a, ok := b.state.Accounts[s.User]
	if !ok {
		return Account{}, ErrSession
	}
	if use {
		// Held in memory; a restart forgets at most what happened since the last save.
		s.Seen = b.now()
		b.state.Sessions[key(t)] = s
	}
	return a.Account, nil
}

// Alive says whether a session is still good, without counting as its use.
func (b *Book) Alive(t string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, ok := b.state.Sessions[key(t)]
	return ok && !b.expired(s)
}

// Logout ends a session.
func (b *Book) Logout(t string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.state.Sessions, key(t))
	return b.save()
}

// SetPassword changes a password and ends all sessions of the account but the one given.
func (b *Book) SetPassword(name, old, new, keep string) error {
	if len(new) < passwordMin || len(new) > passwordMax {
		return ErrWeak
	}
	proven, err := b.prove(name, old)
	if err != nil {
		return err
	}
	h, err := b.hash(new)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	// Hashing took a while, in which somebody may have changed the account, or taken it away.
	a, ok := b.state.Accounts[name]
	if !ok || a.Password != proven.Password {
		return ErrWrong
	}
	a.Password = h
	b.state.Accounts[name] = a
	for k, s := range b.state.Sessions {
		if s.User == name && k != key(keep) {
			delete(b.state.Sessions, k)
		}
	}
	return b.save()
}

func (b *Book) expired(s session) bool {
	now := b.now()
	return now.Sub(s.Seen) > b.limits.Idle || now.Sub(s.Start) > b.limits.Max
}

// expire removes sessions that have ended and, when there are too many, the oldest.
func (b *Book) expire() {
	maps.DeleteFunc(b.state.Sessions, func(_ string, s session) bool { return b.expired(s) })
	for len(b.state.Sessions) >= sessionsMax {
		oldest := ""
		for k, s := range b.state.Sessions {
			if oldest == "" || s.Seen.Before(b.state.Sessions[oldest].Seen) {
				oldest = k
			}
		}
		delete(b.state.Sessions, oldest)
	}
}

func key(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// save replaces the file: a crash leaves the old or the new one whole.
func (b *Book) save() error {
	raw, err := json.MarshalIndent(&b.state, "", " ")
	if err != nil {
		return fmt.Errorf("account: %w", err)
	}
	if err := wholefile.Write(b.path, raw, 0o600); err != nil {
		return fmt.Errorf("account: %w", err)
	}
	return nil
}

func (b *Book) hash(password string) (string, error) {
	b.work <- struct{}{}
	defer func() { <-b.work }()
	return hashPassword(password)
}

func (b *Book) check(h, password string) bool {
	b.work <- struct{}{}
	defer func() { <-b.work }()
	return checkPassword(h, password)
}
