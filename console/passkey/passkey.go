// Package passkey is the relying party of Web Authentication (level 3): accounts as their keys know them come in, and go out
// as what browsers ask authenticators for; the answers come in, and go out as a new credential or as who has logged in. What
// was asked is held here, in memory, for two minutes and one answer. Credentials are the account.Book's.
package passkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"khien/console/account"
)

var (
	// ErrTicket is returned for an answer to nothing that was asked, or that was answered or asked too long ago.
	ErrTicket = errors.New("passkey: nothing was asked under this ticket, or too long ago")
	// ErrAnswer is wrapped by what an authenticator's answer is refused for.
	ErrAnswer = errors.New("passkey: the answer cannot be accepted")
)

// Life is how long there is to answer.
const Life = 2 * time.Minute

// Request is what a browser passes to its authenticators, and the ticket that comes back with the answer.
type Request struct {
	Ticket  string          `json:"ticket"`
	Options json.RawMessage `json:"options"` // PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON
}

// Login is an answer that holds.
type Login struct {
	Name  string // of the account
	RawID []byte // of the key
	Count uint32 // of its signatures; 0: it does not count
	Alone bool   // there was no password before
}

// Party is a relying party. Safe for concurrent use.
type Party struct {
	place   Place
	web     *webauthn.WebAuthn
	tickets tickets
}

// Open returns the relying party of a place where keys work.
func Open(at Place, now func() time.Time) (*Party, error) {
	timeout := webauthn.TimeoutConfig{Timeout: Life, TimeoutUVD: Life} // the tickets end by the console's clock
	w, err := webauthn.New(&webauthn.Config{RPID: at.Host, RPDisplayName: "Khiên", RPOrigins: []string{at.Origin},
		AttestationPreference: protocol.PreferNoAttestation, Timeouts: webauthn.TimeoutsConfig{Login: timeout, Registration: timeout},
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore}) // some password managers send them; none is trusted
	if err != nil {
		return nil, fmt.Errorf("passkey: %w", err)
	}
	return &Party{place: at, web: w, tickets: tickets{now: now, asked: map[string]asked{}}}, nil
}

// Origin is where browsers let the keys be used.
func (p *Party) Origin() string { return p.place.Origin }

// user is an account.Holder as the library wants it: with the keys of one place.
type user struct {
	account.Holder
	keys []webauthn.Credential
}

func (p *Party) user(h account.Holder) *user {
	u := &user{Holder: h}
	for _, k := range h.Keys {
		if k.Party != p.place.Host {
			continue
		}
		c := webauthn.Credential{ID: k.RawID, PublicKey: k.Public, Flags: webauthn.CredentialFlags{UserVerified: k.Verified, BackupEligible: k.Backup},
			Authenticator: webauthn.Authenticator{SignCount: k.Count}}
		for _, t := range k.Transports {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
		}
		u.keys = append(u.keys, c)
	}
	return u
}

func (u *user) WebAuthnID() []byte                         { return u.Handle }
func (u *user) WebAuthnName() string                       { return u.Name }
func (u *user) WebAuthnDisplayName() string                { return u.Name }
func (u *user) WebAuthnCredentials() []webauthn.Credential { return u.keys }

// refused says why an answer is: the library's reason, which names what was expected and no secret.
func refused(err error) error { return fmt.Errorf("%w: %s", ErrAnswer, err) }

func (p *Party) request(to asked, options any) (Request, error) {
	raw, err := json.Marshal(options)
	if err != nil {
		return Request{}, fmt.Errorf("passkey: %w", err)
	}
	return Request{p.tickets.put(to), raw}, nil
}

// Forget ends what was asked of an account: its password is another now, or it was reset.
func (p *Party) Forget(name string) { p.tickets.forget(name) }
