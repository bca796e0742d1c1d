package account

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

var (
	// ErrSubject is returned for what only accounts with a password can have.
	ErrSubject = errors.New("account: this account logs in at a provider")
	// ErrOther is returned by Admit for a name that belongs to somebody else here.
	ErrOther = errors.New("account: the name belongs to somebody else")
)

// Admit begins a session for somebody whom a provider has let in. The account is the one of the subject, whatever name the
// provider tells now; there is a new one when there is none. An account with a password is never given to a subject. Role
// and units are those that the provider tells; when they change, the account's other sessions end. created tells of a new
// account.
func (b *Book) Admit(subject, name string, role Role, units []string) (a Account, token string, created bool, err error) {
	if subject == "" || rank(role) <= 0 {
		return Account{}, "", false, fmt.Errorf("account: no subject or no role %q", role)
	}
	if units, err = checkUnits(role, units); err != nil {
		return Account{}, "", false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	x := stored{}
	for _, known := range b.state.Accounts {
		if known.Subject == subject {
			x = known
		}
	}
	if x.Name == "" {
		_, taken := b.state.Accounts[name]
		switch {
		case !validName(name):
			return Account{}, "", false, ErrName
		case taken:
			return Account{}, "", false, ErrOther
		case len(b.state.Accounts) >= accountsMax:
			return Account{}, "", false, ErrFull
		}
		x.Account, created = Account{Name: name, Role: role, Units: units, Subject: subject}, true
	}
	if x.Role != role || !slices.Equal(x.Units, units) {
		x.Role, x.Units = role, units
		maps.DeleteFunc(b.state.Sessions, func(_ string, s session) bool { return s.User == x.Name })
	}
	b.state.Accounts[x.Name] = x
	token = b.begin(x.Name)
	return x.Account, token, created, b.save()
}
