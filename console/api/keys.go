package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"khien/console/account"
	"khien/console/passkey"
)

// keyRoutes are the rows of security keys.
func (a *API) keyRoutes() []route {
	return []route{
		{"GET /api/v1/keys", account.Viewer, a.keys},
		{"POST /api/v1/keys", account.Viewer, a.askNewKey},
		{"POST /api/v1/keys/confirm", account.Viewer, a.addKey},
		{"POST /api/v1/keys/{id}/remove", account.Viewer, a.removeKey},
	}
}

// keyNeeded tells a login page what to ask an authenticator for.
type keyNeeded struct {
	Codes bool   `json:"codes"`           // a one-time code does as well
	Party string `json:"party,omitempty"` // the only place where the keys work, when that is not here
	*passkey.Request
}

// keyAnswer is what an authenticator says, with the ticket of the request.
type keyAnswer struct {
	Ticket     string          `json:"ticket"`
	Credential json.RawMessage `json:"credential"`
}

// askSecond is the problem of a login whose password was right: a key of the account is to follow.
func (a *API) askSecond(name string) error {
	h, err := a.cfg.Accounts.Holder(name)
	if err != nil {
		return err
	}
	p := &problem{Status: http.StatusUnauthorized, Code: "key", Title: "A security key is needed", Key: &keyNeeded{Codes: h.Codes}}
	var asked passkey.Request
	if err = account.ErrKey; a.cfg.Keys != nil {
		asked, err = a.cfg.Keys.BeginSecond(h)
	}
	switch {
	case errors.Is(err, account.ErrKey) && len(h.Keys) > 0: // they were added when the console had another address
		p.Key.Party = h.Keys[0].Party
	case err != nil:
		return err
	default:
		p.Key.Request = &asked
	}
	return p
}

func keysOff() error {
	return &problem{Status: http.StatusConflict, Code: "keys_off", Title: "Security keys cannot be used at the address of this console"}
}

// askPasskey begins a login without a password. It tells everybody the same.
func (a *API) askPasskey(w http.ResponseWriter, r *http.Request) error {
	if a.cfg.Keys == nil {
		return keysOff()
	}
	asked, err := a.cfg.Keys.BeginAlone()
	if err != nil {
		return err
	}
	return answer(w, asked)
}

// loginKey ends a login with the answer of a key.
func (a *API) loginKey(w http.ResponseWriter, r *http.Request) error {
	var in keyAnswer
	if err := read(w, r, &in); err != nil {
		return err
	}
	if a.cfg.Keys == nil {
		return keysOff()
	}
	keys := []string{"address " + address(r)}
	if name := a.cfg.Keys.Whose(in.Ticket); name != "" {
		keys = append(keys, "name "+name)
	}
	if err := a.throttled(keys...); err != nil {
		return err
	}
	a.throttle.Failed(keys...)
	login, err := a.cfg.Keys.FinishLogin(in.Ticket, in.Credential, a.cfg.Accounts)
	var who account.Account
	var token string
	var used account.Key
	if err == nil {
		who, token, used, err = a.cfg.Accounts.LoginKey(login.Name, login.RawID, login.Count)
	}
	if err != nil {
		return a.refuseKey(r, login.Name, used, err)
	}
	a.throttle.Succeeded(keys...)
	how := "key"
	if login.Alone {
		how = "passkey"
	}
	return a.welcome(w, r, who, token, how, keyWords(used))
}

// keyWords name a key in the audit log.
func keyWords(k account.Key) string { return strings.TrimSpace(k.ID + " " + k.Name) }

// refuseKey writes why a key did not open an account into the audit log. Nobody else is told whether it was the key or the
// account that does not exist.
func (a *API) refuseKey(r *http.Request, name string, used account.Key, err error) error {
	p, why := &problem{Status: http.StatusUnauthorized, Code: "key_refused", Title: "The security key was refused"}, err.Error()
	switch {
	case errors.Is(err, account.ErrCounter):
		p.Code, p.Title, why = "key_counter", "The security key was refused: there may be a copy of it", "the counter went back, there may be a copy of the key "+keyWords(used)
	case errors.Is(err, passkey.ErrTicket):
		p.Code, p.Title = "key_ticket", "This took too long: begin again"
	case !errors.Is(err, passkey.ErrAnswer) && !errors.Is(err, account.ErrKey):
		return err
	}
	why = strings.ToValidUTF8(why[:min(len(why), 300)], "")
	if err := a.log(r, "", "login.failed", name, "security key: "+why); err != nil {
		return err
	}
	return p
}

func (a *API) keys(w http.ResponseWriter, r *http.Request, who account.Account) error {
	return answerPart(w, r, "keys", a.cfg.Accounts.Keys(who.Name), func(k *account.Key) string { return k.ID })
}

// ownSecond refuses what changes the second factor of an account and does not come from its owner with the password.
func (a *API) ownSecond(r *http.Request, who account.Account, password string) error {
	switch {
	case bearer(r) != "":
		return &problem{Status: http.StatusForbidden, Code: "role", Title: "A token cannot change how people log in"}
	case who.Subject != "":
		return accountProblem(account.ErrSubject)
	}
	return a.withPassword(who, func() error { return a.cfg.Accounts.Confirm(who.Name, password) })
}

// binding is what ties a new key to the session in which it was asked for.
func (a *API) binding(r *http.Request, who account.Account) string {
	return who.Name + " " + a.token(r)
}

// askNewKey begins a new key of the own account.
func (a *API) askNewKey(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Password string `json:"password"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if a.cfg.Keys == nil {
		return keysOff()
	}
	if err := a.ownSecond(r, who, in.Password); err != nil {
		return err
	}
	h, err := a.cfg.Accounts.NewHolder(who.Name)
	if err != nil {
		return accountProblem(err)
	}
	asked, err := a.cfg.Keys.BeginAdd(h, a.binding(r, who))
	if err != nil {
		return err
	}
	return answer(w, asked)
}

// addKey takes the new key in.
func (a *API) addKey(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		keyAnswer
		Name string `json:"name"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if a.cfg.Keys == nil {
		return keysOff()
	}
	h, err := a.cfg.Accounts.Holder(who.Name)
	if err != nil {
		return accountProblem(err)
	}
	c, err := a.cfg.Keys.FinishAdd(h, in.Ticket, a.binding(r, who), in.Credential)
	switch {
	case errors.Is(err, passkey.ErrTicket):
		return &problem{Status: http.StatusConflict, Code: "key_ticket", Title: "This took too long: begin again"}
	case errors.Is(err, passkey.ErrAnswer):
		return &problem{Status: http.StatusBadRequest, Code: "key_refused", Title: "The security key was refused", Detail: err.Error(), Token: "credential"}
	case err != nil:
		return err
	}
	c.Name = in.Name
	if err := a.log(r, who.Name, "key.add", who.Name, account.KeyID(c.RawID)+" "+in.Name); err != nil {
		return err
	}
	k, err := a.cfg.Accounts.AddKey(who.Name, c)
	if err != nil {
		return accountProblem(err)
	}
	return answer(w, k)
}

func (a *API) removeKey(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Password string `json:"password"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if err := a.ownSecond(r, who, in.Password); err != nil {
		return err
	}
	list := a.cfg.Accounts.Keys(who.Name)
	at := slices.IndexFunc(list, func(k account.Key) bool { return k.ID == r.PathValue("id") })
	if at < 0 {
		return accountProblem(account.ErrUnknown)
	}
	if err := a.log(r, who.Name, "key.remove", who.Name, keyWords(list[at])); err != nil {
		return err
	}
	if _, err := a.cfg.Accounts.RemoveKey(who.Name, list[at].ID); err != nil {
		return accountProblem(err)
	}
	return answer(w, struct{}{})
}

// forgetKeys ends the logins of an account that wait for a key.
func (a *API) forgetKeys(name string) {
	if a.cfg.Keys != nil {
		a.cfg.Keys.Forget(name)
	}
}

// factors are the second factors of an account, in the words of the audit log.
func (a *API) factors(name string) string {
	h, err := a.cfg.Accounts.Holder(name)
	var out []string
	if err == nil && h.Codes {
		out = append(out, "one-time codes")
	}
	if n := len(h.Keys); n > 0 {
		out = append(out, fmt.Sprintf("security keys: %d", n))
	}
	return strings.Join(out, ", ")
}
