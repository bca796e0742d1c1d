package api

import (
	"errors"
	"net/http"
	"time"

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
	if wait := a.throttle.Wait(keys...); wait > 0 {
		return &problem{Status: http.StatusTooManyRequests, Code: "throttled", Title: "Too many failed logins",
			RetryAfter: int((wait + time.Second - 1) / time.Second)}
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
	if err := a.log(r, who.Name, "login", "", ""); err != nil {
		return errors.Join(err, a.cfg.Accounts.Logout(token))
	}
	if old := a.token(r); old != "" {
		// A browser has one session; whoever planted the old token gains nothing from this login.
		if err := a.cfg.Accounts.Logout(old); err != nil {
			return err
		}
	}
	a.setCookie(w, token, 0)
	return answer(w, a.viewMe(who))
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
	key := "name " + who.Name
	if wait := a.throttle.Wait(key); wait > 0 {
		return &problem{Status: http.StatusTooManyRequests, Code: "throttled", Title: "Too many failed tries", RetryAfter: 1 + int(wait/time.Second)}
	}
	switch err := a.cfg.Accounts.SetPassword(who.Name, in.Old, in.New, a.token(r)); {
	case errors.Is(err, account.ErrWrong):
		a.throttle.Failed(key)
		return &problem{Status: http.StatusForbidden, Code: "wrong_password", Title: "The old password is wrong"}
	case errors.Is(err, account.ErrWeak):
		return &problem{Status: http.StatusBadRequest, Code: "weak_password", Title: "The new password is too short or too long"}
	case err != nil:
		return err
	}
	if err := a.log(r, who.Name, "password", who.Name, ""); err != nil {
		return err
	}
	return answer(w, struct{}{})
}
