package api

import (
	"errors"
	"net/http"

	"khien/console/account"
)

type meView struct {
	Name    string       `json:"name"`
	Role    account.Role `json:"role"`
	Version string       `json:"version"`
	Units   []string     `json:"units,omitempty"`  // that the account is limited to
	Hidden  *policyView  `json:"hidden,omitempty"` // how addresses are hidden; absent where none are
}

func (a *API) viewMe(who account.Account) meView {
	return meView{who.Name, who.Role, a.cfg.Version, who.Units, a.policy()}
}

func (a *API) login(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name     string `json:"name"`
		Password string `json:"password"`
		Code     string `json:"code"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	keys := []string{"address " + address(r), "name " + in.Name[:min(len(in.Name), 64)]}
	if err := a.throttled(keys...); err != nil {
		return err
	}
	// The failure is counted before the password is checked, so that tries at the same time do not all count as the first.
	a.throttle.Failed(keys...)
	who, token, err := a.cfg.Accounts.Login(in.Name, in.Password, in.Code)
	if errors.Is(err, account.ErrWrong) {
		if err := a.log(r, "", "login.failed", in.Name, ""); err != nil {
			return err
		}
		return &problem{Status: http.StatusUnauthorized, Code: "wrong_password", Title: "Name or password is wrong"}
	}
	if errors.Is(err, account.ErrKey) { // the password was right
		a.throttle.Forgive(keys...)
		return a.askSecond(in.Name)
	}
	if errors.Is(err, account.ErrCode) {
		if in.Code == "" { // the password was right and the page did not know yet that a code is wanted
			a.throttle.Forgive(keys...) // and no more: who knows a password must not get tries at the code back by it
		} else if err := a.log(r, "", "login.failed", in.Name, "one-time code"); err != nil {
			return err
		}
		return &problem{Status: http.StatusUnauthorized, Code: "totp", Title: "A one-time code is needed"}
	}
	if err != nil {
		return err
	}
	a.throttle.Succeeded(keys...)
	return a.welcome(w, r, who, token, "", "")
}

// throttled refuses who has failed too often.
func (a *API) throttled(keys ...string) error {
	if wait := a.throttle.Wait(keys...); wait > 0 {
		return &problem{Status: http.StatusTooManyRequests, Code: "throttled", Title: "Too many failed tries", RetryAfter: seconds(wait)}
	}
	return nil
}

// welcome gives a browser its session. how says by what the account was opened when it was not a password alone.
func (a *API) welcome(w http.ResponseWriter, r *http.Request, who account.Account, token, how, detail string) error {
	if err := a.enter(w, r, who, token, how, detail); err != nil {
		return err
	}
	return answer(w, a.viewMe(who))
}

// enter writes a login into the audit log and sets the cookie; a login that cannot be audited ends at once.
func (a *API) enter(w http.ResponseWriter, r *http.Request, who account.Account, token, how, detail string) error {
	if err := a.log(r, who.Name, "login", how, detail); err != nil {
		return errors.Join(err, a.cfg.Accounts.Logout(token))
	}
	if old := a.token(r); old != "" {
		// A browser has one session; whoever planted the old token gains nothing from this login.
		if err := a.cfg.Accounts.Logout(old); err != nil {
			return err
		}
	}
	a.setCookie(w, token, 0)
	return nil
}

func (a *API) setCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: a.cookieName(), Value: value, Path: cookiePath, HttpOnly: true, Secure: a.cfg.Secure,
		SameSite: http.SameSiteStrictMode, MaxAge: maxAge})
}

func (a *API) logout(w http.ResponseWriter, r *http.Request, who account.Account) error {
	if err := a.cfg.Accounts.Logout(a.token(r)); err != nil {
		return err
	}
	a.setCookie(w, "", -1)
	if err := a.log(r, who.Name, "logout", "", ""); err != nil {
		return err
	}
	return answer(w, struct{}{})
}

func (a *API) me(w http.ResponseWriter, r *http.Request, who account.Account) error {
	return answer(w, a.viewMe(who))
}

func (a *API) password(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Old string `json:"old"`
		New string `json:"new"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	err := a.withPassword(who, func() error { return a.cfg.Accounts.SetPassword(who.Name, in.Old, in.New, a.token(r)) })
	switch {
	case errors.Is(err, account.ErrWeak):
		return &problem{Status: http.StatusBadRequest, Code: "weak_password", Title: "The new password is too short or too long"}
	case err != nil:
		return err
	}
	a.forgetKeys(who.Name)
	if err := a.log(r, who.Name, "password", who.Name, ""); err != nil {
		return err
	}
	return answer(w, struct{}{})
}

// withPassword does what needs the caller's password once more. Wrong ones are counted like failed logins, before they are
// known to be wrong, so that tries at the same time do not all count as the first.
func (a *API) withPassword(who account.Account, do func() error) error {
	key := "name " + who.Name
	if err := a.throttled(key); err != nil {
		return err
	}
	a.throttle.Failed(key)
	err := do()
	if errors.Is(err, account.ErrWrong) {
		return &problem{Status: http.StatusForbidden, Code: "wrong_password", Title: "The password is wrong"}
	}
	a.throttle.Forgive(key)
	return err
}
