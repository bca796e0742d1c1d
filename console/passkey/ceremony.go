package passkey

import (
	"errors"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"khien/console/account"
)

// BeginAdd asks for a new key of an account. The answer must come with the same binding. A key that can, verifies its owner
// and keeps the account's name, so that it opens the account alone; one that cannot is a second factor.
func (p *Party) BeginAdd(h account.Holder, binding string) (Request, error) {
	u := p.user(h)
	options, session, err := p.web.BeginRegistration(u,
		webauthn.WithCredentialParameters(webauthn.CredentialParametersRecommendedL3()),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred}),
		webauthn.WithExclusions(webauthn.Credentials(u.keys).CredentialDescriptors()),
		webauthn.WithExtensions(webauthn.WithExtensionCredProps()))
	if err != nil {
		return Request{}, err
	}
	return p.request(asked{purpose: add, name: h.Name, binding: binding, session: *session}, options.Response)
}

// FinishAdd checks a new key. It has no name yet.
func (p *Party) FinishAdd(h account.Holder, ticket, binding string, answer []byte) (account.Credential, error) {
	a, err := p.tickets.take(ticket, binding, add)
	if err == nil && a.name != h.Name {
		err = ErrTicket
	}
	if err != nil {
		return account.Credential{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return account.Credential{}, refused(err)
	}
	c, err := p.web.CreateCredential(p.user(h), a.session, parsed)
	if err != nil {
		return account.Credential{}, refused(err)
	}
	out := account.Credential{RawID: c.ID, Public: c.PublicKey, Count: c.Authenticator.SignCount, Verified: c.Flags.UserVerified, Backup: c.Flags.BackupEligible}
	out.Party, out.Alone = p.place.Host, c.Flags.UserVerified && c.Extensions.RK != nil && *c.Extensions.RK
	for _, t := range c.Transport {
		if known[t] {
			out.Transports = append(out.Transports, string(t))
		}
	}
	return out, nil
}

// known are the ways to an authenticator that are kept: a browser gets them back at each login.
var known = map[protocol.AuthenticatorTransport]bool{protocol.USB: true, protocol.NFC: true, protocol.BLE: true, protocol.SmartCard: true, protocol.Hybrid: true, protocol.Internal: true}

// BeginSecond asks for one of the keys of an account whose password was right. Its owner need not be verified again.
// account.ErrKey says that none of them belongs to this place.
func (p *Party) BeginSecond(h account.Holder) (Request, error) {
	u := p.user(h)
	if len(u.keys) == 0 {
		return Request{}, account.ErrKey
	}
	options, session, err := p.web.BeginLogin(u, webauthn.WithUserVerification(protocol.VerificationDiscouraged))
	if err != nil {
		return Request{}, err
	}
	return p.request(asked{purpose: second, name: h.Name, session: *session}, options.Response)
}

// BeginAlone asks for a passkey of whoever is in front of the browser, who is verified by it.
func (p *Party) BeginAlone() (Request, error) {
	options, session, err := p.web.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Request{}, err
	}
	return p.request(asked{purpose: alone, session: *session}, options.Response)
}

// Whose is the account that has to answer a login's ticket, "" where that is not known.
func (p *Party) Whose(ticket string) string { return p.tickets.whose(ticket) }

// FinishLogin checks the answer to a login. The counter is left to account.Book, which compares and keeps it in one step.
func (p *Party) FinishLogin(ticket string, answer []byte, book *account.Book) (Login, error) {
	a, err := p.tickets.take(ticket, "", second, alone)
	if err != nil {
		return Login{}, err
	}
	out := Login{Name: a.name, Alone: a.purpose == alone}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return out, refused(err)
	}
	out.RawID, out.Count = parsed.RawID, parsed.Response.AuthenticatorData.Counter
	if out.Alone {
		out.Name, err = p.checkAlone(a, parsed, book)
		return out, err
	}
	h, err := book.Holder(a.name)
	if err != nil {
		return out, refused(err)
	}
	if _, err = p.web.ValidateLogin(p.user(h), a.session, parsed); err != nil {
		return out, refused(err)
	}
	return out, nil
}

// errUnverified is the reason to refuse a key that did not verify its owner when it was added: who finds one may give it a
// PIN of their own (Web Authentication, 4: uvInitialized).
var errUnverified = errors.New("the key did not verify its owner when it was added, so that it does not do without the password")

func (p *Party) checkAlone(a asked, parsed *protocol.ParsedCredentialAssertionData, book *account.Book) (name string, err error) {
	_, c, err := p.web.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		h, err := book.HolderOf(handle)
		if err != nil {
			return nil, err
		}
		name = h.Name
		return p.user(h), nil
	}, a.session, parsed)
	switch {
	case err != nil:
		return name, refused(err)
	case !c.Flags.UserVerified:
		return name, refused(errUnverified)
	}
	return name, nil
}
