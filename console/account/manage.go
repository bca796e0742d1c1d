package account

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Errors of managing accounts.
var (
	ErrUnknown   = errors.New("account: there is no such account")
	ErrLastAdmin = errors.New("account: somebody must stay admin")
	// ErrAdminUnits is returned for an admin who would be limited to units.
	ErrAdminUnits = errors.New("account: an admin is not limited to units")
)

// change changes one account and saves.
func (b *Book) change(name string, f func(*stored) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.state.Accounts[name]
	if !ok {
		return ErrUnknown
	}
	if a.Second != nil {
		copied := *a.Second // f may fail half way
		a.Second = &copied
	}
	a.Credentials = slices.Clone(a.Credentials)
	if err := f(&a); err != nil {
		return err
	}
	b.state.Accounts[name] = a
	return b.save()
}

// SetRole gives an account another role. The last admin stays one.
func (b *Book) SetRole(name string, role Role) error { return b.Change(name, role, nil) }

// Change gives an account another role and, unless units is nil, limits it to units; none lift the limit. The last admin
// stays one. A change of units ends the account's sessions, so that no open page goes on showing what it may no longer see.
func (b *Book) Change(name string, role Role, units *[]string) error {
	if rank(role) <= 0 {
		return fmt.Errorf("account: no role %q", role)
	}
	return b.change(name, func(a *stored) error {
		if role != Admin && b.lastAdmin(a) {
			return ErrLastAdmin
		}
		to := a.Units
		if units != nil {
			to = *units
		}
		to, err := checkUnits(role, to)
		if err != nil {
			return err
		}
		if !slices.Equal(to, a.Units) {
			maps.DeleteFunc(b.state.Sessions, func(_ string, s session) bool { return s.User == name })
		}
		a.Role, a.Units = role, to
		return nil
	})
}

// unitsMax is how many units an account is limited to at most.
const unitsMax = 64

// checkUnits puts an account's units into order. Who manages accounts could lift a limit, so that an admin has none.
func checkUnits(role Role, units []string) ([]string, error) {
	units = slices.Compact(slices.Sorted(slices.Values(units)))
	switch {
	case role == Admin && len(units) > 0:
		return nil, ErrAdminUnits
	case len(units) > unitsMax || slices.Contains(units, ""):
		return nil, fmt.Errorf("account: 1 to %d units", unitsMax)
	}
	return units, nil
}

// lastAdmin says whether an account is the only admin with a password: who gets in when a provider is away.
func (b *Book) lastAdmin(a *stored) bool {
	n := 0
	for _, x := range b.state.Accounts {
		if x.Role == Admin && x.Password != "" {
			n++
		}
	}
	return a.Role == Admin && a.Password != "" && n == 1
}

// Remove takes an account away, with its sessions and tokens. What it did stays in the audit log.
func (b *Book) Remove(name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.state.Accounts[name]
	switch {
	case !ok:
		return ErrUnknown
	case b.lastAdmin(&a):
		return ErrLastAdmin
	}
	delete(b.state.Accounts, name)
	maps.DeleteFunc(b.state.Sessions, func(_ string, s session) bool { return s.User == name })
	maps.DeleteFunc(b.state.Tokens, func(_ string, t Token) bool { return t.Owner == name })
	return b.save()
}

// Reset gives an account a new random password, which is returned, takes its one-time codes and security keys away and ends
// its sessions.
func (b *Book) Reset(name string) (password string, err error) {
	password = token()[:20]
	h, err := b.hash(password)
	if err != nil {
		return "", err
	}
	return password, b.change(name, func(a *stored) error {
		if a.Subject != "" {
			return ErrSubject
		}
		a.Password, a.Second, a.Credentials = h, nil, nil
		maps.DeleteFunc(b.state.Sessions, func(_ string, s session) bool { return s.User == name })
		return nil
	})
}

// SessionInfo is an open session without what proves it.
type SessionInfo struct {
	ID    string    `json:"id"`
	User  string    `json:"user"`
	Start time.Time `json:"start"`
	Seen  time.Time `json:"seen"`
	Own   bool      `json:"own"` // the one that asks
}

// sessionIDLen is how much of a session's key names it: enough to tell sessions apart, useless as a token.
const sessionIDLen = 16

// Sessions returns the open sessions of an account, or all when user is empty, the latest first.
func (b *Book) Sessions(user, current string) []SessionInfo {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []SessionInfo{}
	for k, s := range b.state.Sessions {
		if (user == "" || s.User == user) && !b.expired(s) {
			out = append(out, SessionInfo{k[:sessionIDLen], s.User, s.Start.UTC(), s.Seen.UTC(), k == key(current)})
		}
	}
	slices.SortFunc(out, func(a, b SessionInfo) int { return cmp.Or(b.Start.Compare(a.Start), cmp.Compare(a.ID, b.ID)) })
	return out
}

// EndSession ends a session by its id. user may be empty for anybody's.
func (b *Book) EndSession(id, user string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, s := range b.state.Sessions {
		if k[:sessionIDLen] == id && (user == "" || s.User == user) {
			delete(b.state.Sessions, k)
			return b.save()
		}
	}
	return ErrSession
}
