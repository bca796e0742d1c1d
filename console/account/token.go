package account

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"khien/console/wrong"
)

// TokenPrefix begins every token for programs, so that one that leaked is recognised.
const TokenPrefix = "khien_"

const (
	tokensMax   = 200
	tokenLife   = 366 * 24 * time.Hour
	tokenIDSize = 10
)

// ErrToken is wrapped by what NewToken refuses.
var ErrToken = &wrong.Input{Err: errEntry, Name: "token", Why: "not a token that can be made"}

// Token lets a program act for an account. It never may more than its owner.
type Token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"` // what it is for
	Owner   string    `json:"owner"`
	Role    Role      `json:"role"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Used    time.Time `json:"used,omitzero"` // held in memory; a restart forgets what came after the last change
}

// NewToken makes a token and returns its text, which exists nowhere else.
func (b *Book) NewToken(owner, name string, role Role, expires time.Time) (Token, string, error) {
	now := b.now().UTC()
	switch {
	case strings.TrimSpace(name) == "" || len(name) > 100:
		return Token{}, "", fmt.Errorf("%w: a name has 1 to 100 bytes", ErrToken)
	case !expires.After(now) || expires.After(now.Add(tokenLife)):
		return Token{}, "", fmt.Errorf("%w: it ends within a year", ErrToken)
	}
	text := TokenPrefix + token()
	t := Token{ID: strings.ToLower(rand.Text()[:tokenIDSize]), Name: name, Owner: owner, Role: role, Created: now.Truncate(time.Second), Expires: expires.UTC().Truncate(time.Second)}
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.state.Accounts[owner]
	switch {
	case !ok || !a.Role.May(role):
		return Token{}, "", fmt.Errorf("%w: the owner may not be %s", ErrToken, role)
	case len(b.state.Tokens) >= tokensMax:
		return Token{}, "", ErrFull
	}
	b.state.Tokens[key(text)] = t
	return t, text, b.save()
}

// Tokens returns the tokens of an account, or all when owner is empty, by owner and name.
func (b *Book) Tokens(owner string) []Token {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []Token{}
	for t := range maps.Values(b.state.Tokens) {
		if owner == "" || t.Owner == owner {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b Token) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// DropToken ends a token. owner may be empty for any.
func (b *Book) DropToken(id, owner string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, t := range b.state.Tokens {
		if t.ID == id && (owner == "" || t.Owner == owner) {
			delete(b.state.Tokens, k)
			return b.save()
		}
	}
	return ErrSession
}

// Program returns who a token acts for: its owner's name, and the lesser of both roles.
func (b *Book) Program(text string) (Account, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.state.Tokens[key(text)]
	if !ok || !t.Expires.After(b.now()) {
		return Account{}, ErrSession
	}
	a, ok := b.state.Accounts[t.Owner]
	if !ok {
		return Account{}, ErrSession
	}
	t.Used = b.now().UTC()
	b.state.Tokens[key(text)] = t
	if a.Role.May(t.Role) {
		a.Role = t.Role
	}
	return a.Account, nil
}
