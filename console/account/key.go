package account

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"khien/console/wrong"
)

const (
	keysMax      = 10 // of an account
	keyNameMax   = 60 // characters
	keyIDLen     = 16
	handleLen    = 32   // bytes; Web Authentication, 5.4.3: at most 64, and nothing that tells who it is
	rawIDMax     = 1023 // bytes; Web Authentication, 4
	publicKeyMax = 2048 // bytes; an RSA key of 8192 bits takes 1,100
	transportMax = 8
)

var (
	// ErrKey is returned by Login when the account wants one of its security keys, and by what finds none that fits.
	ErrKey = errors.New("account: a security key is needed")
	// ErrCounter is returned for a security key whose counter went back: there may be a copy of it.
	ErrCounter = errors.New("account: the counter of the security key went back")
	// ErrKnownKey is returned for a security key that an account has already.
	ErrKnownKey = errors.New("account: the security key has been added before")
	// ErrKeys is returned for one key too many.
	ErrKeys = fmt.Errorf("account: an account has at most %d security keys", keysMax)
	// ErrKeyName is returned for a name that a key cannot have.
	ErrKeyName = &wrong.Input{Err: errEntry, Name: "key.name", Why: fmt.Sprintf("the name of a security key has 1 to %d characters", keyNameMax)}
)

// Key is a security key or passkey, as its owner sees it.
type Key struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"`
	Party string    `json:"party"` // the host name that it works at, and at no other
	Alone bool      `json:"alone"` // it opens the account without the password
	Added time.Time `json:"added"`
	Used  time.Time `json:"used,omitzero"`
}

// Credential is a Key with what its answers are checked with (Web Authentication, 4: credential record).
type Credential struct {
	Key
	RawID      []byte   `json:"raw_id"`
	Public     []byte   `json:"public"` // COSE_Key
	Count      uint32   `json:"count,omitempty"`
	Verified   bool     `json:"verified,omitempty"` // it has verified its owner when it was added
	Backup     bool     `json:"backup,omitempty"`   // it may be copied to other devices of its owner
	Transports []string `json:"transports,omitempty"`
}

// Holder is an account as its keys know it.
type Holder struct {
	Name   string
	Handle []byte
	Codes  bool // one-time codes do as well
	Keys   []Credential
}

func (a *stored) holder() Holder {
	return Holder{a.Name, a.Handle, a.Second != nil && !a.Second.Pending, slices.Clone(a.Credentials)}
}

// Holder returns an account as its keys know it.
func (b *Book) Holder(name string) (Holder, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.state.Accounts[name]
	if !ok {
		return Holder{}, ErrUnknown
	}
	return a.holder(), nil
}

// HolderOf returns the account with a handle; ErrKey when there is none.
func (b *Book) HolderOf(handle []byte) (Holder, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.state.Accounts {
		if len(a.Handle) > 0 && bytes.Equal(a.Handle, handle) {
			return a.holder(), nil
		}
	}
	return Holder{}, ErrKey
}

// NewHolder prepares an account for a new key: it has a handle from now on.
func (b *Book) NewHolder(name string) (h Holder, err error) {
	err = b.change(name, func(a *stored) error {
		switch {
		case a.Subject != "":
			return ErrSubject
		case len(a.Credentials) >= keysMax:
			return ErrKeys
		}
		if a.Handle == nil {
			a.Handle = make([]byte, handleLen)
			rand.Read(a.Handle) // never fails: crypto/rand ends the program instead
		}
		h = a.holder()
		return nil
	})
	return h, err
}

// KeyID is what a key is called here: enough to tell keys apart, and nothing that an authenticator answers to.
func KeyID(rawID []byte) string {
	sum := sha256.Sum256(rawID)
	return hex.EncodeToString(sum[:])[:keyIDLen]
}

// AddKey gives an account a key, which its logins need from now on. Id and times are set here.
func (b *Book) AddKey(name string, c Credential) (Key, error) {
	c.Name = strings.TrimSpace(c.Name)
	n := utf8.RuneCountInString(c.Name)
	if n == 0 || n > keyNameMax || !utf8.ValidString(c.Name) || strings.ContainsFunc(c.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return Key{}, ErrKeyName
	}
	if len(c.RawID) == 0 || len(c.RawID) > rawIDMax || len(c.Public) == 0 || len(c.Public) > publicKeyMax {
		return Key{}, fmt.Errorf("account: a key with an id of %d bytes and a public key of %d", len(c.RawID), len(c.Public))
	}
	c.Transports = c.Transports[:min(len(c.Transports), transportMax)]
	c.ID, c.Added, c.Used = KeyID(c.RawID), b.now().UTC().Truncate(time.Second), time.Time{}
	return c.Key, b.change(name, func(a *stored) error {
		switch {
		case a.Subject != "":
			return ErrSubject
		case len(a.Credentials) >= keysMax:
			return ErrKeys
		}
		// Web Authentication, 7.1, 26: nobody adds a key that belongs to somebody.
		for _, x := range b.state.Accounts {
			if slices.ContainsFunc(x.Credentials, func(k Credential) bool { return k.ID == c.ID }) {
				return ErrKnownKey
			}
		}
		a.Credentials = append(a.Credentials, c)
		return nil
	})
}

// Keys returns the keys of an account, by name.
func (b *Book) Keys(name string) []Key {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []Key{}
	for _, c := range b.state.Accounts[name].Credentials {
		out = append(out, c.Key)
	}
	slices.SortFunc(out, func(a, b Key) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out
}

// RemoveKey takes a key of an account away.
func (b *Book) RemoveKey(name, id string) (removed Key, err error) {
	err = b.change(name, func(a *stored) error {
		at := slices.IndexFunc(a.Credentials, func(c Credential) bool { return c.ID == id })
		if at < 0 {
			return ErrUnknown
		}
		removed = a.Credentials[at].Key
		a.Credentials = slices.Delete(a.Credentials, at, at+1)
		return nil
	})
	return removed, err
}

// LoginKey begins a session for who has answered with a key; the answer has been checked but for its counter. A key that has
// been removed meanwhile is ErrKey. One that counts must have counted on (Web Authentication, 7.2, 22).
func (b *Book) LoginKey(name string, rawID []byte, count uint32) (who Account, token string, used Key, err error) {
	err = b.change(name, func(a *stored) error {
		at := slices.IndexFunc(a.Credentials, func(c Credential) bool { return bytes.Equal(c.RawID, rawID) })
		if at < 0 {
			return ErrKey
		}
		c := &a.Credentials[at]
		used = c.Key
		if count <= c.Count && (count > 0 || c.Count > 0) {
			return ErrCounter
		}
		c.Count, c.Used = count, b.now().UTC().Truncate(time.Second)
		used, who, token = c.Key, a.Account, b.begin(name)
		return nil
	})
	if errors.Is(err, ErrUnknown) {
		err = ErrKey
	}
	return who, token, used, err
}
