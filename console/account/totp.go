package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Time-based one-time passwords (RFC 6238) with what authenticator apps expect: SHA-1, six digits, 30 seconds. A code of
// the step before or behind is taken, for clocks that differ.
const (
	totpStep   = 30 * time.Second
	totpSkew   = 1
	totpSecret = 20 // bytes (RFC 4226, 4: at least 16, 20 recommended)
)

var (
	// ErrCode is returned by Login when the account wants a one-time code and got none or a wrong one.
	ErrCode    = errors.New("account: a one-time code is needed")
	ErrNoTOTP  = errors.New("account: no one-time codes have been set up")
	totpBase32 = base32.StdEncoding.WithPadding(base32.NoPadding)
)

// totp is an account's second factor. Step is the latest that a code was taken of: no code works twice.
type totp struct {
	Secret  string `json:"secret"`
	Pending bool   `json:"pending,omitempty"` // set up and not yet confirmed: not asked for
	Step    int64  `json:"step,omitempty"`
}

// code is the one-time password of a step (RFC 4226, 5.3).
func code(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// take checks a code and uses it up.
func (t *totp) take(given string, now time.Time) bool {
	secret, err := totpBase32.DecodeString(t.Secret)
	if err != nil {
		return false
	}
	given = strings.ReplaceAll(given, " ", "")
	at := now.Unix() / int64(totpStep/time.Second)
	for step := at - totpSkew; step <= at+totpSkew; step++ {
		if subtle.ConstantTimeCompare([]byte(code(secret, step)), []byte(given)) == 1 && step > t.Step {
			t.Step = step
			return true
		}
	}
	return false
}

// SetUpTOTP gives an account a new secret, which is asked for once ConfirmTOTP has seen a code of it. The secret is
// returned in base32, and as the address that authenticator apps read.
func (b *Book) SetUpTOTP(name string) (secret, uri string, err error) {
	raw := make([]byte, totpSecret)
	rand.Read(raw)
	secret = totpBase32.EncodeToString(raw)
	err = b.change(name, func(a *stored) error {
		switch {
		case a.Subject != "":
			return ErrSubject
		case a.Second != nil && !a.Second.Pending:
			return ErrExists
		}
		a.Second = &totp{Secret: secret, Pending: true}
		return nil
	})
	if err != nil {
		return "", "", err
	}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/Khien:" + name, RawQuery: url.Values{"secret": {secret}, "issuer": {"Khien"}}.Encode()}
	return secret, u.String(), nil
}

// ConfirmTOTP makes the codes of a new secret necessary from now on.
func (b *Book) ConfirmTOTP(name, given string) error {
	return b.change(name, func(a *stored) error {
		switch {
		case a.Second == nil || !a.Second.Pending:
			return ErrNoTOTP
		case !a.Second.take(given, b.now()):
			return ErrCode
		}
		a.Second.Pending = false
		return nil
	})
}

// DropTOTP takes an account's one-time codes away.
func (b *Book) DropTOTP(name string) error {
	return b.change(name, func(a *stored) error {
		a.Second = nil
		return nil
	})
}

// second checks the second factor of an account at its login: a one-time code, or that a security key is to follow. Where the
// account has both, a code that is given counts.
func (b *Book) second(name, given string) error {
	b.mu.Lock()
	a := b.state.Accounts[name]
	codes := a.Second != nil && !a.Second.Pending
	b.mu.Unlock()
	switch {
	case len(a.Credentials) > 0 && (!codes || given == ""):
		return ErrKey
	case !codes:
		return nil
	}
	return b.change(name, func(a *stored) error {
		if a.Second == nil || a.Second.Pending || a.Second.take(given, b.now()) {
			return nil
		}
		return ErrCode
	})
}
